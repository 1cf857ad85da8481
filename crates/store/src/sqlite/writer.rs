//! The one connection that writes.

use super::batch::Batch;
use super::checkpoint::Checkpoints;
use super::failure;
use crate::Write;
use crate::apply::apply;
use crate::apply::heads::Heads;
use crate::commit::{Backend, Failure, Outcome};
use rusqlite::Connection;
use std::sync::Arc;
use tokio::sync::Mutex;

pub(super) struct Writer {
    connection: Arc<Mutex<Connection>>,
    checkpoints: Checkpoints,
}

impl Writer {
    pub(super) const fn new(connection: Arc<Mutex<Connection>>, checkpoints: Checkpoints) -> Self {
        Self { connection, checkpoints }
    }

    async fn run(&mut self, writes: &[Write]) -> rusqlite::Result<Vec<Outcome>> {
        let mut connection = self.connection.lock().await;
        let mut batch = Batch::begin(&mut connection)?;
        let mut heads = Heads::default();
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            outcomes.push(apply(&mut batch, &mut heads, write).await?);
        }
        batch.save(&heads.changed())?;
        batch.commit()?;
        self.checkpoints.count(writes.len());
        Ok(outcomes)
    }
}

impl Backend for Writer {
    async fn commit(&mut self, writes: &[Write]) -> Result<Vec<Outcome>, Failure> {
        self.run(writes).await.map_err(failure::in_batch)
    }
}
