//! Messages.

use crate::{
    ConversationId, ConversationStatus, ErrorCode, File, LinkPreview, MemberRole, MessageId, PageMeta,
    ScheduledMessageId, Seq, Timestamp, UserId, UserSummary, Visibility,
};
use serde::{Deserialize, Serialize};

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum MessageKind {
    /// Written by a person.
    #[default]
    Text,
    /// Spoken by a person: it has one file, of sound.
    Voice,
    /// Written by the server about a change. Nobody can send one.
    System,
}

/// One emoji under a message, and how many people chose it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReactionCount {
    /// The emoji.
    #[schema(example = "👍")]
    pub emoji: String,
    /// How many people chose it.
    #[schema(example = 2)]
    pub count: u32,
    /// Whether the caller is one of them.
    #[schema(example = true)]
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
    #[schema(value_type = u64, example = 17)]
    pub seq: Seq,
    /// Who wrote it.
    pub sender: UserSummary,
    /// What it is.
    pub kind: MessageKind,
    /// The text, a subset of Markdown; empty once the message is deleted.
    #[schema(example = "Fresh herring at pier 4")]
    pub content: String,
    /// The key that the sender chose, for recognising a repeat.
    #[schema(required, example = "5f1d-1")]
    pub client_message_id: Option<String>,
    /// The message that this one answers.
    #[schema(required)]
    pub reply_to: Option<MessageId>,
    /// The message that started the thread that this one belongs to.
    #[schema(required)]
    pub thread_id: Option<MessageId>,
    /// Who is mentioned by name.
    #[schema(example = json!([]))]
    pub mentions: Vec<UserId>,
    /// Whether it also mentions a whole group of people; absent if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_mention: Option<GroupMention>,
    /// What is attached.
    #[schema(example = json!([]))]
    pub attachments: Vec<File>,
    /// What is behind the links of its text, once that is known; absent if there is nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub link_previews: Vec<LinkPreview>,
    /// Reactions, in the order of their first use.
    pub reactions: Vec<ReactionCount>,
    /// When the server took it.
    pub created_at: Timestamp,
    /// How many messages are in the thread that this one started.
    #[serde(default)]
    #[schema(required)]
    pub reply_count: u64,
    /// Whom it was forwarded from; absent if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded_from: Option<ForwardedFrom>,
    /// What a system message says, for programs; absent on others. Its `content` says the same in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemNote>,
    /// When it was pinned; absent if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_at: Option<Timestamp>,
    /// When its text last changed.
    #[schema(required)]
    pub edited_at: Option<Timestamp>,
    /// When it was deleted; its text is gone then.
    #[schema(required)]
    pub deleted_at: Option<Timestamp>,
}

/// A group of people that a message mentions at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum GroupMention {
    /// `@here`: the members who were connected when it was sent.
    Here,
    /// `@all`: every member.
    All,
}

/// Where a forwarded message comes from. The conversation is not told: its readers may not know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForwardedFrom {
    /// Who wrote it first.
    pub sender: UserSummary,
    /// When.
    pub created_at: Timestamp,
}

/// What a system message says. The sender of the message is whoever did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum SystemNote {
    /// Somebody was added.
    #[serde(rename_all = "camelCase")]
    MemberAdded {
        /// Who.
        user_id: UserId,
    },
    /// Somebody was removed.
    #[serde(rename_all = "camelCase")]
    MemberRemoved {
        /// Who.
        user_id: UserId,
    },
    /// The sender came in.
    MemberJoined,
    /// The sender went.
    MemberLeft,
    /// Somebody may do more or less than before.
    #[serde(rename_all = "camelCase")]
    RoleChanged {
        /// Who.
        user_id: UserId,
        /// What they may do now.
        role: MemberRole,
    },
    /// The conversation has another name.
    Renamed {
        /// The new one.
        name: String,
    },
    /// The conversation has another topic.
    TopicChanged {
        /// The new one; null when it was cleared.
        topic: Option<String>,
    },
    /// More or fewer people can find the conversation.
    VisibilityChanged {
        /// Who can.
        visibility: Visibility,
    },
    /// The conversation was archived, closed, or made active again.
    StatusChanged {
        /// What it is now.
        status: ConversationStatus,
    },
    /// A message was pinned.
    #[serde(rename_all = "camelCase")]
    MessagePinned {
        /// Which.
        message_id: MessageId,
    },
}

/// What a message said before it was changed. For moderators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageVersion {
    /// The text.
    #[schema(example = "Fresh herring at pier 3")]
    pub content: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it gave way to the next version, or was deleted.
    pub replaced_at: Timestamp,
    /// Who changed or deleted it.
    pub replaced_by: UserId,
}

/// One of those who have read a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Who.
    pub user: UserSummary,
    /// When they had read up to it.
    pub read_at: Timestamp,
}

/// A page of those who have read a message, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptPage {
    /// The readers; none in a conversation of more than 256 members.
    pub data: Vec<Receipt>,
    /// Where the next page begins.
    pub meta: PageMeta,
    /// How many members have read it, besides its sender, whatever the size of the conversation.
    #[schema(example = 2)]
    pub read_count: u64,
}

/// Who chose an emoji under a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    /// The emoji.
    #[schema(example = "👍")]
    pub emoji: String,
    /// Who.
    pub user: UserSummary,
    /// When.
    pub created_at: Timestamp,
}

/// A text that its author has not sent yet, the same on all of the author's devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// Where it is to be sent.
    pub conversation_id: ConversationId,
    /// The text so far.
    #[schema(example = "Fresh herring")]
    pub content: String,
    /// The message that it will answer.
    #[schema(required)]
    pub reply_to: Option<MessageId>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A message that will be sent later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledMessage {
    /// Its id; the message that is sent has another.
    pub id: ScheduledMessageId,
    /// Where to.
    pub conversation_id: ConversationId,
    /// The text.
    #[schema(example = "Fresh herring at pier 4")]
    pub content: String,
    /// What it is.
    #[serde(default)]
    pub kind: MessageKind,
    /// What is attached.
    #[serde(default)]
    #[schema(example = json!([]))]
    pub attachments: Vec<File>,
    /// The message that it answers.
    #[schema(required)]
    pub reply_to: Option<MessageId>,
    /// The message that started the thread that it belongs to.
    #[schema(required)]
    pub thread_id: Option<MessageId>,
    /// When it is sent.
    pub send_at: Timestamp,
    /// When it was written.
    pub created_at: Timestamp,
    /// Why it could not be sent when its time had come; null as long as it waits.
    #[schema(required)]
    pub failure: Option<ErrorCode>,
}

/// A found message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// The message.
    pub message: Message,
    /// What of its text was found, in ascending order.
    pub highlights: Vec<Highlight>,
}

/// A part of a text: from `start` up to, not including, `end`, in UTF-16 code units, as JavaScript counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Highlight {
    /// The first unit of it.
    #[schema(example = 6)]
    pub start: u32,
    /// The first unit after it.
    #[schema(example = 13)]
    pub end: u32,
}
