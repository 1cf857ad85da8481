//! Signing in and staying signed in.

use crate::{SessionId, Timestamp, User};
use serde::{Deserialize, Serialize};

/// Creates an account and signs it in.
// No Debug: a secret must not get into a log by a slip.
#[derive(Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterRequest {
    /// 2 to 32 characters: a to z, 0 to 9, `_`, `-` and `.`; starts with a letter or digit. Upper case is folded.
    #[schema(min_length = 2, max_length = 32, example = "ada")]
    pub username: String,
    /// 8 to 256 characters.
    #[schema(format = Password, min_length = 8, max_length = 256, example = "correct horse battery staple")]
    pub password: String,
    /// Name to show, 1 to 64 characters; the username when absent.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, example = "Ada Lovelace")]
    pub display_name: Option<String>,
    /// E-mail address; never shown to others.
    #[serde(default)]
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    pub email: Option<String>,
}

/// Signs in with a password.
// No Debug: a secret must not get into a log by a slip.
#[derive(Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoginRequest {
    /// The username, in any case.
    #[schema(example = "ada")]
    pub username: String,
    /// The password.
    #[schema(format = Password, example = "correct horse battery staple")]
    pub password: String,
}

/// Trades a refresh token for a new pair, or gives it up at sign-out.
// No Debug: a secret must not get into a log by a slip.
#[derive(Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshRequest {
    /// The newest refresh token of the session. Each works once, and for a minute again if the answer was lost; a later
    /// use ends the session.
    #[schema(example = "natter_rt_4mGq0bTn")]
    pub refresh_token: String,
}

/// A pair of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// A JWT for the `Authorization: Bearer` header.
    #[schema(example = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl")]
    pub access_token: String,
    /// Opaque; trades for the next pair at `POST /auth/refresh`.
    #[schema(example = "natter_rt_4mGq0bTn")]
    pub refresh_token: String,
    /// Seconds until the access token ends.
    #[schema(example = 900)]
    pub expires_in: u32,
}

/// The answer to a sign-up or sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignIn {
    /// Who is signed in.
    pub user: User,
    /// The tokens to use from now on.
    #[serde(flatten)]
    pub tokens: Tokens,
}

/// Opens one socket, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// To be passed as `?ticket=`.
    #[schema(example = "natter_tk_9cVd2Rk1")]
    pub ticket: String,
    /// Seconds until it is worthless, used or not.
    #[schema(example = 30)]
    pub expires_in: u32,
}

/// Replaces the caller's password.
// No Debug: a secret must not get into a log by a slip.
#[derive(Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangePassword {
    /// The password so far.
    #[schema(format = Password, example = "correct horse battery staple")]
    pub current_password: String,
    /// 8 to 256 characters.
    #[schema(format = Password, min_length = 8, max_length = 256, example = "a better horse for a battery")]
    pub new_password: String,
}

/// One sign-in of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// The session's id.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When its tokens were last renewed.
    pub refreshed_at: Timestamp,
    /// When it ends unless they are renewed.
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
    #[schema(example = true)]
    pub current: bool,
}
