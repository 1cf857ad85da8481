//! Everything that a signed-in user can change in a conversation. REST, WebSocket and Socket.IO are codecs around it.

use crate::{
    Block, Conversation, ConversationId, ConversationKind, ConversationStatus, Draft, FileId, Invite,
    InviteId, Me, Member, MemberRole, Message, MessageId, MessageKind, OwnUser, Page, ReadState,
    ScheduledMessage, ScheduledMessageId, Seq, Timestamp, UserId, Visibility,
};
use serde::{Deserialize, Serialize};

/// A wish to change something.
#[derive(Debug, Clone)]
pub enum Command {
    /// `message.send`
    SendMessage(SendMessage),
    /// `message.edit`
    EditMessage(EditMessage),
    /// `message.delete`
    DeleteMessage(MessageId),
    /// `message.forward`
    ForwardMessage(ForwardMessage),
    /// `reaction.add`
    AddReaction(ReactionRequest),
    /// `reaction.remove`
    RemoveReaction(ReactionRequest),
    /// `message.read`
    MarkRead(MarkRead),
    /// Shows a message on top of its conversation.
    PinMessage(MessageId),
    /// Takes it down again.
    UnpinMessage(MessageId),
    /// Keeps a text that is not sent yet; an empty one forgets it.
    SaveDraft(SaveDraft),
    /// Sends a message later.
    ScheduleMessage(ScheduleMessage),
    /// Does not send it after all.
    CancelScheduledMessage(ScheduledMessageId),
    /// `conversation.create`
    CreateConversation(CreateConversation),
    /// Gives the direct conversation with somebody, created if there is none. A username or id.
    OpenDirect(String),
    /// Changes what everybody sees of a conversation.
    UpdateConversation(ConversationId, UpdateConversation),
    /// Deletes a conversation with all that is in it.
    DeleteConversation(ConversationId),
    /// Changes what only the caller sees of a conversation.
    UpdateMe(ConversationId, UpdateMe),
    /// Brings somebody in.
    AddMember(ConversationId, AddMember),
    /// Changes what a member may do. Making somebody else the owner hands the conversation over.
    UpdateMember(ConversationId, UserId, UpdateMember),
    /// Removes somebody.
    RemoveMember(ConversationId, UserId),
    /// `conversation.join`: a public channel.
    JoinConversation(ConversationId),
    /// `conversation.leave`
    LeaveConversation(ConversationId),
    /// Makes a link that lets people in.
    CreateInvite(ConversationId, CreateInvite),
    /// Makes a link worthless.
    RevokeInvite(ConversationId, InviteId),
    /// Joins by the code of a link.
    AcceptInvite(String),
    /// Keeps somebody away. A username or id.
    BlockUser(String),
    /// Lets them come near again. A username or id.
    UnblockUser(String),
    /// Changes how others see the caller.
    UpdateProfile(UpdateProfile),
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
    /// The copies of a forwarded message, in the order of the conversations that were named.
    Messages(Page<Message>),
    /// How far the caller has read.
    Read(ReadState),
    /// The member, and whether they were one before.
    Member {
        /// As they are now.
        member: Box<Member>,
        /// True when they were a member before.
        existed: bool,
    },
    /// What only the caller sees of a conversation.
    Me(Me),
    /// The link.
    Invite(Box<Invite>),
    /// The draft; none when it was forgotten.
    Draft(Option<Box<Draft>>),
    /// What will be sent later.
    Scheduled(Box<ScheduledMessage>),
    /// Who is kept away.
    Block(Box<Block>),
    /// The caller, as they see themselves.
    OwnUser(Box<OwnUser>),
    /// Done, and there is nothing to tell.
    Done,
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageDraft {
    /// The text: 1 to 16,000 characters; it may be absent when there are attachments.
    #[serde(default)]
    #[schema(max_length = 16000, example = "Fresh herring at pier 4")]
    pub content: String,
    /// The sender's own key, 1 to 128 characters: a repeat answers with the first result.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 128, example = "5f1d-1")]
    pub client_message_id: Option<String>,
    /// The message that this one answers; in the same conversation.
    #[serde(default)]
    pub reply_to: Option<MessageId>,
    /// The message that started the thread; in the same conversation.
    #[serde(default)]
    pub thread_id: Option<MessageId>,
    /// Files that the sender has uploaded.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub attachments: Vec<FileId>,
    /// What it is: `text`, or `voice` with exactly one file of sound.
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
    #[schema(min_length = 1, max_length = 128, example = "Harbour")]
    pub name: Option<String>,
    /// What it is about: up to 512 characters.
    #[serde(default)]
    #[schema(max_length = 512, example = "Boats and tides")]
    pub topic: Option<String>,
    /// Who can find and join it; `private` when absent. Only a channel can be public.
    #[serde(default)]
    pub visibility: Option<Visibility>,
    /// Who is in it besides the caller: usernames or ids, up to 500; exactly one for a direct conversation.
    #[serde(default)]
    #[schema(max_items = 500, example = json!(["bob"]))]
    pub members: Vec<String>,
}

/// Changes the text of a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EditMessage {
    /// Which.
    pub message_id: MessageId,
    /// The new text: 1 to 16,000 characters.
    #[schema(min_length = 1, max_length = 16000, example = "Fresh herring at pier 5")]
    pub content: String,
}

/// Sends copies of a message to other conversations.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForwardMessage {
    /// Which.
    pub message_id: MessageId,
    /// Where to: 1 to 20 conversations that the caller is in.
    #[schema(min_items = 1, max_items = 20)]
    pub conversation_ids: Vec<ConversationId>,
    /// The sender's own key, 1 to 64 characters: a repeat answers with the first copies.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, example = "5f1d-2")]
    pub client_message_id: Option<String>,
}

/// Chooses an emoji under a message, or takes it back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReactionRequest {
    /// Under which.
    pub message_id: MessageId,
    /// One emoji.
    #[schema(min_length = 1, max_length = 64, example = "👍")]
    pub emoji: String,
}

/// Marks a conversation as read, up to a message, a position, or all of it. It never goes back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MarkRead {
    /// Which; may be absent when there is a `messageId`.
    #[serde(default)]
    pub conversation_id: Option<ConversationId>,
    /// Up to this message.
    #[serde(default)]
    pub message_id: Option<MessageId>,
    /// Up to this position; excludes `messageId`.
    #[serde(default)]
    #[schema(value_type = u64, example = 17)]
    pub seq: Option<Seq>,
}

/// Keeps a text that is not sent yet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SaveDraft {
    /// Where it is to be sent.
    pub conversation_id: ConversationId,
    /// The text so far, up to 16,000 characters; an empty one forgets the draft.
    #[schema(max_length = 16000, example = "Fresh herring")]
    pub content: String,
    /// The message that it will answer.
    #[serde(default)]
    pub reply_to: Option<MessageId>,
}

/// Sends a message later.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleMessage {
    /// Where to.
    pub conversation_id: ConversationId,
    /// When: in the future, at most a year ahead.
    pub send_at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub draft: MessageDraft,
}

/// Changes what everybody sees of a conversation. What is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateConversation {
    /// Its name: 1 to 128 characters.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 128, example = "Harbour")]
    pub name: Option<String>,
    /// What it is about: up to 512 characters; null or an empty one clears it.
    #[serde(default, deserialize_with = "null_is_empty")]
    #[schema(max_length = 512, example = "Boats and tides")]
    pub topic: Option<String>,
    /// Who can find and join it. Only a channel can be public.
    #[serde(default)]
    pub visibility: Option<Visibility>,
    /// Whether it takes messages.
    #[serde(default)]
    pub status: Option<ConversationStatus>,
    /// Whether what is behind links is shown.
    #[serde(default)]
    #[schema(example = true)]
    pub link_previews: Option<bool>,
}

/// Changes what only the caller sees of a conversation. What is absent stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateMe {
    /// No notifications.
    #[serde(default)]
    #[schema(example = true)]
    pub muted: Option<bool>,
    /// On top of the list.
    #[serde(default)]
    pub pinned: Option<bool>,
    /// Out of the list.
    #[serde(default)]
    pub archived: Option<bool>,
}

/// Brings somebody into a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddMember {
    /// Who, by id.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Who, by username; excludes `userId`.
    #[serde(default)]
    #[schema(min_length = 2, max_length = 32, example = "bob")]
    pub username: Option<String>,
    /// What they may do; `member` when absent.
    #[serde(default)]
    pub role: Option<MemberRole>,
}

/// Changes what a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateMember {
    /// The new role. With `owner` the caller, who must be the owner, hands the conversation over and becomes an admin.
    pub role: MemberRole,
}

/// Makes a link that lets people in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateInvite {
    /// Seconds until it ends, 60 to 31,536,000; null for never.
    #[serde(default)]
    #[schema(minimum = 60, maximum = 31_536_000, example = 604_800)]
    pub expires_in: Option<u32>,
    /// How many people it lets in, 1 to 100,000; null for any number.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100_000, example = 10)]
    pub uses_max: Option<u32>,
}

/// Changes how others see the caller. What is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateProfile {
    /// Name to show: 1 to 64 characters.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, example = "Ada Lovelace")]
    pub display_name: Option<String>,
    /// Picture to show: an http(s) address of up to 2,048 characters; null or an empty one clears it.
    #[serde(default, deserialize_with = "null_is_empty")]
    #[schema(max_length = 2048, example = "https://example.com/ada.png")]
    pub avatar_url: Option<String>,
    /// Whether others see when the caller is connected, and when they last were.
    #[serde(default)]
    #[schema(example = true)]
    pub presence_visible: Option<bool>,
    /// Whether what is behind the links that the caller sends is looked up and shown.
    #[serde(default)]
    #[schema(example = true)]
    pub link_previews: Option<bool>,
}

/// A field that is there but null clears what it names, as an empty text does; one that is absent changes nothing.
fn null_is_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| Some(text.unwrap_or_default()))
}
