//! Schema migrations: numbered pairs of SQL files, embedded in the binary.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// One step of the schema, forth and back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
}

impl Migration {
    /// SHA-256 of the file, in hexadecimal: an applied file must never change.
    pub(crate) fn checksum(&self) -> String {
        Sha256::digest(self.up.as_bytes()).iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// The migrations of one database, in order.
macro_rules! migrations {
    ($database:literal: $($version:literal $name:literal),* $(,)?) => {
        &[$(
            $crate::migration::Migration {
                version: $version,
                name: $name,
                up: include_str!(concat!("../migrations/", $database, "/", $name, ".up.sql")),
                down: include_str!(concat!("../migrations/", $database, "/", $name, ".down.sql")),
            },
        )*]
    };
}

pub(crate) const SQLITE: &[Migration] = migrations!("sqlite": 1 "0001_foundation", 2 "0002_messaging", 3 "0003_search", 4 "0004_realtime", 5 "0005_files", 6 "0006_link_previews");
pub(crate) const POSTGRES: &[Migration] = migrations!("postgres": 1 "0001_foundation", 2 "0002_messaging", 3 "0003_search", 4 "0004_realtime", 5 "0005_files", 6 "0006_link_previews");

/// A migration that the database says was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) version: i64,
    pub(crate) name: String,
    pub(crate) checksum: String,
}

/// What `natter migrate status` shows of one migration.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MigrationStatus {
    /// Its number.
    pub version: i64,
    /// Its file name, without the ending.
    pub name: String,
    /// Whether this database has it.
    pub applied: bool,
}

/// Why the schema could not be brought to a version.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database was migrated by a newer program.
    #[error(
        "the database has schema version {found}, but this program knows only up to {known}. \
         Use the newer natter that wrote it, or restore a backup from before the upgrade. Nothing was changed."
    )]
    Newer {
        /// The version of the database.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// An applied file has changed since.
    #[error(
        "migration {name} was applied with another content than this program carries. \
         Use the natter that applied it. Nothing was changed."
    )]
    Changed {
        /// Its file name, without the ending.
        name: String,
    },
    /// The database refused a statement; the step was undone.
    #[error("the database failed while migrating: {0}")]
    Failed(String),
}

/// Brings the schema of one database up or down.
#[async_trait::async_trait]
pub trait Migrator: Send {
    /// Each migration that this program knows, and whether it is applied.
    async fn status(&mut self) -> Result<Vec<MigrationStatus>, MigrationError>;
    /// Applies what is missing; answers the names of what it applied.
    async fn up(&mut self) -> Result<Vec<String>, MigrationError>;
    /// Takes the newest applied migration back; answers its name, or none when there is none.
    async fn down(&mut self) -> Result<Option<String>, MigrationError>;
}

/// Compares what is applied with what this program knows.
pub(crate) fn check(known: &[Migration], applied: &[Applied]) -> Result<(), MigrationError> {
    let newest = known.last().map_or(0, |migration| migration.version);
    for entry in applied {
        let Some(migration) = known.iter().find(|migration| migration.version == entry.version) else {
            return Err(MigrationError::Newer { found: entry.version.max(newest), known: newest });
        };
        if migration.checksum() != entry.checksum {
            return Err(MigrationError::Changed { name: entry.name.clone() });
        }
    }
    Ok(())
}

/// What `status` answers.
pub(crate) fn status(known: &[Migration], applied: &[Applied]) -> Vec<MigrationStatus> {
    known
        .iter()
        .map(|migration| MigrationStatus {
            version: migration.version,
            name: migration.name.to_owned(),
            applied: applied.iter().any(|entry| entry.version == migration.version),
        })
        .collect()
}

/// What is not applied yet, in order.
pub(crate) fn missing<'a>(
    known: &'a [Migration],
    applied: &'a [Applied],
) -> impl Iterator<Item = &'a Migration> {
    known.iter().filter(|migration| applied.iter().all(|entry| entry.version != migration.version))
}
