//! Everything that a signed-in user can change in a conversation. REST, WebSocket and Socket.IO are codecs around it.

use crate::{
    Conversation, ConversationId, ConversationKind, FileId, Message, MessageId, MessageKind, Visibility,
};
use serde::{Deserialize, Serialize};

/// A wish to change something.
#[derive(Debug, Clone)]
pub enum Command {
    /// `message.send`
    SendMessage(SendMessage),
    /// `conversation.create`
    CreateConversation(CreateConversation),
}

/// What became of a [`Command`] once it is committed.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The message, and whether it had been sent before under the same `clientMessageId`.
    Message {
        /// As it stands now.
        message: Box<Message>,
        /// True when nothing was created, because it was there already.
        repeat: bool,
    },
    /// The conversation as the caller sees it, and whether it was there before (a direct one).
    Conversation {
        /// As it stands now.
        conversation: Box<Conversation>,
        /// True when nothing was created, because it was there already.
        existed: bool,
    },
}

/// Sends a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendMessage {
    /// Where to.
    pub conversation_id: ConversationId,
    /// What.
    #[serde(flatten)]
    pub draft: MessageDraft,
}

/// What a sender chooses of a message. Over REST it is the whole body: the path says where to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageDraft {
    /// The text: 1 to 16,000 characters.
    pub content: String,
    /// The sender's own key, 1 to 128 characters: a repeat answers with the first result.
    #[serde(default)]
    pub client_message_id: Option<String>,
    /// The message that this one answers; in the same conversation.
    #[serde(default)]
    pub reply_to: Option<MessageId>,
    /// The message that started the thread; in the same conversation.
    #[serde(default)]
    pub thread_id: Option<MessageId>,
    /// Uploaded files.
    #[serde(default)]
    pub attachments: Vec<FileId>,
    /// What it is; only `text` can be sent.
    #[serde(default)]
    pub kind: MessageKind,
}

/// Creates a conversation; the caller becomes its owner.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateConversation {
    /// What kind of conversation it is.
    #[serde(rename = "type")]
    pub kind: ConversationKind,
    /// Its name: 1 to 128 characters; required for groups and channels, absent for direct ones.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is about: up to 512 characters.
    #[serde(default)]
    pub topic: Option<String>,
    /// Who can find and join it; `private` when absent. Only a channel can be public.
    #[serde(default)]
    pub visibility: Option<Visibility>,
    /// Who is in it besides the caller: usernames or ids, up to 500; exactly one for a direct conversation.
    #[serde(default)]
    pub members: Vec<String>,
}
