//! Files in PostgreSQL.

use super::Postgres;
use super::row::{self, Columns as _, to_bigint, to_time, unreadable, user_columns};
use crate::file::{BlobRow, Files, REJECTED_CONVERSATIONS_MAX};
use crate::text_enum::TextEnum as _;
use crate::{BlobId, BlobRef, FileOrder, FileQuery, KeptFile, Result, ScanQueue, Usage};
use async_trait::async_trait;
use natter_protocol::{
    ConversationId, File, FileId, FileKind, FileRejection, MessageId, SharedFile, Timestamp, UserId,
};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use uuid::Uuid;

/// A file `x` with its blob `b`, as JSON.
macro_rules! file_json {
    () => {
        "jsonb_build_object('id', x.id, 'name', x.name, 'mediaType', x.media_type, 'size', b.size,
                            'sha256', encode(b.sha256, 'hex'), 'status', b.status, 'unscanned', b.unscanned) || b.look"
    };
}
pub(super) use file_json;

/// Columns of a blob `b`, for [`blob`].
macro_rules! blob_columns {
    () => {
        "b.id AS b_id, b.sha256 AS b_sha256, b.size AS b_size, b.look AS b_look, b.status AS b_status,
         b.unscanned AS b_unscanned, b.signature AS b_signature, b.rejected_at AS b_rejected_at,
         b.scan_at AS b_scan_at, b.scan_attempts AS b_scan_attempts, b.told_up_to AS b_told_up_to"
    };
}
pub(super) use blob_columns;

/// A file of a conversation in which a message holds it and the viewer is a member, or that nobody has been sent yet.
pub(super) const FILE: &str = concat!(
    "SELECT ",
    file_json!(),
    " AS file, b.id AS b_id, b.sha256 AS b_sha256
       FROM files AS x JOIN blobs AS b ON b.id = x.blob_id
      WHERE x.id = $1
        AND CASE WHEN EXISTS (SELECT FROM attachments WHERE file_id = x.id)
                 THEN EXISTS (SELECT
                                FROM attachments AS a
                                JOIN conversation_members AS cm
                                     ON cm.conversation_id = a.conversation_id AND cm.user_id = $2
                               WHERE a.file_id = x.id)
                 ELSE x.owner_id = $2 END"
);
/// No row: the viewer is no member. No `file`: there are no files.
macro_rules! of_conversation {
    ($of_kind:literal, $side:literal, $order:literal) => {
        concat!(
            "SELECT ",
            file_json!(),
            " AS file, a.message_id, a.seq, a.position, m.created_at, ",
            user_columns!(),
            " FROM conversation_members AS me
              LEFT JOIN LATERAL (
                    SELECT * FROM attachments
                     WHERE conversation_id = $1 ",
            $of_kind,
            " AND (seq, position) ",
            $side,
            " ($4, $5)
                     ORDER BY seq ",
            $order,
            ", position ",
            $order,
            " LIMIT $6) AS a ON true
              LEFT JOIN messages AS m ON m.id = a.message_id
              LEFT JOIN files AS x ON x.id = a.file_id
              LEFT JOIN blobs AS b ON b.id = x.blob_id
              LEFT JOIN users AS u ON u.id = m.sender_id
             WHERE me.conversation_id = $1 AND me.user_id = $2
             ORDER BY a.seq ",
            $order,
            ", a.position ",
            $order
        )
    };
}
/// By order, then with and without a kind.
pub(super) const OF_CONVERSATION: [[&str; 2]; 2] = [
    [of_conversation!("AND $3::text IS NULL", "<", "DESC"), of_conversation!("AND kind = $3", "<", "DESC")],
    [of_conversation!("AND $3::text IS NULL", ">", "ASC"), of_conversation!("AND kind = $3", ">", "ASC")],
];
pub(super) const REJECTED: &str = concat!(
    "SELECT ",
    file_json!(),
    " AS file, b.signature, b.rejected_at, ",
    user_columns!(),
    ", ARRAY(SELECT DISTINCT a.conversation_id
               FROM attachments AS a JOIN conversations AS c ON c.id = a.conversation_id
              WHERE a.file_id = x.id AND c.deleted_at IS NULL
              ORDER BY a.conversation_id LIMIT $4) AS conversation_ids
       FROM blobs AS b
       JOIN files AS x ON x.blob_id = b.id
       JOIN users AS u ON u.id = x.owner_id
      WHERE b.rejected_at <= $1 AND (b.rejected_at, x.id) < ($1, $2)
      ORDER BY b.rejected_at DESC, x.id DESC LIMIT $3"
);
pub(super) const BLOBS_KNOWN: &str = "SELECT id FROM blobs WHERE id = ANY($1) AND status <> 'rejected'";
pub(super) const USAGE: &str = "
    SELECT coalesce((SELECT bytes FROM file_usage WHERE owner_id = $1), 0) AS user_bytes,
           (SELECT bytes FROM file_usage WHERE owner_id = '00000000-0000-0000-0000-000000000000') AS total_bytes,
           (SELECT count(*) FROM files WHERE owner_id = $1 AND unsent) AS unsent";
pub(super) const NEXT_SCAN: &str =
    "SELECT scan_at FROM blobs WHERE scan_at > '-infinity' ORDER BY scan_at LIMIT 1";
pub(super) const SCAN_QUEUE: &str = "
    SELECT count(*) AS blobs, min(created_at) AS oldest FROM blobs
     WHERE scan_at > '-infinity' AND status <> 'rejected'";

#[async_trait]
impl Files for Postgres {
    async fn file(&self, id: FileId, viewer: UserId) -> Result<Option<KeptFile>> {
        let read = |row: &PgRow| Ok(KeptFile { file: file(row)?, blob: blob_ref(row)? });
        self.first(sqlx::query(FILE).bind(id.uuid()).bind(viewer.uuid()), read).await
    }

    async fn conversation_files(
        &self,
        id: ConversationId,
        viewer: UserId,
        query: FileQuery,
        limit: u32,
    ) -> Result<Option<Vec<SharedFile>>> {
        let [newest, oldest] = OF_CONVERSATION;
        let ([of_all, of_kind], start) = match query.order {
            FileOrder::Newest => (newest, (u64::MAX, 0)),
            FileOrder::Oldest => (oldest, (0, 0)),
        };
        let (seq, position) = query.after.unwrap_or(start);
        let statement = sqlx::query(if query.kind.is_some() { of_kind } else { of_all })
            .bind(id.uuid())
            .bind(viewer.uuid())
            .bind(query.kind.map(FileKind::to_text))
            .bind(to_bigint(seq))
            .bind(i64::from(position))
            .bind(i64::from(limit));
        self.all_if_member(statement, shared).await
    }

    async fn rejected_files(
        &self,
        after: Option<(Timestamp, FileId)>,
        limit: u32,
    ) -> Result<Vec<FileRejection>> {
        let (time, id) =
            after.map_or((Timestamp::from_millis(i64::MAX), Uuid::max()), |(time, id)| (time, id.uuid()));
        let statement = sqlx::query(REJECTED)
            .bind(to_time(time))
            .bind(id)
            .bind(i64::from(limit))
            .bind(i64::from(REJECTED_CONVERSATIONS_MAX));
        let read = |row: &PgRow| {
            let conversations: Vec<Uuid> = row.try_get("conversation_ids")?;
            Ok(FileRejection {
                file: file(row)?,
                owner: row::summary(row)?,
                signature: row.try_get("signature")?,
                rejected_at: row.time("rejected_at")?,
                conversation_ids: conversations.into_iter().map(ConversationId::from_uuid).collect(),
            })
        };
        self.all(statement, read).await
    }

    async fn blobs_known(&self, ids: &[BlobId]) -> Result<Vec<BlobId>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        self.all(sqlx::query(BLOBS_KNOWN).bind(ids), |row| row.id("id", BlobId::from_uuid)).await
    }

    async fn usage(&self, owner: UserId) -> Result<Usage> {
        self.only(sqlx::query(USAGE).bind(owner.uuid()), usage).await
    }

    async fn next_scan(&self) -> Result<Option<Timestamp>> {
        self.first(sqlx::query(NEXT_SCAN), |row| row.time("scan_at")).await
    }

    async fn scan_queue(&self) -> Result<ScanQueue> {
        let read =
            |row: &PgRow| Ok(ScanQueue { blobs: row.natural("blobs")?, oldest: row.time_opt("oldest")? });
        self.only(sqlx::query(SCAN_QUEUE), read).await
    }
}

fn shared(row: &PgRow) -> sqlx::Result<Option<SharedFile>> {
    let Some(message_id) = row.id_opt("message_id", MessageId::from_uuid)? else { return Ok(None) };
    Ok(Some(SharedFile {
        file: file(row)?,
        message_id,
        message_seq: row.natural("seq")?,
        position: row.small("position")?,
        sender: row::summary(row)?,
        created_at: row.time("created_at")?,
    }))
}

/// From [`file_json`], as `file`.
pub(super) fn file(row: &PgRow) -> sqlx::Result<File> {
    row.try_get("file").map(|Json(file)| file)
}

pub(super) fn usage(row: &PgRow) -> sqlx::Result<Usage> {
    Ok(Usage {
        user_bytes: row.natural("user_bytes")?,
        total_bytes: row.natural("total_bytes")?,
        unsent: row.natural("unsent")?,
    })
}

/// From `b_id` and `b_sha256`.
pub(super) fn blob_ref(row: &PgRow) -> sqlx::Result<BlobRef> {
    let digest: &[u8] = row.try_get("b_sha256")?;
    let sha256 = digest.try_into().map_err(|error| unreadable("b_sha256", error))?;
    Ok(BlobRef { id: row.id("b_id", BlobId::from_uuid)?, sha256 })
}

/// From [`blob_columns`].
pub(super) fn blob(row: &PgRow) -> sqlx::Result<BlobRow> {
    let Json(look) = row.try_get("b_look")?;
    Ok(BlobRow {
        blob: blob_ref(row)?,
        size: row.natural("b_size")?,
        look,
        status: row.text("b_status")?,
        unscanned: row.try_get("b_unscanned")?,
        signature: row.try_get("b_signature")?,
        rejected_at: row.time_opt("b_rejected_at")?,
        scan_at: row.time_opt("b_scan_at")?,
        scan_attempts: row.small("b_scan_attempts")?,
        told_up_to: row.id_opt("b_told_up_to", MessageId::from_uuid)?,
    })
}
