//! PostgreSQL: the database that any number of nodes share.
//!
//! One connection of each node writes, so that a node's batches follow one another; what other nodes do at the same
//! time is kept apart by locking the conversations of a batch, in the order of their ids. Reads use a pool and are
//! one statement each, which is one snapshot.

mod account;
pub(crate) mod bench;
mod connect;
mod conversation;
mod failure;
mod file;
mod index;
mod lookout;
mod message;
mod migrate;
#[cfg(test)]
mod plans;
mod preview;
mod row;
mod rows;
mod search;
mod send;
mod statement;
mod transaction;
mod writer;

use crate::commit::{Queue, pipeline};
use crate::open::{OpenError, OpenOptions, Opened};
use crate::{Committing, Migrator, Result, Store, Write};
use async_trait::async_trait;
use lookout::Lookout;
use sqlx::PgPool;
use sqlx::postgres::{PgArguments, PgRow};
use std::sync::Arc;
use tokio::sync::Semaphore;

const PING: &str = "SELECT";
const SECRET_PROPOSE: &str = "INSERT INTO installation (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const SECRET: &str = "SELECT value FROM installation WHERE key = $1";

/// Statements that have to see the same.
const BEGIN_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The `installation` key of the epoch of all logs.
const EPOCH: &str = "epoch";

/// A statement with its parameters.
type Statement<'a> = sqlx::query::Query<'a, sqlx::Postgres, PgArguments>;

struct Postgres {
    queue: Queue,
    readers: PgPool,
    lookout: Lookout,
    searching: Semaphore,
    epoch: String,
}

/// Opens the database, brings its schema up to date and starts its writer.
pub(crate) async fn open(url: String, options: OpenOptions) -> Result<Opened, OpenError> {
    let server = connect::Server::new(&url)?;
    let mut connection = server.open().await?;
    migrate::up(&mut connection).await?;
    let readers = server.readers(options.readers_max);
    let lookout = Lookout::new(connect::Server::new(&url)?);
    let epoch = secret(&readers, EPOCH, &options.new_epoch).await.map_err(failure::classify)?;
    let (queue, pipeline, committed) = pipeline();
    tokio::spawn(pipeline.run(writer::Writer::new(server, connection)));
    let searching = crate::search::turns(options.readers_max);
    Ok(Opened { store: Arc::new(Postgres { queue, readers, lookout, searching, epoch }), committed })
}

/// Opens the database for migrating only.
pub(crate) async fn migrator(url: &str) -> Result<Box<dyn Migrator>, OpenError> {
    let connection = connect::Server::new(url)?.open().await?;
    Ok(Box::new(migrate::PostgresMigrator::new(connection)))
}

/// Keeps the first proposal for ever.
async fn secret(readers: &PgPool, name: &str, proposal: &str) -> sqlx::Result<String> {
    if let Some(value) = sqlx::query_scalar(SECRET).bind(name).fetch_optional(readers).await? {
        return Ok(value);
    }
    sqlx::query(SECRET_PROPOSE).bind(name).bind(proposal).execute(readers).await?;
    sqlx::query_scalar(SECRET).bind(name).fetch_one(readers).await
}

#[async_trait]
impl Store for Postgres {
    async fn queue(&self, write: Write) -> Result<Committing> {
        self.queue.push(write).await
    }

    fn epoch(&self) -> &str {
        &self.epoch
    }

    async fn ping(&self) -> Result<()> {
        self.lookout.all(sqlx::query(PING)).await.map(drop)
    }

    async fn secret(&self, name: &str, proposal: &str) -> Result<String> {
        secret(&self.readers, name, proposal).await.map_err(failure::classify)
    }
}

/// How reads read.
impl Postgres {
    /// All rows.
    async fn all<T>(
        &self,
        statement: Statement<'_>,
        read: impl Fn(&PgRow) -> sqlx::Result<T>,
    ) -> Result<Vec<T>> {
        let rows = statement.fetch_all(&self.readers).await.map_err(failure::classify)?;
        rows.iter().map(read).collect::<sqlx::Result<_>>().map_err(failure::classify)
    }

    /// The rows that hold something. No row at all: the viewer is no member.
    async fn all_if_member<T>(
        &self,
        statement: Statement<'_>,
        read: impl Fn(&PgRow) -> sqlx::Result<Option<T>>,
    ) -> Result<Option<Vec<T>>> {
        let rows = self.all(statement, read).await?;
        Ok(if rows.is_empty() { None } else { Some(rows.into_iter().flatten().collect()) })
    }

    /// The row, if there is one.
    async fn first<T>(
        &self,
        statement: Statement<'_>,
        read: impl FnOnce(&PgRow) -> sqlx::Result<T>,
    ) -> Result<Option<T>> {
        let row = statement.fetch_optional(&self.readers).await.map_err(failure::classify)?;
        row.as_ref().map(read).transpose().map_err(failure::classify)
    }

    /// The row that there always is.
    async fn only<T>(
        &self,
        statement: Statement<'_>,
        read: impl FnOnce(&PgRow) -> sqlx::Result<T>,
    ) -> Result<T> {
        let row = statement.fetch_one(&self.readers).await.map_err(failure::classify)?;
        read(&row).map_err(failure::classify)
    }
}
