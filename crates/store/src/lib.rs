//! Everything that is kept: users, sessions, conversations, messages, and the event log of each conversation.
//!
//! Invariant: a write is answered only after the transaction that holds it is on disk, and its event has the next
//! `seq` of its conversation, without gaps. There is one way to write, the commit pipeline ([`commit`]), and two
//! databases behind one trait ([`Store`]): SQLite, embedded, for one node; PostgreSQL for any number. All SQL of
//! Natter is in this crate, and one conformance suite (`tests/`) runs on both.

mod account;
pub mod bench;
mod commit;
mod conversation;
mod error;
mod log;
mod message;
mod migration;
mod open;
mod postgres;
mod sqlite;
mod text_enum;
mod write;

pub use account::{Credentials, NewSession, NewUser, Session, SessionRotation};
pub use commit::{BATCH_WRITES_MAX, Committed, Committing, QUEUE_WRITES_MAX};
pub use conversation::{ListPosition, NewConversation, Roster};
pub use error::{Refusal, StoreError};
pub use message::{Anchor, MessageSlice, NewMessage, Window};
pub use migration::{MigrationError, MigrationStatus, Migrator};
pub use open::{DatabaseUrl, OpenError, OpenOptions, Opened, migrator, open};
pub use write::{Write, Written};

use async_trait::async_trait;
use natter_protocol::{
    Conversation, ConversationId, Event, Message, MessageId, Seq, SessionId, User, UserId,
};

/// A result of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// A database. Reads see what is committed; each is one consistent snapshot.
///
/// A read that names a `viewer` answers only what that user may see, and decides so in the snapshot that it reads:
/// whoever was removed at seq r is never shown r + 1.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Puts a write in line. Writes are committed in the order in which this returns; the answer comes from
    /// [`Committing`]. Waits while the line is full.
    async fn queue(&self, write: Write) -> Result<Committing>;

    /// The epoch of all logs: another value means that positions known from before are worthless.
    fn epoch(&self) -> &str;

    /// Answers when the database does.
    async fn ping(&self) -> Result<()>;

    /// A secret of this installation, drawn once and kept: the first proposal wins and is what all nodes get.
    async fn secret(&self, name: &str, proposal: &str) -> Result<String>;

    /// Whether anybody has an account.
    async fn has_users(&self) -> Result<bool>;

    /// A user.
    async fn user(&self, id: UserId) -> Result<Option<User>>;

    /// What signing in needs.
    async fn credentials(&self, username: &str) -> Result<Option<Credentials>>;

    /// The users among these names; each name is a username or the text of a user id. Unknown names are absent.
    async fn users_named(&self, names: &[String]) -> Result<Vec<User>>;

    /// A session that has neither ended nor expired, with its user.
    async fn session(&self, id: SessionId, now: natter_protocol::Timestamp) -> Result<Option<Session>>;

    /// A conversation that the viewer is a member of.
    async fn conversation(&self, id: ConversationId, viewer: UserId) -> Result<Option<Conversation>>;

    /// The viewer's conversations, newest activity first, from after the given position.
    async fn conversations(
        &self,
        viewer: UserId,
        after: Option<ListPosition>,
        limit: u32,
    ) -> Result<Vec<Conversation>>;

    /// Who is in a conversation, as of which position of its log.
    async fn roster(&self, id: ConversationId) -> Result<Option<Roster>>;

    /// A message of a conversation that the viewer is a member of.
    async fn message(&self, id: MessageId, viewer: UserId) -> Result<Option<Message>>;

    /// Messages of a conversation that the viewer is a member of, in ascending order; none if they are not.
    async fn messages(
        &self,
        id: ConversationId,
        viewer: UserId,
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
}
