//! A connection of its own for what tells whether the database is there, who was signed out, and whom an event is for: it
//! must not wait behind the reads of thousands who come back at once, and silence must mean that the database is gone.

use super::connect::Server;
use super::{Statement, failure};
use crate::Result;
use sqlx::postgres::{PgConnection, PgRow};
use tokio::sync::Mutex;

pub(super) struct Lookout {
    server: Server,
    /// None until it is needed, and after each failure.
    connection: Mutex<Option<PgConnection>>,
}

impl Lookout {
    pub(super) fn new(server: Server) -> Self {
        Self { server, connection: Mutex::default() }
    }

    /// All rows.
    pub(super) async fn all(&self, statement: Statement<'_>) -> Result<Vec<PgRow>> {
        self.ask(statement).await.map_err(failure::classify)
    }

    async fn ask(&self, statement: Statement<'_>) -> sqlx::Result<Vec<PgRow>> {
        let mut kept = self.connection.lock().await;
        // Taken out of its place: when whoever asks gives up, the connection that does not answer goes with the question.
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => self.server.reopen().await?,
        };
        let rows = statement.fetch_all(&mut connection).await?;
        *kept = Some(connection);
        Ok(rows)
    }
}
