//! Messages, as the store takes and gives them.

use crate::{Act, Attachments, Result};
use async_trait::async_trait;
use natter_protocol::{
    ConversationId, Draft, Event, File, FileId, ForwardedFrom, GroupMention, Message, MessageId, MessageKind,
    MessageVersion, Reaction, Receipt, ScheduledMessage, Seq, SystemNote, Timestamp, UserId, UserSummary,
};

/// Versions of a message that are read, the newest.
pub(crate) const VERSIONS_READ_MAX: u32 = 100;

/// What is read about messages.
#[async_trait]
pub trait Messages {
    /// A message of a conversation that the viewer is a member of.
    async fn message(&self, id: MessageId, viewer: UserId) -> Result<Option<Message>>;

    /// Messages of a conversation that the viewer is a member of, in ascending order; none if they are not. Of one
    /// thread only, if one is given: the message that started it and those in it.
    async fn messages(
        &self,
        id: ConversationId,
        viewer: UserId,
        thread: Option<MessageId>,
        window: Window,
        limit: u32,
    ) -> Result<Option<MessageSlice>>;

    /// The events past a position, in order and without gaps; none if the viewer is not a member.
    async fn events(
        &self,
        id: ConversationId,
        viewer: UserId,
        after: Seq,
        limit: u32,
    ) -> Result<Option<Vec<Event>>>;

    /// The events in each of these parts of logs, in the order of the parts; nothing of a conversation that the viewer is
    /// not a member of. They are read all at once: whoever asks sees to it that they are not too many.
    async fn replay(&self, viewer: UserId, ranges: &[Range]) -> Result<Vec<Event>>;

    /// What a message said before, oldest first; of more than a hundred versions the newest.
    async fn versions(&self, id: MessageId) -> Result<Vec<MessageVersion>>;

    /// The members, besides its sender, who have read a message, by username, from after the given username; nobody
    /// with whom the viewer has a block. They are put in order for each page: this is for conversations that are not
    /// large.
    async fn receipts(
        &self,
        id: MessageId,
        viewer: UserId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Receipt>>;

    /// How many entries that list has.
    async fn read_count(&self, id: MessageId, viewer: UserId) -> Result<u64>;

    /// Who chose which emoji under a message, by time and user, from after the given ones.
    async fn reactions(
        &self,
        id: MessageId,
        after: Option<(Timestamp, UserId, &str)>,
        limit: u32,
    ) -> Result<Vec<Reaction>>;

    /// The pinned messages of a conversation that the viewer is a member of, newest pin first; none if they are not.
    async fn pins(&self, id: ConversationId, viewer: UserId) -> Result<Option<Vec<Message>>>;

    /// The drafts of a user, newest first, from after the given one.
    async fn drafts(
        &self,
        viewer: UserId,
        after: Option<(Timestamp, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<Draft>>;

    /// The draft of a user in a conversation.
    async fn draft(&self, viewer: UserId, id: ConversationId) -> Result<Option<Draft>>;

    /// What a user wants to be sent later, and what could not be sent, by time.
    async fn scheduled(&self, viewer: UserId) -> Result<Vec<ScheduledMessage>>;

    /// Scheduled messages of anybody whose time has come, by time, but none that has failed.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueMessage>>;
}

/// A part of a conversation's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Whose log.
    pub conversation_id: ConversationId,
    /// The position before the first event.
    pub after: Seq,
    /// The position of the last event.
    pub upto: Seq,
}

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
    /// Whom it mentions. The store keeps those who are members, and leaves out those between whom and the sender
    /// there is a block.
    pub mentions: Mentions,
    /// Where a forwarded message comes from.
    pub forwarded_from: Option<ForwardedFrom>,
    /// What a system message says.
    pub system: Option<SystemNote>,
    /// The files that it holds.
    pub attachments: Attachments,
    /// When.
    pub created_at: Timestamp,
}

/// Whom a message mentions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Those who are named, each once.
    pub named: Vec<UserId>,
    /// The group that is mentioned as well.
    pub group: Option<GroupMention>,
    /// For `@here`: who is here, without those who are named. None: too many to list, it counts for every member.
    pub here: Option<Vec<UserId>>,
}

impl NewMessage {
    /// The message as its conversation sees it once it has its position, with these files.
    pub(crate) fn into_message(self, seq: Seq, attachments: Vec<File>) -> Message {
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
            mentions: self.mentions.named,
            group_mention: self.mentions.group,
            attachments,
            link_previews: Vec::new(),
            reactions: Vec::new(),
            created_at: self.created_at,
            reply_count: 0,
            forwarded_from: self.forwarded_from,
            system: self.system,
            pinned_at: None,
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

/// A change of a message's text.
#[derive(Debug, Clone)]
pub struct EditMessage {
    /// Which.
    pub message_id: MessageId,
    /// Who does it; only the sender can.
    pub actor: UserSummary,
    /// The new text. The same as before changes nothing.
    pub content: String,
    /// Whom the new text mentions.
    pub mentions: Mentions,
    /// When.
    pub at: Timestamp,
}

/// The end of a message. What is left is its place.
#[derive(Debug, Clone)]
pub struct DeleteMessage {
    /// Which.
    pub message_id: MessageId,
    /// In which conversation, and who does it. `role_min` is what deleting somebody else's message takes; one's own
    /// takes membership.
    pub act: Act,
}

/// How far somebody has read.
#[derive(Debug, Clone)]
pub struct MarkRead {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// Who.
    pub user_id: UserId,
    /// Up to where; the end if there is nothing. Beyond the end is the end.
    pub up_to: Option<Anchor>,
    /// When.
    pub at: Timestamp,
}

/// A message that is to be sent later.
#[derive(Debug, Clone)]
pub struct NewScheduled {
    /// Whose.
    pub author: UserId,
    /// What and when. The author must be a member when it is kept.
    pub scheduled: ScheduledMessage,
    /// The author's files that it holds, in this order; the store puts them into `scheduled`.
    pub attachments: Vec<FileId>,
}

/// A message whose time has come.
#[derive(Debug, Clone)]
pub struct DueMessage {
    /// Whose.
    pub author: UserId,
    /// What.
    pub scheduled: ScheduledMessage,
}
