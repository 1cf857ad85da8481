//! Messages, as the store takes and gives them.

use natter_protocol::{ConversationId, Message, MessageId, MessageKind, Seq, Timestamp, UserSummary};

/// A message to be sent. The pipeline adds its `seq`.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Drawn by the caller; a second write of the same id is recognised as the same write.
    pub id: MessageId,
    /// Where to.
    pub conversation_id: ConversationId,
    /// Who sends it; must be a member when it is committed.
    pub sender: UserSummary,
    /// What it is.
    pub kind: MessageKind,
    /// The text.
    pub content: String,
    /// The sender's own key.
    pub client_message_id: Option<String>,
    /// A digest of all that the sender chose, so that a repeat is told from another message under the same key.
    pub fingerprint: i64,
    /// The message that this one answers.
    pub reply_to: Option<MessageId>,
    /// The message that started the thread.
    pub thread_id: Option<MessageId>,
    /// When.
    pub created_at: Timestamp,
}

impl NewMessage {
    /// The message as its conversation sees it once it has its position.
    pub(crate) fn into_message(self, seq: Seq) -> Message {
        Message {
            id: self.id,
            conversation_id: self.conversation_id,
            seq,
            sender: self.sender,
            kind: self.kind,
            content: self.content,
            client_message_id: self.client_message_id,
            reply_to: self.reply_to,
            thread_id: self.thread_id,
            mentions: Vec::new(),
            attachments: Vec::new(),
            reactions: Vec::new(),
            created_at: self.created_at,
            edited_at: None,
            deleted_at: None,
        }
    }
}

/// A place in a conversation's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The place of a message.
    Message(MessageId),
    /// A position of the log.
    Seq(Seq),
}

/// Which messages are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The newest.
    Newest,
    /// Those directly before a place.
    Before(Anchor),
    /// Those directly after a place.
    After(Anchor),
    /// The place itself and what is around it, half of the limit on each side.
    Around(Anchor),
}

/// A run of messages in ascending order, and whether the history goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageSlice {
    /// The messages.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub older: bool,
    /// Whether there are newer ones.
    pub newer: bool,
}
