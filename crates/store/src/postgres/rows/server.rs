//! What the rules ask about what belongs to no conversation and no account, in PostgreSQL.

use crate::apply::rows::{KeyRow, ServerRows};
use crate::postgres::row::{Columns as _, to_time};
use crate::postgres::transaction::{Step, Transaction};
use crate::postgres::{account, statement as sql};
use crate::text_enum::TextEnum as _;
use crate::{ClaimKey, KeyHolder};
use natter_protocol::{IpAction, IpRule, IpRuleId, Timestamp, UserId};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

impl ServerRows for Transaction<'_> {
    async fn count_ip_rules(&mut self) -> Step<u64> {
        self.number(sqlx::query(sql::COUNT_IP_RULES)).await
    }

    async fn ip_rule(&mut self, cidr: &str, action: IpAction) -> Step<Option<IpRule>> {
        self.first(sqlx::query(account::IP_RULE).bind(cidr).bind(action.to_text()), account::ip_rule).await
    }

    async fn insert_ip_rule(&mut self, rule: &IpRule) -> Step<()> {
        let statement = sqlx::query(sql::INSERT_IP_RULE)
            .bind(rule.id.uuid())
            .bind(&rule.cidr)
            .bind(rule.action.to_text())
            .bind(&rule.note)
            .bind(rule.created_by.uuid())
            .bind(to_time(rule.created_at));
        self.run(statement).await
    }

    async fn delete_ip_rule(&mut self, id: IpRuleId) -> Step<bool> {
        self.changes(sqlx::query(sql::DELETE_IP_RULE).bind(id.uuid())).await
    }

    async fn insert_key(&mut self, claim: &ClaimKey) -> Step<bool> {
        let statement = sqlx::query(sql::INSERT_KEY)
            .bind(claim.user_id.uuid())
            .bind(&claim.key)
            .bind(claim.fingerprint)
            .bind(to_time(claim.at));
        self.changes(statement).await
    }

    async fn key(&mut self, user: UserId, key: &str) -> Step<Option<KeyRow>> {
        let read = |row: &PgRow| {
            let status = row.small_opt("status")?.and_then(|status| u16::try_from(status).ok());
            let body: Option<Vec<u8>> = row.try_get("body")?;
            let holder = KeyHolder { fingerprint: row.try_get("fingerprint")?, answer: status.zip(body) };
            Ok(KeyRow { holder, claimed_at: row.time("claimed_at")?, taken_at: row.time("taken_at")? })
        };
        self.first(sqlx::query(sql::KEY).bind(user.uuid()).bind(key), read).await
    }

    async fn retake_key(&mut self, claim: &ClaimKey) -> Step<()> {
        let statement =
            sqlx::query(sql::RETAKE_KEY).bind(claim.user_id.uuid()).bind(&claim.key).bind(to_time(claim.at));
        self.run(statement).await
    }

    async fn put_answer(&mut self, user: UserId, key: &str, status: u16, body: &[u8]) -> Step<()> {
        let statement =
            sqlx::query(sql::PUT_ANSWER).bind(user.uuid()).bind(key).bind(i64::from(status)).bind(body);
        self.run(statement).await
    }

    async fn delete_key(&mut self, user: UserId, key: &str) -> Step<()> {
        self.run(sqlx::query(sql::DELETE_KEY).bind(user.uuid()).bind(key)).await
    }

    async fn erase_keys(&mut self, before: Timestamp, rows_max: u32) -> Step<u64> {
        self.count(sqlx::query(sql::ERASE_KEYS).bind(to_time(before)).bind(i64::from(rows_max))).await
    }
}
