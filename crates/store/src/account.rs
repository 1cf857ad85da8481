//! Users and their sessions, as the store takes and gives them.

use crate::Result;
use async_trait::async_trait;
use natter_protocol::{
    Block, BlockStatus, IpRule, OwnUser, PlatformRole, SessionId, SessionInfo, Timestamp, UpdateProfile,
    User, UserId,
};

/// Sessions of one user that are listed, the newest: more of them live only where a program signs in over and over.
pub(crate) const SESSIONS_LISTED_MAX: u32 = 1_000;
/// Revocations that are read at once.
pub const REVOCATIONS_READ_MAX: u32 = 1_000;

/// What is read about users: who they are, what signing in needs, who keeps away from whom.
///
/// Every [`User`] is as others see them: `last_seen` is absent if they do not want it to be seen, and `presence` is for
/// whoever knows the connections to say.
#[async_trait]
pub trait Accounts {
    /// Whether anybody has an account.
    async fn has_users(&self) -> Result<bool>;

    /// A user who is not disabled.
    async fn user(&self, id: UserId) -> Result<Option<User>>;

    /// The same, as they see themselves.
    async fn own_user(&self, id: UserId) -> Result<Option<OwnUser>>;

    /// Those of the given users who do not want others to see when they are connected.
    async fn hidden_among(&self, users: &[UserId]) -> Result<Vec<UserId>>;

    /// The users among these names; each name is a username or the text of a user id. Unknown names are absent.
    async fn users_named(&self, names: &[String]) -> Result<Vec<User>>;

    /// Users whose username or a word of whose display name begins with this, folded to lower case, by username,
    /// from after the given username. Nobody with whom the viewer has a block, in either direction; nobody disabled.
    async fn users_like(
        &self,
        viewer: UserId,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>>;

    /// Those of the given users who share a conversation with the viewer and have no block with them, by username,
    /// from after the given username.
    async fn acquaintances(
        &self,
        viewer: UserId,
        among: &[UserId],
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>>;

    /// What signing in needs.
    async fn credentials(&self, username: &str) -> Result<Option<Credentials>>;

    /// A session that has neither ended nor expired, with its user, who is not disabled.
    async fn session(&self, id: SessionId, now: Timestamp) -> Result<Option<Session>>;

    /// The live sessions of a user, newest first. `current` of each is false.
    async fn sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<SessionInfo>>;

    /// What has ended or changed since, by id, at most [`REVOCATIONS_READ_MAX`]; what is older than an hour may be gone.
    /// Once one is seen, no smaller id comes up any more, on whichever node. Waits for no other reads.
    async fn revocations(&self, after: i64) -> Result<Vec<Revocation>>;

    /// The newest id of a revocation; 0 if there is none.
    async fn last_revocation(&self) -> Result<i64>;

    /// Whether two users keep each other away.
    async fn block_status(&self, viewer: UserId, other: UserId) -> Result<BlockStatus>;

    /// Whom the viewer has blocked, by username, from after the given username.
    async fn blocks(&self, viewer: UserId, after: Option<&str>, limit: u32) -> Result<Vec<Block>>;

    /// Everybody who has blocked this user or is blocked by them.
    async fn kept_apart(&self, user: UserId) -> Result<Vec<UserId>>;

    /// Everybody who has blocked this user.
    async fn blockers(&self, user: UserId) -> Result<Vec<UserId>>;

    /// Everybody who is kept apart, for several users at once: each of them with each of those.
    async fn apart_among(&self, users: &[UserId]) -> Result<Vec<(UserId, UserId)>>;

    /// All rules about addresses, oldest first.
    async fn ip_rules(&self) -> Result<Vec<IpRule>>;
}

/// A user to be created.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Drawn by the caller.
    pub id: UserId,
    /// Already folded to lower case.
    pub username: String,
    /// Name to show.
    pub display_name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// What the user may do on the whole installation.
    pub role: PlatformRole,
    /// PHC string; without one nobody can sign in by password.
    pub password_hash: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

/// What signing in needs.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Whose they are.
    pub user: User,
    /// PHC string; without one nobody can sign in by password.
    pub password_hash: Option<String>,
    /// Whether the account is disabled.
    pub disabled: bool,
}

/// A session to be created.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Drawn by the caller.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// SHA-256 of its refresh token.
    pub refresh_hash: [u8; 32],
    /// When.
    pub created_at: Timestamp,
    /// When the refresh token ends.
    pub expires_at: Timestamp,
}

/// A refresh token to be traded for the next one.
#[derive(Debug, Clone)]
pub struct SessionRotation {
    /// Whose token it is.
    pub id: SessionId,
    /// SHA-256 of the token that was presented.
    pub presented_hash: [u8; 32],
    /// SHA-256 of the token that replaces it.
    pub next_hash: [u8; 32],
    /// When.
    pub now: Timestamp,
    /// When the next token ends.
    pub expires_at: Timestamp,
}

/// Seconds for which a trade can be repeated, by whoever did not get the answer.
const REPEAT_SECONDS: i64 = 60;

impl SessionRotation {
    /// If the same token was traded for the same one since then, this is a repeat, and changes nothing.
    pub(crate) const fn repeated_since(&self) -> Timestamp {
        self.now.plus_seconds(-REPEAT_SECONDS)
    }
}

/// A live session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user: User,
}

/// Something that open sockets must hear of, whichever process has done it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// Greater for whatever comes later.
    pub id: i64,
    /// Whose sockets.
    pub user_id: UserId,
    /// The sockets of one session only.
    pub session_id: Option<SessionId>,
    /// What has happened.
    pub kind: RevocationKind,
}

/// What has happened to a user or one of their sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RevocationKind {
    /// The session has ended; without a session: the account is disabled.
    Ended,
    /// The user has another role, name or picture, is seen or hidden, or is enabled again.
    UserChanged,
}

/// A user of a host application, as its token describes them.
#[derive(Debug, Clone)]
pub struct ProvisionUser {
    /// Drawn by the caller, for a user who is not known yet.
    pub id: UserId,
    /// Issuer and subject of the token: who this is, for ever.
    pub external_id: String,
    /// Wanted usernames, best first: a new user gets the first that is free. One who is known keeps theirs.
    pub usernames: Vec<String>,
    /// How they are shown. What is absent stays as it is; a new user is shown by their username until then.
    pub profile: UpdateProfile,
    /// What the user may do on the whole installation; none leaves it as it is, and is `user` for a new one.
    pub role: Option<PlatformRole>,
    /// When.
    pub at: Timestamp,
}

/// An idempotency key and the request that wants it.
#[derive(Debug, Clone)]
pub struct ClaimKey {
    /// Whose request.
    pub user_id: UserId,
    /// The key.
    pub key: String,
    /// SHA-256 of the request.
    pub fingerprint: [u8; 32],
    /// When.
    pub at: Timestamp,
    /// A claim without an answer from before this was given up: the same request may have it.
    pub stale_before: Timestamp,
}

/// Who has an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    /// SHA-256 of the request.
    pub fingerprint: [u8; 32],
    /// The answer, once there is one: HTTP status and body.
    pub answer: Option<(u16, Vec<u8>)>,
}

/// An answer to be kept under an idempotency key.
#[derive(Debug, Clone)]
pub struct KeepAnswer {
    /// Whose request.
    pub user_id: UserId,
    /// The key that it has claimed.
    pub key: String,
    /// HTTP status and body; none gives the key back, so that the request can be tried again.
    pub answer: Option<(u16, Vec<u8>)>,
}

/// A rule about addresses, to be made.
#[derive(Debug, Clone)]
pub struct NewIpRule(pub natter_protocol::IpRule);
