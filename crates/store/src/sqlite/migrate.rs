//! Migrations of SQLite. Each step and its record are one transaction.

use super::failure;
use crate::migration::{self, Applied, MigrationError, MigrationStatus, Migrator, SQLITE};
use async_trait::async_trait;
use rusqlite::{Connection, TransactionBehavior};
use std::sync::{Mutex, PoisonError};

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version    INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    checksum   TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ'))
) STRICT";

/// Applies what is missing; answers the names of what it applied.
pub(super) fn up(connection: &mut Connection) -> Result<Vec<String>, MigrationError> {
    // Immediate, so that two processes that start at once take turns instead of both migrating.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let applied = applied(&transaction)?;
    migration::check(SQLITE, &applied)?;
    let mut names = Vec::new();
    for step in migration::missing(SQLITE, &applied) {
        transaction.execute_batch(step.up).map_err(failed)?;
        transaction
            .execute(
                "INSERT INTO schema_migrations (version, name, checksum) VALUES (?1, ?2, ?3)",
                (step.version, step.name, step.checksum()),
            )
            .map_err(failed)?;
        names.push(step.name.to_owned());
    }
    transaction.commit().map_err(failed)?;
    Ok(names)
}

fn down(connection: &mut Connection) -> Result<Option<String>, MigrationError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let applied = applied(&transaction)?;
    migration::check(SQLITE, &applied)?;
    let Some(step) = SQLITE.iter().rfind(|step| applied.iter().any(|entry| entry.version == step.version))
    else {
        return Ok(None);
    };
    transaction.execute_batch(step.down).map_err(failed)?;
    transaction
        .execute("DELETE FROM schema_migrations WHERE version = ?1", [step.version])
        .map_err(failed)?;
    transaction.commit().map_err(failed)?;
    Ok(Some(step.name.to_owned()))
}

fn applied(connection: &Connection) -> Result<Vec<Applied>, MigrationError> {
    connection.execute_batch(CREATE_TABLE).map_err(failed)?;
    let mut statement = connection
        .prepare("SELECT version, name, checksum FROM schema_migrations ORDER BY version")
        .map_err(failed)?;
    let rows = statement
        .query_map([], |row| Ok(Applied { version: row.get(0)?, name: row.get(1)?, checksum: row.get(2)? }))
        .map_err(failed)?;
    rows.collect::<rusqlite::Result<_>>().map_err(failed)
}

fn failed(error: rusqlite::Error) -> MigrationError {
    MigrationError::Failed(failure::classify(error).to_string())
}

/// `natter migrate` on SQLite.
pub(super) struct SqliteMigrator(Mutex<Connection>);

impl SqliteMigrator {
    pub(super) const fn new(connection: Connection) -> Self {
        Self(Mutex::new(connection))
    }

    fn connection(&mut self) -> &mut Connection {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Migrator for SqliteMigrator {
    async fn status(&mut self) -> Result<Vec<MigrationStatus>, MigrationError> {
        let applied = applied(self.connection())?;
        migration::check(SQLITE, &applied)?;
        Ok(migration::status(SQLITE, &applied))
    }

    async fn up(&mut self) -> Result<Vec<String>, MigrationError> {
        up(self.connection())
    }

    async fn down(&mut self) -> Result<Option<String>, MigrationError> {
        down(self.connection())
    }
}
