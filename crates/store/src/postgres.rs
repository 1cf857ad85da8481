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
mod message;
mod migrate;
#[cfg(test)]
mod plans;
mod row;
mod send;
mod writer;

use crate::commit::{Queue, pipeline};
use crate::open::{OpenError, OpenOptions, Opened};
use crate::{
    Committing, Credentials, ListPosition, MessageSlice, Migrator, Result, Roster, Session, Store, Window,
    Write,
};
use async_trait::async_trait;
use natter_protocol::{
    Conversation, ConversationId, Event, Message, MessageId, Seq, SessionId, Timestamp, User, UserId,
};
use sqlx::PgPool;
use std::sync::Arc;

const PING: &str = "SELECT";
const SECRET_PROPOSE: &str = "INSERT INTO installation (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const SECRET: &str = "SELECT value FROM installation WHERE key = $1";

/// The `installation` key of the epoch of all logs.
const EPOCH: &str = "epoch";

struct Postgres {
    queue: Queue,
    readers: PgPool,
    epoch: String,
}

/// Opens the database, brings its schema up to date and starts its writer.
pub(crate) async fn open(url: String, options: OpenOptions) -> Result<Opened, OpenError> {
    let server = connect::Server::new(&url)?;
    let mut connection = server.open().await?;
    migrate::up(&mut connection).await?;
    let readers = server.readers(options.readers_max);
    let epoch = secret(&readers, EPOCH, &options.new_epoch).await.map_err(failure::classify)?;
    let (queue, pipeline, committed) = pipeline();
    tokio::spawn(pipeline.run(writer::Writer::new(server, connection)));
    Ok(Opened { store: Arc::new(Postgres { queue, readers, epoch }), committed })
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
        sqlx::query(PING).execute(&self.readers).await.map_err(failure::classify)?;
        Ok(())
    }

    async fn secret(&self, name: &str, proposal: &str) -> Result<String> {
        secret(&self.readers, name, proposal).await.map_err(failure::classify)
    }

    async fn has_users(&self) -> Result<bool> {
        account::has_users(&self.readers).await.map_err(failure::classify)
    }

    async fn user(&self, id: UserId) -> Result<Option<User>> {
        account::user(&self.readers, id).await.map_err(failure::classify)
    }

    async fn credentials(&self, username: &str) -> Result<Option<Credentials>> {
        account::credentials(&self.readers, username).await.map_err(failure::classify)
    }

    async fn users_named(&self, names: &[String]) -> Result<Vec<User>> {
        account::users_named(&self.readers, names).await.map_err(failure::classify)
    }

    async fn session(&self, id: SessionId, now: Timestamp) -> Result<Option<Session>> {
        account::session(&self.readers, id, now).await.map_err(failure::classify)
    }

    async fn conversation(&self, id: ConversationId, viewer: UserId) -> Result<Option<Conversation>> {
        conversation::one(&self.readers, id, viewer, &self.epoch).await.map_err(failure::classify)
    }

    async fn conversations(
        &self,
        viewer: UserId,
        after: Option<ListPosition>,
        limit: u32,
    ) -> Result<Vec<Conversation>> {
        conversation::list(&self.readers, viewer, after, limit, &self.epoch).await.map_err(failure::classify)
    }

    async fn roster(&self, id: ConversationId) -> Result<Option<Roster>> {
        conversation::roster(&self.readers, id).await.map_err(failure::classify)
    }

    async fn message(&self, id: MessageId, viewer: UserId) -> Result<Option<Message>> {
        message::one(&self.readers, id, viewer).await.map_err(failure::classify)
    }

    async fn messages(
        &self,
        id: ConversationId,
        viewer: UserId,
        window: Window,
        limit: u32,
    ) -> Result<Option<MessageSlice>> {
        let slice =
            message::slice(&self.readers, id, viewer, window, limit).await.map_err(failure::classify)?;
        Ok(slice?)
    }

    async fn events(
        &self,
        id: ConversationId,
        viewer: UserId,
        after: Seq,
        limit: u32,
    ) -> Result<Option<Vec<Event>>> {
        message::events(&self.readers, id, viewer, after, limit).await.map_err(failure::classify)
    }
}
