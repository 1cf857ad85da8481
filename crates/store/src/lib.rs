//! Everything that is kept: users, sessions, conversations, messages, what is known of files, and the event log of each
//! conversation. The content of files is elsewhere.
//!
//! Invariant: a write is answered only after the transaction that holds it is on disk, and its event has the next
//! `seq` of its conversation, without gaps. There is one way to write, the commit pipeline ([`commit`]), and two
//! databases behind one trait ([`Store`]): SQLite, embedded, for one node; PostgreSQL for any number. All SQL of
//! Natter is in this crate, and one conformance suite (`tests/`) runs on both.

mod account;
mod apply;
pub mod bench;
mod commit;
mod conversation;
mod error;
mod file;
mod log;
mod message;
mod migration;
mod open;
mod postgres;
mod preview;
mod search;
mod sqlite;
mod text_enum;
mod write;

pub use account::{
    Accounts, ClaimKey, Credentials, KeepAnswer, KeyHolder, NewIpRule, NewSession, NewUser, ProvisionUser,
    REVOCATIONS_READ_MAX, Revocation, RevocationKind, Session, SessionRotation,
};
pub use commit::{BATCH_WRITES_MAX, Committed, Committing, QUEUE_WRITES_MAX};
pub use conversation::{
    AddMember, Conversations, Entry, ListFilter, ListPosition, NewConversation, NewInvite, Roster, Standing,
    UpdateConversation,
};
pub use error::{QuotaOf, Refusal, StoreError};
pub use file::{
    Attachments, BlobId, BlobRef, DueScan, ErasedBlob, FileOrder, FileQuery, Files, KeptFile, NewBlob,
    NewFile, Quota, SCAN_FILES_MAX, SCAN_MESSAGES_MAX, ScanQueue, ScanVerdict, Scanned, ScannedFile, Usage,
};
pub use message::{
    Anchor, DeleteMessage, DueMessage, EditMessage, MarkRead, Mentions, MessageSlice, Messages, NewMessage,
    NewScheduled, Range, Window,
};
pub use migration::{MigrationError, MigrationStatus, Migrator};
pub use open::{DatabaseUrl, OpenError, OpenOptions, Opened, migrator, open};
pub use preview::{AttachPreviews, KnownPreview, NewPreview, PreviewPicture, Previews};
pub use search::{
    SEARCH_TERMS_MAX, SEARCH_WINDOW_MATCHES, Search, SearchPosition, SearchSlice, SearchText,
    SearchTextError, Searches,
};
pub use write::{Act, Announcement, Notice, OwnChange, Write, Written};

use async_trait::async_trait;

/// A result of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// A database. Reads see what is committed; each is one consistent snapshot.
///
/// A read that names a `viewer` answers only what that user may see, and decides so in the snapshot that it reads:
/// whoever was removed at seq r is never shown r + 1.
#[async_trait]
pub trait Store:
    Accounts + Conversations + Messages + Files + Previews + Searches + Send + Sync + 'static
{
    /// Puts a write in line. Writes are committed in the order in which this returns; the answer comes from
    /// [`Committing`]. Waits while the line is full.
    async fn queue(&self, write: Write) -> Result<Committing>;

    /// The epoch of all logs: another value means that positions known from before are worthless.
    fn epoch(&self) -> &str;

    /// Answers when the database does, however many reads wait for their turn.
    async fn ping(&self) -> Result<()>;

    /// A secret of this installation, drawn once and kept: the first proposal wins and is what all nodes get.
    async fn secret(&self, name: &str, proposal: &str) -> Result<String>;
}
