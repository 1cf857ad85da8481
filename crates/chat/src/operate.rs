//! What the operator's side of the server asks of the domain: rules about addresses, idempotency keys, erasing.

use crate::execute::unexpected;
use crate::text::Check;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{CreateIpRule, IpRule, IpRuleId, PlatformRole, Timestamp};
use natter_store::{ClaimKey, KeepAnswer, KeyHolder, NewIpRule, Write, Written};

/// Characters in the note of a rule about addresses.
const NOTE_CHARS_MAX: usize = 256;
/// Seconds that the answer under an idempotency key is kept.
const IDEMPOTENCY_SECONDS: i64 = 24 * 60 * 60;
/// Rows that are erased in one go: few enough that nobody waits long behind it.
const ERASED_ROWS_MAX: u32 = 500;

impl Chat {
    /// All rules about addresses, oldest first. For admins of the installation.
    pub async fn ip_rules(&self, actor: &Actor) -> Result<Vec<IpRule>> {
        require_admin(actor)?;
        self.all_ip_rules().await
    }

    /// All rules about addresses, for whoever enforces them.
    pub async fn all_ip_rules(&self) -> Result<Vec<IpRule>> {
        Ok(self.store.ip_rules().await?)
    }

    /// Makes a rule about addresses. For admins of the installation. That the addresses can be read as such is
    /// checked by whoever enforces them.
    pub async fn create_ip_rule(&self, actor: &Actor, create: CreateIpRule) -> Result<IpRule> {
        require_admin(actor)?;
        let mut check = Check::default();
        let note = create.note.map(|note| check.text("note", &note, NOTE_CHARS_MAX));
        check.done()?;
        let rule = IpRule {
            id: IpRuleId::from_uuid(self.new_id()),
            cidr: create.cidr,
            action: create.action,
            note,
            created_by: actor.id(),
            created_at: self.now(),
        };
        match self.store.queue(Write::CreateIpRule(Box::new(NewIpRule(rule)))).await?.await? {
            Written::IpRule(rule) => Ok(*rule),
            other => Err(unexpected(&other)),
        }
    }

    /// Deletes a rule about addresses. For admins of the installation.
    pub async fn delete_ip_rule(&self, actor: &Actor, id: IpRuleId) -> Result<()> {
        require_admin(actor)?;
        match self.store.queue(Write::DeleteIpRule(id)).await?.await? {
            Written::Found(true) => Ok(()),
            Written::Found(false) => Err(Error::NotFound("rule")),
            other => Err(unexpected(&other)),
        }
    }

    /// Claims an idempotency key for a request; answers who has it if somebody has. A claim without an answer that is
    /// older than `patience_seconds` was given up.
    pub async fn claim_key(
        &self,
        actor: &Actor,
        key: &str,
        fingerprint: [u8; 32],
        patience_seconds: u32,
    ) -> Result<Option<KeyHolder>> {
        let at = self.now();
        let claim = ClaimKey {
            user_id: actor.id(),
            key: key.to_owned(),
            fingerprint,
            at,
            stale_before: at.plus_seconds(-i64::from(patience_seconds)),
        };
        match self.store.queue(Write::ClaimKey(Box::new(claim))).await?.await? {
            Written::KeyClaimed => Ok(None),
            Written::KeyTaken(holder) => Ok(Some(holder)),
            other => Err(unexpected(&other)),
        }
    }

    /// Keeps the answer to the request that claimed a key; without one the key is given back.
    pub async fn keep_answer(&self, actor: &Actor, key: &str, answer: Option<(u16, Vec<u8>)>) -> Result<()> {
        let keep = KeepAnswer { user_id: actor.id(), key: key.to_owned(), answer };
        self.store.queue(Write::KeepAnswer(Box::new(keep))).await?.await?;
        Ok(())
    }

    /// Erases some of what nobody can see any more; answers whether there is more.
    pub async fn erase(&self) -> Result<bool> {
        let keys_before: Timestamp = self.now().plus_seconds(-IDEMPOTENCY_SECONDS);
        match self.store.queue(Write::Erase { keys_before, rows_max: ERASED_ROWS_MAX }).await?.await? {
            Written::More(more) => Ok(more),
            other => Err(unexpected(&other)),
        }
    }
}

fn require_admin(actor: &Actor) -> Result<()> {
    match actor.role() {
        PlatformRole::Admin => Ok(()),
        PlatformRole::User | PlatformRole::Moderator => {
            Err(Error::Forbidden("this takes the role admin on the installation"))
        }
    }
}
