//! Conversations, as one of their members sees them.

use crate::{ConversationId, InviteId, Message, Seq, Timestamp, User, UserId, UserSummary};
use serde::{Deserialize, Serialize};

/// What kind of conversation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = "group")]
pub enum ConversationKind {
    /// Between two people; there is at most one for each pair.
    Direct,
    /// Between invited people.
    Group,
    /// A room with a name; a public one can be found and joined.
    Channel,
}

/// Who can find and join a conversation without being invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = "private")]
pub enum Visibility {
    /// Everybody with an account.
    Public,
    /// Members only.
    Private,
}

/// Whether a conversation still takes messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ConversationStatus {
    /// Takes messages.
    Active,
    /// Out of the way, readable, can be made active again.
    Archived,
    /// Ended, readable.
    Closed,
}

/// What a member may do in a conversation; a later one may do all that an earlier one may.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum MemberRole {
    /// Reads and writes.
    Member,
    /// Also removes messages of others.
    Moderator,
    /// Also changes the conversation and its members.
    Admin,
    /// Also deletes it and hands it over. There is exactly one, except in direct conversations.
    Owner,
}

/// What everybody in a conversation sees alike. Events carry it, so that one encoding serves all members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationInfo {
    /// The conversation's id.
    pub id: ConversationId,
    /// What kind of conversation it is.
    #[serde(rename = "type")]
    pub kind: ConversationKind,
    /// Its name; null for direct conversations.
    #[schema(required, example = "Harbour")]
    pub name: Option<String>,
    /// What it is about.
    #[schema(required, example = "Boats and tides")]
    pub topic: Option<String>,
    /// Who can find and join it.
    pub visibility: Visibility,
    /// Whether it still takes messages.
    pub status: ConversationStatus,
    /// Whether what is behind links is shown.
    #[schema(example = true)]
    pub link_previews: bool,
    /// Who created it.
    pub created_by: UserId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed or had a message.
    pub updated_at: Timestamp,
}

/// The caller's own relation to a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// What the caller may do.
    pub role: MemberRole,
    /// Everything up to here is read.
    #[schema(value_type = u64, example = 14)]
    pub last_read_seq: Seq,
    /// No notifications.
    pub muted: bool,
    /// On top of the caller's list.
    pub pinned: bool,
    /// Out of the caller's list until asked for.
    pub archived: bool,
}

/// A conversation as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// What everybody in it sees alike.
    #[serde(flatten)]
    pub info: ConversationInfo,
    /// Name to show: the conversation's, or the other person's in a direct conversation.
    #[schema(example = "Harbour")]
    pub title: String,
    /// Changes when the log was replaced by another; see the delivery guide.
    #[schema(example = "0123456789abcdef")]
    pub epoch: String,
    /// Position of the newest event.
    #[schema(value_type = u64, example = 17)]
    pub last_seq: Seq,
    /// The newest message, if there is one.
    #[schema(required)]
    pub last_message: Option<Message>,
    /// Messages of others that the caller has not read.
    #[schema(example = 3)]
    pub unread_count: u64,
    /// Unread messages that mention the caller.
    #[schema(example = 1)]
    pub mention_count: u64,
    /// How many people are in it.
    #[schema(example = 12)]
    pub member_count: u64,
    /// The other person, in a direct conversation; null in others.
    #[schema(required)]
    pub peer: Option<UserSummary>,
    /// The caller's own relation to it.
    pub me: Me,
}

/// Somebody in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Who.
    pub user: User,
    /// What they may do.
    pub role: MemberRole,
    /// Since when they are in it.
    pub joined_at: Timestamp,
}

/// A public channel, as somebody sees it who looks for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicChannel {
    /// The channel's id.
    pub id: ConversationId,
    /// Its name.
    #[schema(example = "Harbour")]
    pub name: String,
    /// What it is about.
    #[schema(required, example = "Boats and tides")]
    pub topic: Option<String>,
    /// How many people are in it.
    #[schema(example = 12)]
    pub member_count: u64,
    /// Whether the caller is one of them.
    pub joined: bool,
}

/// What a link to a conversation promises to whoever opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitePreview {
    /// The conversation that it leads to.
    pub conversation_id: ConversationId,
    /// What kind of conversation it is.
    #[serde(rename = "type")]
    pub kind: ConversationKind,
    /// Its name.
    #[schema(example = "Harbour")]
    pub name: String,
    /// How many people are in it.
    #[schema(example = 12)]
    pub member_count: u64,
    /// Who made the link.
    pub inviter: UserSummary,
    /// Whether the caller is in it already.
    pub joined: bool,
}

/// A link that lets whoever has it join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    /// The link's id.
    pub id: InviteId,
    /// Where it leads.
    pub conversation_id: ConversationId,
    /// The secret part of the link, for `POST /invites/{code}`.
    #[schema(example = "k3V9hQ2mTz8xWc1LrY0uPA")]
    pub code: String,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When it ends; null for never.
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
    /// How many people it lets in; null for any number.
    #[schema(required, example = 10)]
    pub uses_max: Option<u32>,
    /// How many it has let in.
    #[schema(example = 3)]
    pub uses: u32,
}

/// How much is unread, over all conversations of the caller that are neither muted nor archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnreadTotal {
    /// Unread messages.
    #[schema(example = 7)]
    pub total: u64,
    /// Conversations with unread messages.
    #[schema(example = 2)]
    pub conversations: u64,
    /// Unread messages that mention the caller, in all conversations.
    #[schema(example = 1)]
    pub mentions: u64,
}

/// How far the caller has read a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadState {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// Everything up to here is read.
    #[schema(value_type = u64, example = 17)]
    pub last_read_seq: Seq,
    /// Messages of others beyond it.
    pub unread_count: u64,
    /// Those of them that mention the caller.
    pub mention_count: u64,
}
