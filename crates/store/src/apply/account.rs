//! Writes about users, their sessions, and the operation of the server.

use super::Work;
use crate::apply::rows::{Rows, Step};
use crate::{ClaimKey, ProvisionUser, Refusal, SessionRotation, Write, Written};
use natter_protocol::limits;

impl<R: Rows> Work<'_, R> {
    pub(super) async fn write_account(&mut self, write: &Write) -> Step<Written, R::Error> {
        match write {
            Write::CreateUser(user) => {
                // A user of this very id was inserted by the same write, done before.
                let there = self.rows.insert_user(user).await? || self.rows.user(user.id).await?.is_some();
                known(there, Refusal::UsernameTaken)
            }
            Write::ProvisionUser(user) => self.provision_user(user).await,
            Write::UpdateProfile { user_id, update } => {
                known(self.rows.update_profile(*user_id, update).await?, Refusal::UserUnknown)
            }
            Write::Seen(seen) => {
                self.rows.set_seen(seen).await?;
                Ok(Written::Done)
            }
            Write::SetPassword { user_id, password_hash, except, now } => {
                known(self.rows.set_password(*user_id, password_hash).await?, Refusal::UserUnknown)?;
                Ok(Written::SessionsEnded(self.rows.end_sessions(*user_id, *except, *now).await?))
            }
            Write::SetRole { user_id, role } => {
                known(self.rows.set_role(*user_id, *role).await?, Refusal::UserUnknown)
            }
            Write::SetDisabled { user_id, disabled, now } => {
                let at = disabled.then_some(*now);
                known(self.rows.set_disabled(*user_id, at).await?, Refusal::UserUnknown)?;
                if !disabled {
                    return Ok(Written::Done);
                }
                Ok(Written::SessionsEnded(self.rows.end_sessions(*user_id, None, *now).await?))
            }
            Write::CreateSession(session) => {
                self.rows.delete_old_sessions(session.user_id, session.created_at).await?;
                known(self.rows.insert_session(session).await?, Refusal::UserUnknown)
            }
            Write::RotateSession(rotation) => self.rotate_session(rotation).await,
            Write::EndSession { id, now } => {
                self.rows.end_session(*id, *now).await?;
                Ok(Written::SessionOver)
            }
            Write::EndSessions { user_id, except, now } => {
                Ok(Written::SessionsEnded(self.rows.end_sessions(*user_id, *except, *now).await?))
            }
            Write::CreateIpRule(new) => {
                if let Some(rule) = self.rows.ip_rule(&new.0.cidr, new.0.action).await? {
                    return Ok(Written::IpRule(Box::new(rule)));
                }
                if self.rows.count_ip_rules().await? >= limits::IP_RULES_MAX {
                    let (what, max) = ("rules about addresses", limits::IP_RULES_MAX);
                    return Err(Refusal::LimitReached { what, max }.into());
                }
                self.rows.insert_ip_rule(&new.0).await?;
                Ok(Written::IpRule(Box::new(new.0.clone())))
            }
            Write::DeleteIpRule(id) => Ok(Written::Found(self.rows.delete_ip_rule(*id).await?)),
            Write::ClaimKey(claim) => self.claim_key(claim).await,
            Write::KeepAnswer(keep) => {
                match &keep.answer {
                    Some((status, body)) => {
                        self.rows.put_answer(keep.user_id, &keep.key, *status, body).await?;
                    }
                    None => self.rows.delete_key(keep.user_id, &keep.key).await?,
                }
                Ok(Written::Done)
            }
            Write::Erase { keys_before, revocations_before, rows_max } => {
                let erased = [
                    self.rows.erase_keys(*keys_before, *rows_max).await?,
                    self.rows.erase_revocations(*revocations_before, *rows_max).await?,
                    self.rows.erase_conversations(*rows_max).await?,
                ];
                Ok(Written::More(erased.iter().any(|rows| *rows >= u64::from(*rows_max))))
            }
            Write::ErasePreviews { now, rows_max } => {
                let erased = self.rows.erase_previews(*now, *rows_max).await?;
                Ok(Written::More(erased >= u64::from(*rows_max)))
            }
            // `Work::write` takes the others.
            _ => Ok(Written::Done),
        }
    }

    async fn provision_user(&mut self, user: &ProvisionUser) -> Step<Written, R::Error> {
        if self.rows.user_of_host(&user.external_id).await?.is_none() {
            let mut inserted = false;
            for username in &user.usernames {
                inserted = self.rows.insert_user_of_host(user, username).await?;
                if inserted {
                    break;
                }
            }
            // Another node may have been faster with the same user.
            if !inserted && self.rows.user_of_host(&user.external_id).await?.is_none() {
                return Err(Refusal::UsernameTaken.into());
            }
        }
        let known = self.rows.user_of_host(&user.external_id).await?.ok_or(Refusal::UserUnknown)?;
        self.rows.update_profile(known.id, &user.profile).await?;
        if let Some(role) = user.role {
            self.rows.set_role(known.id, role).await?;
        }
        let updated = self.rows.user(known.id).await?.ok_or(Refusal::UserUnknown)?;
        Ok(Written::User(Box::new(updated)))
    }

    async fn rotate_session(&mut self, rotation: &SessionRotation) -> Step<Written, R::Error> {
        let Some(live) = self.rows.session(rotation.id, rotation.now).await? else {
            return Ok(Written::SessionOver);
        };
        if self.rows.rotate_session(rotation).await? {
            return Ok(Written::SessionRotated(Box::new(live)));
        }
        // A token that was traded before came back: either it or its successor is in the wrong hands.
        self.rows.end_session(rotation.id, rotation.now).await?;
        Ok(Written::SessionOver)
    }

    async fn claim_key(&mut self, claim: &ClaimKey) -> Step<Written, R::Error> {
        if self.rows.insert_key(claim).await? {
            return Ok(Written::KeyClaimed { since: claim.at });
        }
        let Some(row) = self.rows.key(claim.user_id, &claim.key).await? else {
            // It was given back meanwhile.
            self.rows.insert_key(claim).await?;
            return Ok(Written::KeyClaimed { since: claim.at });
        };
        let same = row.holder.fingerprint == claim.fingerprint && row.holder.answer.is_none();
        // It was given up. Only one of those who want it takes it over.
        if same && row.taken_at < claim.stale_before {
            self.rows.retake_key(claim).await?;
            return Ok(Written::KeyClaimed { since: row.claimed_at });
        }
        Ok(Written::KeyTaken(row.holder))
    }
}

/// Done, or the refusal.
fn known<E>(done: bool, refusal: Refusal) -> Step<Written, E> {
    if done { Ok(Written::Done) } else { Err(refusal.into()) }
}
