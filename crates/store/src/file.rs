//! Files, as the store takes and gives them.
//!
//! A blob is content; it is kept once, however many files have it. A file is a name that somebody gave to a blob. A
//! message, or one that is to be sent later, holds files; what nothing holds is erased in the end, and with the last
//! file of a blob the blob.

use crate::Result;
use async_trait::async_trait;
use natter_protocol::{
    ConversationId, File, FileId, FileKind, FileLook, FileRejection, FileStatus, MessageId, Seq, SharedFile,
    Timestamp, UserId, UserSummary,
};
use std::fmt::{self, Write as _};
use uuid::Uuid;

/// Messages that one [`crate::Write::FinishScan`] tells of; of more, the next one does.
pub const SCAN_MESSAGES_MAX: u32 = 200;
/// Files without a message of which the owners are told what a scan has found. Beyond it, the owners see it when they
/// look.
pub const SCAN_FILES_MAX: u32 = 200;

/// Conversations that are named of those that hold a file with a virus.
pub(crate) const REJECTED_CONVERSATIONS_MAX: u32 = 100;

/// What is read about files.
#[async_trait]
pub trait Files {
    /// A file that the viewer may fetch: a member of a conversation in which a message holds it; as long as no message
    /// does, its owner.
    async fn file(&self, id: FileId, viewer: UserId) -> Result<Option<KeptFile>>;

    /// The files of the messages of a conversation that the viewer is a member of; none if they are not.
    async fn conversation_files(
        &self,
        id: ConversationId,
        viewer: UserId,
        query: FileQuery,
        limit: u32,
    ) -> Result<Option<Vec<SharedFile>>>;

    /// The files in which a virus was found, the latest finding first, from after the given one.
    async fn rejected_files(
        &self,
        after: Option<(Timestamp, FileId)>,
        limit: u32,
    ) -> Result<Vec<FileRejection>>;

    /// Those of these blobs whose content is kept.
    async fn blobs_known(&self, ids: &[BlobId]) -> Result<Vec<BlobId>>;

    /// How much room the files of a user take, and all content.
    async fn usage(&self, owner: UserId) -> Result<Usage>;

    /// When the next blob is to be looked through; none if all are.
    async fn next_scan(&self) -> Result<Option<Timestamp>>;

    /// What waits to be looked through.
    async fn scan_queue(&self) -> Result<ScanQueue>;
}

/// Identifies a blob for ever: what is kept under it is one content or none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(Uuid);

impl BlobId {
    /// Wraps a UUID; whoever draws one passes its own clock and randomness.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The UUID inside, for storage.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobId({})", self.0)
    }
}

/// Which content it is, and the digest that it has: together the key under which it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlobRef {
    /// The blob.
    pub id: BlobId,
    /// SHA-256 of its content.
    pub sha256: [u8; 32],
}

/// A file, and where its content is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// The file.
    pub file: File,
    /// Its content.
    pub blob: BlobRef,
}

/// Content that has been put where it is kept.
#[derive(Debug, Clone)]
pub struct NewBlob {
    /// Drawn by the caller; never that of another content.
    pub id: BlobId,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// Bytes.
    pub size: u64,
    /// What can be told about it.
    pub look: FileLook,
    /// Whether it is to be looked through for viruses before anybody fetches it.
    pub scan: bool,
}

/// A file that was uploaded. If its content is kept already, and no virus was found in that, the file is a name for it,
/// and the blob that came with it is not used.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Drawn by the caller; a second write of the same id is recognised as the same write.
    pub id: FileId,
    /// Who uploaded it.
    pub owner: UserId,
    /// What it is called; safe already.
    pub name: String,
    /// What it is.
    pub media_type: String,
    /// Its content.
    pub blob: NewBlob,
    /// The room that there is.
    pub quota: Quota,
    /// When.
    pub at: Timestamp,
}

/// How much may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Bytes of one user's files; none is no bound.
    pub user_bytes_max: Option<u64>,
    /// Bytes of all content; none is no bound.
    pub total_bytes_max: Option<u64>,
    /// Files of one user that were not sent yet.
    pub unsent_max: u64,
}

/// How much is kept. Content in which a virus was found is not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of the user's files. Content counts for each file that has it.
    pub user_bytes: u64,
    /// Bytes of all content, which is kept once.
    pub total_bytes: u64,
    /// Files of the user that were not sent yet.
    pub unsent: u64,
}

/// Blobs that wait for a verdict, those that are being looked through and those that are given out meanwhile included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScanQueue {
    /// How many.
    pub blobs: u64,
    /// When the first of them came.
    pub oldest: Option<Timestamp>,
}

/// Which files of a conversation are wanted, from where on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileQuery {
    /// Only these.
    pub kind: Option<FileKind>,
    /// In which order.
    pub order: FileOrder,
    /// From after this file: the position of its message in the log, and its place among the files of the message.
    pub after: Option<(Seq, u32)>,
}

/// The order of the files of a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FileOrder {
    /// Those sent last come first.
    #[default]
    Newest,
    /// Those sent first come first: what is sent later changes nothing of the pages before.
    Oldest,
}

/// The files of a message that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attachments {
    /// These files of the sender, in this order, each once.
    Own(Vec<FileId>),
    /// All files of a message that the sender sees, for a copy of it.
    Of(MessageId),
}

impl Default for Attachments {
    fn default() -> Self {
        Self::Own(Vec::new())
    }
}

impl Attachments {
    /// Whether there are none for sure.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::Own(files) if files.is_empty())
    }
}

/// A blob that is to be looked through now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueScan {
    /// Which.
    pub blob: BlobRef,
    /// Bytes.
    pub size: u64,
    /// How often the scanner could not be asked before.
    pub attempts: u32,
    /// The virus that was found already: the content is gone, and what is left to do is to tell of it.
    pub signature: Option<String>,
}

/// What came of looking a blob through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanVerdict {
    /// Nothing was found.
    Clean,
    /// A virus was found.
    Infected {
        /// As the scanner names it.
        signature: String,
    },
    /// The scanner could not be asked.
    Unavailable {
        /// When it is asked again.
        retry_at: Timestamp,
        /// Whether the content may be fetched meanwhile; what may be fetched already stays so.
        allow: bool,
    },
}

/// What is different after a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// The files, as they are now, whose owners were not told before.
    pub files: Vec<ScannedFile>,
    /// There are messages that are not told of yet: the same write again goes on with them.
    pub more: bool,
}

/// A file that is different after a scan of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedFile {
    /// The file.
    pub file: File,
    /// Its content.
    pub blob: BlobRef,
    /// Who uploaded it.
    pub owner: UserSummary,
    /// The conversations in whose logs this was told now.
    pub conversation_ids: Vec<ConversationId>,
}

/// A blob that no file has any more: what is kept under its key is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedBlob {
    /// Which.
    pub blob: BlobRef,
    /// What was told about it, such as its thumbnails.
    pub look: FileLook,
}

/// A blob, as the rules need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlobRow {
    pub(crate) blob: BlobRef,
    pub(crate) size: u64,
    pub(crate) look: FileLook,
    pub(crate) status: FileStatus,
    pub(crate) unscanned: bool,
    /// The virus that was found.
    pub(crate) signature: Option<String>,
    pub(crate) rejected_at: Option<Timestamp>,
    /// When it is to be looked through; none if it need not be.
    pub(crate) scan_at: Option<Timestamp>,
    pub(crate) scan_attempts: u32,
    /// As long as there are messages that are not told what was found: those up to this one are.
    pub(crate) told_up_to: Option<MessageId>,
}

impl BlobRow {
    /// As it comes.
    pub(crate) fn of(new: &NewBlob, at: Timestamp) -> Self {
        Self {
            blob: BlobRef { id: new.id, sha256: new.sha256 },
            size: new.size,
            look: new.look.clone(),
            status: if new.scan { FileStatus::Scanning } else { FileStatus::Ready },
            unscanned: false,
            signature: None,
            rejected_at: None,
            scan_at: new.scan.then_some(at),
            scan_attempts: 0,
            told_up_to: None,
        }
    }

    /// A file with this content.
    pub(crate) fn file(&self, id: FileId, name: &str, media_type: &str) -> File {
        File {
            id,
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size: self.size,
            sha256: hex(&self.blob.sha256),
            status: self.status,
            unscanned: self.unscanned,
            look: self.look.clone(),
        }
    }

    /// As it is after a scan; what was found once stays found.
    pub(crate) fn after(&self, verdict: &ScanVerdict, at: Timestamp) -> Self {
        let mut after = self.clone();
        match verdict {
            _ if self.status == FileStatus::Rejected => after.scan_at = None,
            ScanVerdict::Clean => {
                (after.status, after.unscanned, after.scan_at) = (FileStatus::Ready, false, None);
            }
            ScanVerdict::Infected { signature } => {
                (after.status, after.unscanned, after.scan_at) = (FileStatus::Rejected, false, None);
                (after.signature, after.rejected_at) = (Some(signature.clone()), Some(at));
            }
            // Somebody else was told meanwhile what is in it.
            ScanVerdict::Unavailable { .. } if self.scan_at.is_none() => {}
            ScanVerdict::Unavailable { retry_at, allow } => {
                if *allow && self.status == FileStatus::Scanning {
                    (after.status, after.unscanned) = (FileStatus::Ready, true);
                }
                after.scan_at = Some(*retry_at);
                // The same write again is the same attempt.
                after.scan_attempts += u32::from(self.scan_at != after.scan_at);
            }
        }
        if (after.status, after.unscanned) != (self.status, self.unscanned) {
            after.told_up_to = Some(MessageId::from_uuid(Uuid::nil()));
        }
        after
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        if self.status == FileStatus::Rejected { 0 } else { self.size }
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
