//! What an upload leaves on the disk.

use super::Entry;
use natter_protocol::{FileId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Extension of the bytes.
pub(super) const PART: &str = "part";
/// Extension of what is known about them.
pub(super) const SIDECAR: &str = "json";
/// Extension of content that takes the place of the bytes that came.
pub(super) const REPLACEMENT: &str = "replaced";
/// Extension of a sidecar that is being written.
const DRAFT: &str = "draft";
/// Bytes that are read at one time.
const PIECE_BYTES: usize = 256 * 1024;
/// Bytes that are hashed before another job gets the thread.
const TURN_BYTES: u64 = 8 * 1024 * 1024;

/// What is known about an upload; its sidecar.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    pub(super) owner: UserId,
    pub(super) name: String,
    pub(super) length: Option<u64>,
    pub(super) expires_at: Timestamp,
    /// Bytes that are on the disk for certain.
    pub(super) synced: u64,
}

impl Entry {
    /// Writes the sidecar anew. A power cut leaves the old one or the new one, and either is true: it is not waited for
    /// the disk.
    pub(super) fn save(&self) -> io::Result<()> {
        // Held to the end, so that two do not write the draft at once.
        let mut record = self.record();
        record.synced = self.synced.load(Ordering::Acquire);
        if self.is_over.load(Ordering::Acquire) {
            return Ok(());
        }
        let draft = self.sidecar.with_extension(DRAFT);
        let written = fs::write(&draft, serde_json::to_vec(&*record)?);
        let saved = written.and_then(|()| fs::rename(&draft, &self.sidecar));
        if saved.is_err() {
            // Half a record is of no use. If it cannot be deleted, it goes with the upload.
            drop(fs::remove_file(&draft));
        }
        saved
    }

    /// Deletes all of it. The sidecar goes first: bytes without one are deleted at the next start.
    pub(super) fn delete(&self) -> io::Result<()> {
        let _record = self.record();
        let others = [REPLACEMENT, DRAFT].map(|extension| self.part.with_extension(extension));
        [&self.sidecar, &self.part].into_iter().chain(&others).try_for_each(|path| {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        })
    }
}

/// The uploads that a directory holds. What is left of others is deleted.
pub(super) fn load(directory: &Path) -> io::Result<HashMap<FileId, Arc<Entry>>> {
    let mut uploads = HashMap::new();
    let mut names = Vec::new();
    for file in fs::read_dir(directory)? {
        names.push(file?.path());
    }
    for path in &names {
        let Some(id) = named(path, SIDECAR) else { continue };
        match read(path) {
            Ok(record) => {
                uploads.insert(id, Arc::new(Entry::new(directory, id, record)));
            }
            // A power cut may leave half a sidecar.
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "an upload is lost: its record cannot be read");
            }
        }
    }
    let is_left = |path: &&PathBuf| {
        let lost = |extension| named(path, extension).is_some_and(|id| !uploads.contains_key(&id));
        lost(SIDECAR) || lost(PART) || named(path, DRAFT).or(named(path, REPLACEMENT)).is_some()
    };
    names.iter().filter(is_left).try_for_each(fs::remove_file)?;
    Ok(uploads)
}

/// Reads the bytes of an upload that are certain, turn by turn.
pub(super) struct Prefix {
    file: io::Take<File>,
    hash: Sha256,
}

impl Prefix {
    pub(super) fn open(entry: &Entry) -> io::Result<Self> {
        let bytes = entry.offset.load(Ordering::Acquire);
        Ok(Self { file: File::open(&entry.part)?.take(bytes), hash: Sha256::new() })
    }

    /// Reads one turn on; answers whether that was the last.
    pub(super) fn read_on(&mut self) -> io::Result<bool> {
        let mut piece = vec![0; PIECE_BYTES];
        let end = self.file.limit().saturating_sub(TURN_BYTES);
        while self.file.limit() > end {
            let bytes = self.file.read(&mut piece)?;
            if bytes == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.hash.update(piece.get(..bytes).unwrap_or_default());
        }
        Ok(self.file.limit() == 0)
    }

    pub(super) fn into_hash(self) -> Sha256 {
        self.hash
    }
}

fn read(sidecar: &Path) -> io::Result<Record> {
    let mut record: Record = serde_json::from_slice(&fs::read(sidecar)?)?;
    let part = fs::metadata(sidecar.with_extension(PART))?;
    if part.nlink() > 1 {
        // It was whole when it was kept under a second name, which is on the disk for certain; a power cut has brought
        // back an older record. Whatever were written to it now would be written to what is kept.
        (record.synced, record.length) = (part.len(), Some(part.len()));
    }
    record.synced = record.synced.min(part.len());
    Ok(record)
}

fn named(path: &Path, extension: &str) -> Option<FileId> {
    let stem = path.extension().is_some_and(|found| found == extension).then(|| path.file_stem())??;
    stem.to_str()?.parse().ok()
}
