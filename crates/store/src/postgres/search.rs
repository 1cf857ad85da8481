//! Finding messages in PostgreSQL.

use super::message::{message, message_columns, message_joins};
use super::row::{Columns as _, to_time};
use super::{BEGIN_SNAPSHOT, Postgres, failure, index};
use crate::Result;
use crate::search::{BlockInfo, Found, Search, SearchSlice, Searches, Source, find, highlighted};
use async_trait::async_trait;
use natter_protocol::{ConversationId, Message, MessageId, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row as _};
use std::collections::HashMap;
use uuid::Uuid;

pub(super) const IS_MEMBER: &str = "
    SELECT EXISTS (SELECT FROM conversation_members WHERE conversation_id = $2 AND user_id = $1)";
// The subqueries have a LIMIT or OFFSET so that the joins begin with the tails, which are few, and not with all
// conversations of the viewer.
pub(super) const PENDING: &str = "
    SELECT DISTINCT e.message_id
      FROM search_tails AS tail
     CROSS JOIN LATERAL (SELECT FROM conversation_members
                          WHERE conversation_id = tail.conversation_id AND user_id = $1 LIMIT 1) AS me
     CROSS JOIN LATERAL (SELECT message_id FROM events
                          WHERE conversation_id = tail.conversation_id AND seq > tail.after_seq AND type IN (1, 3)
                            AND message_id >= $2 AND message_id < $3 OFFSET 0) AS e
     WHERE $4::uuid IS NULL OR tail.conversation_id = $4
     ORDER BY e.message_id DESC LIMIT $5";
pub(super) const BLOCKS: &str = "
    SELECT id, messages, shard_bits, newest
      FROM search_blocks
     WHERE newest >= $1 AND oldest < $2
       AND ($3::timestamptz IS NULL OR last_at >= $3)
       AND ($4::timestamptz IS NULL OR first_at < $4)
     ORDER BY newest DESC";
pub(super) const ROWS: &str = "SELECT key, content FROM search_rows WHERE key = ANY($1)";
pub(super) const TEXTS: &str = "
    SELECT m.id, m.content
      FROM messages AS m
     WHERE m.id = ANY($2)
       AND m.deleted_at IS NULL
       AND m.kind <> 'system'
       AND EXISTS (SELECT FROM conversation_members
                    WHERE conversation_id = m.conversation_id AND user_id = $1)
       AND NOT EXISTS (SELECT FROM blocks WHERE blocker_id = $1 AND blocked_id = m.sender_id OFFSET 0)
       AND ($3::uuid IS NULL OR m.conversation_id = $3)
       AND ($4::uuid IS NULL OR m.sender_id = $4)
       AND ($5::timestamptz IS NULL OR m.created_at >= $5)
       AND ($6::timestamptz IS NULL OR m.created_at < $6)
       AND (NOT $7 OR EXISTS (SELECT FROM attachments WHERE message_id = m.id))";
pub(super) const CONVERSATIONS: &str =
    "SELECT conversation_id FROM conversation_members WHERE user_id = $1 LIMIT $2";
pub(super) const HITS: &str =
    concat!("SELECT ", message_columns!(), " FROM messages AS m ", message_joins!(), " WHERE m.id = ANY($2)");

#[async_trait]
impl Searches for Postgres {
    async fn search(&self, viewer: UserId, search: Search) -> Result<Option<SearchSlice>> {
        // It is never closed.
        let _turn = self.searching.acquire().await;
        slice(&self.readers, viewer, &search).await.map_err(failure::classify)
    }

    async fn index_messages(&self, entries_min: usize) -> Result<usize> {
        index::run(&self.readers, entries_min).await.map_err(failure::classify)
    }
}

async fn slice(readers: &PgPool, viewer: UserId, search: &Search) -> sqlx::Result<Option<SearchSlice>> {
    // One snapshot, so that a message is either waiting to be indexed or in a block.
    let mut transaction = readers.begin_with(BEGIN_SNAPSHOT).await?;
    if let Some(id) = search.conversation_id {
        let is_member = sqlx::query_scalar(IS_MEMBER).bind(viewer.uuid()).bind(id.uuid());
        if !is_member.fetch_one(&mut *transaction).await? {
            return Ok(None);
        }
    }
    let mut source = Snapshot { connection: &mut transaction, viewer, search };
    let Found { ids, next } = find(&mut source, search).await?;
    let messages = source.messages(&ids).await?;
    transaction.rollback().await?;
    Ok(Some(SearchSlice { hits: highlighted(&search.text, messages), next }))
}

struct Snapshot<'a> {
    connection: &'a mut PgConnection,
    viewer: UserId,
    search: &'a Search,
}

impl Snapshot<'_> {
    fn conversation(&self) -> Option<Uuid> {
        self.search.conversation_id.map(ConversationId::uuid)
    }

    /// The messages in the order of these ids.
    async fn messages(&mut self, ids: &[MessageId]) -> sqlx::Result<Vec<Message>> {
        let rows = sqlx::query(HITS)
            .bind(self.viewer.uuid())
            .bind(uuids(ids))
            .fetch_all(&mut *self.connection)
            .await?;
        let mut messages = rows
            .iter()
            .map(|row| message(row).map(|message| (message.id, message)))
            .collect::<sqlx::Result<HashMap<_, _>>>()?;
        Ok(ids.iter().filter_map(|id| messages.remove(id)).collect())
    }
}

impl Source for Snapshot<'_> {
    type Error = sqlx::Error;

    async fn pending(
        &mut self,
        bottom: MessageId,
        below: MessageId,
        limit: usize,
    ) -> sqlx::Result<Vec<MessageId>> {
        let rows = sqlx::query_scalar(PENDING)
            .bind(self.viewer.uuid())
            .bind(bottom.uuid())
            .bind(below.uuid())
            .bind(self.conversation())
            .bind(bigint(limit));
        let ids: Vec<Uuid> = rows.fetch_all(&mut *self.connection).await?;
        Ok(ids.into_iter().map(MessageId::from_uuid).collect())
    }

    async fn blocks(&mut self, bottom: MessageId, below: MessageId) -> sqlx::Result<Vec<BlockInfo>> {
        let rows = sqlx::query(BLOCKS)
            .bind(bottom.uuid())
            .bind(below.uuid())
            .bind(self.search.after.map(to_time))
            .bind(self.search.before.map(to_time))
            .fetch_all(&mut *self.connection)
            .await?;
        rows.iter().map(block_info).collect()
    }

    async fn rows(&mut self, keys: Vec<i64>) -> sqlx::Result<HashMap<i64, Vec<u8>>> {
        let rows = sqlx::query(ROWS).bind(keys).fetch_all(&mut *self.connection).await?;
        rows.iter().map(|row| Ok((row.try_get("key")?, row.try_get("content")?))).collect()
    }

    async fn texts(&mut self, ids: &[MessageId]) -> sqlx::Result<HashMap<MessageId, String>> {
        let rows = sqlx::query(TEXTS)
            .bind(self.viewer.uuid())
            .bind(uuids(ids))
            .bind(self.conversation())
            .bind(self.search.sender_id.map(UserId::uuid))
            .bind(self.search.after.map(to_time))
            .bind(self.search.before.map(to_time))
            .bind(self.search.has_file)
            .fetch_all(&mut *self.connection)
            .await?;
        rows.iter().map(|row| Ok((row.id("id", MessageId::from_uuid)?, row.try_get("content")?))).collect()
    }

    async fn conversations(&mut self, limit: usize) -> sqlx::Result<Vec<ConversationId>> {
        let rows = sqlx::query_scalar(CONVERSATIONS).bind(self.viewer.uuid()).bind(bigint(limit));
        let ids: Vec<Uuid> = rows.fetch_all(&mut *self.connection).await?;
        Ok(ids.into_iter().map(ConversationId::from_uuid).collect())
    }
}

fn block_info(row: &PgRow) -> sqlx::Result<BlockInfo> {
    Ok(BlockInfo {
        id: row.try_get("id")?,
        messages: usize::try_from(row.natural("messages")?).unwrap_or_default(),
        shard_bits: u32::try_from(row.try_get::<i32, _>("shard_bits")?).unwrap_or_default(),
        newest: row.id("newest", MessageId::from_uuid)?,
    })
}

pub(super) fn uuids(ids: &[MessageId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}

pub(super) fn bigint(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
