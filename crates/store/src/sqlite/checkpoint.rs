//! Copies the write-ahead log into the database beside the commits, so that none of them waits for it.
//!
//! Commits go on meanwhile; what they add is copied in the next round, until nothing is left and the log begins anew. If
//! they never leave the time for that, the log grows until SQLite has the writer itself copy what is left.

use crate::open::OpenError;
use rusqlite::Connection;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// Writes after which it is looked whether there is something to be copied.
const WRITES_BETWEEN: usize = 256;
/// Pages of the log that are worth it. A page that changes often is copied once for all of its changes.
const PAGES_MIN: i64 = 1_000;
/// Rounds in which the commits are caught up with, or not.
const ROUNDS_MAX: u32 = 8;

/// The thread that copies. It has ended once this is dropped.
///
/// That is waited for: the last connection to a database removes the log by its name, which must not come when somebody
/// has already put another database in its place.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// Taken only to end the thread.
    due: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    writes: usize,
}

impl Checkpoints {
    /// Starts the thread with a connection of its own.
    pub(super) fn start(connection: Connection) -> Result<Self, OpenError> {
        let (due, asked) = sync_channel(1);
        let thread = thread::Builder::new()
            .name("sqlite-copier".to_owned())
            .spawn(move || run(&connection, &asked))
            .map_err(|error| OpenError::Unreachable(format!("no thread for SQLite's log: {error}")))?;
        Ok(Self { due: Some(due), thread: Some(thread), writes: 0 })
    }

    /// Counts writes that were committed.
    pub(super) fn count(&mut self, writes: usize) {
        self.writes += writes;
        if self.writes >= WRITES_BETWEEN {
            self.writes = 0;
            // If it has been asked already, it will look at these, too.
            let _ = self.due.as_ref().map(|due| due.try_send(()));
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        drop(self.due.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that copies SQLite's log panicked");
        }
    }
}

fn run(connection: &Connection, asked: &Receiver<()>) {
    while asked.recv().is_ok() {
        if let Err(error) = catch_up(connection) {
            // Nothing is lost: the log stays, and is copied another time, or by the writer.
            tracing::warn!(%error, "SQLite's log could not be copied into the database");
        }
    }
}

/// Copies the log if it is long, until the commits are caught up with.
fn catch_up(connection: &Connection) -> rusqlite::Result<()> {
    let (pages, copied) = checkpoint(connection, "NOOP")?;
    if pages - copied < PAGES_MIN {
        return Ok(());
    }
    for _ in 0..ROUNDS_MAX {
        let (pages, copied) = checkpoint(connection, "PASSIVE")?;
        if copied == pages {
            break;
        }
    }
    Ok(())
}

/// Pages in the log, and those of them that are in the database by now.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<(i64, i64)> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| Ok((row.get(1)?, row.get(2)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_committed_is_copied_and_the_log_begins_anew() {
        let directory = tempfile::tempdir().unwrap();
        let connect = || super::super::connect(&directory.path().join("natter.db")).unwrap();
        let (writer, copier) = (connect(), connect());
        writer.execute_batch("PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (bytes BLOB)").unwrap();
        let write = || writer.execute("INSERT INTO t VALUES (zeroblob(1000000))", []).unwrap();
        write();
        catch_up(&copier).unwrap();
        let (pages, done) = checkpoint(&writer, "NOOP").unwrap();
        assert!(done < pages, "{done} of {pages} pages are done, which is not worth it");
        (0..8).for_each(|_| _ = write());
        catch_up(&copier).unwrap();
        let (pages, done) = checkpoint(&writer, "NOOP").unwrap();
        assert!(pages > PAGES_MIN && done == pages, "{done} of {pages} pages are done");
        write();
        let (anew, _) = checkpoint(&writer, "NOOP").unwrap();
        assert!(anew < pages, "{anew} pages after {pages}");
    }

    #[test]
    fn nothing_of_the_database_is_open_once_it_is_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("natter.db");
        let connect = || super::super::connect(&path).unwrap();
        for _ in 0..20 {
            let writer = connect();
            let mut checkpoints = Checkpoints::start(connect()).unwrap();
            writer
                .execute_batch("CREATE TABLE t (bytes BLOB); INSERT INTO t VALUES (zeroblob(8000000))")
                .unwrap();
            checkpoints.count(WRITES_BETWEEN);
            drop((writer, checkpoints));
            // The last connection removes the log.
            let left: Vec<_> =
                directory.path().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
            assert_eq!(left, std::slice::from_ref(&path));
            std::fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn it_is_asked_after_so_many_writes() {
        let (due, asked) = sync_channel(1);
        let mut checkpoints = Checkpoints { due: Some(due), thread: None, writes: 0 };
        checkpoints.count(WRITES_BETWEEN - 1);
        assert!(asked.try_recv().is_err());
        checkpoints.count(1);
        assert!(asked.try_recv().is_ok());
    }
}
