//! What the operator's side of the server asks of the domain: rules about addresses, idempotency keys, erasing.

use crate::execute::unexpected;
use crate::text::Check;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{CreateIpRule, IpRule, IpRuleId, Page, PlatformRole, Timestamp};
use natter_store::{ClaimKey, KeepAnswer, KeyHolder, NewIpRule, Write, Written};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Characters in the note of a rule about addresses.
const NOTE_CHARS_MAX: usize = 256;
/// Seconds that the answer under an idempotency key is kept.
const IDEMPOTENCY_SECONDS: i64 = 24 * 60 * 60;
/// Seconds that it is kept which sessions have ended: longer than any process goes without asking.
const REVOCATION_SECONDS: i64 = 60 * 60;
/// Rows that are erased in one go: few enough that nobody waits long behind it.
const ERASED_ROWS_MAX: u32 = 500;

/// What becomes of the claim of an idempotency key.
#[derive(Debug)]
pub enum Claim {
    /// The request has it and is to be carried out. It is known by this id, also when it was carried out before and its
    /// process died on the way.
    Mine(Uuid),
    /// Another request has it, or this one has had it.
    Taken(KeyHolder),
}

impl Chat {
    /// A page of the rules about addresses, oldest first. For admins of the installation.
    pub async fn ip_rules(&self, actor: &Actor, cursor: Option<&str>, limit: u32) -> Result<Page<IpRule>> {
        require_admin(actor)?;
        let list = "ip-rules";
        let after = cursor.map(|cursor| self.cursors.open(list, cursor)).transpose()?;
        // They all fit into memory, where whoever enforces them has them anyway.
        let mut rules = self.all_ip_rules().await?;
        if let Some(after) = after {
            let id = Uuid::from_slice(&after).map_err(|_| Error::InvalidCursor)?;
            rules.retain(|rule| rule.id.uuid() > id);
        }
        Ok(self.page(list, rules, limit, |rule| rule.id.uuid().as_bytes().to_vec()))
    }

    /// All rules about addresses, for whoever enforces them.
    pub async fn all_ip_rules(&self) -> Result<Vec<IpRule>> {
        Ok(self.store.ip_rules().await?)
    }

    /// Makes a rule about addresses. For admins of the installation. Whoever enforces the rules has checked that the
    /// addresses can be read as such, and says whether the caller would still get in.
    pub async fn create_ip_rule(
        &self,
        actor: &Actor,
        create: CreateIpRule,
        caller_gets_in: bool,
    ) -> Result<IpRule> {
        require_admin(actor)?;
        if !caller_gets_in {
            return Err(Error::WouldLockYouOut);
        }
        let mut check = Check::default();
        let note = create.note.map(|note| check.text("note", &note, NOTE_CHARS_MAX));
        check.done()?;
        let rule = IpRule {
            id: IpRuleId::from_uuid(self.id_for(actor)),
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

    /// Deletes a rule about addresses. For admins of the installation. Whoever enforces the rules says whether the caller
    /// would still get in.
    pub async fn delete_ip_rule(&self, actor: &Actor, id: IpRuleId, caller_gets_in: bool) -> Result<()> {
        require_admin(actor)?;
        if !caller_gets_in {
            return Err(Error::WouldLockYouOut);
        }
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
    ) -> Result<Claim> {
        let at = self.now();
        let claim = ClaimKey {
            user_id: actor.id(),
            key: key.to_owned(),
            fingerprint,
            at,
            stale_before: at.plus_seconds(-i64::from(patience_seconds)),
        };
        match self.store.queue(Write::ClaimKey(Box::new(claim))).await?.await? {
            Written::KeyClaimed { since } => Ok(Claim::Mine(request_id(actor, key, since))),
            Written::KeyTaken(holder) => Ok(Claim::Taken(holder)),
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
        let write = Write::Erase {
            keys_before: self.now().plus_seconds(-IDEMPOTENCY_SECONDS),
            revocations_before: self.now().plus_seconds(-REVOCATION_SECONDS),
            rows_max: ERASED_ROWS_MAX,
        };
        match self.store.queue(write).await?.await? {
            Written::More(more) => Ok(more),
            other => Err(unexpected(&other)),
        }
    }
}

/// The same for the same key of the same user, for as long as the key is kept.
fn request_id(actor: &Actor, key: &str, since: Timestamp) -> Uuid {
    let digest = Sha256::new().chain_update(actor.id().uuid()).chain_update(key).finalize();
    let mut random = [0; 10];
    random.copy_from_slice(&digest[..10]);
    crate::id(since, random)
}

fn require_admin(actor: &Actor) -> Result<()> {
    match actor.role() {
        PlatformRole::Admin => Ok(()),
        PlatformRole::User | PlatformRole::Moderator => {
            Err(Error::Forbidden("this takes the role admin on the installation"))
        }
    }
}
