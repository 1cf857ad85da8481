//! Indexing messages in PostgreSQL.
//!
//! One node at a time does it. The blocks are committed before the tails move up: in between, and after a crash in
//! between, their messages are both in a block and waiting, which a search does not mind.

use super::row::{Columns as _, to_bigint, to_time};
use super::search::{bigint, uuids};
use crate::search::{
    Builder, Entry, Indexable, NewBlock, PASS_MESSAGES_MAX, Pass, SMALL_BLOCK_MESSAGES, SMALL_BLOCKS_MAX,
    divide, entry_keys, keys,
};
use natter_protocol::{ConversationId, MessageId, Seq, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row as _};
use std::collections::HashMap;
use uuid::Uuid;

/// Messages that are read in one statement.
const READ_MESSAGES_MAX: usize = 512;
/// Tails that are written in one transaction, whose conversations are locked meanwhile.
const WRITE_TAILS_MAX: usize = 256;

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/// "search" in ASCII.
const TAKE_TURN: &str = "SELECT pg_try_advisory_xact_lock(x'736561726368'::bigint)";
pub(super) const WAITING: &str = "
    SELECT coalesce(sum(c.last_seq - tail.after_seq), 0)::bigint
      FROM search_tails AS tail JOIN conversations AS c ON c.id = tail.conversation_id";
/// The oldest message that begins a tail.
pub(super) const FIRST: &str = "
    SELECT e.message_id
      FROM search_tails AS tail
     CROSS JOIN LATERAL (SELECT message_id FROM events
                          WHERE conversation_id = tail.conversation_id AND seq > tail.after_seq AND type IN (1, 3)
                          ORDER BY seq LIMIT 1) AS e
     ORDER BY e.message_id LIMIT 1";
pub(super) const BOUND: &str = "SELECT id FROM messages WHERE id >= $1 ORDER BY id LIMIT 1 OFFSET $2";
/// How far each tail goes without a message past the bound.
pub(super) const TAILS: &str = "
    SELECT tail.conversation_id, tail.after_seq, coalesce(e.seq - 1, c.last_seq) AS up_to
      FROM search_tails AS tail
      JOIN conversations AS c ON c.id = tail.conversation_id
      LEFT JOIN LATERAL (SELECT seq FROM events
                          WHERE conversation_id = tail.conversation_id AND seq > tail.after_seq AND type IN (1, 3)
                            AND message_id > $1
                          ORDER BY seq LIMIT 1) AS e ON true
     WHERE coalesce(e.seq - 1, c.last_seq) > tail.after_seq";
pub(super) const EVENTS: &str = "
    SELECT e.message_id
      FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[]) AS tail (conversation_id, after_seq, up_to)
      JOIN events AS e ON e.conversation_id = tail.conversation_id AND e.seq > tail.after_seq AND e.seq <= tail.up_to
     WHERE e.type IN (1, 3) AND e.message_id IS NOT NULL";
pub(super) const MESSAGES: &str = "
    SELECT m.id, m.conversation_id, m.sender_id, m.content, m.created_at,
           EXISTS (SELECT FROM attachments WHERE message_id = m.id) AS has_file
      FROM messages AS m
     WHERE m.id = ANY($1) AND m.deleted_at IS NULL AND m.kind <> 'system'
     ORDER BY m.id";
const ADD_BLOCK: &str = "
    INSERT INTO search_blocks (messages, shard_bits, oldest, newest, first_at, last_at)
    VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
const ADD_ROWS: &str =
    "INSERT INTO search_rows (key, content) SELECT * FROM UNNEST($1::bigint[], $2::bytea[])";
pub(super) const SMALL_BLOCKS: &str = "SELECT id FROM search_blocks WHERE messages < $1";
pub(super) const ROWS: &str = "SELECT content FROM search_rows WHERE key >= $1 AND key < $2";
pub(super) const REMOVE_ROWS: &str = "DELETE FROM search_rows WHERE key >= $1 AND key < $2";
pub(super) const REMOVE_BLOCKS: &str = "DELETE FROM search_blocks WHERE id = ANY($1)";
// While a conversation is locked its head stays where it is. Where somebody is writing, the tail goes on anyway.
pub(super) const HEADS: &str = "
    SELECT id, last_seq FROM conversations WHERE id = ANY($1) FOR NO KEY UPDATE SKIP LOCKED";
// Not a join, whose plan would depend on how few tails there were when it was made.
pub(super) const MOVE_TAILS: &str = "
    UPDATE search_tails
       SET after_seq = greatest(after_seq, ($2::bigint[])[array_position($1::uuid[], conversation_id)])
     WHERE conversation_id = ANY($1)";
pub(super) const END_TAILS: &str = "DELETE FROM search_tails WHERE conversation_id = ANY($1)";

pub(super) async fn run(pool: &PgPool, entries_min: usize) -> sqlx::Result<usize> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let my_turn = sqlx::query_scalar(TAKE_TURN).fetch_one(&mut *transaction).await?;
    let pass = if my_turn { pass(&mut transaction, entries_min).await? } else { None };
    let Some(pass) = pass else {
        // Not left to the drop, which would hand the turn on only when the connection is used again.
        transaction.rollback().await?;
        return Ok(0);
    };
    let indexed = pass.ids.len();
    index(&mut transaction, pass.ids).await?;
    join_small_blocks(&mut transaction).await?;
    transaction.commit().await?;
    for tails in pass.tails.chunks(WRITE_TAILS_MAX) {
        let mut transaction = pool.begin_with(BEGIN).await?;
        move_tails(&mut transaction, tails).await?;
        transaction.commit().await?;
    }
    Ok(indexed)
}

/// Makes blocks of messages.
async fn index(connection: &mut PgConnection, ids: Vec<MessageId>) -> sqlx::Result<()> {
    for ids in divide(ids) {
        for block in build(connection, &ids).await? {
            add_block(connection, block).await?;
        }
    }
    Ok(())
}

/// Indexes the messages of small blocks anew in a larger one.
async fn join_small_blocks(connection: &mut PgConnection) -> sqlx::Result<()> {
    let small: Vec<i64> = sqlx::query_scalar(SMALL_BLOCKS)
        .bind(bigint(SMALL_BLOCK_MESSAGES))
        .fetch_all(&mut *connection)
        .await?;
    if small.len() < SMALL_BLOCKS_MAX {
        return Ok(());
    }
    let mut ids = Vec::new();
    for keys in small.iter().map(|id| entry_keys(*id)) {
        let rows: Vec<Vec<u8>> =
            sqlx::query_scalar(ROWS).bind(keys.start).bind(keys.end).fetch_all(&mut *connection).await?;
        ids.extend(rows.iter().flat_map(|row| Entry::all(row)).map(|entry| entry.id));
    }
    index(connection, ids).await?;
    for keys in small.iter().map(|id| keys(*id)) {
        sqlx::query(REMOVE_ROWS).bind(keys.start).bind(keys.end).execute(&mut *connection).await?;
    }
    sqlx::query(REMOVE_BLOCKS).bind(small).execute(connection).await?;
    Ok(())
}

/// What is next, if enough waits.
async fn pass(connection: &mut PgConnection, entries_min: usize) -> sqlx::Result<Option<Pass>> {
    let waiting: i64 = sqlx::query_scalar(WAITING).fetch_one(&mut *connection).await?;
    if waiting < bigint(entries_min.max(1)) {
        return Ok(None);
    }
    let bound = if waiting > bigint(PASS_MESSAGES_MAX) { bound(connection).await? } else { None };
    let rows = sqlx::query(TAILS).bind(bound.unwrap_or(Uuid::max())).fetch_all(&mut *connection).await?;
    let column = |name: &str| rows.iter().map(|row| row.try_get(name)).collect::<sqlx::Result<Vec<i64>>>();
    let conversations: Vec<Uuid> =
        rows.iter().map(|row| row.try_get("conversation_id")).collect::<sqlx::Result<_>>()?;
    let ids: Vec<Uuid> = sqlx::query_scalar(EVENTS)
        .bind(conversations)
        .bind(column("after_seq")?)
        .bind(column("up_to")?)
        .fetch_all(connection)
        .await?;
    let tail =
        |row: &PgRow| Ok((row.id("conversation_id", ConversationId::from_uuid)?, row.natural("up_to")?));
    Ok(Some(Pass {
        ids: ids.into_iter().map(MessageId::from_uuid).collect(),
        tails: rows.iter().map(tail).collect::<sqlx::Result<_>>()?,
    }))
}

/// The message up to which a pass goes: as many as it takes, counted from the oldest one that waits.
async fn bound(connection: &mut PgConnection) -> sqlx::Result<Option<Uuid>> {
    let first: Option<Uuid> = sqlx::query_scalar(FIRST).fetch_optional(&mut *connection).await?;
    let Some(first) = first else { return Ok(None) };
    sqlx::query_scalar(BOUND).bind(first).bind(bigint(PASS_MESSAGES_MAX - 1)).fetch_optional(connection).await
}

async fn build(connection: &mut PgConnection, ids: &[MessageId]) -> sqlx::Result<Vec<NewBlock>> {
    let mut builder = Builder::default();
    let mut blocks = Vec::new();
    for ids in ids.chunks(READ_MESSAGES_MAX) {
        let rows = sqlx::query(MESSAGES).bind(uuids(ids)).fetch_all(&mut *connection).await?;
        let messages = rows.iter().map(indexable).collect::<sqlx::Result<Vec<_>>>()?;
        let full: Vec<NewBlock>;
        (builder, full) = aside(move || {
            let full = messages.iter().filter_map(|message| builder.add(message)).collect();
            (builder, full)
        })
        .await?;
        blocks.extend(full);
    }
    blocks.extend(aside(move || builder.finish()).await?);
    Ok(blocks)
}

/// Computes where it holds up nobody.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> sqlx::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| sqlx::Error::WorkerCrashed)
}

fn indexable(row: &PgRow) -> sqlx::Result<Indexable> {
    Ok(Indexable {
        id: row.id("id", MessageId::from_uuid)?,
        conversation_id: row.id("conversation_id", ConversationId::from_uuid)?,
        sender_id: row.id("sender_id", UserId::from_uuid)?,
        content: row.try_get("content")?,
        created_at: row.time("created_at")?,
        has_file: row.try_get("has_file")?,
    })
}

async fn add_block(connection: &mut PgConnection, new: NewBlock) -> sqlx::Result<()> {
    let id: i64 = sqlx::query_scalar(ADD_BLOCK)
        .bind(bigint(new.messages))
        .bind(i32::try_from(new.block.shard_bits).unwrap_or(i32::MAX))
        .bind(new.oldest.uuid())
        .bind(new.newest.uuid())
        .bind(to_time(new.first_at))
        .bind(to_time(new.last_at))
        .fetch_one(&mut *connection)
        .await?;
    let (keys, contents): (Vec<i64>, Vec<Vec<u8>>) = new.block.rows(id).into_iter().unzip();
    sqlx::query(ADD_ROWS).bind(keys).bind(contents).execute(connection).await?;
    Ok(())
}

async fn move_tails(connection: &mut PgConnection, tails: &[(ConversationId, Seq)]) -> sqlx::Result<()> {
    let conversations: Vec<Uuid> = tails.iter().map(|(id, _)| id.uuid()).collect();
    let up_to: Vec<i64> = tails.iter().map(|(_, seq)| to_bigint(*seq)).collect();
    let wanted: HashMap<Uuid, i64> = conversations.iter().copied().zip(up_to.iter().copied()).collect();
    let heads: Vec<(Uuid, i64)> =
        sqlx::query_as(HEADS).bind(&conversations).fetch_all(&mut *connection).await?;
    let ended: Vec<Uuid> =
        heads.iter().filter(|(id, head)| wanted.get(id) == Some(head)).map(|(id, _)| *id).collect();
    sqlx::query(MOVE_TAILS).bind(&conversations).bind(&up_to).execute(&mut *connection).await?;
    sqlx::query(END_TAILS).bind(ended).execute(connection).await?;
    Ok(())
}
