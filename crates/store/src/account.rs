//! Users and their sessions, as the store takes and gives them.

use natter_protocol::{PlatformRole, SessionId, Timestamp, User, UserId};

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

/// A live session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user: User,
}
