//! What the rules ask about files, in SQLite.

use super::statement as sql;
use crate::apply::rows::{FileRow, FileRows, Held, Step};
use crate::file::BlobRow;
use crate::sqlite::batch::Batch;
use crate::sqlite::file;
use crate::text_enum::TextEnum as _;
use crate::{BlobId, DueScan, NewFile, Usage};
use natter_protocol::{ConversationId, File, FileId, MessageId, ScheduledMessageId, Seq, Timestamp, UserId};
use rusqlite::{Error, params};
use uuid::Uuid;

impl FileRows for Batch<'_> {
    async fn files(&mut self, ids: &[FileId]) -> Step<Vec<FileRow>, Error> {
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            rows.extend(self.first(sql::FILE, [id.uuid()], |columns| {
                Ok(FileRow {
                    file: columns.json()?,
                    blob: file::blob_ref(columns)?,
                    owner: columns.summary()?,
                    holders: columns.get()?,
                })
            })?);
        }
        Ok(rows)
    }

    async fn insert_file(&mut self, new: &NewFile, blob: BlobId) -> Step<(), Error> {
        let (id, owner) = (new.id.uuid(), new.owner.uuid());
        self.run(sql::INSERT_FILE, (id, owner, blob.uuid(), &new.name, &new.media_type, new.at.millis()))
    }

    async fn delete_files(&mut self, ids: &[FileId]) -> Step<Vec<(UserId, BlobId)>, Error> {
        let mut deleted = Vec::with_capacity(ids.len());
        for id in ids {
            deleted.extend(self.first(sql::DELETE_FILE, [id.uuid()], |columns| {
                Ok((columns.id(UserId::from_uuid)?, columns.id(BlobId::from_uuid)?))
            })?);
        }
        Ok(deleted)
    }

    async fn files_not_held(&mut self, before: Timestamp, limit: u32) -> Step<Vec<FileId>, Error> {
        self.ids(sql::FILES_NOT_HELD, (before.millis(), limit), FileId::from_uuid)
    }

    async fn attach(
        &mut self,
        message: MessageId,
        conversation: ConversationId,
        seq: Seq,
        files: &[File],
    ) -> Step<(), Error> {
        for (position, file) in files.iter().enumerate() {
            let kind = file.kind().to_text();
            let row = (message.uuid(), position, file.id.uuid(), conversation.uuid(), seq, kind);
            self.run(sql::ATTACH, row)?;
        }
        Ok(())
    }

    async fn detach(&mut self, message: MessageId) -> Step<(), Error> {
        self.run(sql::DETACH, [message.uuid()])
    }

    async fn attach_scheduled(&mut self, message: ScheduledMessageId, files: &[File]) -> Step<(), Error> {
        for (position, file) in files.iter().enumerate() {
            self.run(sql::ATTACH_SCHEDULED, (message.uuid(), position, file.id.uuid()))?;
        }
        Ok(())
    }

    async fn usage(&mut self, owner: UserId) -> Step<Usage, Error> {
        Ok(self.first(file::USAGE, [owner.uuid()], file::usage)?.unwrap_or_default())
    }

    async fn add_usage(&mut self, owner: Option<UserId>, bytes: i64) -> Step<(), Error> {
        self.run(sql::ADD_USAGE, (owner.map_or(Uuid::nil(), UserId::uuid), bytes))
    }

    async fn discount(&mut self, blob: &BlobRow) -> Step<(), Error> {
        let id = blob.blob.id.uuid();
        self.run(sql::DISCOUNT, (id, blob.size))?;
        self.run(sql::FORGET_UNSENT, [id])
    }

    async fn blobs(&mut self, ids: &[BlobId]) -> Step<Vec<BlobRow>, Error> {
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            rows.extend(self.first(&sql::BLOB, [id.uuid()], file::blob)?);
        }
        Ok(rows)
    }

    async fn blob_of(&mut self, sha256: [u8; 32]) -> Step<Option<BlobRow>, Error> {
        self.first(&sql::BLOB_OF, [sha256], file::blob)
    }

    async fn insert_blob(&mut self, blob: &BlobRow, at: Timestamp) -> Step<(), Error> {
        self.run(
            sql::INSERT_BLOB,
            (
                blob.blob.id.uuid(),
                blob.blob.sha256,
                blob.size,
                serde_json::json!(blob.look).to_string(),
                blob.status.to_text(),
                blob.scan_at.map(Timestamp::millis),
                at.millis(),
            ),
        )
    }

    async fn update_blob(&mut self, blob: &BlobRow) -> Step<(), Error> {
        self.run(
            sql::UPDATE_BLOB,
            params![
                blob.blob.id.uuid(),
                blob.status.to_text(),
                blob.unscanned,
                blob.signature,
                blob.rejected_at.map(Timestamp::millis),
                blob.scan_at.map(Timestamp::millis),
                blob.scan_attempts,
                blob.told_up_to.map(MessageId::uuid),
            ],
        )
    }

    async fn delete_unused_blobs(&mut self, ids: &[BlobId]) -> Step<Vec<BlobId>, Error> {
        let mut deleted = Vec::new();
        for id in ids {
            if self.hits(sql::DELETE_UNUSED_BLOB, [id.uuid()])? {
                deleted.push(*id);
            }
        }
        Ok(deleted)
    }

    async fn files_with(&mut self, blob: BlobId, limit: u32) -> Step<Vec<FileId>, Error> {
        self.ids(sql::FILES_WITH, (blob.uuid(), limit), FileId::from_uuid)
    }

    async fn messages_with(&mut self, blob: BlobId, after: MessageId, limit: u32) -> Step<Vec<Held>, Error> {
        self.all(sql::MESSAGES_WITH, (blob.uuid(), after.uuid(), limit), |columns| {
            Ok(Held {
                message: columns.id(MessageId::from_uuid)?,
                conversation: columns.id(ConversationId::from_uuid)?,
                file: columns.id(FileId::from_uuid)?,
            })
        })
    }

    async fn claim_scans(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        count_max: u32,
    ) -> Step<Vec<DueScan>, Error> {
        self.all(sql::CLAIM_SCANS, (now.millis(), until.millis(), count_max), |columns| {
            Ok(DueScan {
                blob: file::blob_ref(columns)?,
                size: columns.get()?,
                attempts: columns.get()?,
                signature: columns.get()?,
            })
        })
    }
}
