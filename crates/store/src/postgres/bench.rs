//! Bare inserts; see [`crate::bench`].

use super::connect::Server;
use super::failure;
use super::row::{to_bigint, to_time};
use super::send::{SAVE, insert};
use crate::open::OpenError;
use crate::{NewMessage, Result};
use natter_protocol::{ConversationId, Seq};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::collections::HashMap;

pub(crate) const DESCRIPTION: &str = "One connection, prepared statements. Each transaction inserts a batch of rows into \
     messages and as many into events, with one INSERT … SELECT FROM UNNEST each, in the schema of natter with its \
     indexes and foreign keys, updates the heads of their conversations with one statement, and commits with the \
     server's synchronous_commit. It checks nothing, locks nothing beforehand and answers nobody.";

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
        let rows: Vec<_> = batch.iter().map(|(new, seq)| (new, to_bigint(*seq))).collect();
        insert(&mut transaction, &rows).await?;
        let heads: HashMap<ConversationId, _> =
            rows.iter().map(|(new, seq)| (new.conversation_id, (new, *seq))).collect();
        sqlx::query(SAVE)
            .bind(heads.keys().map(|id| id.uuid()).collect::<Vec<_>>())
            .bind(heads.values().map(|(_, seq)| *seq).collect::<Vec<_>>())
            .bind(heads.values().map(|(new, _)| new.id.uuid()).collect::<Vec<_>>())
            .bind(heads.values().map(|(new, _)| to_time(new.created_at)).collect::<Vec<_>>())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }
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
