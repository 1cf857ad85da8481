//! Messages and the event log in SQLite.

use super::conversation::{self, is_member};
use super::row::text;
use crate::{Anchor, MessageSlice, Refusal, Window, log};
use natter_protocol::{
    ConversationId, Event, Message, MessageId, ReactionCount, Seq, Timestamp, UserId, UserSummary,
};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::sync::LazyLock;

/// Columns of a message `m` and its sender `s`, in the order of [`message_row`]. Parameter 1 is the viewer.
pub(super) const MESSAGE_COLUMNS: &str = "m.id, m.conversation_id, m.seq, m.kind, m.content, m.client_message_id, \
     m.reply_to, m.thread_id, m.created_at, m.edited_at, m.deleted_at, s.id, s.username, s.display_name, s.avatar_url, \
     (SELECT json_group_array(json_object('emoji', r.emoji, 'count', r.count, 'me', json(iif(r.me, 'true', 'false'))) \
                              ORDER BY r.first_at, r.emoji) \
        FROM (SELECT emoji, count(*) AS count, max(user_id = ?1) AS me, min(created_at) AS first_at \
                FROM message_reactions \
               WHERE message_id = m.id \
               GROUP BY emoji) AS r)";

fn select(rest: &str) -> String {
    format!("SELECT {MESSAGE_COLUMNS} FROM messages AS m JOIN users AS s ON s.id = m.sender_id WHERE {rest}")
}

pub(super) static ONE: LazyLock<String> = LazyLock::new(|| {
    select(
        "m.id = ?2 AND EXISTS (SELECT 1 FROM conversation_members AS cm
                                WHERE cm.conversation_id = m.conversation_id AND cm.user_id = ?1)",
    )
});
pub(super) static BEFORE: LazyLock<String> =
    LazyLock::new(|| select("m.conversation_id = ?2 AND m.seq < ?3 ORDER BY m.seq DESC LIMIT ?4"));
pub(super) static AFTER: LazyLock<String> =
    LazyLock::new(|| select("m.conversation_id = ?2 AND m.seq > ?3 ORDER BY m.seq LIMIT ?4"));
pub(super) static EVENTS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {MESSAGE_COLUMNS}, e.type
           FROM events AS e
           LEFT JOIN messages AS m ON m.id = e.message_id
           LEFT JOIN users AS s ON s.id = m.sender_id
          WHERE e.conversation_id = ?2 AND e.seq > ?3
          ORDER BY e.seq LIMIT ?4"
    )
});
pub(super) const ANCHOR: &str = "SELECT seq FROM messages WHERE id = ?1 AND conversation_id = ?2";

/// A message from the columns of [`MESSAGE_COLUMNS`], the first of which is at `at`.
pub(super) fn message_row(row: &Row<'_>, at: usize) -> rusqlite::Result<Message> {
    let time = |column| row.get::<_, Option<i64>>(at + column).map(|time| time.map(Timestamp::from_millis));
    let id = |column| row.get::<_, Option<uuid::Uuid>>(at + column).map(|id| id.map(MessageId::from_uuid));
    Ok(Message {
        id: MessageId::from_uuid(row.get(at)?),
        conversation_id: ConversationId::from_uuid(row.get(at + 1)?),
        seq: row.get(at + 2)?,
        kind: text(row, at + 3)?,
        content: row.get(at + 4)?,
        client_message_id: row.get(at + 5)?,
        reply_to: id(6)?,
        thread_id: id(7)?,
        mentions: Vec::new(),
        attachments: Vec::new(),
        reactions: reactions(row, at + 15)?,
        created_at: Timestamp::from_millis(row.get(at + 8)?),
        edited_at: time(9)?,
        deleted_at: time(10)?,
        sender: UserSummary {
            id: UserId::from_uuid(row.get(at + 11)?),
            username: row.get(at + 12)?,
            display_name: row.get(at + 13)?,
            avatar_url: row.get(at + 14)?,
        },
    })
}

fn reactions(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<ReactionCount>> {
    let json = row.get_ref(column)?.as_str()?;
    serde_json::from_str(json)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into()))
}

pub(super) fn one(
    connection: &Connection,
    id: MessageId,
    viewer: UserId,
) -> rusqlite::Result<Option<Message>> {
    connection
        .prepare_cached(&ONE)?
        .query_row((viewer.uuid(), id.uuid()), |row| message_row(row, 0))
        .optional()
}

pub(super) fn slice(
    connection: &Connection,
    id: ConversationId,
    viewer: UserId,
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
    let history = History { connection, id, viewer };
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
            .prepare_cached(ANCHOR)?
            .query_row((message.uuid(), id.uuid()), |row| row.get(0))
            .optional(),
    }
}

/// The messages of one conversation.
struct History<'a> {
    connection: &'a Connection,
    id: ConversationId,
    viewer: UserId,
}

impl History<'_> {
    /// The last messages before a position, ascending, and whether there are more before them.
    fn before(&self, seq: Seq, limit: u32) -> rusqlite::Result<(Vec<Message>, bool)> {
        let (mut messages, more) = self.run(&BEFORE, seq, limit)?;
        messages.reverse();
        Ok((messages, more))
    }

    /// The first messages after a position, ascending, and whether there are more after them.
    fn after(&self, seq: Seq, limit: u32) -> rusqlite::Result<(Vec<Message>, bool)> {
        self.run(&AFTER, seq, limit)
    }

    fn run(&self, sql: &str, seq: Seq, limit: u32) -> rusqlite::Result<(Vec<Message>, bool)> {
        let limit = limit as usize;
        let mut messages = self
            .connection
            .prepare_cached(sql)?
            .query_map((self.viewer.uuid(), self.id.uuid(), seq, limit + 1), |row| message_row(row, 0))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let more = messages.len() > limit;
        messages.truncate(limit);
        Ok((messages, more))
    }
}

pub(super) fn events(
    connection: &Connection,
    id: ConversationId,
    viewer: UserId,
    after: Seq,
    limit: u32,
) -> rusqlite::Result<Option<Vec<Event>>> {
    if !is_member(connection, id, viewer)? {
        return Ok(None);
    }
    let after = after.min(i64::MAX.unsigned_abs());
    connection
        .prepare_cached(&EVENTS)?
        .query_map((viewer.uuid(), id.uuid(), after, limit), |row| event_row(connection, id, row))?
        .collect::<rusqlite::Result<_>>()
        .map(Some)
}

fn event_row(connection: &Connection, id: ConversationId, row: &Row<'_>) -> rusqlite::Result<Event> {
    match row.get(16)? {
        log::MESSAGE_NEW => Ok(log::message_new(Box::new(message_row(row, 0)?))),
        log::CONVERSATION_CREATED => Ok(log::conversation_created(conversation::info(connection, id)?)),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(16, other.into())),
    }
}
