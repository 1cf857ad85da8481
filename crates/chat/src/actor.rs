//! On whose behalf something is done.

use natter_protocol::{PlatformRole, SessionId, Timestamp, User, UserId, UserSummary};
use uuid::Uuid;

/// A user who has proved who they are.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The user, as of the proof.
    pub user: User,
    /// The session that proved it; none for a token that an operator minted, or the host application.
    pub session: Option<SessionId>,
    /// When the token that proved it ends; none where there was no token.
    pub expires_at: Option<Timestamp>,
    /// What the request is known by, if it has an idempotency key: the same in each repeat, see [`Claim::Mine`]. What the
    /// request creates has this id, so that a repeat finds it.
    ///
    /// [`Claim::Mine`]: crate::Claim::Mine
    pub request: Option<Uuid>,
}

impl Actor {
    /// The author of something that is done later, without them.
    pub(crate) const fn on_behalf_of(user: User) -> Self {
        Self { user, session: None, expires_at: None, request: None }
    }

    /// The user's id.
    pub const fn id(&self) -> UserId {
        self.user.id
    }

    /// What the user may do on the whole installation.
    pub const fn role(&self) -> PlatformRole {
        self.user.role
    }

    /// What a message says about its sender.
    pub(crate) fn summary(&self) -> UserSummary {
        UserSummary {
            id: self.user.id,
            username: self.user.username.clone(),
            display_name: self.user.display_name.clone(),
            avatar_url: self.user.avatar_url.clone(),
        }
    }
}
