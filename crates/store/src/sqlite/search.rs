//! Finding messages in SQLite.

use super::conversation::is_member;
use super::{Sqlite, index, message};
use crate::Result;
use crate::search::{BlockInfo, Found, Search, SearchSlice, Searches, Source, find, highlighted};
use async_trait::async_trait;
use natter_protocol::{ConversationId, Message, MessageId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::HashMap;
use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use uuid::Uuid;

/// The joins begin with the tails, which are few.
pub(super) const PENDING: &str = "
    SELECT DISTINCT e.message_id
      FROM search_tails AS tail
     CROSS JOIN conversation_members AS me ON me.conversation_id = tail.conversation_id AND me.user_id = ?1
     CROSS JOIN events AS e ON e.conversation_id = tail.conversation_id AND e.seq > tail.after_seq
     WHERE e.type IN (1, 3)
       AND e.message_id >= ?2 AND e.message_id < ?3
       AND (?4 IS NULL OR tail.conversation_id = ?4)
     ORDER BY e.message_id DESC LIMIT ?5";
pub(super) const BLOCKS: &str = "
    SELECT id, messages, shard_bits, newest
      FROM search_blocks
     WHERE newest >= ?1 AND oldest < ?2
       AND (?3 IS NULL OR last_at >= ?3)
       AND (?4 IS NULL OR first_at < ?4)
     ORDER BY newest DESC";
pub(super) const ROW: &str = "SELECT content FROM search_rows WHERE key = ?1";
pub(super) const TEXT: &str = "
    SELECT m.content
      FROM messages AS m
     WHERE m.id = ?2
       AND m.deleted_at IS NULL
       AND m.kind <> 'system'
       AND EXISTS (SELECT 1 FROM conversation_members
                    WHERE conversation_id = m.conversation_id AND user_id = ?1)
       AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker_id = ?1 AND blocked_id = m.sender_id)
       AND (?3 IS NULL OR m.conversation_id = ?3)
       AND (?4 IS NULL OR m.sender_id = ?4)
       AND (?5 IS NULL OR m.created_at >= ?5)
       AND (?6 IS NULL OR m.created_at < ?6)
       AND (NOT ?7 OR EXISTS (SELECT 1 FROM attachments WHERE message_id = m.id))";
pub(super) const CONVERSATIONS: &str =
    "SELECT conversation_id FROM conversation_members WHERE user_id = ?1 LIMIT ?2";

#[async_trait]
impl Searches for Sqlite {
    async fn search(&self, viewer: UserId, search: Search) -> Result<Option<SearchSlice>> {
        // It is never closed.
        let _turn = self.searching.acquire().await;
        self.readers
            .read(move |snapshot| {
                if let Some(id) = search.conversation_id
                    && !is_member(snapshot, id, viewer)?
                {
                    return Ok(None);
                }
                let Found { ids, next } = run(snapshot, viewer, &search)?;
                let messages = ids
                    .into_iter()
                    .map(|id| message::one(snapshot, &message::ONE, id, viewer))
                    .filter_map(Result::transpose)
                    .collect::<rusqlite::Result<Vec<Message>>>()?;
                Ok(Some(SearchSlice { hits: highlighted(&search.text, messages), next }))
            })
            .await
    }

    async fn index_messages(&self, entries_min: usize) -> Result<usize> {
        index::run(self, entries_min).await
    }
}

fn run(snapshot: &Connection, viewer: UserId, search: &Search) -> rusqlite::Result<Found> {
    let mut source = Snapshot { connection: snapshot, viewer, search };
    // It waits for nothing but the snapshot, which answers at once.
    match pin!(find(&mut source, search)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(found) => found,
        Poll::Pending => Err(rusqlite::Error::UnwindingPanic),
    }
}

struct Snapshot<'a> {
    connection: &'a Connection,
    viewer: UserId,
    search: &'a Search,
}

impl Snapshot<'_> {
    fn conversation(&self) -> Option<Uuid> {
        self.search.conversation_id.map(ConversationId::uuid)
    }

    fn read_pending(
        &self,
        bottom: MessageId,
        below: MessageId,
        limit: usize,
    ) -> rusqlite::Result<Vec<MessageId>> {
        self.connection
            .prepare_cached(PENDING)?
            .query_map(
                (self.viewer.uuid(), bottom.uuid(), below.uuid(), self.conversation(), limit),
                |row| row.get(0).map(MessageId::from_uuid),
            )?
            .collect()
    }

    fn read_blocks(&self, bottom: MessageId, below: MessageId) -> rusqlite::Result<Vec<BlockInfo>> {
        let (after, before) =
            (self.search.after.map(Timestamp::millis), self.search.before.map(Timestamp::millis));
        self.connection
            .prepare_cached(BLOCKS)?
            .query_map((bottom.uuid(), below.uuid(), after, before), |row| {
                Ok(BlockInfo {
                    id: row.get(0)?,
                    messages: row.get(1)?,
                    shard_bits: row.get(2)?,
                    newest: MessageId::from_uuid(row.get(3)?),
                })
            })?
            .collect()
    }

    fn read_rows(&self, keys: &[i64]) -> rusqlite::Result<HashMap<i64, Vec<u8>>> {
        let mut statement = self.connection.prepare_cached(ROW)?;
        let mut rows = HashMap::with_capacity(keys.len());
        for key in keys {
            if let Some(content) = statement.query_row([key], |row| row.get(0)).optional()? {
                rows.insert(*key, content);
            }
        }
        Ok(rows)
    }

    fn read_texts(&self, ids: &[MessageId]) -> rusqlite::Result<HashMap<MessageId, String>> {
        let Search { sender_id, after, before, has_file, .. } = self.search;
        let mut statement = self.connection.prepare_cached(TEXT)?;
        let mut texts = HashMap::with_capacity(ids.len());
        for id in ids {
            let parameters = (
                self.viewer.uuid(),
                id.uuid(),
                self.conversation(),
                sender_id.map(UserId::uuid),
                after.map(Timestamp::millis),
                before.map(Timestamp::millis),
                has_file,
            );
            if let Some(text) = statement.query_row(parameters, |row| row.get(0)).optional()? {
                texts.insert(*id, text);
            }
        }
        Ok(texts)
    }

    fn read_conversations(&self, limit: usize) -> rusqlite::Result<Vec<ConversationId>> {
        self.connection
            .prepare_cached(CONVERSATIONS)?
            .query_map((self.viewer.uuid(), limit), |row| row.get(0).map(ConversationId::from_uuid))?
            .collect()
    }
}

impl Source for Snapshot<'_> {
    type Error = rusqlite::Error;

    fn pending(
        &mut self,
        bottom: MessageId,
        below: MessageId,
        limit: usize,
    ) -> impl Future<Output = rusqlite::Result<Vec<MessageId>>> + Send {
        ready(self.read_pending(bottom, below, limit))
    }

    fn blocks(
        &mut self,
        bottom: MessageId,
        below: MessageId,
    ) -> impl Future<Output = rusqlite::Result<Vec<BlockInfo>>> + Send {
        ready(self.read_blocks(bottom, below))
    }

    fn rows(
        &mut self,
        keys: Vec<i64>,
    ) -> impl Future<Output = rusqlite::Result<HashMap<i64, Vec<u8>>>> + Send {
        ready(self.read_rows(&keys))
    }

    fn texts(
        &mut self,
        ids: &[MessageId],
    ) -> impl Future<Output = rusqlite::Result<HashMap<MessageId, String>>> + Send {
        ready(self.read_texts(ids))
    }

    fn conversations(
        &mut self,
        limit: usize,
    ) -> impl Future<Output = rusqlite::Result<Vec<ConversationId>>> + Send {
        ready(self.read_conversations(limit))
    }
}
