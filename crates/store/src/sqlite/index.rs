//! Indexing messages in SQLite.
//!
//! Messages are read, and blocks made, beside the writer. Only the rows that come out of it are written, on the
//! connection of the commit pipeline and between its batches, so few at a time that a batch hardly waits.

use super::{Sqlite, failure};
use crate::search::{
    Builder, Entry, Indexable, NewBlock, PASS_MESSAGES_MAX, Pass, SMALL_BLOCK_MESSAGES, SMALL_BLOCKS_MAX,
    divide, entry_keys, keys,
};
use crate::{Result, StoreError};
use natter_protocol::{ConversationId, MessageId, Seq, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};
use std::sync::Arc;
use uuid::Uuid;

/// Bytes of rows that are written in one transaction: about a millisecond.
const WRITE_BYTES_MAX: usize = 128 * 1024;
/// Tails that are written in one transaction.
const WRITE_TAILS_MAX: usize = 256;

pub(super) const WAITING: &str = "
    SELECT coalesce(sum(c.last_seq - tail.after_seq), 0)
      FROM search_tails AS tail JOIN conversations AS c ON c.id = tail.conversation_id";
/// The oldest message that begins a tail.
pub(super) const FIRST: &str = "
    SELECT (SELECT message_id FROM events
             WHERE conversation_id = tail.conversation_id AND seq > tail.after_seq AND type IN (1, 3)
             ORDER BY seq LIMIT 1) AS first
      FROM search_tails AS tail WHERE first IS NOT NULL ORDER BY first LIMIT 1";
pub(super) const BOUND: &str = "SELECT id FROM messages WHERE id >= ?1 ORDER BY id LIMIT 1 OFFSET ?2";
/// How far each tail goes without a message past the bound.
pub(super) const TAILS: &str = "
    SELECT tail.conversation_id,
           tail.after_seq,
           coalesce((SELECT seq FROM events
                      WHERE conversation_id = tail.conversation_id AND seq > tail.after_seq AND type IN (1, 3)
                        AND message_id > ?1
                      ORDER BY seq LIMIT 1) - 1,
                    c.last_seq) AS up_to
      FROM search_tails AS tail JOIN conversations AS c ON c.id = tail.conversation_id
     WHERE up_to > tail.after_seq";
pub(super) const TAIL: &str = "
    SELECT message_id FROM events
     WHERE conversation_id = ?1 AND seq > ?2 AND seq <= ?3 AND type IN (1, 3) AND message_id IS NOT NULL";
pub(super) const MESSAGE: &str = "
    SELECT conversation_id, sender_id, content, created_at, EXISTS (SELECT 1 FROM attachments WHERE message_id = m.id)
      FROM messages AS m WHERE id = ?1 AND deleted_at IS NULL AND kind <> 'system'";
const BLOCK_NUMBER: &str = "SELECT coalesce(max(id), 0) + 1 FROM search_blocks";
// An interrupted attempt may have left rows of a block that never was.
const ADD_ROW: &str = "INSERT OR REPLACE INTO search_rows (key, content) VALUES (?1, ?2)";
const ADD_BLOCK: &str = "
    INSERT INTO search_blocks (id, messages, shard_bits, oldest, newest, first_at, last_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub(super) const SMALL_BLOCKS: &str = "SELECT id FROM search_blocks WHERE messages < ?1";
pub(super) const ROWS: &str = "SELECT content FROM search_rows WHERE key >= ?1 AND key < ?2";
const REMOVE_BLOCK: &str = "DELETE FROM search_blocks WHERE id = ?1";
const REMOVE_ROWS: &str = "DELETE FROM search_rows WHERE key >= ?1 AND key < ?2";
const END_TAIL: &str = "
    DELETE FROM search_tails
     WHERE conversation_id = ?1 AND ?2 = (SELECT last_seq FROM conversations WHERE id = ?1)";
const MOVE_TAIL: &str = "UPDATE search_tails SET after_seq = ?2 WHERE conversation_id = ?1";

pub(super) async fn run(store: &Sqlite, entries_min: usize) -> Result<usize> {
    let _turn = store.indexing.lock().await;
    let Some(pass) = store.readers.read(move |snapshot| pass(snapshot, entries_min)).await? else {
        return Ok(0);
    };
    let indexed = pass.ids.len();
    index(store, pass.ids).await?;
    for tails in pass.tails.chunks(WRITE_TAILS_MAX) {
        let tails = tails.to_vec();
        write(store, move |transaction| move_tails(transaction, &tails)).await?;
    }
    join_small_blocks(store).await?;
    Ok(indexed)
}

/// Makes blocks of messages.
async fn index(store: &Sqlite, ids: Vec<MessageId>) -> Result<()> {
    for ids in divide(ids) {
        for block in store.readers.read(move |snapshot| build(snapshot, &ids)).await? {
            write_block(store, block).await?;
        }
    }
    Ok(())
}

/// Indexes the messages of small blocks anew in a larger one. Meanwhile they are in both, which a search does not mind.
async fn join_small_blocks(store: &Sqlite) -> Result<()> {
    let (small, ids) = store.readers.read(small_blocks).await?;
    if small.len() < SMALL_BLOCKS_MAX {
        return Ok(());
    }
    index(store, ids).await?;
    for id in small {
        write(store, move |transaction| {
            transaction.prepare_cached(REMOVE_BLOCK)?.execute([id])?;
            transaction.prepare_cached(REMOVE_ROWS)?.execute((keys(id).start, keys(id).end))?;
            Ok(())
        })
        .await?;
    }
    Ok(())
}

/// The small blocks, and the messages in them.
fn small_blocks(snapshot: &Transaction<'_>) -> rusqlite::Result<(Vec<i64>, Vec<MessageId>)> {
    let small = snapshot
        .prepare_cached(SMALL_BLOCKS)?
        .query_map([SMALL_BLOCK_MESSAGES], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    let mut ids = Vec::new();
    let mut entries = snapshot.prepare_cached(ROWS)?;
    for keys in small.iter().map(|id| entry_keys(*id)) {
        for row in entries.query_map((keys.start, keys.end), |row| row.get::<_, Vec<u8>>(0))? {
            ids.extend(Entry::all(&row?).map(|entry| entry.id));
        }
    }
    Ok((small, ids))
}

/// What is next, if enough waits.
fn pass(snapshot: &Connection, entries_min: usize) -> rusqlite::Result<Option<Pass>> {
    let waiting: usize = snapshot.prepare_cached(WAITING)?.query_row([], |row| row.get(0))?;
    if waiting < entries_min.max(1) {
        return Ok(None);
    }
    let bound = if waiting > PASS_MESSAGES_MAX { bound(snapshot)? } else { None };
    let tails: Vec<(Uuid, Seq, Seq)> = snapshot
        .prepare_cached(TAILS)?
        .query_map([bound.unwrap_or(Uuid::max())], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut pass = Pass { ids: Vec::new(), tails: Vec::with_capacity(tails.len()) };
    let mut tail = snapshot.prepare_cached(TAIL)?;
    for (conversation, after, up_to) in tails {
        for id in tail.query_map((conversation, after, up_to), |row| row.get(0))? {
            pass.ids.push(MessageId::from_uuid(id?));
        }
        pass.tails.push((ConversationId::from_uuid(conversation), up_to));
    }
    Ok(Some(pass))
}

/// The message up to which a pass goes: as many as it takes, counted from the oldest one that waits.
fn bound(snapshot: &Connection) -> rusqlite::Result<Option<Uuid>> {
    let first: Option<Uuid> = snapshot.prepare_cached(FIRST)?.query_row([], |row| row.get(0)).optional()?;
    let Some(first) = first else { return Ok(None) };
    snapshot.prepare_cached(BOUND)?.query_row((first, PASS_MESSAGES_MAX - 1), |row| row.get(0)).optional()
}

fn build(snapshot: &Connection, ids: &[MessageId]) -> rusqlite::Result<Vec<NewBlock>> {
    let mut statement = snapshot.prepare_cached(MESSAGE)?;
    let mut builder = Builder::default();
    let mut blocks = Vec::new();
    for id in ids {
        let message = statement.query_row([id.uuid()], |row| {
            Ok(Indexable {
                id: *id,
                conversation_id: ConversationId::from_uuid(row.get(0)?),
                sender_id: UserId::from_uuid(row.get(1)?),
                content: row.get(2)?,
                created_at: Timestamp::from_millis(row.get(3)?),
                has_file: row.get(4)?,
            })
        });
        if let Some(message) = message.optional()? {
            blocks.extend(builder.add(&message));
        }
    }
    blocks.extend(builder.finish());
    Ok(blocks)
}

/// Writes the rows of a block and, with the last of them, the block itself: searches see the whole of it or nothing.
async fn write_block(store: &Sqlite, new: NewBlock) -> Result<()> {
    let id: i64 =
        store.readers.read(|snapshot| snapshot.query_row(BLOCK_NUMBER, [], |row| row.get(0))).await?;
    let NewBlock { block, messages, oldest, newest, first_at, last_at } = new;
    let shard_bits = block.shard_bits;
    let mut rows = Vec::new();
    let mut bytes = 0;
    for row in block.rows(id) {
        bytes += row.1.len();
        rows.push(row);
        if bytes >= WRITE_BYTES_MAX {
            bytes = 0;
            let rows = std::mem::take(&mut rows);
            write(store, move |transaction| add_rows(transaction, &rows)).await?;
        }
    }
    write(store, move |transaction| {
        add_rows(transaction, &rows)?;
        let (oldest, newest) = (oldest.uuid(), newest.uuid());
        let (first_at, last_at) = (first_at.millis(), last_at.millis());
        transaction
            .prepare_cached(ADD_BLOCK)?
            .execute((id, messages, shard_bits, oldest, newest, first_at, last_at))?;
        Ok(())
    })
    .await
}

fn add_rows(transaction: &Transaction<'_>, rows: &[(i64, Vec<u8>)]) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(ADD_ROW)?;
    for (key, content) in rows {
        statement.execute((key, content))?;
    }
    Ok(())
}

fn move_tails(transaction: &Transaction<'_>, tails: &[(ConversationId, Seq)]) -> rusqlite::Result<()> {
    let mut end = transaction.prepare_cached(END_TAIL)?;
    let mut move_up = transaction.prepare_cached(MOVE_TAIL)?;
    for (conversation, up_to) in tails {
        if end.execute((conversation.uuid(), up_to))? == 0 {
            move_up.execute((conversation.uuid(), up_to))?;
        }
    }
    Ok(())
}

/// Writes something in a transaction of its own, when the commit pipeline is between two batches.
async fn write(
    store: &Sqlite,
    change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()> + Send + 'static,
) -> Result<()> {
    let writer = Arc::clone(&store.writer);
    let run = move || {
        let mut connection = writer.blocking_lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        change(&transaction)?;
        transaction.commit()
    };
    tokio::task::spawn_blocking(run)
        .await
        .map_err(|error| StoreError::Broken(error.to_string()))?
        .map_err(failure::classify)
}
