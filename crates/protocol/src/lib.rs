//! The wire and the vocabulary: ids, resources, commands, replies, events, error codes, limits.
//!
//! Invariant: types only. Nothing here does I/O, reads a clock, or draws a random number, so a type can be
//! constructed in any test without a server. What the outside world sees of Natter is spelled here and nowhere
//! else; the JSON of each type is pinned by a snapshot in `tests/`.

mod access;
pub mod catalogue;
mod code;
mod command;
mod conversation;
mod event;
mod file;
mod frame;
mod id;
pub mod invisible;
pub mod limits;
mod message;
mod page;
mod problem;
mod session;
mod timestamp;
mod user;

pub use access::{CreateIpRule, IpAction, IpRule};
pub use code::ErrorCode;
pub use command::{
    AddMember, Command, CreateConversation, CreateInvite, EditMessage, ForwardMessage, MarkRead,
    MessageDraft, ReactionRequest, Reply, SaveDraft, ScheduleMessage, SendMessage, UpdateConversation,
    UpdateMe, UpdateMember, UpdateProfile,
};
pub use conversation::{
    Conversation, ConversationInfo, ConversationKind, ConversationStatus, Invite, InvitePreview, Me, Member,
    MemberRole, PublicChannel, ReadState, UnreadTotal, Visibility,
};
pub use event::{
    ConversationChange, ConversationCreated, ConversationDeleted, Event, EventBody, MemberChange, MemberLeft,
    MessageChange, ReactionChange, ReadReceipt,
};
pub use file::{
    File, FileKind, FileLink, FileLook, FileRejection, FileStatus, FileVariant, LinkPreview, PreviewImage,
    SharedFile, Thumbnail, ThumbnailSize,
};
pub use frame::{
    AuthRefresh, AuthState, BlocksChange, ClientFrame, CloseCode, ConversationRef, MeChange, MessageRef,
    Pong, PresenceChange, PresenceState, PresenceUpdate, PresenceWatch, Ready, ServerFrame, SyncDone,
    SyncEvents, SyncHead, SyncLagging, SyncPosition, SyncRemoved, SyncReset, SyncResume, TypingIndicator,
    UnreadChange, reconnect_hint,
};
pub use id::{
    ConnectionId, ConversationId, FileId, InviteId, IpRuleId, MessageId, ParseIdError, ScheduledMessageId,
    SessionId, UserId,
};
pub use message::{
    Draft, ForwardedFrom, GroupMention, Highlight, Message, MessageKind, MessageVersion, Reaction,
    ReactionCount, Receipt, ReceiptPage, ScheduledMessage, SearchHit, SystemNote,
};
pub use page::{Page, PageMeta};
pub use problem::{FieldError, Problem};
pub use session::{
    ChangePassword, LoginRequest, RefreshRequest, RegisterRequest, SessionInfo, SignIn, Ticket, Tokens,
};
pub use timestamp::{ParseTimestampError, Timestamp};
pub use user::{Block, BlockStatus, OwnUser, PlatformRole, Presence, User, UserSummary};

/// Position of an event in its conversation's log: 1, 2, 3 … without gaps.
///
/// A JSON number; it stays far below 2^53, so JavaScript reads it exactly.
pub type Seq = u64;
