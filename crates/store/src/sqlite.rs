//! SQLite: the embedded database of a single node.
//!
//! One thread owns the only connection that writes, so there is nobody to wait for and nothing to deadlock with;
//! readers have connections of their own and never wait for it (write-ahead log). What is promised to survive a
//! power cut depends on `synchronous=FULL`: the setting is read back when the database is opened.

mod account;
mod batch;
pub(crate) mod bench;
mod checkpoint;
mod conversation;
mod failure;
mod file;
mod index;
mod message;
mod migrate;
#[cfg(test)]
mod plans;
mod preview;
mod readers;
mod row;
mod rows;
mod search;
#[cfg(test)]
mod statements;
mod writer;

use crate::commit::{Queue, pipeline};
use crate::open::{OpenError, OpenOptions, Opened};
use crate::{Committing, Migrator, Result, Store, StoreError, Write};
use async_trait::async_trait;
use checkpoint::Checkpoints;
use readers::Readers;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{Mutex, Semaphore};

/// Earlier releases can corrupt the write-ahead log when several connections use it (SQLite 3.51.3, release notes).
const VERSION_MIN: i32 = 3_051_003;
/// Milliseconds that a statement waits for another process, such as `natter user create` beside a running server.
const BUSY_MS_MAX: u32 = 5_000;
/// Attempts at switching a new file to the write-ahead log while others do the same.
const SWITCH_ATTEMPTS_MAX: u32 = 16;
/// Pages in the write-ahead log at which the writer itself copies them into the database: 64 MiB. Usually they are copied
/// beside it, long before.
const CHECKPOINT_PAGES: i32 = 16_000;
/// KiB of pages that the writer keeps.
const WRITER_CACHE_KIB: i32 = 16_384;
/// Prepared statements that a connection keeps.
const STATEMENTS_MAX: usize = 128;

pub(crate) struct Sqlite {
    queue: Queue,
    readers: Arc<Readers>,
    /// For what must not wait behind the reads of thousands who come back at once: whether the database is there, who was
    /// signed out, and whom an event is for.
    lookout: Arc<Readers>,
    /// The connection that writes: the commit pipeline and the search index take turns.
    writer: Arc<Mutex<Connection>>,
    /// Held while messages are indexed.
    indexing: Mutex<()>,
    searching: Semaphore,
    epoch: String,
    /// For the rare writes that are no part of any log and must be answered before the pipeline runs.
    path: PathBuf,
}

/// Opens the database, brings its schema up to date and starts its writer.
pub(crate) async fn open(path: PathBuf, options: OpenOptions) -> Result<Opened, OpenError> {
    let Prepared { writer, checkpoints, readers, lookout, epoch } = {
        let (path, options) = (path.clone(), options.clone());
        blocking(move || prepare(&path, &options)).await?
    };
    let writer = Arc::new(Mutex::new(writer));
    let connection = Arc::clone(&writer);
    let (queue, pipeline, committed) = pipeline();
    let runtime = tokio::runtime::Handle::current();
    std::thread::Builder::new()
        .name("sqlite-writer".to_owned())
        .spawn(move || runtime.block_on(pipeline.run(writer::Writer::new(connection, checkpoints))))
        .map_err(|error| OpenError::Unreachable(format!("no thread for the SQLite writer: {error}")))?;
    let searching = crate::search::turns(options.readers_max);
    let store =
        Sqlite { queue, readers, lookout, writer, indexing: Mutex::default(), searching, epoch, path };
    Ok(Opened { store: Arc::new(store), committed })
}

/// Opens the database for migrating only.
pub(crate) async fn migrator(path: PathBuf) -> Result<Box<dyn Migrator>, OpenError> {
    let connection = blocking(move || connect(&path)).await?;
    Ok(Box::new(migrate::SqliteMigrator::new(connection)))
}

/// The connections to a database that is up to date.
struct Prepared {
    writer: Connection,
    checkpoints: Checkpoints,
    readers: Arc<Readers>,
    lookout: Arc<Readers>,
    epoch: String,
}

fn prepare(path: &Path, options: &OpenOptions) -> Result<Prepared, OpenError> {
    let mut writer = connect(path)?;
    migrate::up(&mut writer)?;
    let epoch = secret(&writer, "epoch", &options.new_epoch).map_err(failure::classify)?;
    let readers = Arc::new(Readers::open(path, options.readers_max)?);
    let lookout = Arc::new(Readers::open(path, 1)?);
    let checkpoints = Checkpoints::start(connect(path)?)?;
    Ok(Prepared { writer, checkpoints, readers, lookout, epoch })
}

/// A connection that may write, with the settings that durability depends on.
fn connect(path: &Path) -> Result<Connection, OpenError> {
    if rusqlite::version_number() < VERSION_MIN {
        return Err(OpenError::Unsafe(format!(
            "SQLite {} can corrupt its write-ahead log; natter needs 3.51.3 or later. Build natter with its bundled SQLite.",
            rusqlite::version()
        )));
    }
    let unreachable = |error: rusqlite::Error| match failure::classify(error) {
        StoreError::Full => OpenError::Unreachable(format!(
            "the disk that holds {} is full: make room and start again. Nothing was changed.",
            path.display()
        )),
        error => OpenError::Unreachable(format!(
            "cannot open the database file {}: {error}. Check that the directory exists and that this user may write \
             there, or choose another with --data-dir.",
            path.display()
        )),
    };
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(unreachable)?;
    let configure = || -> rusqlite::Result<(String, i64)> {
        connection.pragma_update(None, "busy_timeout", BUSY_MS_MAX)?;
        let journal = write_ahead(&connection)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        let synchronous = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
        Ok((journal, synchronous))
    };
    let (journal, synchronous) = configure().map_err(unreachable)?;
    if !journal.eq_ignore_ascii_case("wal") || synchronous < 2 {
        return Err(OpenError::Unsafe(format!(
            "SQLite answers journal_mode={journal} and synchronous={synchronous} for {}; natter needs wal and 2 (FULL) \
             to keep what it acknowledges. Put the data directory on a local file system.",
            path.display()
        )));
    }
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(connection)
}

/// Switches to the write-ahead log; answers the mode that is in force.
///
/// SQLite does not wait when two connections switch a new file at once: one of them gets `SQLITE_BUSY`. It does wait
/// for a transaction, so an empty one stands in line behind whoever was first.
fn write_ahead(connection: &Connection) -> rusqlite::Result<String> {
    for _ in 1..SWITCH_ATTEMPTS_MAX {
        match connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                connection.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
            }
            switched => return switched,
        }
    }
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
}

/// Keeps the first proposal for ever.
fn secret(connection: &Connection, key: &str, proposal: &str) -> rusqlite::Result<String> {
    let known = |connection: &Connection| {
        connection
            .query_row("SELECT value FROM installation WHERE key = ?1", [key], |row| row.get(0))
            .optional()
    };
    if let Some(value) = known(connection)? {
        return Ok(value);
    }
    connection.execute(
        "INSERT INTO installation (key, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        [key, proposal],
    )?;
    connection.query_row("SELECT value FROM installation WHERE key = ?1", [key], |row| row.get(0))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, OpenError> + Send + 'static,
) -> Result<T, OpenError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(OpenError::Unreachable(format!("opening the database failed: {error}"))))
}

#[async_trait]
impl Store for Sqlite {
    async fn queue(&self, write: Write) -> Result<Committing> {
        self.queue.push(write).await
    }

    fn epoch(&self) -> &str {
        &self.epoch
    }

    async fn ping(&self) -> Result<()> {
        self.lookout.read(|snapshot| snapshot.query_row("SELECT 1", [], |_| Ok(()))).await
    }

    async fn secret(&self, name: &str, proposal: &str) -> Result<String> {
        let (path, name, proposal) = (self.path.clone(), name.to_owned(), proposal.to_owned());
        tokio::task::spawn_blocking(move || {
            let connection = connect(&path).map_err(|error| StoreError::Unavailable(error.to_string()))?;
            secret(&connection, &name, &proposal).map_err(failure::classify)
        })
        .await
        .unwrap_or_else(|error| Err(StoreError::Broken(error.to_string())))
    }
}
