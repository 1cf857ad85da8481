//! Messages.

use crate::{ConversationId, FileId, MessageId, Seq, Timestamp, UserId, UserSummary};
use serde::{Deserialize, Serialize};

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum MessageKind {
    /// Written by a person.
    #[default]
    Text,
    /// Written by the server about a change. Nobody can send one.
    System,
}

/// One emoji under a message, and how many people chose it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReactionCount {
    /// The emoji.
    pub emoji: String,
    /// How many people chose it.
    pub count: u32,
    /// Whether the caller is one of them.
    pub me: bool,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The message's id.
    pub id: MessageId,
    /// Where it was written.
    pub conversation_id: ConversationId,
    /// Its position in the conversation's log: messages are shown in this order.
    pub seq: Seq,
    /// Who wrote it.
    pub sender: UserSummary,
    /// What it is.
    pub kind: MessageKind,
    /// The text, a subset of Markdown; empty once the message is deleted.
    pub content: String,
    /// The key that the sender chose, for recognising a repeat.
    pub client_message_id: Option<String>,
    /// The message that this one answers.
    pub reply_to: Option<MessageId>,
    /// The message that started the thread that this one belongs to.
    pub thread_id: Option<MessageId>,
    /// Who is mentioned.
    pub mentions: Vec<UserId>,
    /// What is attached.
    pub attachments: Vec<FileId>,
    /// Reactions, in the order of their first use.
    pub reactions: Vec<ReactionCount>,
    /// When the server took it.
    pub created_at: Timestamp,
    /// When its text last changed.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted; its text is gone then.
    pub deleted_at: Option<Timestamp>,
}
