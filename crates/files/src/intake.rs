//! Uploads on their way in. Their bytes are on this node's disk until the file is whole and is kept elsewhere.
//!
//! An upload is two files in one directory: `<id>.part`, its bytes, and `<id>.json`, whose it is and how much of it has
//! reached the disk for certain. After a restart it goes on from there. Nothing else is believed: what lies behind that
//! mark may be anything after a power cut.

mod append;
mod error;
mod record;

pub use append::Appending;
pub use error::IntakeError;

pub(crate) use error::is_full;

use crate::workshop::Closed;
use crate::{Digest, Workshop};
use natter_protocol::{FileId, Timestamp, UserId};
use record::Record;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// What uploads may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one file.
    pub file_bytes_max: u64,
    /// Uploads of one user that have begun and not ended.
    pub user_uploads_max: u64,
    /// Bytes of the disk that uploads leave free, so that the database on the same disk can go on.
    pub free_bytes_min: u64,
}

/// An upload that begins.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// The file's id, never used before.
    pub id: FileId,
    /// Who sends it.
    pub owner: UserId,
    /// What it is called, already made safe.
    pub name: String,
    /// Bytes in all, if that is known beforehand.
    pub length: Option<u64>,
    /// When it is forgotten if it has not ended by then.
    pub expires_at: Timestamp,
}

/// An upload that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Who sends it.
    pub owner: UserId,
    /// What it is called.
    pub name: String,
    /// Bytes in all, if that is known.
    pub length: Option<u64>,
    /// Bytes that are here.
    pub offset: u64,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// A file that is here as a whole and not yet kept. While this lives, nobody else can append to the upload, complete it
/// or sweep it away; when it is dropped without [`Intake::discard`], the upload can be completed again.
#[derive(Debug)]
pub struct Staged {
    /// The file's id.
    pub id: FileId,
    /// Who sent it.
    pub owner: UserId,
    /// What it is called.
    pub name: String,
    /// Where its content is.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Of the content.
    pub sha256: Digest,
    _lease: Option<Lease>,
}

/// The uploads of this node. A clone is the same.
#[derive(Debug, Clone)]
pub struct Intake(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    directory: PathBuf,
    limits: Limits,
    workshop: Workshop,
    uploads: Mutex<HashMap<FileId, Arc<Entry>>>,
    /// Whose turn it is to have bytes hashed, written and brought to the disk. One at a time: side by side, they would take
    /// each other's time and not become more, but whoever sends a message would have to wait behind all of them, for a
    /// core and for the disk.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// Whoever holds it is alone with the upload. It is handed to the threads that work on it, so that it is given back
/// when they are done, and not when somebody stops waiting for them. Inside is the hash of the bytes that are here,
/// unless they were read before this process began.
type Lease = OwnedMutexGuard<Option<Sha256>>;

#[derive(Debug)]
struct Entry {
    part: PathBuf,
    sidecar: PathBuf,
    record: Mutex<Record>,
    /// Bytes that are here.
    offset: AtomicU64,
    /// Bytes that are on the disk for certain.
    synced: AtomicU64,
    /// Whether it was discarded.
    is_over: AtomicBool,
    hash: Arc<tokio::sync::Mutex<Option<Sha256>>>,
}

impl Intake {
    /// Takes up the uploads in a directory, which is made if it is not there, and deletes what is left of others. Blocks.
    pub fn open(directory: &Path, limits: Limits, workshop: Workshop) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let uploads = record::load(directory)?;
        let (directory, uploads) = (directory.to_owned(), Mutex::new(uploads));
        let inner = Inner { directory, limits, workshop, uploads, turn: Arc::default() };
        Ok(Self(Arc::new(inner)))
    }

    /// Begins an upload.
    pub async fn begin(&self, new: NewUpload) -> Result<(), IntakeError> {
        let limits = self.0.limits;
        if new.length.is_some_and(|length| length > limits.file_bytes_max) {
            return Err(IntakeError::TooLarge { bytes_max: limits.file_bytes_max });
        }
        let record = Record {
            owner: new.owner,
            name: new.name,
            length: new.length,
            expires_at: new.expires_at,
            synced: 0,
        };
        let entry = Arc::new(Entry::new(&self.0.directory, new.id, record));
        {
            let mut uploads = self.0.uploads();
            let begun = uploads.values().filter(|upload| upload.record().owner == new.owner).count();
            if begun as u64 >= limits.user_uploads_max {
                return Err(IntakeError::TooMany { uploads_max: limits.user_uploads_max });
            }
            match uploads.entry(new.id) {
                Vacant(place) => drop(place.insert(Arc::clone(&entry))),
                // A repeat of a request that is at the very same step. What is there is not taken away from it.
                Occupied(_) => return Err(IntakeError::Busy),
            }
        }
        let inner = Arc::clone(&self.0);
        let made = blocking(move || {
            inner.room_for(new.length.unwrap_or_default())?;
            File::create_new(&entry.part)?;
            entry.save().map_err(IntakeError::from)
        });
        let made = made.await;
        if made.is_err() {
            self.discard(new.id).await?;
        }
        made
    }

    /// How far an upload is.
    pub fn status(&self, id: FileId) -> Option<Upload> {
        let entry = self.0.entry(id).ok()?;
        let record = entry.record().clone();
        let offset = entry.offset.load(Ordering::Acquire);
        Some(Upload {
            owner: record.owner,
            name: record.name,
            length: record.length,
            offset,
            expires_at: record.expires_at,
        })
    }

    /// How many uploads of a user have begun and not ended.
    pub fn count(&self, owner: UserId) -> u64 {
        self.0.uploads().values().filter(|upload| upload.record().owner == owner).count() as u64
    }

    /// Goes on with an upload where it stands. Nobody else can until the answer is dropped.
    pub async fn append(&self, id: FileId, offset: u64) -> Result<Appending, IntakeError> {
        let entry = self.0.entry(id)?;
        let lease = entry.lease()?;
        let stands_at = entry.offset.load(Ordering::Acquire);
        if offset != stands_at {
            return Err(IntakeError::Offset { offset: stands_at });
        }
        let lease = self.0.hashed(&entry, lease).await?;
        Appending::open(Arc::clone(&self.0), entry, lease).await
    }

    /// Ends an upload whose bytes are all here. Nothing can be appended any more; it stays, through a restart too, until
    /// it is discarded.
    ///
    /// Waits for whoever is at work on it: who asks how far an upload is whose last bytes are being looked at is to hear
    /// what came of it, and not that somebody else is there.
    pub async fn complete(&self, id: FileId) -> Result<Staged, IntakeError> {
        let entry = self.0.entry(id)?;
        let lease = entry.still_there(Arc::clone(&entry.hash).lock_owned().await)?;
        let lease = self.0.hashed(&entry, lease).await?;
        let size = entry.offset.load(Ordering::Acquire);
        let (owner, name) = {
            let mut record = entry.record();
            match record.length {
                Some(length) if length != size => {
                    return Err(IntakeError::Incomplete { offset: size, length });
                }
                _ => record.length = Some(size),
            }
            (record.owner, record.name.clone())
        };
        let sha256 = Digest::finish(lease.clone().unwrap_or_default());
        let path = entry.part.clone();
        let syncing = move || {
            entry.settle(&File::open(&entry.part)?)?;
            Ok(Staged { id, owner, name, path, size, sha256, _lease: Some(lease) })
        };
        self.0.in_turn(syncing).await
    }

    /// Forgets an upload, whatever its state, and deletes its bytes. Forgetting what is not there is no fault.
    pub async fn discard(&self, id: FileId) -> Result<(), IntakeError> {
        let Some(entry) = self.0.uploads().remove(&id) else { return Ok(()) };
        entry.is_over.store(true, Ordering::Release);
        blocking(move || entry.delete().map_err(IntakeError::from)).await
    }

    /// Forgets the uploads whose time is over, unless somebody is at work on them; answers which.
    pub async fn sweep(&self, now: Timestamp) -> Result<Vec<FileId>, IntakeError> {
        let over: Vec<(FileId, Lease)> = self
            .0
            .uploads()
            .iter()
            .filter(|(_, entry)| entry.record().expires_at <= now)
            .filter_map(|(id, entry)| Some((*id, entry.lease().ok()?)))
            .collect();
        let mut swept = Vec::with_capacity(over.len());
        for (id, _lease) in over {
            self.discard(id).await?;
            swept.push(id);
        }
        Ok(swept)
    }
}

impl Staged {
    /// A file that is on the disk already, under some path. Reads it once; blocks.
    pub fn of_file(id: FileId, owner: UserId, name: &str, path: &Path) -> io::Result<Self> {
        let (sha256, size) = Digest::of_file(path)?;
        Ok(Self { id, owner, name: name.to_owned(), path: path.to_owned(), size, sha256, _lease: None })
    }

    /// Where content may be written that is to take this one's place. What came from the client is left as it is, so
    /// that all can be done again after a crash.
    pub fn replacement_path(&self) -> PathBuf {
        self.path.with_extension(record::REPLACEMENT)
    }

    /// Has what was written to [`Self::replacement_path`] take the place of the content. Reads it once; blocks.
    pub fn replace(&mut self) -> io::Result<()> {
        let path = self.replacement_path();
        (self.sha256, self.size) = Digest::of_file(&path)?;
        self.path = path;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // It is made anew if it is needed again; until then it would only take room. What is kept has another name.
        if self.path.extension().is_some_and(|extension| extension == record::REPLACEMENT) {
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Does what waits for the disk, and takes next to no time of a core.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IntakeError> + Send + 'static,
) -> Result<T, IntakeError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Closed)?
}

impl Inner {
    fn uploads(&self) -> MutexGuard<'_, HashMap<FileId, Arc<Entry>>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, id: FileId) -> Result<Arc<Entry>, IntakeError> {
        self.uploads().get(&id).cloned().ok_or(IntakeError::NotFound)
    }

    /// After all who asked before. It ends when this is dropped.
    async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// Does what has the disk write everything that it was given, after those who asked before.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, IntakeError> + Send + 'static,
    ) -> Result<T, IntakeError> {
        let turn = self.turn().await;
        // It lasts until the disk is done, also when nobody waits for that any more.
        blocking(move || {
            let _turn = turn;
            work()
        })
        .await
    }

    /// Refuses bytes that would take what is to stay free.
    fn room_for(&self, bytes: u64) -> Result<(), IntakeError> {
        let disk = rustix::fs::statvfs(&self.directory).map_err(io::Error::from)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < self.limits.free_bytes_min.saturating_add(bytes) {
            return Err(IntakeError::StorageFull);
        }
        Ok(())
    }

    /// Reads what came before this process began, so that its hash is known.
    async fn hashed(&self, entry: &Arc<Entry>, mut lease: Lease) -> Result<Lease, IntakeError> {
        if lease.is_some() {
            return Ok(lease);
        }
        let mut prefix = record::Prefix::open(entry)?;
        loop {
            let read = move || prefix.read_on().map(|is_read| (prefix, is_read));
            let (read, is_read) = self.workshop.run(read).await??;
            if is_read {
                *lease = Some(read.into_hash());
                return Ok(lease);
            }
            prefix = read;
        }
    }
}

impl Entry {
    fn new(directory: &Path, id: FileId, record: Record) -> Self {
        let synced = record.synced;
        Self {
            part: directory.join(format!("{id}.{}", record::PART)),
            sidecar: directory.join(format!("{id}.{}", record::SIDECAR)),
            record: Mutex::new(record),
            offset: AtomicU64::new(synced),
            synced: AtomicU64::new(synced),
            is_over: AtomicBool::new(false),
            hash: Arc::new(tokio::sync::Mutex::new((synced == 0).then(Sha256::new))),
        }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lease(&self) -> Result<Lease, IntakeError> {
        self.still_there(Arc::clone(&self.hash).try_lock_owned().map_err(|_| IntakeError::Busy)?)
    }

    fn still_there(&self, lease: Lease) -> Result<Lease, IntakeError> {
        if self.is_over.load(Ordering::Acquire) { Err(IntakeError::NotFound) } else { Ok(lease) }
    }

    /// Brings what is here to the disk.
    fn sync(&self, part: &File) -> io::Result<()> {
        let offset = self.offset.load(Ordering::Acquire);
        if self.synced.load(Ordering::Acquire) != offset {
            part.sync_data()?;
            self.synced.store(offset, Ordering::Release);
        }
        Ok(())
    }

    /// Brings what is here to the disk, and then notes that it is there.
    fn settle(&self, part: &File) -> Result<(), IntakeError> {
        self.sync(part)?;
        Ok(self.save()?)
    }

    /// Bytes that are on the disk, and of which a crash would leave nobody who knows.
    fn unnoted_bytes(&self) -> u64 {
        self.synced.load(Ordering::Acquire).saturating_sub(self.record().synced)
    }
}
