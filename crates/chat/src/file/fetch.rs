//! Fetching files. A member of a conversation in which a message holds a file may fetch it; as long as no message does,
//! its owner. The store decides that, in the snapshot that it reads, each time.

use crate::{Actor, Chat, Error, Result};
use natter_files::BlobKey;
use natter_files::blobs::{BlobsError, Content};
use natter_protocol::{File, FileId, FileStatus, FileVariant, ThumbnailSize};
use natter_store::BlobRef;
use std::ops::Range;
use std::time::Duration;

/// A file that may be read.
#[derive(Debug, Clone)]
pub struct OpenFile {
    /// The file.
    pub file: File,
    /// What of it.
    pub variant: FileVariant,
    key: BlobKey,
}

impl Chat {
    /// A file that the actor may see.
    pub async fn file(&self, actor: &Actor, id: FileId) -> Result<File> {
        let kept = self.store.file(id, actor.id()).await?.ok_or(Error::NotFound("file"))?;
        Ok(kept.file)
    }

    /// A file that the actor may see, for reading it. Nobody may until it is known to be harmless.
    pub async fn open_file(&self, actor: &Actor, id: FileId, variant: FileVariant) -> Result<OpenFile> {
        let kept = self.store.file(id, actor.id()).await?.ok_or(Error::NotFound("file"))?;
        match kept.file.status {
            FileStatus::Ready => {}
            FileStatus::Scanning => return Err(Error::FileScanning),
            FileStatus::Rejected => return Err(Error::FileRejected),
        }
        let key = key(&kept.blob);
        let key = match thumbnail(variant) {
            None => key,
            Some(size) if kept.file.look.thumbnails.iter().any(|there| there.size == size) => {
                key.thumbnail(size).ok_or(Error::NotFound("thumbnail"))?
            }
            Some(_) => return Err(Error::NotFound("thumbnail")),
        };
        Ok(OpenFile { file: kept.file, variant, key })
    }

    /// Reads an open file, or a part of it.
    pub async fn read_file(&self, open: &OpenFile, range: Option<Range<u64>>) -> Result<Content> {
        let content = self.files()?.house.blobs.read(&open.key, range).await;
        match content {
            // It was deleted after it was opened.
            Err(BlobsError::NotFound) => Err(Error::NotFound("file")),
            content => Ok(content?),
        }
    }

    /// An address at which the object store gives an open file out itself; none where there is no object store.
    pub async fn address_of(
        &self,
        open: &OpenFile,
        valid: Duration,
        disposition: &str,
        media_type: &str,
    ) -> Result<Option<String>> {
        let blobs = &self.files()?.house.blobs;
        Ok(blobs.signed_url(&open.key, valid, disposition, media_type).await?)
    }
}

/// Where the content of a blob is kept.
pub(super) fn key(blob: &BlobRef) -> BlobKey {
    BlobKey::new(natter_files::Digest::from_bytes(blob.sha256), blob.id.uuid())
}

const fn thumbnail(variant: FileVariant) -> Option<ThumbnailSize> {
    match variant {
        FileVariant::Original => None,
        FileVariant::Small => Some(ThumbnailSize::Small),
        FileVariant::Large => Some(ThumbnailSize::Large),
    }
}
