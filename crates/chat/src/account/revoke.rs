//! Open sockets hear of what happened to their user, whichever process did it: a sign-out, another password, a disabled
//! account, another role.

use crate::{Actor, Chat, Result};
use natter_protocol::{CloseCode, UserId};
use natter_store::{REVOCATIONS_READ_MAX, Revocation, RevocationKind};
use tokio::sync::Mutex;

/// The revocations that are known: up to which.
pub(crate) struct Revocations(Mutex<i64>);

impl Revocations {
    /// What was revoked up to here concerns no socket that will be opened.
    pub(crate) fn after(newest: i64) -> Self {
        Self(Mutex::new(newest))
    }
}

impl Chat {
    /// Closes the sockets of those who have been revoked since this was last asked, and has others look at their user
    /// anew. To be called once a second.
    pub async fn revoke(&self) -> Result<()> {
        let mut known = self.revocations.0.lock().await;
        loop {
            let page = self.store.revocations(*known).await?;
            for revocation in &page {
                self.apply(revocation).await?;
                *known = revocation.id;
            }
            if page.len() < REVOCATIONS_READ_MAX as usize {
                return Ok(());
            }
        }
    }

    async fn apply(&self, revocation: &Revocation) -> Result<()> {
        let Revocation { user_id, session_id, kind, .. } = *revocation;
        match (kind, session_id) {
            (RevocationKind::UserChanged, _) => {
                self.hub.user_changed(user_id);
                // They may have hidden, or show themselves again.
                self.hub.tell_presence_anew(user_id);
            }
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
