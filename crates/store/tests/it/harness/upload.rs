//! Files, made in one line.

use super::{World, new_id, now};
use natter_protocol::{File, FileId, FileLook, Message, Thumbnail, ThumbnailSize, Timestamp, User};
use natter_store::{
    Attachments, BlobId, BlobRef, DueScan, ErasedBlob, NewBlob, NewFile, NewMessage, Quota, ScanVerdict,
    Scanned, Write, Written,
};
use sha2::{Digest as _, Sha256};

/// As much as one likes.
pub(crate) const NO_QUOTA: Quota =
    Quota { user_bytes_max: None, total_bytes_max: None, unsent_max: u64::MAX };

/// A picture that need not be looked through.
pub(crate) fn new_file(owner: &User, content: &str) -> NewFile {
    NewFile {
        id: new_id(FileId::from_uuid),
        owner: owner.id,
        name: format!("{content}.jpg"),
        media_type: "image/jpeg".to_owned(),
        blob: NewBlob {
            id: new_id(BlobId::from_uuid),
            sha256: Sha256::digest(content).into(),
            size: content.len() as u64,
            look: look(),
            scan: false,
        },
        quota: NO_QUOTA,
        at: now(),
    }
}

/// The same, but it is looked through first.
pub(crate) fn suspect(owner: &User, content: &str) -> NewFile {
    let mut new = new_file(owner, content);
    new.blob.scan = true;
    new
}

fn look() -> FileLook {
    FileLook {
        width: Some(1_200),
        height: Some(800),
        placeholder: Some("3OcRJYB4d3h/iIeHeEh3eIhw+j2w".to_owned()),
        thumbnails: vec![Thumbnail { size: ThumbnailSize::Small, width: 320, height: 213 }],
        ..FileLook::default()
    }
}

pub(crate) fn create(new: &NewFile) -> Write {
    Write::CreateFile(Box::new(new.clone()))
}

/// A message with files of its sender.
pub(crate) fn holding(new: NewMessage, files: &[&File]) -> NewMessage {
    NewMessage { attachments: Attachments::Own(files.iter().map(|file| file.id).collect()), ..new }
}

/// A message with the files of another.
pub(crate) fn copying(new: NewMessage, message: &Message) -> NewMessage {
    NewMessage { attachments: Attachments::Of(message.id), ..new }
}

pub(crate) fn finish(blob: BlobRef, verdict: ScanVerdict) -> Write {
    Write::FinishScan { blob_id: blob.id, verdict, at: now() }
}

pub(crate) fn infected() -> ScanVerdict {
    ScanVerdict::Infected { signature: "Win.Test.EICAR_HDB-1".to_owned() }
}

pub(crate) fn erase_unsent(unsent_before: Timestamp, rows_max: u32) -> Write {
    Write::EraseFiles { unsent_before, rows_max }
}

impl World {
    pub(crate) async fn keep(&self, new: &NewFile) -> (File, BlobRef) {
        match self.done(create(new)).await {
            Written::File { file, blob } => (*file, blob),
            other => panic!("not a file: {other:?}"),
        }
    }

    pub(crate) async fn upload(&self, owner: &User, content: &str) -> File {
        self.keep(&new_file(owner, content)).await.0
    }

    pub(crate) async fn claim(&self, now: Timestamp, until: Timestamp, count_max: u32) -> Vec<DueScan> {
        match self.done(Write::ClaimScans { now, until, count_max }).await {
            Written::Scans(scans) => scans,
            other => panic!("not scans: {other:?}"),
        }
    }

    pub(crate) async fn scanned(&self, write: Write) -> Scanned {
        match self.done(write).await {
            Written::Scanned(scanned) => *scanned,
            other => panic!("not a scan: {other:?}"),
        }
    }

    /// What is gone, and whether there is more.
    pub(crate) async fn erased(&self, write: Write) -> (Vec<ErasedBlob>, bool) {
        match self.done(write).await {
            Written::FilesErased { blobs, more } => (blobs, more),
            other => panic!("nothing erased: {other:?}"),
        }
    }
}
