//! Writes about files: the room that they take, what holds them, and what a scan finds in them.

use super::Work;
use crate::apply::rows::{FileRow, Held, Rows, Step, Stop};
use crate::file::BlobRow;
use crate::{
    Attachments, BlobId, ErasedBlob, NewFile, QuotaOf, Refusal, SCAN_FILES_MAX, SCAN_MESSAGES_MAX,
    ScanVerdict, Scanned, ScannedFile, Written, log,
};
use natter_protocol::{ConversationId, File, FileId, FileStatus, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

impl<R: Rows> Work<'_, R> {
    pub(super) async fn create_file(&mut self, new: &NewFile) -> Step<Written, R::Error> {
        // This very write was done before, and nobody has been told of it yet.
        if let Some(FileRow { file, blob, .. }) = self.rows.files(&[new.id]).await?.pop() {
            return Ok(Written::File { file: Box::new(file), blob });
        }
        self.rows.user(new.owner).await?.ok_or(Refusal::UserUnknown)?;
        let known = self.rows.blob_of(new.blob.sha256).await?;
        let blob = known.clone().unwrap_or_else(|| BlobRow::of(&new.blob, new.at));
        self.require_room(new, known.is_none()).await?;
        if known.is_none() {
            self.rows.insert_blob(&blob, new.at).await?;
            self.rows.add_usage(None, blob.size.cast_signed()).await?;
        }
        self.rows.insert_file(new, blob.blob.id).await?;
        self.rows.add_usage(Some(new.owner), blob.size.cast_signed()).await?;
        Ok(Written::File { file: Box::new(blob.file(new.id, &new.name, &new.media_type)), blob: blob.blob })
    }

    async fn require_room(&mut self, new: &NewFile, content_is_new: bool) -> Step<(), R::Error> {
        let (usage, quota) = (self.rows.usage(new.owner).await?, new.quota);
        let over =
            |used: u64, max: Option<u64>| max.is_some_and(|max| used.saturating_add(new.blob.size) > max);
        if over(usage.user_bytes, quota.user_bytes_max) {
            return Err(Refusal::QuotaReached(QuotaOf::User).into());
        }
        if content_is_new && over(usage.total_bytes, quota.total_bytes_max) {
            return Err(Refusal::QuotaReached(QuotaOf::Total).into());
        }
        if usage.unsent >= quota.unsent_max {
            let (what, max) = ("files that are uploaded and not sent", quota.unsent_max);
            return Err(Refusal::LimitReached { what, max }.into());
        }
        Ok(())
    }

    pub(super) async fn delete_file(&mut self, id: FileId, owner: UserId) -> Step<Written, R::Error> {
        match self.rows.files(&[id]).await?.pop() {
            Some(row) if row.owner.id == owner && row.holders == 0 => {
                Ok(Written::FilesErased { blobs: self.erase(&[id]).await?, more: false })
            }
            Some(row) if row.owner.id == owner => Err(Refusal::FileHeld.into()),
            _ => Err(Refusal::FileUnknown.into()),
        }
    }

    pub(super) async fn erase_files(&mut self, before: Timestamp, rows_max: u32) -> Step<Written, R::Error> {
        let ids = self.rows.files_not_held(before, rows_max).await?;
        let more = ids.len() >= rows_max as usize;
        Ok(Written::FilesErased { blobs: self.erase(&ids).await?, more })
    }

    /// Erases files, and the blobs that no file has then.
    async fn erase(&mut self, ids: &[FileId]) -> Step<Vec<ErasedBlob>, R::Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let erased = self.rows.delete_files(ids).await?;
        let blob_ids: BTreeSet<BlobId> = erased.iter().map(|(_, blob)| *blob).collect();
        let blob_ids: Vec<BlobId> = blob_ids.into_iter().collect();
        let blobs: HashMap<BlobId, BlobRow> =
            self.rows.blobs(&blob_ids).await?.into_iter().map(|row| (row.blob.id, row)).collect();
        let mut freed: BTreeMap<Option<UserId>, u64> = BTreeMap::new();
        for (owner, blob) in erased {
            *freed.entry(Some(owner)).or_default() += blobs.get(&blob).map_or(0, BlobRow::bytes);
        }
        let mut gone = Vec::new();
        for blob in self.rows.delete_unused_blobs(&blob_ids).await?.iter().filter_map(|id| blobs.get(id)) {
            *freed.entry(None).or_default() += blob.bytes();
            gone.push(ErasedBlob { blob: blob.blob, look: blob.look.clone() });
        }
        for (owner, bytes) in freed.into_iter().filter(|(_, bytes)| *bytes > 0) {
            self.rows.add_usage(owner, -bytes.cast_signed()).await?;
        }
        Ok(gone)
    }

    /// The files that a message is to have, or why it cannot have them.
    pub(super) async fn files_for(
        &mut self,
        sender: UserId,
        attachments: &Attachments,
    ) -> Step<Result<Vec<File>, Refusal>, R::Error> {
        let message = match attachments {
            Attachments::Own(ids) => return self.own_files(sender, ids).await,
            Attachments::Of(id) => self.rows.message(*id).await?,
        };
        let Some(message) = message else { return Ok(Err(Refusal::FileUnknown)) };
        // What is deleted has no files, but whoever copies it expects some.
        let seen =
            message.deleted_at.is_none() && self.role(message.conversation_id, sender).await?.is_some();
        Ok(if seen { Ok(message.attachments) } else { Err(Refusal::FileUnknown) })
    }

    /// Files of somebody, in this order.
    pub(super) async fn own_files(
        &mut self,
        owner: UserId,
        ids: &[FileId],
    ) -> Step<Result<Vec<File>, Refusal>, R::Error> {
        if ids.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let mut own: HashMap<FileId, File> = HashMap::new();
        for row in self.rows.files(ids).await?.into_iter().filter(|row| row.owner.id == owner) {
            own.insert(row.file.id, row.file);
        }
        let file = |id: &FileId| match own.get(id) {
            None => Err(Refusal::FileUnknown),
            Some(file) if file.status == FileStatus::Rejected => Err(Refusal::FileRejected),
            Some(file) => Ok(file.clone()),
        };
        Ok(ids.iter().map(file).collect())
    }

    pub(super) async fn finish_scan(
        &mut self,
        id: BlobId,
        verdict: &ScanVerdict,
        at: Timestamp,
    ) -> Step<Written, R::Error> {
        let mut scanned = Scanned { files: Vec::new(), more: false };
        // It was erased meanwhile.
        let Some(before) = self.rows.blobs(&[id]).await?.pop() else {
            return Ok(Written::Scanned(Box::new(scanned)));
        };
        let mut blob = before.after(verdict, at);
        let changed = (blob.status, blob.unscanned) != (before.status, before.unscanned);
        if let Some(told) = blob.told_up_to {
            let held = self.rows.messages_with(id, told, SCAN_MESSAGES_MAX).await?;
            scanned.more = held.len() >= SCAN_MESSAGES_MAX as usize;
            blob.told_up_to = held.last().map(|last| last.message).filter(|_| scanned.more);
            if scanned.more {
                // Should nobody go on with it, whoever takes it next does.
                blob.scan_at = before.scan_at.or(Some(at));
            }
            self.rows.update_blob(&blob).await?;
            scanned.files = self.tell_scanned(&blob, &held, changed, at).await?;
        } else if blob != before {
            self.rows.update_blob(&blob).await?;
        }
        if changed && blob.status == FileStatus::Rejected {
            self.rows.discount(&blob).await?;
            self.rows.add_usage(None, -blob.size.cast_signed()).await?;
        }
        Ok(Written::Scanned(Box::new(scanned)))
    }

    pub(super) async fn is_gone(&mut self, id: ConversationId) -> Step<bool, R::Error> {
        match self.head(id).await {
            Ok(_) => Ok(false),
            Err(Stop::Refused(_)) => Ok(true),
            Err(failed) => Err(failed),
        }
    }

    /// Tells the conversations of these messages what is different now; which files are. The first time, also those
    /// that are in no message.
    async fn tell_scanned(
        &mut self,
        blob: &BlobRow,
        held: &[Held],
        first: bool,
        at: Timestamp,
    ) -> Step<Vec<ScannedFile>, R::Error> {
        let mut ids: BTreeSet<FileId> = held.iter().map(|held| held.file).collect();
        if first {
            ids.extend(self.rows.files_with(blob.blob.id, SCAN_FILES_MAX).await?);
        }
        let ids: Vec<FileId> = ids.into_iter().collect();
        let rows = self.rows.files(&ids).await?;
        let mut places: HashMap<FileId, BTreeSet<ConversationId>> = HashMap::new();
        // A message comes twice if it has the same content twice.
        for of_message in held.chunk_by(|a, b| a.message == b.message) {
            let Some(one) = of_message.first() else { continue };
            let owner = rows.iter().find(|row| row.file.id == one.file).map(|row| row.owner.id);
            // Nobody is left to be told where the conversation was deleted a moment ago.
            if self.is_gone(one.conversation).await? {
                continue;
            }
            if let (Some(owner), Some(message)) = (owner, self.rows.message(one.message).await?) {
                self.changed(message, owner, at, log::MESSAGE_UPDATED).await?;
            }
            for held in of_message {
                places.entry(held.file).or_default().insert(held.conversation);
            }
        }
        let scanned = |row: FileRow| ScannedFile {
            conversation_ids: places.remove(&row.file.id).unwrap_or_default().into_iter().collect(),
            file: row.file,
            blob: row.blob,
            owner: row.owner,
        };
        Ok(rows.into_iter().map(scanned).collect())
    }
}
