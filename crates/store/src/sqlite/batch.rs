//! The transaction of a batch, and how statements are run in it.

use super::row::Columns;
use crate::apply::heads::Head;
use crate::apply::rows::{Step, Stop};
use natter_protocol::{ConversationId, MessageId};
use rusqlite::{Connection, Error, OptionalExtension as _, Params, Result};
use uuid::Uuid;

const SAVE_HEAD: &str = "
    UPDATE conversations
       SET last_seq = ?2, message_number = ?3, member_count = ?4, blocked = ?5,
           last_message_id = coalesce(?6, last_message_id), updated_at = max(updated_at, ?7)
     WHERE id = ?1";

/// A transaction that is undone unless it is committed.
pub(super) struct Batch<'a>(&'a mut Connection);

impl<'a> Batch<'a> {
    /// Immediate: whatever it reads, nobody else changes until it ends.
    pub(super) fn begin(connection: &'a mut Connection) -> Result<Self> {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Self(connection))
    }

    pub(super) fn commit(self) -> Result<()> {
        self.0.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    pub(super) const fn connection(&self) -> &Connection {
        self.0
    }

    /// Writes heads of logs.
    pub(super) fn save(&self, heads: &[(ConversationId, &Head)]) -> Result<()> {
        let mut save = self.0.prepare_cached(SAVE_HEAD)?;
        for (id, head) in heads {
            save.execute((
                id.uuid(),
                head.last_seq,
                head.message_number,
                head.member_count,
                head.blocked,
                head.appended.map(MessageId::uuid),
                head.info.updated_at.millis(),
            ))?;
        }
        Ok(())
    }

    /// Runs a statement.
    pub(super) fn run(&self, sql: &str, parameters: impl Params) -> Step<(), Error> {
        self.changes(sql, parameters).map(drop)
    }

    /// Whether a statement changes a row.
    pub(super) fn hits(&self, sql: &str, parameters: impl Params) -> Step<bool, Error> {
        self.changes(sql, parameters).map(|rows| rows > 0)
    }

    /// How many rows a statement changes.
    pub(super) fn changes(&self, sql: &str, parameters: impl Params) -> Step<u64, Error> {
        told(self.0.prepare_cached(sql).and_then(|mut statement| statement.execute(parameters)))
            .map(|rows| rows as u64)
    }

    /// The first row that a statement answers.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&mut Columns<'_>) -> Result<T>,
    ) -> Step<Option<T>, Error> {
        let mut statement = told(self.0.prepare_cached(sql))?;
        told(statement.query_row(parameters, |row| read(&mut Columns::of(row))).optional())
    }

    /// All rows that a statement answers.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl Fn(&mut Columns<'_>) -> Result<T>,
    ) -> Step<Vec<T>, Error> {
        let mut statement = told(self.0.prepare_cached(sql))?;
        let rows = statement.query_map(parameters, |row| read(&mut Columns::of(row)));
        told(rows.and_then(Iterator::collect))
    }

    /// The ids that a statement answers.
    pub(super) fn ids<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        wrap: fn(Uuid) -> T,
    ) -> Step<Vec<T>, Error> {
        self.all(sql, parameters, |columns| columns.id(wrap))
    }

    /// Whether a statement answers anything.
    pub(super) fn exists(&self, sql: &str, parameters: impl Params) -> Step<bool, Error> {
        told(self.0.prepare_cached(sql).and_then(|mut statement| statement.exists(parameters)))
    }

    /// The number that a statement answers.
    pub(super) fn count(&self, sql: &str, parameters: impl Params) -> Step<u64, Error> {
        let mut statement = told(self.0.prepare_cached(sql))?;
        told(statement.query_row(parameters, |row| row.get(0)))
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        // After a commit, or if SQLite has undone it by itself, there is nothing left to undo.
        if !self.0.is_autocommit()
            && let Err(error) = self.0.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a batch could not be undone");
        }
    }
}

/// As the rules want to hear of it.
pub(super) fn told<T>(result: Result<T>) -> Step<T, Error> {
    result.map_err(Stop::Failed)
}
