//! Messages and the event log in PostgreSQL.

use super::conversation::{info_columns, info_row};
use super::row::{Columns as _, to_bigint, unreadable};
use crate::{Anchor, MessageSlice, Refusal, Window, log};
use natter_protocol::{ConversationId, Event, Message, MessageId, ReactionCount, Seq, UserId, UserSummary};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

/// Columns of a message `m` and its sender `s`, for [`message_row`]. Parameter 1 is the viewer.
macro_rules! message_columns {
    () => {
        "m.id AS m_id, m.conversation_id AS m_conversation_id, m.seq AS m_seq, m.kind AS m_kind,
         m.content AS m_content, m.client_message_id AS m_client_message_id, m.reply_to AS m_reply_to,
         m.thread_id AS m_thread_id, m.created_at AS m_created_at, m.edited_at AS m_edited_at,
         m.deleted_at AS m_deleted_at,
         s.id AS s_id, s.username AS s_username, s.display_name AS s_display_name, s.avatar_url AS s_avatar_url,
         (SELECT json_agg(json_build_object('emoji', r.emoji, 'count', r.count, 'me', r.me)
                          ORDER BY r.first_at, r.emoji)
            FROM (SELECT emoji, count(*) AS count, bool_or(user_id = $1) AS me, min(created_at) AS first_at
                    FROM message_reactions
                   WHERE message_id = m.id
                   GROUP BY emoji) AS r) AS m_reactions"
    };
}
pub(super) use message_columns;

pub(super) const ONE: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM messages AS m
      JOIN users AS s ON s.id = m.sender_id
      JOIN conversation_members AS me ON me.conversation_id = m.conversation_id AND me.user_id = $1
     WHERE m.id = $2"
);

/// A run of messages around a place: `$6` before it and `$7` from it on. The place is `$5` past the position `$4` or,
/// if there is one, past the message `$3`. No row: the viewer is no member. No `place`: there is no such message. No
/// `m_id`: there are no messages.
pub(super) const SLICE: &str = concat!(
    "SELECT place.seq AS place, ",
    message_columns!(),
    " FROM conversation_members AS me
      LEFT JOIN (SELECT $4::bigint + $5::bigint AS seq WHERE $3::uuid IS NULL
                 UNION ALL
                 SELECT seq + $5 FROM messages WHERE id = $3 AND conversation_id = $2) AS place ON true
      LEFT JOIN LATERAL (
                 (SELECT * FROM messages WHERE conversation_id = $2 AND seq < place.seq ORDER BY seq DESC LIMIT $6)
                 UNION ALL
                 (SELECT * FROM messages WHERE conversation_id = $2 AND seq >= place.seq ORDER BY seq LIMIT $7)
                ) AS m ON true
      LEFT JOIN users AS s ON s.id = m.sender_id
     WHERE me.conversation_id = $2 AND me.user_id = $1
     ORDER BY m.seq"
);

/// The events past the position `$3`. No row: the viewer is no member. No `e_seq`: there are no events.
pub(super) const EVENTS: &str = concat!(
    "SELECT e.seq AS e_seq, e.type AS e_type, ",
    info_columns!(),
    ", ",
    message_columns!(),
    " FROM conversation_members AS me
      JOIN conversations AS c ON c.id = me.conversation_id
      LEFT JOIN LATERAL (SELECT * FROM events WHERE conversation_id = $2 AND seq > $3 ORDER BY seq LIMIT $4) AS e
                ON true
      LEFT JOIN messages AS m ON m.id = e.message_id
      LEFT JOIN users AS s ON s.id = m.sender_id
     WHERE me.conversation_id = $2 AND me.user_id = $1
     ORDER BY e.seq"
);

/// A message from [`message_columns`], unless they are null.
pub(super) fn message_row(row: &PgRow) -> sqlx::Result<Option<Message>> {
    let Some(id) = row.id_opt("m_id", MessageId::from_uuid)? else { return Ok(None) };
    Ok(Some(Message {
        id,
        conversation_id: row.id("m_conversation_id", ConversationId::from_uuid)?,
        seq: row.natural("m_seq")?,
        sender: UserSummary {
            id: row.id("s_id", UserId::from_uuid)?,
            username: row.try_get("s_username")?,
            display_name: row.try_get("s_display_name")?,
            avatar_url: row.try_get("s_avatar_url")?,
        },
        kind: row.text("m_kind")?,
        content: row.try_get("m_content")?,
        client_message_id: row.try_get("m_client_message_id")?,
        reply_to: row.id_opt("m_reply_to", MessageId::from_uuid)?,
        thread_id: row.id_opt("m_thread_id", MessageId::from_uuid)?,
        mentions: Vec::new(),
        attachments: Vec::new(),
        reactions: row
            .try_get::<Option<Json<Vec<ReactionCount>>>, _>("m_reactions")?
            .map_or_else(Vec::new, |Json(reactions)| reactions),
        created_at: row.time("m_created_at")?,
        edited_at: row.time_opt("m_edited_at")?,
        deleted_at: row.time_opt("m_deleted_at")?,
    }))
}

pub(super) async fn one(readers: &PgPool, id: MessageId, viewer: UserId) -> sqlx::Result<Option<Message>> {
    let row = sqlx::query(ONE).bind(viewer.uuid()).bind(id.uuid()).fetch_optional(readers).await?;
    row.as_ref().map_or(Ok(None), message_row)
}

pub(super) async fn slice(
    readers: &PgPool,
    id: ConversationId,
    viewer: UserId,
    window: Window,
    limit: u32,
) -> sqlx::Result<Result<Option<MessageSlice>, Refusal>> {
    let around = Around::new(window, limit);
    let rows = sqlx::query(SLICE)
        .bind(viewer.uuid())
        .bind(id.uuid())
        .bind(around.message)
        .bind(around.seq)
        .bind(around.step)
        // One more on each side, to see whether the history goes on.
        .bind(i64::from(around.before) + 1)
        .bind(i64::from(around.after) + 1)
        .fetch_all(readers)
        .await?;
    let Some(first) = rows.first() else { return Ok(Ok(None)) };
    let Some(place) = first.try_get::<Option<i64>, _>("place")? else {
        return Ok(Err(Refusal::AnchorUnknown));
    };
    let place = u64::try_from(place).unwrap_or_default();
    let mut messages: Vec<Message> =
        rows.iter().filter_map(|row| message_row(row).transpose()).collect::<Result<_, _>>()?;
    let before = messages.iter().take_while(|message| message.seq < place).count();
    let newer = messages.len() - before > around.after as usize;
    if newer {
        messages.pop();
    }
    let older = before > around.before as usize;
    if older {
        messages.remove(0);
    }
    Ok(Ok(Some(MessageSlice { messages, older, newer })))
}

/// A window as [`SLICE`] takes it: so many messages before a place, and so many from it on.
struct Around {
    message: Option<Uuid>,
    seq: i64,
    step: i64,
    before: u32,
    after: u32,
}

impl Around {
    fn new(window: Window, limit: u32) -> Self {
        let (anchor, step, before, after) = match window {
            Window::Newest => (Anchor::Seq(Seq::MAX), 0, limit, 0),
            Window::Before(anchor) => (anchor, 0, limit, 0),
            Window::After(anchor) => (anchor, 1, 0, limit),
            Window::Around(anchor) => (anchor, 0, limit / 2, limit - limit / 2),
        };
        let (message, seq) = match anchor {
            Anchor::Message(id) => (Some(id.uuid()), 0),
            // Leaves room for the step.
            Anchor::Seq(seq) => (None, to_bigint(seq).min(i64::MAX - 1)),
        };
        Self { message, seq, step, before, after }
    }
}

pub(super) async fn events(
    readers: &PgPool,
    id: ConversationId,
    viewer: UserId,
    after: Seq,
    limit: u32,
) -> sqlx::Result<Option<Vec<Event>>> {
    let rows = sqlx::query(EVENTS)
        .bind(viewer.uuid())
        .bind(id.uuid())
        .bind(to_bigint(after))
        .bind(i64::from(limit))
        .fetch_all(readers)
        .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    rows.iter().filter_map(|row| event_row(row).transpose()).collect::<Result<_, _>>().map(Some)
}

fn event_row(row: &PgRow) -> sqlx::Result<Option<Event>> {
    let Some(kind) = row.try_get::<Option<i16>, _>("e_type")? else { return Ok(None) };
    let event = match kind {
        log::MESSAGE_NEW => {
            let message =
                message_row(row)?.ok_or_else(|| unreadable("m_id", "the event's message is gone"))?;
            log::message_new(Box::new(message))
        }
        log::CONVERSATION_CREATED => log::conversation_created(info_row(row)?),
        other => return Err(unreadable("e_type", format!("{other} is not the type of an event"))),
    };
    Ok(Some(event))
}
