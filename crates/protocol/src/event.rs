//! What happened in a conversation. Committed to its log first, then sent to its members.

use crate::{ConversationId, ConversationInfo, Message, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// One entry of a conversation's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Whose log it is in.
    pub conversation_id: ConversationId,
    /// Its position there.
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
}

/// Payload of `conversation.created`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationCreated {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The position of this event: 1.
    pub seq: Seq,
    /// The conversation, without what differs from member to member.
    pub conversation: ConversationInfo,
    /// Who created it.
    pub actor_id: UserId,
}
