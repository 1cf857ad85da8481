//! The connections that read. They see what is committed and never wait for the writer.

use super::{BUSY_MS_MAX, STATEMENTS_MAX, failure};
use crate::open::OpenError;
use crate::{Refusal, Result, StoreError};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags, Transaction};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// KiB of pages that a reader keeps.
const READER_CACHE_KIB: i32 = 4_096;

pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn open(path: &Path, connections: u32) -> Result<Self, OpenError> {
        let idle = (0..connections.max(1))
            .map(|_| connect(path))
            .collect::<rusqlite::Result<Vec<_>>>()
            .map_err(|error| OpenError::Store(failure::classify(error)))?;
        let permits = Arc::new(Semaphore::new(idle.len()));
        Ok(Self { idle: Mutex::new(idle), permits })
    }

    /// Runs a query on a thread where it may block, in one snapshot.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.read_checked(|snapshot| query(snapshot).map(Ok)).await
    }

    /// Runs a query that can also find that what was asked makes no sense.
    pub(super) async fn read_checked<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<Result<T, Refusal>> + Send + 'static,
    ) -> Result<T> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Unavailable("the database is closing".to_owned()))?;
        let readers = Arc::clone(self);
        let run = move || {
            // Goes with the work, which nobody can call back: whoever asked may be gone before it is done.
            let _permit = permit;
            let mut connection = readers
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop()
                .ok_or_else(|| StoreError::Broken("a reader is missing from its pool".to_owned()))?;
            let answer = connection.transaction().and_then(|snapshot| query(&snapshot));
            readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            answer.map_err(failure::classify)?.map_err(StoreError::Refused)
        };
        tokio::task::spawn_blocking(run)
            .await
            .unwrap_or_else(|error| Err(StoreError::Broken(error.to_string())))
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "busy_timeout", BUSY_MS_MAX)?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    add_fold(&connection)?;
    Ok(connection)
}

/// SQLite knows the letters of ASCII only; `fold` makes all of them small, as the domain does with what is looked for.
pub(super) fn add_fold(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("fold", 1, flags, |context| {
        Ok(context.get_raw(0).as_str_or_null()?.map(str::to_lowercase))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::task::{Context, Waker};

    #[tokio::test]
    async fn whoever_stops_waiting_for_an_answer_takes_no_connection_from_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("natter.db");
        drop(Connection::open(&path).unwrap());
        let readers = Arc::new(Readers::open(&path, 1).unwrap());
        let (release, held) = mpsc::channel::<()>();
        let mut once = Context::from_waker(Waker::noop());
        let mut abandoned = Box::pin(readers.read(move |_| {
            held.recv().unwrap();
            Ok(())
        }));
        assert!(abandoned.as_mut().poll(&mut once).is_pending());
        drop(abandoned);

        let mut next = Box::pin(readers.read(|_| Ok(())));
        assert!(next.as_mut().poll(&mut once).is_pending());
        release.send(()).unwrap();
        next.await.unwrap();
    }
}
