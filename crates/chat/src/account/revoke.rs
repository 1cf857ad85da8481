//! Open sockets hear of what happened to their user, whichever process did it: a sign-out, another password, a disabled
//! account, another role.

use crate::{Actor, Chat, Result};
use natter_protocol::{CloseCode, UserId};
use natter_store::{REVOCATIONS_READ_MAX, Revocation, RevocationKind};
use std::collections::BTreeSet;
use tokio::sync::Mutex;

/// How far behind the newest one is looked for revocations that are seen late: transactions do not commit in the order in
/// which they took their ids.
const LATE_MAX: i64 = 200;

/// The revocations that are known.
pub(crate) struct Revocations(Mutex<Known>);

struct Known {
    newest: i64,
    /// Those that are so new that others may still come in between.
    recent: BTreeSet<i64>,
}

impl Revocations {
    /// What was revoked up to here concerns no socket that will be opened.
    pub(crate) fn after(newest: i64) -> Self {
        Self(Mutex::new(Known { newest, recent: BTreeSet::new() }))
    }
}

impl Chat {
    /// Closes the sockets of those who have been revoked since this was last asked, and has others look at their user
    /// anew. To be called once a second.
    pub async fn revoke(&self) -> Result<()> {
        let mut known = self.revocations.0.lock().await;
        let mut after = known.newest - LATE_MAX;
        loop {
            let page = self.store.revocations(after).await?;
            for revocation in &page {
                if !known.recent.contains(&revocation.id) {
                    self.apply(revocation).await?;
                    known.recent.insert(revocation.id);
                }
            }
            let Some(last) = page.last() else { break };
            after = last.id;
            known.newest = known.newest.max(after);
            if page.len() < REVOCATIONS_READ_MAX as usize {
                break;
            }
        }
        let late = known.newest - LATE_MAX;
        known.recent.retain(|id| *id > late);
        Ok(())
    }

    async fn apply(&self, revocation: &Revocation) -> Result<()> {
        let Revocation { user_id, session_id, kind, .. } = *revocation;
        match (kind, session_id) {
            (RevocationKind::UserChanged, _) => self.hub.user_changed(user_id),
            (RevocationKind::Ended, Some(session)) => self.close_sessions(user_id, &[session]),
            // Who is enabled again by now may have come back.
            (RevocationKind::Ended, None) if self.store.user(user_id).await?.is_some() => {}
            (RevocationKind::Ended, None) => self.close_disabled(user_id),
        }
        Ok(())
    }

    pub(super) fn close_disabled(&self, user_id: UserId) {
        self.hub.close_user(user_id, CloseCode::SignedOut, "the account is disabled");
    }

    /// The actor as of now; an error if their session has ended or their account is disabled.
    ///
    /// A sign-out first ends the session and then closes its sockets. Whoever asks this after making a socket known
    /// can therefore not slip between the two.
    pub async fn renew(&self, actor: &Actor) -> Result<Actor> {
        self.actor(actor.id(), actor.session, actor.expires_at).await
    }

    /// Seconds until the actor's token ends, if it does.
    pub fn seconds_left(&self, actor: &Actor) -> Option<u32> {
        let left_ms = actor.expires_at?.millis() - self.now().millis();
        Some(u32::try_from(left_ms.max(0)).unwrap_or(u32::MAX).div_ceil(1000))
    }
}
