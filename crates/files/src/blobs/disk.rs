//! Content in a directory of this machine.

use super::BlobsError;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use tokio::task::spawn_blocking;

/// Bytes that are read at one time.
const PIECE_BYTES: u64 = 256 * 1024;

/// Opens a directory, and makes it with all that is below it. Whoever keeps a file then finds a directory whose own
/// name is on the disk for certain.
pub(super) fn open(directory: &Path) -> Result<LocalFileSystem, BlobsError> {
    for first in 0..=u8::MAX {
        fs::create_dir_all(directory.join(format!("{first:02x}")))?;
    }
    sync_directory(directory)?;
    directory.parent().map_or(Ok(()), sync_directory)?;
    Ok(LocalFileSystem::new_with_prefix(directory)?.with_fsync(true))
}

/// Gives a file a second name, which appears at once and as a whole.
pub(super) async fn keep(disk: &LocalFileSystem, to: &ObjectPath, staged: &Path) -> Result<(), BlobsError> {
    let to = disk.path_to_filesystem(to)?;
    let staged = staged.to_owned();
    let keeping = move || {
        File::open(&staged)?.sync_data()?;
        let directory = to.parent().ok_or(io::ErrorKind::InvalidInput)?;
        match fs::hard_link(&staged, &to) {
            Err(error) if cannot_link(&error) => copy(&staged, &to)?,
            linked => linked?,
        }
        sync_directory(directory)
    };
    Ok(spawn_blocking(keeping).await.map_err(io::Error::other)??)
}

/// Reads a part of an open file.
pub(super) fn read(file: File, range: Range<u64>) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold((file, range), |(file, Range { start, end })| async move {
        if start >= end {
            return Ok(None);
        }
        let reading = move || {
            let mut piece = vec![0; usize::try_from((end - start).min(PIECE_BYTES)).unwrap_or_default()];
            file.read_exact_at(&mut piece, start).map(|()| (file, piece))
        };
        let (file, piece) = spawn_blocking(reading).await.map_err(io::Error::other)??;
        let next = start + piece.len() as u64;
        Ok(Some((Bytes::from(piece), (file, next..end))))
    })
}

/// Whether the two are on different file systems, or on one that has no links.
fn cannot_link(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, TooManyLinks, Unsupported};
    matches!(error.kind(), CrossesDevices | PermissionDenied | TooManyLinks | Unsupported)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    // The store lists nothing whose name ends like this.
    let draft = to.with_added_extension("copy#1");
    let copied = fs::copy(from, &draft).and_then(|_| File::open(&draft)?.sync_all());
    let kept = copied.and_then(|()| fs::rename(&draft, to));
    if kept.is_err() {
        // Nobody would find it. What failed is told; that this did not help either is not.
        drop(fs::remove_file(&draft));
    }
    kept
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
