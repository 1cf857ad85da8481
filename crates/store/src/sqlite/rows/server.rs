//! What the rules ask about what belongs to no conversation and no account, in SQLite.

use super::statement as sql;
use crate::apply::rows::{KeyRow, ServerRows, Step};
use crate::sqlite::account;
use crate::sqlite::batch::Batch;
use crate::text_enum::TextEnum as _;
use crate::{ClaimKey, KeyHolder};
use natter_protocol::{IpAction, IpRule, IpRuleId, Timestamp, UserId};
use rusqlite::Error;

impl ServerRows for Batch<'_> {
    async fn count_ip_rules(&mut self) -> Step<u64, Error> {
        self.count(sql::COUNT_IP_RULES, [])
    }

    async fn ip_rule(&mut self, cidr: &str, action: IpAction) -> Step<Option<IpRule>, Error> {
        self.first(account::IP_RULE, (cidr, action.to_text()), account::ip_rule)
    }

    async fn insert_ip_rule(&mut self, rule: &IpRule) -> Step<(), Error> {
        let (action, by) = (rule.action.to_text(), rule.created_by.uuid());
        self.run(
            sql::INSERT_IP_RULE,
            (rule.id.uuid(), &rule.cidr, action, &rule.note, by, rule.created_at.millis()),
        )
    }

    async fn delete_ip_rule(&mut self, id: IpRuleId) -> Step<bool, Error> {
        self.hits(sql::DELETE_IP_RULE, [id.uuid()])
    }

    async fn insert_key(&mut self, claim: &ClaimKey) -> Step<bool, Error> {
        let row = (claim.user_id.uuid(), &claim.key, claim.fingerprint, claim.at.millis());
        self.hits(sql::INSERT_KEY, row)
    }

    async fn key(&mut self, user: UserId, key: &str) -> Step<Option<KeyRow>, Error> {
        self.first(sql::KEY, (user.uuid(), key), |columns| {
            let fingerprint = columns.get()?;
            let (status, body) = (columns.get::<Option<u16>>()?, columns.get::<Option<Vec<u8>>>()?);
            let holder = KeyHolder { fingerprint, answer: status.zip(body) };
            Ok(KeyRow { holder, claimed_at: columns.time()?, taken_at: columns.time()? })
        })
    }

    async fn retake_key(&mut self, claim: &ClaimKey) -> Step<(), Error> {
        self.run(sql::RETAKE_KEY, (claim.user_id.uuid(), &claim.key, claim.at.millis()))
    }

    async fn put_answer(&mut self, user: UserId, key: &str, status: u16, body: &[u8]) -> Step<(), Error> {
        self.run(sql::PUT_ANSWER, (user.uuid(), key, status, body))
    }

    async fn delete_key(&mut self, user: UserId, key: &str) -> Step<(), Error> {
        self.run(sql::DELETE_KEY, (user.uuid(), key))
    }

    async fn erase_keys(&mut self, before: Timestamp, rows_max: u32) -> Step<u64, Error> {
        self.changes(sql::ERASE_KEYS, (before.millis(), rows_max))
    }
}
