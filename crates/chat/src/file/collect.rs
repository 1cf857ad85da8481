//! Deleting what nobody holds any more.

use super::Files;
use super::fetch::key;
use crate::execute::unexpected;
use crate::{Chat, Result};
use futures_util::StreamExt as _;
use natter_files::blobs::Kept;
use natter_protocol::limits;
use natter_store::{BlobId, ErasedBlob, Write, Written};
use std::collections::HashSet;

/// Files that are erased in one go: few enough that nobody waits long behind it.
const ERASED_FILES_MAX: u32 = 100;
/// Seconds that content may be kept without a row before it is taken for what a failed upload left: longer than any
/// upload takes to get its row.
const STRAY_SECONDS: i64 = 24 * 60 * 60;
/// Content that is looked up at once.
const LOOKED_UP_MAX: usize = 500;

impl Chat {
    /// Erases some of the files that nobody sent in time, and the content that no file has any more. Answers whether there
    /// is more.
    pub async fn erase_files(&self) -> Result<bool> {
        if self.files.is_none() {
            return Ok(false);
        }
        let write = Write::EraseFiles {
            unsent_before: self.now().plus_seconds(-i64::from(limits::UPLOAD_SECONDS_MAX)),
            rows_max: ERASED_FILES_MAX,
        };
        match self.store.queue(write).await?.await? {
            Written::FilesErased { blobs, more } => {
                self.delete_blobs(blobs).await?;
                Ok(more)
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Forgets uploads that nobody went on with in time.
    pub async fn sweep_uploads(&self) -> Result<()> {
        let Some(Files { house, .. }) = &self.files else { return Ok(()) };
        let swept = house.intake.sweep(self.now()).await?;
        if !swept.is_empty() {
            tracing::info!(uploads = swept.len(), "uploads that nobody went on with are forgotten");
        }
        Ok(())
    }

    /// Deletes content that no row knows of: what is left when a process dies between keeping content and its row, or
    /// between erasing a row and its content.
    pub async fn sweep_blobs(&self) -> Result<()> {
        let Some(Files { house, .. }) = &self.files else { return Ok(()) };
        let before = self.now().plus_seconds(-STRAY_SECONDS);
        let mut batches = house.blobs.list().chunks(LOOKED_UP_MAX);
        while let Some(batch) = batches.next().await {
            let old: Vec<Kept> = batch
                .into_iter()
                .filter(|kept| kept.as_ref().map_or(true, |kept| kept.written_at < before))
                .collect::<Result<_, _>>()?;
            let ids: Vec<BlobId> = old.iter().map(|kept| BlobId::from_uuid(kept.key.blob())).collect();
            let known: HashSet<BlobId> = self.store.blobs_known(&ids).await?.into_iter().collect();
            for stray in old.iter().filter(|kept| !known.contains(&BlobId::from_uuid(kept.key.blob()))) {
                tracing::info!(key = %stray.key, "content that no file has is deleted");
                house.blobs.delete(&stray.key).await?;
            }
        }
        Ok(())
    }

    /// Deletes the content of blobs that are not known any more.
    pub(super) async fn delete_blobs(&self, blobs: Vec<ErasedBlob>) -> Result<()> {
        let Files { house, .. } = self.files()?;
        for ErasedBlob { blob, .. } in blobs {
            house.blobs.delete(&key(&blob)).await?;
        }
        Ok(())
    }
}
