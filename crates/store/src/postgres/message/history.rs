//! Runs of messages, of a conversation or of one of its threads.

use super::{message_columns, message_joins, message_opt};
use crate::postgres::row::to_bigint;
use crate::postgres::{Postgres, failure};
use crate::{Anchor, MessageSlice, Refusal, Result, Window};
use natter_protocol::{ConversationId, Message, MessageId, Seq, UserId};
use sqlx::Row as _;
use uuid::Uuid;

/// A run of messages around a place: `$6` before it and `$7` from it on. The place is `$5` past the position `$4` or,
/// if there is one, past the message `$3`. No row: the viewer is no member. No `place`: there is no such message. No
/// `m_id`: there are no messages.
macro_rules! slice {
    ($before:expr, $from:expr) => {
        concat!(
            "SELECT place.seq AS place, ",
            message_columns!(),
            " FROM conversation_members AS me
              LEFT JOIN (SELECT $4::bigint + $5::bigint AS seq WHERE $3::uuid IS NULL
                         UNION ALL
                         SELECT seq + $5 FROM messages WHERE id = $3 AND conversation_id = $2) AS place ON true
              LEFT JOIN LATERAL ((",
            $before,
            " ORDER BY seq DESC LIMIT $6) UNION ALL (",
            $from,
            " ORDER BY seq LIMIT $7)) AS m ON true ",
            message_joins!(),
            " WHERE me.conversation_id = $2 AND me.user_id = $1
             ORDER BY m.seq"
        )
    };
}

/// Messages of a conversation on one side of the place.
macro_rules! of_conversation {
    ($side:literal) => {
        concat!("SELECT * FROM messages WHERE conversation_id = $2 AND seq ", $side, " place.seq")
    };
}

/// The same of thread 8 only, with the message that started it. Of its messages, no more are read than are wanted.
macro_rules! of_thread {
    ($side:literal, $run:literal) => {
        concat!(
            "SELECT * FROM (SELECT * FROM messages WHERE id = $8 AND conversation_id = $2 AND seq ",
            $side,
            " place.seq UNION ALL (SELECT * FROM messages WHERE thread_id = $8 AND conversation_id = $2 AND seq ",
            $side,
            " place.seq ",
            $run,
            ")) AS thread"
        )
    };
}

pub(in crate::postgres) const SLICE: &str = slice!(of_conversation!("<"), of_conversation!(">="));
pub(in crate::postgres) const THREAD: &str =
    slice!(of_thread!("<", "ORDER BY seq DESC LIMIT $6"), of_thread!(">=", "ORDER BY seq LIMIT $7"));

impl Postgres {
    pub(super) async fn slice(
        &self,
        id: ConversationId,
        viewer: UserId,
        thread: Option<MessageId>,
        window: Window,
        limit: u32,
    ) -> Result<Option<MessageSlice>> {
        let around = Around::new(window, limit);
        let statement = sqlx::query(if thread.is_some() { THREAD } else { SLICE })
            .bind(viewer.uuid())
            .bind(id.uuid())
            .bind(around.message)
            .bind(around.seq)
            .bind(around.step)
            // One more on each side, to see whether the history goes on.
            .bind(i64::from(around.before) + 1)
            .bind(i64::from(around.after) + 1);
        let statement = match thread {
            Some(thread) => statement.bind(thread.uuid()),
            None => statement,
        };
        let rows = statement.fetch_all(&self.readers).await.map_err(failure::classify)?;
        let Some(first) = rows.first() else { return Ok(None) };
        let place: Option<i64> = first.try_get("place").map_err(failure::classify)?;
        let place = place.ok_or(Refusal::AnchorUnknown)?;
        let messages =
            rows.iter().filter_map(|row| message_opt(row).transpose()).collect::<sqlx::Result<_>>();
        Ok(Some(around.cut(u64::try_from(place).unwrap_or_default(), messages.map_err(failure::classify)?)))
    }
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

    /// Takes away what was read only to see whether it is there.
    fn cut(&self, place: Seq, mut messages: Vec<Message>) -> MessageSlice {
        let before = messages.iter().take_while(|message| message.seq < place).count();
        let newer = messages.len() - before > self.after as usize;
        if newer {
            messages.pop();
        }
        let older = before > self.before as usize;
        if older {
            messages.remove(0);
        }
        MessageSlice { messages, older, newer }
    }
}
