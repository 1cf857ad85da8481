//! Runs of messages, of a conversation or of one of its threads.

use super::{MESSAGE_COLUMNS, MESSAGE_JOINS, POSITION, message};
use crate::sqlite::conversation::is_member;
use crate::sqlite::row::Columns;
use crate::{Anchor, MessageSlice, Refusal, Window};
use natter_protocol::{ConversationId, Message, MessageId, Seq, UserId};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::sync::LazyLock;

pub(in crate::sqlite) static BEFORE: LazyLock<String> = LazyLock::new(|| of_conversation("<", "DESC"));
pub(in crate::sqlite) static AFTER: LazyLock<String> = LazyLock::new(|| of_conversation(">", "ASC"));
pub(in crate::sqlite) static THREAD_BEFORE: LazyLock<String> = LazyLock::new(|| of_thread("<", "DESC"));
pub(in crate::sqlite) static THREAD_AFTER: LazyLock<String> = LazyLock::new(|| of_thread(">", "ASC"));

/// Messages on one side of position 3 in conversation 2.
fn of_conversation(side: &str, order: &str) -> String {
    format!(
        "SELECT {MESSAGE_COLUMNS}
           FROM messages AS m {MESSAGE_JOINS}
          WHERE m.conversation_id = ?2 AND m.seq {side} ?3
          ORDER BY m.seq {order} LIMIT ?4"
    )
}

/// The same of thread 5 only, with the message that started it.
fn of_thread(side: &str, order: &str) -> String {
    format!(
        "WITH page (id, seq) AS MATERIALIZED (
             SELECT id, seq
               FROM (SELECT id, seq
                       FROM messages
                      WHERE thread_id = ?5 AND seq {side} ?3 AND conversation_id = ?2
                      ORDER BY seq {order} LIMIT ?4) AS replies
              UNION ALL
             SELECT id, seq FROM messages WHERE id = ?5 AND seq {side} ?3 AND conversation_id = ?2
              ORDER BY seq {order} LIMIT ?4)
         SELECT {MESSAGE_COLUMNS}
           FROM page JOIN messages AS m ON m.id = page.id {MESSAGE_JOINS}
          ORDER BY page.seq {order}"
    )
}

pub(super) fn slice(
    connection: &Connection,
    id: ConversationId,
    viewer: UserId,
    thread: Option<MessageId>,
    window: Window,
    limit: u32,
) -> rusqlite::Result<Result<Option<MessageSlice>, Refusal>> {
    if !is_member(connection, id, viewer)? {
        return Ok(Ok(None));
    }
    let place = match window {
        Window::Newest => Some(i64::MAX.unsigned_abs()),
        Window::Before(anchor) | Window::After(anchor) | Window::Around(anchor) => {
            position(connection, id, anchor)?
        }
    };
    let Some(place) = place else { return Ok(Err(Refusal::AnchorUnknown)) };
    let history = History { connection, id, viewer, thread };
    let slice = match window {
        Window::Newest | Window::Before(_) => {
            let (messages, older) = history.before(place, limit)?;
            let newer = history.after(place.saturating_sub(1), 0)?.1;
            MessageSlice { messages, older, newer }
        }
        Window::After(_) => {
            let (messages, newer) = history.after(place, limit)?;
            let older = history.before(place.saturating_add(1), 0)?.1;
            MessageSlice { messages, older, newer }
        }
        Window::Around(_) => {
            let (mut messages, older) = history.before(place, limit / 2)?;
            let (from_place, newer) = history.after(place.saturating_sub(1), limit - limit / 2)?;
            messages.extend(from_place);
            MessageSlice { messages, older, newer }
        }
    };
    Ok(Ok(Some(slice)))
}

fn position(connection: &Connection, id: ConversationId, anchor: Anchor) -> rusqlite::Result<Option<Seq>> {
    match anchor {
        // Leaves room for one more.
        Anchor::Seq(seq) => Ok(Some(seq.min(i64::MAX.unsigned_abs() - 1))),
        Anchor::Message(message) => connection
            .prepare_cached(POSITION)?
            .query_row((message.uuid(), id.uuid()), |row| row.get(0))
            .optional(),
    }
}

/// The messages of one conversation, or of one thread in it.
struct History<'a> {
    connection: &'a Connection,
    id: ConversationId,
    viewer: UserId,
    thread: Option<MessageId>,
}

impl History<'_> {
    /// The last messages before a position, ascending, and whether there are more before them.
    fn before(&self, seq: Seq, limit: u32) -> rusqlite::Result<(Vec<Message>, bool)> {
        let (mut messages, more) = self.run(&BEFORE, &THREAD_BEFORE, seq, limit)?;
        messages.reverse();
        Ok((messages, more))
    }

    /// The first messages after a position, ascending, and whether there are more after them.
    fn after(&self, seq: Seq, limit: u32) -> rusqlite::Result<(Vec<Message>, bool)> {
        self.run(&AFTER, &THREAD_AFTER, seq, limit)
    }

    fn run(
        &self,
        of_conversation: &str,
        of_thread: &str,
        seq: Seq,
        limit: u32,
    ) -> rusqlite::Result<(Vec<Message>, bool)> {
        let limit = limit as usize;
        let (viewer, id) = (self.viewer.uuid(), self.id.uuid());
        let mut statement;
        let mut rows = match self.thread {
            None => {
                statement = self.connection.prepare_cached(of_conversation)?;
                statement.query(params![viewer, id, seq, limit + 1])?
            }
            Some(thread) => {
                statement = self.connection.prepare_cached(of_thread)?;
                statement.query(params![viewer, id, seq, limit + 1, thread.uuid()])?
            }
        };
        let mut messages = Vec::new();
        while let Some(row) = rows.next()? {
            messages.push(message(&mut Columns::of(row))?);
        }
        let more = messages.len() > limit;
        messages.truncate(limit);
        Ok((messages, more))
    }
}
