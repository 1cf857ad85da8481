//! People, as others see them.

use crate::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// What a user may do on the whole installation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum PlatformRole {
    /// Uses the chat.
    User,
    /// Handles reports in conversations of others.
    Moderator,
    /// Runs the installation.
    Admin,
}

/// Whether a user can be reached right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Presence {
    /// At least one connection is open.
    Online,
    /// Connected, but not looking.
    Away,
    /// Connected, asks not to be disturbed.
    Busy,
    /// No connection is open.
    Offline,
}

/// A user as everybody sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// Unique name for sign-in and mentions, lower case.
    #[schema(example = "ada")]
    pub username: String,
    /// Name to show.
    #[schema(example = "Ada Lovelace")]
    pub display_name: String,
    /// Picture to show, if there is one.
    #[schema(required)]
    pub avatar_url: Option<String>,
    /// What the user may do on the whole installation.
    pub role: PlatformRole,
    /// Whether the user can be reached right now.
    pub presence: Presence,
    /// When the user was last connected; null if that is not known.
    #[schema(required)]
    pub last_seen: Option<Timestamp>,
}

/// A user as they see themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnUser {
    /// As everybody sees them.
    #[serde(flatten)]
    pub user: User,
    /// Whether others see when they are connected, and when they last were.
    #[schema(example = true)]
    pub presence_visible: bool,
    /// Whether what is behind the links that they send is looked up and shown.
    #[schema(example = true)]
    pub link_previews: bool,
}

/// The part of a user that a message carries about its sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserSummary {
    /// The user's id.
    pub id: UserId,
    /// Unique name for sign-in and mentions, lower case.
    #[schema(example = "ada")]
    pub username: String,
    /// Name to show.
    #[schema(example = "Ada Lovelace")]
    pub display_name: String,
    /// Picture to show, if there is one.
    #[schema(required)]
    pub avatar_url: Option<String>,
}

/// Whether two people keep each other away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockStatus {
    /// The caller has blocked the other.
    pub blocked_by_me: bool,
    /// The other has blocked the caller.
    pub blocked_me: bool,
}

/// Somebody whom the caller has blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// Who.
    pub user: UserSummary,
    /// Since when.
    pub created_at: Timestamp,
}
