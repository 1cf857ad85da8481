//! The wire and the vocabulary: ids, resources, commands, replies, events, error codes, limits.
//!
//! Invariant: types only. Nothing here does I/O, reads a clock, or draws a random number, so a type can be
//! constructed in any test without a server. What the outside world sees of Natter is spelled here and nowhere
//! else; the JSON of each type is pinned by a snapshot in `tests/`.

mod code;
mod command;
mod conversation;
mod event;
mod frame;
mod id;
pub mod limits;
mod message;
mod page;
mod problem;
mod session;
mod timestamp;
mod user;

pub use code::ErrorCode;
pub use command::{Command, CreateConversation, MessageDraft, Reply, SendMessage};
pub use conversation::{
    Conversation, ConversationInfo, ConversationKind, ConversationStatus, Me, MemberRole, Visibility,
};
pub use event::{ConversationCreated, Event, EventBody};
pub use frame::{ClientFrame, CloseCode, Pong, Ready, ServerFrame, SyncHead, SyncLagging};
pub use id::{ConnectionId, ConversationId, FileId, MessageId, ParseIdError, SessionId, UserId};
pub use message::{Message, MessageKind, ReactionCount};
pub use page::{Page, PageMeta};
pub use problem::{FieldError, Problem};
pub use session::{LoginRequest, RefreshRequest, RegisterRequest, SignIn, Ticket, Tokens};
pub use timestamp::{ParseTimestampError, Timestamp};
pub use user::{PlatformRole, Presence, User, UserSummary};

/// Position of an event in its conversation's log: 1, 2, 3 … without gaps.
///
/// A JSON number; it stays far below 2^53, so JavaScript reads it exactly.
pub type Seq = u64;
