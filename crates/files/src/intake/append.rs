//! Bytes that are appended to an upload.

use super::{Entry, Inner, IntakeError, Lease, blocking};
use crate::kind::BEGINNING_BYTES;
use crate::workshop::Closed;
use sha2::{Digest as _, Sha256};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::oneshot;

/// Bytes that are gathered before they are hashed, written and brought to the disk. The commits of the database wait while
/// the disk is at a piece: longer pieces would be faster, and chat slower.
const PIECE_BYTES: usize = 256 * 1024;
/// Bytes of an upload that a crash may set it back by, though they are on the disk.
const UNNOTED_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// An upload that is being appended to. Whatever was written stays when this is dropped, as far as it got.
#[derive(Debug)]
pub struct Appending {
    inner: Arc<Inner>,
    entry: Arc<Entry>,
    /// The first bytes of the file, until all of them are here and somebody has looked at them.
    beginning: Option<Vec<u8>>,
    /// Bytes of the piece that is being filled.
    piece: Vec<u8>,
    work: Work,
    /// Bytes that were taken, with those that are not written yet.
    taken: u64,
    /// Where it stood when this was opened, and the hash up to there.
    before: (u64, Option<Sha256>),
    /// Bytes that may be taken in all, and the error for who sends more.
    room: (u64, fn(u64) -> IntakeError),
}

/// Where the file is: here, with a thread, or closed after an error.
#[derive(Debug)]
enum Work {
    Idle(Part),
    Busy(oneshot::Receiver<Result<Part, IntakeError>>),
    Failed,
}

/// The open file of an upload, with the right to write to it.
#[derive(Debug)]
struct Part {
    file: File,
    entry: Arc<Entry>,
    lease: Lease,
}

impl Appending {
    pub(super) async fn open(
        inner: Arc<Inner>,
        entry: Arc<Entry>,
        lease: Lease,
    ) -> Result<Self, IntakeError> {
        let taken = entry.offset.load(Ordering::Acquire);
        let room: (u64, fn(u64) -> IntakeError) = match entry.record().length {
            Some(length) => (length, |length| IntakeError::Overrun { length }),
            None => (inner.limits.file_bytes_max, |bytes_max| IntakeError::TooLarge { bytes_max }),
        };
        let before = (taken, lease.clone());
        let (part, beginning) = {
            let entry = Arc::clone(&entry);
            blocking(move || {
                let file = OpenOptions::new().read(true).write(true).open(&entry.part)?;
                // What a failed write or a power cut left behind the mark.
                file.set_len(taken)?;
                let beginning = beginning_of(&file, taken)?;
                Ok((Part { file, entry, lease }, beginning))
            })
            .await?
        };
        let work = Work::Idle(part);
        Ok(Self { inner, entry, beginning, piece: Vec::new(), work, taken, before, room })
    }

    /// Takes some bytes. Waits only while the disk or the threads are behind.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), IntakeError> {
        let (room, error) = self.room;
        if bytes.len() as u64 > room.saturating_sub(self.taken) {
            return Err(error(room));
        }
        self.taken += bytes.len() as u64;
        if let Some(beginning) = &mut self.beginning {
            let lacking = BEGINNING_BYTES.saturating_sub(beginning.len());
            beginning.extend_from_slice(bytes.get(..lacking.min(bytes.len())).unwrap_or_default());
        }
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PIECE_BYTES - self.piece.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
            if self.piece.len() == PIECE_BYTES {
                self.write_piece().await?;
            }
        }
        Ok(())
    }

    /// The first [`BEGINNING_BYTES`] of the file, once, as soon as all of them are here.
    pub fn beginning(&mut self) -> Option<Vec<u8>> {
        self.beginning.take_if(|beginning| beginning.len() == BEGINNING_BYTES)
    }

    /// Where the upload stands, once all that was taken is on the disk.
    pub async fn finish(mut self) -> Result<u64, IntakeError> {
        self.write_piece().await?;
        let part = self.part().await?;
        self.inner.in_turn(move || part.entry.settle(&part.file)).await?;
        Ok(self.taken)
    }

    /// Throws away all that was taken: the upload stands where it stood before.
    pub async fn undo(mut self) -> Result<(), IntakeError> {
        self.piece.clear();
        let (offset, hash) = self.before.clone();
        // After a failed write there is nobody left with the right to undo; what was written is cut off by the next one.
        let mut part = self.part().await?;
        blocking(move || {
            part.entry.synced.fetch_min(offset, Ordering::AcqRel);
            part.entry.offset.store(offset, Ordering::Release);
            *part.lease = hash;
            part.file.set_len(offset)?;
            Ok(part.entry.save()?)
        })
        .await
    }

    async fn write_piece(&mut self) -> Result<(), IntakeError> {
        let inner = Arc::clone(&self.inner);
        let turn = inner.turn().await;
        let mut part = self.part().await?;
        if self.entry.is_over.load(Ordering::Acquire) {
            return Err(IntakeError::NotFound);
        }
        let piece = std::mem::take(&mut self.piece);
        let writing = move || {
            let _turn = turn;
            part = part.write(&piece)?;
            part.entry.sync(&part.file)?;
            if part.entry.unnoted_bytes() >= UNNOTED_BYTES_MAX {
                part.entry.save()?;
                inner.room_for(0)?;
            }
            Ok(part)
        };
        let done = self.inner.workshop.begin(writing).await?;
        self.work = Work::Busy(done);
        Ok(())
    }

    /// The file, once its thread is done with it. Whoever takes it gives it back, unless there was an error.
    async fn part(&mut self) -> Result<Part, IntakeError> {
        match std::mem::replace(&mut self.work, Work::Failed) {
            Work::Idle(part) => Ok(part),
            Work::Busy(done) => done.await.map_err(|_| Closed)?,
            Work::Failed => Err(IntakeError::NotFound),
        }
    }
}

/// What is here of the first bytes; none if all of them are.
fn beginning_of(file: &File, bytes: u64) -> io::Result<Option<Vec<u8>>> {
    if bytes >= BEGINNING_BYTES as u64 {
        return Ok(None);
    }
    let mut beginning = vec![0; usize::try_from(bytes).unwrap_or_default()];
    file.read_exact_at(&mut beginning, 0)?;
    Ok(Some(beginning))
}

impl Drop for Appending {
    fn drop(&mut self) {
        // Over a bad line that is cut again and again, these bytes are the only progress.
        if let Work::Idle(part) = std::mem::replace(&mut self.work, Work::Failed)
            && !self.piece.is_empty()
        {
            let piece = std::mem::take(&mut self.piece);
            // An error leaves the upload where it was.
            self.inner.workshop.leave(move || drop(part.write(&piece)));
        }
    }
}

impl Part {
    /// Writes a piece, and only then counts it: a failed write leaves the upload where it was.
    fn write(mut self, piece: &[u8]) -> Result<Self, IntakeError> {
        let offset = self.entry.offset.load(Ordering::Acquire);
        self.file.write_all_at(piece, offset)?;
        self.lease.get_or_insert_default().update(piece);
        self.entry.offset.store(offset + piece.len() as u64, Ordering::Release);
        Ok(self)
    }
}
