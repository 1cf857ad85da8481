//! What is uploaded, and what copying it plainly costs.

use crate::seed::rng::Rng;
use anyhow::Result;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Bytes that are written or read at one time.
const PIECE_BYTES: usize = 256 * 1024;

/// A file of random bytes on the disk.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

impl Source {
    /// Makes it; the same number makes the same bytes. It is on the disk when this returns.
    pub(super) fn make(path: PathBuf, number: u64, bytes: u64) -> Result<Self> {
        let mut rng = Rng::new(number);
        let mut file = File::create_new(&path)?;
        let mut piece = vec![0; PIECE_BYTES];
        let mut left = bytes;
        while left > 0 {
            let now = usize::try_from(left).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
            rng.fill(&mut piece[..now]);
            file.write_all(&piece[..now])?;
            left -= now as u64;
        }
        file.sync_all()?;
        Ok(Self { path, bytes })
    }

    /// Copies it plainly behind some bytes of its own: reads, hashes, writes, and waits for the disk.
    pub(super) fn copy(&self, head: &[u8], to: &Path) -> Result<String> {
        let mut to = File::create(to)?;
        to.write_all(head)?;
        let digest = self.each_piece(head, |piece| Ok(to.write_all(piece)?))?;
        to.sync_all()?;
        Ok(digest)
    }

    /// The SHA-256 of it behind some bytes.
    pub(super) fn digest(&self, head: &[u8]) -> Result<String> {
        self.each_piece(head, |_| Ok(()))
    }

    fn each_piece(&self, head: &[u8], mut with: impl FnMut(&[u8]) -> Result<()>) -> Result<String> {
        let mut file = File::open(&self.path)?;
        let mut hash = Sha256::new_with_prefix(head);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                return Ok(natter_files::Digest::from_bytes(hash.finalize().into()).to_string());
            }
            hash.update(&piece[..read]);
            with(&piece[..read])?;
        }
    }
}
