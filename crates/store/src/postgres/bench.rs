//! Bare inserts; see [`crate::bench`].

use super::connect::Server;
use super::failure;
use super::row::{to_bigint, to_time};
use super::send::{Fresh, insert_events, insert_messages};
use super::statement::INSERT_MESSAGES;
use crate::open::OpenError;
use crate::{NewMessage, Result};
use natter_protocol::{ConversationId, Seq};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::collections::HashMap;

pub(crate) const DESCRIPTION: &str = "One connection, prepared statements. Each transaction inserts a batch of rows into \
     messages and as many into events, with one INSERT … SELECT FROM UNNEST each, in the schema of natter with its \
     indexes and foreign keys, updates the heads of their conversations with one statement, and commits with the \
     server's synchronous_commit. It checks nothing, locks nothing beforehand and answers nobody.";

const SAVE: &str = "
    UPDATE conversations AS c
       SET last_seq = new.last_seq, message_number = new.last_seq, last_message_id = new.last_message_id,
           updated_at = greatest(c.updated_at, new.updated_at)
      FROM UNNEST($1::uuid[], $2::bigint[], $3::uuid[], $4::timestamptz[])
           AS new (id, last_seq, last_message_id, updated_at)
     WHERE c.id = new.id";

const INDEX_BYTES: &str = "
    SELECT (pg_total_relation_size('search_rows') + pg_total_relation_size('search_blocks')
            + pg_total_relation_size('search_tails'))::bigint";

pub(crate) struct Bare(PgConnection);

impl Bare {
    pub(crate) async fn open(url: &str) -> Result<Self, OpenError> {
        Server::new(url)?.open().await.map(Self)
    }

    pub(crate) async fn insert(&mut self, batch: &[(NewMessage, Seq)]) -> Result<()> {
        self.run(batch).await.map_err(failure::classify)
    }

    async fn run(&mut self, batch: &[(NewMessage, Seq)]) -> sqlx::Result<()> {
        let mut transaction = self.0.begin().await?;
        let rows: Vec<_> = batch
            .iter()
            .map(|(new, seq)| Fresh { new, mentions: &new.mentions, seq: *seq, number: *seq })
            .collect();
        insert_messages(&mut transaction, INSERT_MESSAGES, &rows).await?;
        insert_events(&mut transaction, &rows).await?;
        let heads: HashMap<ConversationId, &Fresh<'_>> =
            rows.iter().map(|row| (row.new.conversation_id, row)).collect();
        sqlx::query(SAVE)
            .bind(heads.keys().map(|id| id.uuid()).collect::<Vec<_>>())
            .bind(heads.values().map(|row| to_bigint(row.seq)).collect::<Vec<_>>())
            .bind(heads.values().map(|row| row.new.id.uuid()).collect::<Vec<_>>())
            .bind(heads.values().map(|row| to_time(row.new.created_at)).collect::<Vec<_>>())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }
}

/// Bytes of the tables of the search index, with their keys.
pub(crate) async fn index_bytes(url: &str) -> Result<u64, OpenError> {
    let mut connection = Server::new(url)?.open().await?;
    let bytes: i64 = sqlx::query_scalar(INDEX_BYTES)
        .fetch_one(&mut connection)
        .await
        .map_err(|error| OpenError::Store(failure::classify(error)))?;
    Ok(bytes.unsigned_abs())
}

/// Creates an empty database on the server of another; answers its URL.
pub(crate) async fn create_scratch(url: &str, name: &str) -> Result<String, OpenError> {
    drop_scratch(url, name).await?;
    let server = Server::new(url)?;
    execute(&server, &format!("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", quoted(name))).await?;
    Ok(server.url_of(name))
}

pub(crate) async fn drop_scratch(url: &str, name: &str) -> Result<(), OpenError> {
    execute(&Server::new(url)?, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name))).await
}

async fn execute(server: &Server, statement: &str) -> Result<(), OpenError> {
    let mut connection = server.open().await?;
    // That there was nothing to drop is no news.
    for statement in ["SET client_min_messages = warning", statement] {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .map_err(|error| OpenError::Store(failure::classify(error)))?;
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
