//! Files: who may upload, send, fetch and delete them, and what becomes of them by themselves.

pub(crate) mod attach;
mod collect;
mod fetch;
mod link;
mod scan;
mod upload;

pub use fetch::OpenFile;
pub use link::LinkProof;
pub use upload::{Receiving, UploadWay, Uploading};

use crate::execute::unexpected;
use crate::random::secret;
use crate::{Actor, Chat, Error, Result};
use link::Links;
use natter_files::kind::Types;
use natter_files::scan::Clamd;
use natter_files::{Blobs, Intake, Refused, Workshop};
use natter_protocol::{
    ConversationId, FileId, FileKind, FileRejection, Page, Seq, SharedFile, Timestamp, limits,
};
use natter_store::{FileOrder, FileQuery, Quota, Refusal, StoreError, Write, Written};
use tokio::sync::Notify;
use uuid::Uuid;

/// What files are kept with and looked at by.
pub struct FileHouse {
    /// Where uploads arrive.
    pub intake: Intake,
    /// Where content is kept.
    pub blobs: Blobs,
    /// Who looks into files.
    pub workshop: Workshop,
    /// The types that are taken.
    pub types: Types,
    /// Who looks for viruses, if anybody does.
    pub scanner: Option<Clamd>,
    /// What an operator decides.
    pub rules: FileRules,
}

/// What an operator decides about files.
#[derive(Debug, Clone)]
pub struct FileRules {
    /// Bytes of one file.
    pub file_bytes_max: u64,
    /// Bytes of all files of one user; none is no bound.
    pub user_bytes_max: Option<u64>,
    /// Bytes of all content; none is no bound.
    pub total_bytes_max: Option<u64>,
    /// Seconds for which a link works.
    pub link_seconds: u32,
    /// Whether files are given out while the virus scanner cannot be asked, marked as not scanned.
    pub allow_unscanned: bool,
}

/// The files of a chat that takes them.
pub(crate) struct Files {
    house: FileHouse,
    links: Links,
    /// A file is to be scanned.
    scan_due: Notify,
}

impl Files {
    /// Looks into something as files are looked into; none if it cannot be.
    pub(crate) async fn looked_into<T: Send + 'static>(
        &self,
        look: impl FnOnce() -> Result<T, Refused> + Send + 'static,
    ) -> Option<T> {
        self.house.workshop.run(look).await.ok()?.ok()
    }
}

impl Chat {
    /// The same domain, which takes files. Draws the installation's secret for links if it is not there yet.
    pub async fn with_files(mut self, house: FileHouse) -> Result<Self> {
        let secret = self.store.secret("file_link_secret", &secret(&*self.random)).await?;
        scan::describe_metrics();
        self.files = Some(Files { house, links: Links::new(&secret), scan_due: Notify::new() });
        Ok(self)
    }

    /// The files of a conversation that the actor is in, and where they were sent: the newest first for looking at them,
    /// the oldest first for taking all of them out.
    pub async fn conversation_files(
        &self,
        actor: &Actor,
        id: ConversationId,
        kind: Option<FileKind>,
        order: FileOrder,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<SharedFile>> {
        let list = format!("files/{id}/{kind:?}/{order:?}");
        let after = cursor.map(|cursor| place_in(&self.cursors.open(&list, cursor)?)).transpose()?;
        let query = FileQuery { kind, order, after };
        let files = self.store.conversation_files(id, actor.id(), query, limit + 1).await?;
        let files = files.ok_or(Error::NotFound("conversation"))?;
        Ok(self.page(&list, files, limit, |last| {
            let mut place = last.message_seq.to_be_bytes().to_vec();
            place.extend_from_slice(&last.position.to_be_bytes());
            place
        }))
    }

    /// A page of the files in which a virus was found, the latest finding first. For moderators of the installation.
    pub async fn rejected_files(
        &self,
        actor: &Actor,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<FileRejection>> {
        if !Self::is_platform_moderator(actor) {
            return Err(Error::Forbidden("this takes the role moderator on the installation"));
        }
        let list = "rejected-files";
        let after = cursor.map(|cursor| finding_in(&self.cursors.open(list, cursor)?)).transpose()?;
        let files = self.store.rejected_files(after, limit + 1).await?;
        Ok(self.page(list, files, limit, |last| {
            let mut place = last.rejected_at.millis().to_be_bytes().to_vec();
            place.extend_from_slice(last.file.id.uuid().as_bytes());
            place
        }))
    }

    /// Deletes a file of the actor that no message holds. What a message holds goes with the message.
    pub async fn delete_file(&self, actor: &Actor, id: FileId) -> Result<()> {
        let write = Write::DeleteFile { id, owner: actor.id() };
        match self.store.queue(write).await?.await {
            Ok(Written::FilesErased { blobs, .. }) => self.delete_blobs(blobs).await,
            Ok(other) => Err(unexpected(&other)),
            Err(StoreError::Refused(Refusal::FileUnknown)) => Err(Error::NotFound("file")),
            Err(error) => Err(error.into()),
        }
    }

    /// The files, if this process takes any.
    fn files(&self) -> Result<&Files> {
        self.files.as_ref().ok_or_else(|| Error::Unavailable("this process takes no files".to_owned()))
    }
}

impl FileRules {
    const fn quota(&self) -> Quota {
        Quota {
            user_bytes_max: self.user_bytes_max,
            total_bytes_max: self.total_bytes_max,
            unsent_max: limits::UPLOADS_MAX,
        }
    }
}

fn place_in(bytes: &[u8]) -> Result<(Seq, u32)> {
    let (seq, position) = bytes.split_at_checked(8).ok_or(Error::InvalidCursor)?;
    let seq = Seq::from_be_bytes(seq.try_into().map_err(|_| Error::InvalidCursor)?);
    let position = u32::from_be_bytes(position.try_into().map_err(|_| Error::InvalidCursor)?);
    Ok((seq, position))
}

fn finding_in(bytes: &[u8]) -> Result<(Timestamp, FileId)> {
    let (time, id) = bytes.split_at_checked(8).ok_or(Error::InvalidCursor)?;
    let time = i64::from_be_bytes(time.try_into().map_err(|_| Error::InvalidCursor)?);
    let id = Uuid::from_slice(id).map_err(|_| Error::InvalidCursor)?;
    Ok((Timestamp::from_millis(time), FileId::from_uuid(id)))
}
