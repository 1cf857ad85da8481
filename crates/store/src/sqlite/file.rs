//! Files in SQLite.

use super::Sqlite;
use super::conversation::is_member;
use super::row::Columns;
use crate::file::{BlobRow, Files, REJECTED_CONVERSATIONS_MAX};
use crate::text_enum::TextEnum as _;
use crate::{BlobId, BlobRef, FileOrder, FileQuery, KeptFile, Result, ScanQueue, Usage};
use async_trait::async_trait;
use natter_protocol::{
    ConversationId, FileId, FileKind, FileRejection, MessageId, SharedFile, Timestamp, UserId,
};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::sync::LazyLock;
use uuid::Uuid;

/// A file `x` with its blob `b`, as JSON.
macro_rules! file_json {
    () => {
        "json_patch(json_object('id', lower(hex(x.id)), 'name', x.name, 'mediaType', x.media_type, 'size', b.size, \
         'sha256', lower(hex(b.sha256)), 'status', b.status, \
         'unscanned', json(iif(b.unscanned, 'true', 'false'))), b.look)"
    };
}
pub(super) use file_json;

/// Columns of a blob `b`, in the order of [`blob`].
pub(super) const BLOB_COLUMNS: &str = "b.id, b.sha256, b.size, b.look, b.status, b.unscanned, b.signature, \
     b.rejected_at, b.scan_at, b.scan_attempts, b.told_up_to";

/// A file of a conversation in which a message holds it and the viewer is a member, or that nobody has been sent yet.
pub(super) const FILE: &str = concat!(
    "SELECT ",
    file_json!(),
    ", b.id, b.sha256
       FROM files AS x JOIN blobs AS b ON b.id = x.blob_id
      WHERE x.id = ?1
        AND CASE WHEN EXISTS (SELECT 1 FROM attachments WHERE file_id = x.id)
                 THEN EXISTS (SELECT 1
                                FROM attachments AS a
                                JOIN conversation_members AS cm
                                     ON cm.conversation_id = a.conversation_id AND cm.user_id = ?2
                               WHERE a.file_id = x.id)
                 ELSE x.owner_id = ?2 END"
);
/// By order, then with and without a kind.
pub(super) static OF_CONVERSATION: LazyLock<[[String; 2]; 2]> = LazyLock::new(|| {
    [("<", "DESC"), (">", "ASC")].map(|(side, order)| {
        ["", "AND a.kind = ?2"].map(|of_kind| {
            format!(
                "SELECT {}, a.message_id, a.seq, a.position, s.id, s.username, s.display_name, s.avatar_url,
                        m.created_at
                   FROM attachments AS a
                  CROSS JOIN messages AS m ON m.id = a.message_id
                  CROSS JOIN files AS x ON x.id = a.file_id
                  CROSS JOIN blobs AS b ON b.id = x.blob_id
                  CROSS JOIN users AS s ON s.id = m.sender_id
                  WHERE a.conversation_id = ?1 {of_kind} AND (a.seq, a.position) {side} (?3, ?4)
                  ORDER BY a.seq {order}, a.position {order} LIMIT ?5",
                file_json!()
            )
        })
    })
});
pub(super) static REJECTED: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {}, u.id, u.username, u.display_name, u.avatar_url, b.signature, b.rejected_at,
                (SELECT json_group_array(lower(hex(conversation_id)))
                   FROM (SELECT DISTINCT a.conversation_id
                           FROM attachments AS a JOIN conversations AS c ON c.id = a.conversation_id
                          WHERE a.file_id = x.id AND c.deleted_at IS NULL
                          ORDER BY a.conversation_id LIMIT {REJECTED_CONVERSATIONS_MAX}) AS listed)
           FROM blobs AS b
          CROSS JOIN files AS x ON x.blob_id = b.id
          CROSS JOIN users AS u ON u.id = x.owner_id
          WHERE b.rejected_at <= ?1 AND (b.rejected_at, x.id) < (?1, ?2)
          ORDER BY b.rejected_at DESC, x.id DESC LIMIT ?3",
        file_json!()
    )
});
pub(super) const BLOBS_KNOWN: &str = "
    SELECT id FROM blobs WHERE id IN (SELECT unhex(value, '-') FROM json_each(?1)) AND status <> 'rejected'";
pub(super) const USAGE: &str = "
    SELECT coalesce((SELECT bytes FROM file_usage WHERE owner_id = ?1), 0),
           (SELECT bytes FROM file_usage WHERE owner_id = zeroblob(16)),
           (SELECT count(*) FROM files WHERE owner_id = ?1 AND unsent = 1)";
pub(super) const NEXT_SCAN: &str =
    "SELECT scan_at FROM blobs WHERE scan_at IS NOT NULL ORDER BY scan_at LIMIT 1";
pub(super) const SCAN_QUEUE: &str =
    "SELECT count(*), min(created_at) FROM blobs WHERE scan_at IS NOT NULL AND status <> 'rejected'";

#[async_trait]
impl Files for Sqlite {
    async fn file(&self, id: FileId, viewer: UserId) -> Result<Option<KeptFile>> {
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(FILE)?
                    .query_row((id.uuid(), viewer.uuid()), |row| {
                        let mut columns = Columns::of(row);
                        Ok(KeptFile { file: columns.json()?, blob: blob_ref(&mut columns)? })
                    })
                    .optional()
            })
            .await
    }

    async fn conversation_files(
        &self,
        id: ConversationId,
        viewer: UserId,
        query: FileQuery,
        limit: u32,
    ) -> Result<Option<Vec<SharedFile>>> {
        self.readers.read(move |snapshot| of_conversation(snapshot, id, viewer, query, limit)).await
    }

    async fn rejected_files(
        &self,
        after: Option<(Timestamp, FileId)>,
        limit: u32,
    ) -> Result<Vec<FileRejection>> {
        let (time, id) = after.map_or((i64::MAX, Uuid::max()), |(time, id)| (time.millis(), id.uuid()));
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(&REJECTED)?
                    .query_map((time, id, limit), |row| {
                        let mut columns = Columns::of(row);
                        Ok(FileRejection {
                            file: columns.json()?,
                            owner: columns.summary()?,
                            signature: columns.get()?,
                            rejected_at: columns.time()?,
                            conversation_ids: columns.json()?,
                        })
                    })?
                    .collect()
            })
            .await
    }

    async fn blobs_known(&self, ids: &[BlobId]) -> Result<Vec<BlobId>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(BLOBS_KNOWN)?
                    .query_map([serde_json::json!(ids).to_string()], |row| {
                        Columns::of(row).id(BlobId::from_uuid)
                    })?
                    .collect()
            })
            .await
    }

    async fn usage(&self, owner: UserId) -> Result<Usage> {
        self.readers
            .read(move |snapshot| {
                snapshot.prepare_cached(USAGE)?.query_row([owner.uuid()], |row| usage(&mut Columns::of(row)))
            })
            .await
    }

    async fn next_scan(&self) -> Result<Option<Timestamp>> {
        self.readers
            .read(|snapshot| {
                snapshot.prepare_cached(NEXT_SCAN)?.query_row([], |row| Columns::of(row).time()).optional()
            })
            .await
    }

    async fn scan_queue(&self) -> Result<ScanQueue> {
        self.readers
            .read(|snapshot| {
                snapshot.prepare_cached(SCAN_QUEUE)?.query_row([], |row| {
                    let mut columns = Columns::of(row);
                    Ok(ScanQueue { blobs: columns.get()?, oldest: columns.time_opt()? })
                })
            })
            .await
    }
}

fn of_conversation(
    connection: &Connection,
    id: ConversationId,
    viewer: UserId,
    query: FileQuery,
    limit: u32,
) -> rusqlite::Result<Option<Vec<SharedFile>>> {
    if !is_member(connection, id, viewer)? {
        return Ok(None);
    }
    let ([newest, oldest], all) = (&*OF_CONVERSATION, i64::MAX.unsigned_abs());
    let ([of_all, of_kind], start) = match query.order {
        FileOrder::Newest => (newest, (all, 0)),
        FileOrder::Oldest => (oldest, (0, 0)),
    };
    let (seq, position) = query.after.unwrap_or(start);
    let kind = query.kind.map(FileKind::to_text);
    connection
        .prepare_cached(if kind.is_some() { of_kind } else { of_all })?
        .query_map(params![id.uuid(), kind, seq.min(all), position, limit], |row| {
            let mut columns = Columns::of(row);
            Ok(SharedFile {
                file: columns.json()?,
                message_id: columns.id(MessageId::from_uuid)?,
                message_seq: columns.get()?,
                position: columns.get()?,
                sender: columns.summary()?,
                created_at: columns.time()?,
            })
        })?
        .collect::<rusqlite::Result<_>>()
        .map(Some)
}

pub(super) fn usage(columns: &mut Columns<'_>) -> rusqlite::Result<Usage> {
    Ok(Usage { user_bytes: columns.get()?, total_bytes: columns.get()?, unsent: columns.get()? })
}

/// From id and digest.
pub(super) fn blob_ref(columns: &mut Columns<'_>) -> rusqlite::Result<BlobRef> {
    Ok(BlobRef { id: columns.id(BlobId::from_uuid)?, sha256: columns.get()? })
}

/// From [`BLOB_COLUMNS`].
pub(super) fn blob(columns: &mut Columns<'_>) -> rusqlite::Result<BlobRow> {
    Ok(BlobRow {
        blob: blob_ref(columns)?,
        size: columns.get()?,
        look: columns.json()?,
        status: columns.text()?,
        unscanned: columns.get()?,
        signature: columns.get()?,
        rejected_at: columns.time_opt()?,
        scan_at: columns.time_opt()?,
        scan_attempts: columns.get()?,
        told_up_to: columns.id_opt(MessageId::from_uuid)?,
    })
}
