//! What happened in a conversation. Committed to its log first, then sent to its members.

use crate::{ConversationId, ConversationInfo, Member, Message, MessageId, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// One entry of a conversation's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Whose log it is in.
    pub conversation_id: ConversationId,
    /// Its position there.
    #[schema(value_type = u64, example = 17)]
    pub seq: Seq,
    /// When it was committed.
    pub created_at: Timestamp,
    /// What happened: `type` and `payload`, as a socket sends them.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What happened. The payload of each carries `seq` and the conversation's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", content = "payload")]
pub enum EventBody {
    /// A message was sent.
    #[serde(rename = "message.new")]
    MessageNew(Box<Message>),
    /// The conversation came to be: the first entry of each log.
    #[serde(rename = "conversation.created")]
    ConversationCreated(Box<ConversationCreated>),
    /// A message's text changed, or it was pinned or unpinned.
    #[serde(rename = "message.updated")]
    MessageUpdated(Box<MessageChange>),
    /// A message was deleted; what is left of it.
    #[serde(rename = "message.deleted")]
    MessageDeleted(Box<MessageChange>),
    /// Somebody chose an emoji.
    #[serde(rename = "reaction.added")]
    ReactionAdded(Box<ReactionChange>),
    /// Somebody took an emoji back.
    #[serde(rename = "reaction.removed")]
    ReactionRemoved(Box<ReactionChange>),
    /// Its name, topic, visibility or status changed.
    #[serde(rename = "conversation.updated")]
    ConversationUpdated(Box<ConversationChange>),
    /// It is gone, with all that was in it: the last entry of its log.
    #[serde(rename = "conversation.deleted")]
    ConversationDeleted(Box<ConversationDeleted>),
    /// Somebody came in.
    #[serde(rename = "member.joined")]
    MemberJoined(Box<MemberChange>),
    /// Somebody went, or was removed.
    #[serde(rename = "member.left")]
    MemberLeft(Box<MemberLeft>),
    /// Somebody may do more or less than before.
    #[serde(rename = "member.updated")]
    MemberUpdated(Box<MemberChange>),
}

/// Payload of `conversation.created`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationCreated {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The position of this event: 1.
    #[schema(value_type = u64, example = 1)]
    pub seq: Seq,
    /// The conversation, without what differs from member to member.
    pub conversation: ConversationInfo,
    /// Who created it.
    pub actor_id: UserId,
}

/// Payload of `message.updated` and `message.deleted`: the message as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageChange {
    /// Where the message is shown: its own position, which does not change. `seq` is the position of this event.
    #[schema(value_type = u64, example = 17)]
    pub message_seq: Seq,
    /// Who changed it.
    pub actor_id: UserId,
    /// The message, except that `seq` is the position of this event. `reactions` say nothing about `me`.
    #[serde(flatten)]
    pub message: Message,
}

/// Payload of `reaction.added` and `reaction.removed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReactionChange {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The position of this event.
    #[schema(value_type = u64, example = 18)]
    pub seq: Seq,
    /// The message under which the emoji is.
    pub message_id: MessageId,
    /// Who chose it or took it back.
    pub user_id: UserId,
    /// The emoji.
    #[schema(example = "👍")]
    pub emoji: String,
    /// How many people have chosen it now; none: it is gone.
    #[schema(example = 2)]
    pub count: u32,
}

/// Payload of `conversation.updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationChange {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The position of this event.
    #[schema(value_type = u64, example = 18)]
    pub seq: Seq,
    /// Who changed it.
    pub actor_id: UserId,
    /// The conversation, without what differs from member to member.
    pub conversation: ConversationInfo,
}

/// Payload of `conversation.deleted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationDeleted {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The position of this event: the last one.
    #[schema(value_type = u64, example = 18)]
    pub seq: Seq,
    /// Who deleted it.
    pub actor_id: UserId,
}

/// Payload of `member.joined` and `member.updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberChange {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The position of this event.
    #[schema(value_type = u64, example = 18)]
    pub seq: Seq,
    /// Who did it: the member, or whoever added or promoted them.
    pub actor_id: UserId,
    /// The member.
    pub member: Member,
    /// How many people are in it now.
    #[schema(example = 12)]
    pub member_count: u64,
}

/// Payload of `member.left`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberLeft {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The position of this event: the last one that this user gets.
    #[schema(value_type = u64, example = 18)]
    pub seq: Seq,
    /// Who did it: the user, or whoever removed them.
    pub actor_id: UserId,
    /// Who is no member any more.
    pub user_id: UserId,
    /// How many people are in it now.
    #[schema(example = 11)]
    pub member_count: u64,
}

/// Payload of `message.read_receipt`: somebody has read up to a position. Not part of the log: the latest state wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadReceipt {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// Who has read.
    pub user_id: UserId,
    /// Everything up to here.
    #[schema(value_type = u64, example = 17)]
    pub last_read_seq: Seq,
    /// When.
    pub read_at: Timestamp,
}
