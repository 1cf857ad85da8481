//! What the rules ask about files, in PostgreSQL.

use crate::apply::rows::{FileRow, FileRows, Held};
use crate::file::BlobRow;
use crate::postgres::row::{self, Columns as _, to_bigint, to_time};
use crate::postgres::transaction::{Step, Transaction};
use crate::postgres::{file, statement as sql};
use crate::text_enum::TextEnum as _;
use crate::{BlobId, DueScan, NewFile, Usage};
use natter_protocol::{ConversationId, File, FileId, MessageId, ScheduledMessageId, Seq, Timestamp, UserId};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use uuid::Uuid;

impl FileRows for Transaction<'_> {
    async fn files(&mut self, ids: &[FileId]) -> Step<Vec<FileRow>> {
        let read = |row: &PgRow| {
            Ok(FileRow {
                file: file::file(row)?,
                blob: file::blob_ref(row)?,
                owner: row::summary(row)?,
                holders: row.natural("holders")?,
            })
        };
        self.all(sqlx::query(sql::FILES).bind(files(ids.iter())), read).await
    }

    async fn insert_file(&mut self, new: &NewFile, blob: BlobId) -> Step<()> {
        let statement = sqlx::query(sql::INSERT_FILE)
            .bind(new.id.uuid())
            .bind(new.owner.uuid())
            .bind(blob.uuid())
            .bind(&new.name)
            .bind(&new.media_type)
            .bind(to_time(new.at));
        self.run(statement).await
    }

    async fn delete_files(&mut self, ids: &[FileId]) -> Step<Vec<(UserId, BlobId)>> {
        let read =
            |row: &PgRow| Ok((row.id("owner_id", UserId::from_uuid)?, row.id("blob_id", BlobId::from_uuid)?));
        self.all(sqlx::query(sql::DELETE_FILES).bind(files(ids.iter())), read).await
    }

    async fn files_not_held(&mut self, before: Timestamp, limit: u32) -> Step<Vec<FileId>> {
        let statement = sqlx::query(sql::FILES_NOT_HELD).bind(to_time(before)).bind(i64::from(limit));
        self.all(statement, |row| row.id("id", FileId::from_uuid)).await
    }

    async fn attach(
        &mut self,
        message: MessageId,
        conversation: ConversationId,
        seq: Seq,
        attached: &[File],
    ) -> Step<()> {
        let statement = sqlx::query(sql::ATTACH)
            .bind(message.uuid())
            .bind(conversation.uuid())
            .bind(to_bigint(seq))
            .bind(files(attached.iter().map(|file| &file.id)))
            .bind(attached.iter().map(|file| file.kind().to_text()).collect::<Vec<_>>());
        self.run(statement).await
    }

    async fn detach(&mut self, message: MessageId) -> Step<()> {
        self.run(sqlx::query(sql::DETACH).bind(message.uuid())).await
    }

    async fn attach_scheduled(&mut self, message: ScheduledMessageId, attached: &[File]) -> Step<()> {
        let statement = sqlx::query(sql::ATTACH_SCHEDULED)
            .bind(message.uuid())
            .bind(files(attached.iter().map(|file| &file.id)));
        self.run(statement).await
    }

    async fn usage(&mut self, owner: UserId) -> Step<Usage> {
        let usage = self.first(sqlx::query(file::USAGE).bind(owner.uuid()), file::usage).await?;
        Ok(usage.unwrap_or_default())
    }

    async fn add_usage(&mut self, owner: Option<UserId>, bytes: i64) -> Step<()> {
        let owner = owner.map_or(Uuid::nil(), UserId::uuid);
        self.run(sqlx::query(sql::ADD_USAGE).bind(owner).bind(bytes)).await
    }

    async fn discount(&mut self, blob: &BlobRow) -> Step<()> {
        let id = blob.blob.id.uuid();
        self.run(sqlx::query(sql::DISCOUNT).bind(id).bind(to_bigint(blob.size))).await?;
        self.run(sqlx::query(sql::FORGET_UNSENT).bind(id)).await
    }

    async fn blobs(&mut self, ids: &[BlobId]) -> Step<Vec<BlobRow>> {
        self.all(sqlx::query(sql::BLOBS).bind(blobs(ids)), file::blob).await
    }

    async fn blob_of(&mut self, sha256: [u8; 32]) -> Step<Option<BlobRow>> {
        self.first(sqlx::query(sql::BLOB_OF).bind(sha256), file::blob).await
    }

    async fn insert_blob(&mut self, blob: &BlobRow, at: Timestamp) -> Step<()> {
        let statement = sqlx::query(sql::INSERT_BLOB)
            .bind(blob.blob.id.uuid())
            .bind(blob.blob.sha256)
            .bind(to_bigint(blob.size))
            .bind(Json(&blob.look))
            .bind(blob.status.to_text())
            .bind(blob.scan_at.map(to_time))
            .bind(to_time(at));
        self.run(statement).await
    }

    async fn update_blob(&mut self, blob: &BlobRow) -> Step<()> {
        let statement = sqlx::query(sql::UPDATE_BLOB)
            .bind(blob.blob.id.uuid())
            .bind(blob.status.to_text())
            .bind(blob.unscanned)
            .bind(&blob.signature)
            .bind(blob.rejected_at.map(to_time))
            .bind(blob.scan_at.map(to_time))
            .bind(i64::from(blob.scan_attempts))
            .bind(blob.told_up_to.map(MessageId::uuid));
        self.run(statement).await
    }

    async fn delete_unused_blobs(&mut self, ids: &[BlobId]) -> Step<Vec<BlobId>> {
        self.all(sqlx::query(sql::DELETE_UNUSED_BLOBS).bind(blobs(ids)), |row| {
            row.id("id", BlobId::from_uuid)
        })
        .await
    }

    async fn files_with(&mut self, blob: BlobId, limit: u32) -> Step<Vec<FileId>> {
        let statement = sqlx::query(sql::FILES_WITH).bind(blob.uuid()).bind(i64::from(limit));
        self.all(statement, |row| row.id("id", FileId::from_uuid)).await
    }

    async fn messages_with(&mut self, blob: BlobId, after: MessageId, limit: u32) -> Step<Vec<Held>> {
        let statement =
            sqlx::query(sql::MESSAGES_WITH).bind(blob.uuid()).bind(after.uuid()).bind(i64::from(limit));
        let read = |row: &PgRow| {
            Ok(Held {
                message: row.id("message_id", MessageId::from_uuid)?,
                conversation: row.id("conversation_id", ConversationId::from_uuid)?,
                file: row.id("file_id", FileId::from_uuid)?,
            })
        };
        self.all(statement, read).await
    }

    async fn claim_scans(&mut self, now: Timestamp, until: Timestamp, count_max: u32) -> Step<Vec<DueScan>> {
        let statement =
            sqlx::query(sql::CLAIM_SCANS).bind(to_time(now)).bind(to_time(until)).bind(i64::from(count_max));
        let read = |row: &PgRow| {
            Ok(DueScan {
                blob: file::blob_ref(row)?,
                size: row.natural("size")?,
                attempts: row.small("scan_attempts")?,
                signature: row.try_get("signature")?,
            })
        };
        self.all(statement, read).await
    }
}

/// Ids of files, as a parameter.
fn files<'a>(ids: impl Iterator<Item = &'a FileId>) -> Vec<Uuid> {
    ids.map(|id| id.uuid()).collect()
}

/// Ids of blobs, as a parameter.
fn blobs(ids: &[BlobId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}
