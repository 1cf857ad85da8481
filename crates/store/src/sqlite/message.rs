//! Messages, and what belongs to them, in SQLite.

pub(super) mod history;
pub(super) mod log;

use super::Sqlite;
use super::conversation::is_member;
use super::file::file_json;
use super::row::Columns;
use crate::message::VERSIONS_READ_MAX;
use crate::{DueMessage, MessageSlice, Messages, Range, Result, Window};
use async_trait::async_trait;
use natter_protocol::{
    ConversationId, Draft, Event, ForwardedFrom, Message, MessageId, MessageVersion, Reaction, ReactionCount,
    Receipt, ScheduledMessage, ScheduledMessageId, Seq, Timestamp, UserId, UserSummary,
};
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::sync::LazyLock;
use uuid::Uuid;

/// Columns of a message `m`, its sender `s` and whoever it was forwarded from, `f`, in the order of [`message`].
/// Parameter 1 is the viewer.
pub(super) const MESSAGE_COLUMNS: &str = concat!(
    "m.id, m.conversation_id, m.seq, s.id, s.username, s.display_name, s.avatar_url, m.kind, m.content, \
     m.client_message_id, m.reply_to, m.thread_id, m.mentions, m.group_mention, \
     (SELECT json_group_array(",
    file_json!(),
    " ORDER BY a.position) \
        FROM attachments AS a \
        JOIN files AS x ON x.id = a.file_id \
        JOIN blobs AS b ON b.id = x.blob_id \
       WHERE a.message_id = m.id), m.link_previews, \
     (SELECT json_group_array(json_object('emoji', r.emoji, 'count', r.count, 'me', json(iif(r.me, 'true', 'false'))) \
                              ORDER BY r.first_at, r.emoji) \
        FROM (SELECT emoji, count(*) AS count, max(user_id = ?1) AS me, min(created_at) AS first_at \
                FROM message_reactions \
               WHERE message_id = m.id \
               GROUP BY emoji) AS r), \
     m.created_at, (SELECT count(*) FROM messages WHERE thread_id = m.id), \
     f.id, f.username, f.display_name, f.avatar_url, m.forwarded_at, m.system, m.pinned_at, m.edited_at, m.deleted_at"
);
/// What a message `m` needs beside it.
pub(super) const MESSAGE_JOINS: &str =
    "LEFT JOIN users AS s ON s.id = m.sender_id LEFT JOIN users AS f ON f.id = m.forwarded_sender_id";

pub(super) static ONE: LazyLock<String> = LazyLock::new(|| select("m.id = ?2"));
pub(super) static ONE_SEEN: LazyLock<String> = LazyLock::new(|| {
    select(
        "m.id = ?2 AND EXISTS (SELECT 1 FROM conversation_members AS cm
                                WHERE cm.conversation_id = m.conversation_id AND cm.user_id = ?1)",
    )
});
pub(super) static PINS: LazyLock<String> = LazyLock::new(|| {
    select("m.conversation_id = ?2 AND m.pinned_at IS NOT NULL ORDER BY m.pinned_at DESC, m.seq DESC")
});
pub(super) const POSITION: &str = "SELECT seq FROM messages WHERE id = ?1 AND conversation_id = ?2";
pub(super) const VERSIONS: &str = "
    SELECT content, created_at, replaced_at, replaced_by
      FROM (SELECT * FROM message_versions WHERE message_id = ?1 ORDER BY version DESC LIMIT ?2) AS newest
     ORDER BY version";
/// The members `cm` who are past a message `m` and not kept apart from the viewer.
const PAST: &str = "
      FROM messages AS m
      JOIN conversation_members AS me ON me.conversation_id = m.conversation_id AND me.user_id = ?1
     CROSS JOIN conversation_members AS cm
           ON cm.conversation_id = m.conversation_id AND cm.user_id <> m.sender_id AND cm.last_read_seq >= m.seq
              AND cm.user_id NOT IN (SELECT blocked_id FROM blocks WHERE blocker_id = ?1
                                      UNION ALL
                                     SELECT blocker_id FROM blocks WHERE blocked_id = ?1)";
/// Whoever came in later than a message is past it without ever having read up to it.
pub(super) static RECEIPTS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT u.id, u.username, u.display_name, u.avatar_url, step.read_at {PAST}
          CROSS JOIN message_read_receipts AS step
                ON step.conversation_id = m.conversation_id AND step.user_id = cm.user_id
                   AND step.seq = (SELECT min(seq)
                                     FROM message_read_receipts
                                    WHERE conversation_id = m.conversation_id
                                      AND user_id = cm.user_id
                                      AND seq >= m.seq)
          CROSS JOIN users AS u ON u.id = cm.user_id
          WHERE m.id = ?2 AND u.username > ?3
          ORDER BY u.username LIMIT ?4"
    )
});
/// Their steps are looked at only of those who came in later: in a crowd they are few.
pub(super) static READ_COUNT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT count(*) {PAST}
          WHERE m.id = ?2
            AND (cm.joined_at < m.created_at
                 OR EXISTS (SELECT 1 FROM message_read_receipts
                             WHERE conversation_id = m.conversation_id AND user_id = cm.user_id AND seq >= m.seq))"
    )
});
pub(super) const REACTIONS: &str = "
    SELECT r.emoji, u.id, u.username, u.display_name, u.avatar_url, r.created_at
      FROM message_reactions AS r JOIN users AS u ON u.id = r.user_id
     WHERE r.message_id = ?1 AND (r.created_at, r.user_id, r.emoji) > (?2, ?3, ?4)
     ORDER BY r.created_at, r.user_id, r.emoji LIMIT ?5";
pub(super) const DRAFTS: &str = "
    SELECT conversation_id, content, reply_to, updated_at
      FROM drafts
     WHERE user_id = ?1 AND (updated_at, conversation_id) < (?2, ?3)
     ORDER BY updated_at DESC, conversation_id DESC LIMIT ?4";
pub(super) const DRAFT: &str = "
    SELECT conversation_id, content, reply_to, updated_at FROM drafts WHERE user_id = ?1 AND conversation_id = ?2";
/// Columns of a scheduled message `m`, in the order of [`scheduled`].
macro_rules! scheduled_columns {
    () => {
        concat!(
            "m.id, m.conversation_id, m.content, m.kind, m.reply_to, m.thread_id, m.send_at, m.created_at, m.failure, \
             (SELECT json_group_array(",
            file_json!(),
            " ORDER BY a.position) \
                FROM scheduled_attachments AS a \
                JOIN files AS x ON x.id = a.file_id \
                JOIN blobs AS b ON b.id = x.blob_id \
               WHERE a.scheduled_id = m.id)"
        )
    };
}
pub(super) const SCHEDULED: &str = concat!(
    "SELECT ",
    scheduled_columns!(),
    " FROM scheduled_messages AS m WHERE m.user_id = ?1 ORDER BY m.send_at, m.id"
);
pub(super) const DUE: &str = concat!(
    "SELECT ",
    scheduled_columns!(),
    ", m.user_id FROM scheduled_messages AS m
      WHERE m.send_at <= ?1 AND m.failure IS NULL ORDER BY m.send_at, m.id LIMIT ?2"
);

fn select(which: &str) -> String {
    format!("SELECT {MESSAGE_COLUMNS} FROM messages AS m {MESSAGE_JOINS} WHERE {which}")
}

#[async_trait]
impl Messages for Sqlite {
    async fn message(&self, id: MessageId, viewer: UserId) -> Result<Option<Message>> {
        self.readers.read(move |snapshot| one(snapshot, &ONE_SEEN, id, viewer)).await
    }

    async fn messages(
        &self,
        id: ConversationId,
        viewer: UserId,
        thread: Option<MessageId>,
        window: Window,
        limit: u32,
    ) -> Result<Option<MessageSlice>> {
        self.readers
            .read_checked(move |snapshot| history::slice(snapshot, id, viewer, thread, window, limit))
            .await
    }

    async fn events(
        &self,
        id: ConversationId,
        viewer: UserId,
        after: Seq,
        limit: u32,
    ) -> Result<Option<Vec<Event>>> {
        self.readers.read(move |snapshot| log::events(snapshot, id, viewer, after, limit)).await
    }

    async fn replay(&self, viewer: UserId, ranges: &[Range]) -> Result<Vec<Event>> {
        let ranges = ranges.to_vec();
        self.readers.read(move |snapshot| log::replay(snapshot, viewer, &ranges)).await
    }

    async fn versions(&self, id: MessageId) -> Result<Vec<MessageVersion>> {
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(VERSIONS)?
                    .query_map((id.uuid(), VERSIONS_READ_MAX), |row| {
                        let mut columns = Columns::of(row);
                        Ok(MessageVersion {
                            content: columns.get()?,
                            created_at: columns.time()?,
                            replaced_at: columns.time()?,
                            replaced_by: columns.id(UserId::from_uuid)?,
                        })
                    })?
                    .collect()
            })
            .await
    }

    async fn receipts(
        &self,
        id: MessageId,
        viewer: UserId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Receipt>> {
        let after = after.unwrap_or_default().to_owned();
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(&RECEIPTS)?
                    .query_map((viewer.uuid(), id.uuid(), after, limit), |row| {
                        let mut columns = Columns::of(row);
                        Ok(Receipt { user: columns.summary()?, read_at: columns.time()? })
                    })?
                    .collect()
            })
            .await
    }

    async fn read_count(&self, id: MessageId, viewer: UserId) -> Result<u64> {
        self.readers
            .read(move |snapshot| {
                snapshot.prepare_cached(&READ_COUNT)?.query_row((viewer.uuid(), id.uuid()), |row| row.get(0))
            })
            .await
    }

    async fn reactions(
        &self,
        id: MessageId,
        after: Option<(Timestamp, UserId, &str)>,
        limit: u32,
    ) -> Result<Vec<Reaction>> {
        let (time, user, emoji) = after
            .map_or((i64::MIN, Uuid::nil(), ""), |(time, user, emoji)| (time.millis(), user.uuid(), emoji));
        let emoji = emoji.to_owned();
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(REACTIONS)?
                    .query_map((id.uuid(), time, user, emoji, limit), |row| {
                        let mut columns = Columns::of(row);
                        Ok(Reaction {
                            emoji: columns.get()?,
                            user: columns.summary()?,
                            created_at: columns.time()?,
                        })
                    })?
                    .collect()
            })
            .await
    }

    async fn pins(&self, id: ConversationId, viewer: UserId) -> Result<Option<Vec<Message>>> {
        self.readers
            .read(move |snapshot| {
                if !is_member(snapshot, id, viewer)? {
                    return Ok(None);
                }
                snapshot
                    .prepare_cached(&PINS)?
                    .query_map((viewer.uuid(), id.uuid()), |row| message(&mut Columns::of(row)))?
                    .collect::<rusqlite::Result<_>>()
                    .map(Some)
            })
            .await
    }

    async fn drafts(
        &self,
        viewer: UserId,
        after: Option<(Timestamp, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<Draft>> {
        let (time, id) = after.map_or((i64::MAX, Uuid::max()), |(time, id)| (time.millis(), id.uuid()));
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(DRAFTS)?
                    .query_map((viewer.uuid(), time, id, limit), draft_row)?
                    .collect()
            })
            .await
    }

    async fn draft(&self, viewer: UserId, id: ConversationId) -> Result<Option<Draft>> {
        self.readers
            .read(move |snapshot| {
                snapshot.prepare_cached(DRAFT)?.query_row((viewer.uuid(), id.uuid()), draft_row).optional()
            })
            .await
    }

    async fn scheduled(&self, viewer: UserId) -> Result<Vec<ScheduledMessage>> {
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(SCHEDULED)?
                    .query_map([viewer.uuid()], |row| scheduled(&mut Columns::of(row)))?
                    .collect()
            })
            .await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueMessage>> {
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(DUE)?
                    .query_map((now.millis(), limit), |row| {
                        let mut columns = Columns::of(row);
                        let scheduled = scheduled(&mut columns)?;
                        Ok(DueMessage { author: columns.id(UserId::from_uuid)?, scheduled })
                    })?
                    .collect()
            })
            .await
    }
}

/// A message as a viewer sees it.
pub(super) fn one(
    connection: &Connection,
    sql: &str,
    id: MessageId,
    viewer: UserId,
) -> rusqlite::Result<Option<Message>> {
    connection
        .prepare_cached(sql)?
        .query_row((viewer.uuid(), id.uuid()), |row| message(&mut Columns::of(row)))
        .optional()
}

/// A message from [`MESSAGE_COLUMNS`].
pub(super) fn message(columns: &mut Columns<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        id: columns.id(MessageId::from_uuid)?,
        conversation_id: columns.id(ConversationId::from_uuid)?,
        seq: columns.get()?,
        sender: columns.summary()?,
        kind: columns.text()?,
        content: columns.get()?,
        client_message_id: columns.get()?,
        reply_to: columns.id_opt(MessageId::from_uuid)?,
        thread_id: columns.id_opt(MessageId::from_uuid)?,
        mentions: columns.json_opt()?.unwrap_or_default(),
        group_mention: columns.text_opt()?,
        attachments: columns.json()?,
        link_previews: columns.json_opt()?.unwrap_or_default(),
        reactions: columns.json::<Vec<ReactionCount>>()?,
        created_at: columns.time()?,
        reply_count: columns.get()?,
        forwarded_from: forwarded_from(columns.summary_opt()?, columns.time_opt()?),
        system: columns.json_opt()?,
        pinned_at: columns.time_opt()?,
        edited_at: columns.time_opt()?,
        deleted_at: columns.time_opt()?,
    })
}

fn forwarded_from(sender: Option<UserSummary>, created_at: Option<Timestamp>) -> Option<ForwardedFrom> {
    Some(ForwardedFrom { sender: sender?, created_at: created_at? })
}

fn draft_row(row: &Row<'_>) -> rusqlite::Result<Draft> {
    let mut columns = Columns::of(row);
    Ok(Draft {
        conversation_id: columns.id(ConversationId::from_uuid)?,
        content: columns.get()?,
        reply_to: columns.id_opt(MessageId::from_uuid)?,
        updated_at: columns.time()?,
    })
}

fn scheduled(columns: &mut Columns<'_>) -> rusqlite::Result<ScheduledMessage> {
    Ok(ScheduledMessage {
        id: columns.id(ScheduledMessageId::from_uuid)?,
        conversation_id: columns.id(ConversationId::from_uuid)?,
        content: columns.get()?,
        kind: columns.text()?,
        reply_to: columns.id_opt(MessageId::from_uuid)?,
        thread_id: columns.id_opt(MessageId::from_uuid)?,
        send_at: columns.time()?,
        created_at: columns.time()?,
        failure: columns.text_opt()?,
        attachments: columns.json()?,
    })
}
