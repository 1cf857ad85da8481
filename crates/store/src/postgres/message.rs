//! Messages, and what belongs to them, in PostgreSQL.

pub(super) mod history;
pub(super) mod log;

use super::Postgres;
use super::file::file_json;
use super::row::{self, Columns as _, to_time, unreadable, user_columns};
use crate::message::VERSIONS_READ_MAX;
use crate::{DueMessage, MessageSlice, Messages, Range, Result, Window};
use async_trait::async_trait;
use natter_protocol::{
    ConversationId, Draft, Event, ForwardedFrom, Message, MessageId, MessageVersion, Reaction, Receipt,
    ScheduledMessage, ScheduledMessageId, Seq, Timestamp, UserId,
};
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use uuid::Uuid;

/// Columns of a message `m`, its sender `s` and whoever it was forwarded from, `f`, for [`message`]. Parameter 1 is the
/// viewer.
macro_rules! message_columns {
    () => {
        concat!(
        "m.id AS m_id, m.conversation_id AS m_conversation_id, m.seq AS m_seq, m.kind AS m_kind,
         m.content AS m_content, m.client_message_id AS m_client_message_id, m.reply_to AS m_reply_to,
         m.thread_id AS m_thread_id, m.mentions AS m_mentions, m.group_mention AS m_group_mention,
         m.created_at AS m_created_at, m.forwarded_at AS m_forwarded_at, m.system AS m_system,
         m.pinned_at AS m_pinned_at, m.link_previews AS m_link_previews, m.edited_at AS m_edited_at, m.deleted_at AS m_deleted_at,
         s.id AS s_id, s.username AS s_username, s.display_name AS s_display_name, s.avatar_url AS s_avatar_url,
         f.id AS f_id, f.username AS f_username, f.display_name AS f_display_name, f.avatar_url AS f_avatar_url,
         (SELECT count(*) FROM messages WHERE thread_id = m.id) AS m_reply_count,
         (SELECT json_agg(",
        $crate::postgres::file::file_json!(),
        " ORDER BY a.position)
            FROM attachments AS a JOIN files AS x ON x.id = a.file_id JOIN blobs AS b ON b.id = x.blob_id
           WHERE a.message_id = m.id) AS m_attachments,
         (SELECT json_agg(json_build_object('emoji', r.emoji, 'count', r.count, 'me', r.me)
                          ORDER BY r.first_at, r.emoji COLLATE \"C\")
            FROM (SELECT emoji, count(*) AS count, bool_or(user_id = $1) AS me, min(created_at) AS first_at
                    FROM message_reactions
                   WHERE message_id = m.id
                   GROUP BY emoji) AS r) AS m_reactions"
        )
    };
}
pub(super) use message_columns;

/// What a message `m` needs beside it.
macro_rules! message_joins {
    () => {
        " LEFT JOIN users AS s ON s.id = m.sender_id LEFT JOIN users AS f ON f.id = m.forwarded_sender_id "
    };
}
pub(super) use message_joins;

pub(super) const ONE: &str =
    concat!("SELECT ", message_columns!(), " FROM messages AS m ", message_joins!(), " WHERE m.id = $2");
pub(super) const ONE_SEEN: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM messages AS m
      JOIN conversation_members AS me ON me.conversation_id = m.conversation_id AND me.user_id = $1",
    message_joins!(),
    " WHERE m.id = $2"
);
/// No row: the viewer is no member. No `m_id`: nothing is pinned.
pub(super) const PINS: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM conversation_members AS me
      LEFT JOIN messages AS m ON m.conversation_id = $2 AND m.pinned_at IS NOT NULL",
    message_joins!(),
    " WHERE me.conversation_id = $2 AND me.user_id = $1
      ORDER BY m.pinned_at DESC, m.seq DESC"
);
pub(super) const VERSIONS: &str = "
    SELECT content, created_at, replaced_at, replaced_by
      FROM (SELECT * FROM message_versions WHERE message_id = $1 ORDER BY version DESC LIMIT $2) AS newest
     ORDER BY version";
/// The members `cm` who are past a message `m` and not kept apart from the viewer.
macro_rules! past {
    () => {
        " FROM messages AS m
          JOIN conversation_members AS me ON me.conversation_id = m.conversation_id AND me.user_id = $1
          JOIN conversation_members AS cm
               ON cm.conversation_id = m.conversation_id AND cm.user_id <> m.sender_id AND cm.last_read_seq >= m.seq
                  AND cm.user_id NOT IN (SELECT blocked_id FROM blocks WHERE blocker_id = $1
                                          UNION ALL
                                         SELECT blocker_id FROM blocks WHERE blocked_id = $1) "
    };
}
/// Whoever came in later than a message is past it without ever having read up to it.
pub(super) const RECEIPTS: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", step.read_at",
    past!(),
    " JOIN LATERAL (SELECT read_at
                      FROM message_read_receipts
                     WHERE conversation_id = m.conversation_id AND user_id = cm.user_id AND seq >= m.seq
                     ORDER BY seq LIMIT 1) AS step ON true
      JOIN users AS u ON u.id = cm.user_id
     WHERE m.id = $2 AND u.username > $3
     ORDER BY u.username LIMIT $4"
);
/// Their steps are looked at only of those who came in later: in a crowd they are few.
pub(super) const READ_COUNT: &str = concat!(
    "SELECT count(*)",
    past!(),
    "WHERE m.id = $2
       AND (cm.joined_at < m.created_at
            OR EXISTS (SELECT FROM message_read_receipts
                        WHERE conversation_id = m.conversation_id AND user_id = cm.user_id AND seq >= m.seq))"
);
pub(super) const REACTIONS: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", r.emoji, r.created_at
      FROM message_reactions AS r JOIN users AS u ON u.id = r.user_id
     WHERE r.message_id = $1
       AND ($2::timestamptz IS NULL OR (r.created_at, r.user_id, r.emoji COLLATE \"C\") > ($2, $3::uuid, $4))
     ORDER BY r.created_at, r.user_id, r.emoji COLLATE \"C\" LIMIT $5"
);
pub(super) const DRAFTS: &str = "
    SELECT d.conversation_id, d.content, d.reply_to, d.updated_at
      FROM drafts AS d
     WHERE d.user_id = $1 AND ($2::timestamptz IS NULL OR (d.updated_at, d.conversation_id) < ($2, $3::uuid))
     ORDER BY d.updated_at DESC, d.conversation_id DESC LIMIT $4";
pub(super) const DRAFT: &str = "
    SELECT conversation_id, content, reply_to, updated_at FROM drafts WHERE user_id = $1 AND conversation_id = $2";
/// A scheduled message `m`, for [`scheduled`].
macro_rules! scheduled_columns {
    () => {
        concat!(
            "m.id, m.conversation_id, m.content, m.kind, m.reply_to, m.thread_id, m.send_at, m.created_at, m.failure,
             (SELECT json_agg(",
            file_json!(),
            " ORDER BY a.position)
                FROM scheduled_attachments AS a
                JOIN files AS x ON x.id = a.file_id
                JOIN blobs AS b ON b.id = x.blob_id
               WHERE a.scheduled_id = m.id) AS attachments"
        )
    };
}
pub(super) const SCHEDULED: &str = concat!(
    "SELECT ",
    scheduled_columns!(),
    " FROM scheduled_messages AS m WHERE m.user_id = $1 ORDER BY m.send_at, m.id"
);
pub(super) const DUE: &str = concat!(
    "SELECT ",
    scheduled_columns!(),
    ", m.user_id FROM scheduled_messages AS m
      WHERE m.send_at <= $1 AND m.failure IS NULL ORDER BY m.send_at, m.id LIMIT $2"
);

#[async_trait]
impl Messages for Postgres {
    async fn message(&self, id: MessageId, viewer: UserId) -> Result<Option<Message>> {
        self.first(sqlx::query(ONE_SEEN).bind(viewer.uuid()).bind(id.uuid()), message).await
    }

    async fn messages(
        &self,
        id: ConversationId,
        viewer: UserId,
        thread: Option<MessageId>,
        window: Window,
        limit: u32,
    ) -> Result<Option<MessageSlice>> {
        self.slice(id, viewer, thread, window, limit).await
    }

    async fn events(
        &self,
        id: ConversationId,
        viewer: UserId,
        after: Seq,
        limit: u32,
    ) -> Result<Option<Vec<Event>>> {
        let range = Range { conversation_id: id, after, upto: Seq::MAX };
        self.all_if_member(log::statement(viewer, &[range], Some(limit)), log::event).await
    }

    async fn replay(&self, viewer: UserId, ranges: &[Range]) -> Result<Vec<Event>> {
        let events = self.all(log::statement(viewer, ranges, None), log::event).await?;
        Ok(events.into_iter().flatten().collect())
    }

    async fn versions(&self, id: MessageId) -> Result<Vec<MessageVersion>> {
        let read = |row: &PgRow| {
            Ok(MessageVersion {
                content: row.try_get("content")?,
                created_at: row.time("created_at")?,
                replaced_at: row.time("replaced_at")?,
                replaced_by: row.id("replaced_by", UserId::from_uuid)?,
            })
        };
        self.all(sqlx::query(VERSIONS).bind(id.uuid()).bind(i64::from(VERSIONS_READ_MAX)), read).await
    }

    async fn receipts(
        &self,
        id: MessageId,
        viewer: UserId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Receipt>> {
        let statement = sqlx::query(RECEIPTS)
            .bind(viewer.uuid())
            .bind(id.uuid())
            .bind(after.unwrap_or_default())
            .bind(i64::from(limit));
        self.all(statement, |row| Ok(Receipt { user: row::summary(row)?, read_at: row.time("read_at")? }))
            .await
    }

    async fn read_count(&self, id: MessageId, viewer: UserId) -> Result<u64> {
        let statement = sqlx::query(READ_COUNT).bind(viewer.uuid()).bind(id.uuid());
        self.only(statement, |row| row.natural("count")).await
    }

    async fn reactions(
        &self,
        id: MessageId,
        after: Option<(Timestamp, UserId, &str)>,
        limit: u32,
    ) -> Result<Vec<Reaction>> {
        let statement = sqlx::query(REACTIONS)
            .bind(id.uuid())
            .bind(after.map(|(time, ..)| to_time(time)))
            .bind(after.map(|(_, user, _)| user.uuid()))
            .bind(after.map(|(.., emoji)| emoji))
            .bind(i64::from(limit));
        let read = |row: &PgRow| {
            Ok(Reaction {
                emoji: row.try_get("emoji")?,
                user: row::summary(row)?,
                created_at: row.time("created_at")?,
            })
        };
        self.all(statement, read).await
    }

    async fn pins(&self, id: ConversationId, viewer: UserId) -> Result<Option<Vec<Message>>> {
        self.all_if_member(sqlx::query(PINS).bind(viewer.uuid()).bind(id.uuid()), message_opt).await
    }

    async fn drafts(
        &self,
        viewer: UserId,
        after: Option<(Timestamp, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<Draft>> {
        let statement = sqlx::query(DRAFTS)
            .bind(viewer.uuid())
            .bind(after.map(|(time, _)| to_time(time)))
            .bind(after.map(|(_, id)| id.uuid()))
            .bind(i64::from(limit));
        self.all(statement, draft).await
    }

    async fn draft(&self, viewer: UserId, id: ConversationId) -> Result<Option<Draft>> {
        self.first(sqlx::query(DRAFT).bind(viewer.uuid()).bind(id.uuid()), draft).await
    }

    async fn scheduled(&self, viewer: UserId) -> Result<Vec<ScheduledMessage>> {
        self.all(sqlx::query(SCHEDULED).bind(viewer.uuid()), scheduled).await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueMessage>> {
        let read = |row: &PgRow| {
            Ok(DueMessage { author: row.id("user_id", UserId::from_uuid)?, scheduled: scheduled(row)? })
        };
        self.all(sqlx::query(DUE).bind(to_time(now)).bind(i64::from(limit)), read).await
    }
}

/// A message from [`message_columns`].
pub(super) fn message(row: &PgRow) -> sqlx::Result<Message> {
    Ok(Message {
        id: row.id("m_id", MessageId::from_uuid)?,
        conversation_id: row.id("m_conversation_id", ConversationId::from_uuid)?,
        seq: row.natural("m_seq")?,
        sender: row.summary(["s_id", "s_username", "s_display_name", "s_avatar_url"])?,
        kind: row.text("m_kind")?,
        content: row.try_get("m_content")?,
        client_message_id: row.try_get("m_client_message_id")?,
        reply_to: row.id_opt("m_reply_to", MessageId::from_uuid)?,
        thread_id: row.id_opt("m_thread_id", MessageId::from_uuid)?,
        mentions: row
            .try_get::<Option<Vec<Uuid>>, _>("m_mentions")?
            .unwrap_or_default()
            .into_iter()
            .map(UserId::from_uuid)
            .collect(),
        group_mention: row.text_opt("m_group_mention")?,
        attachments: list(row, "m_attachments")?,
        link_previews: list(row, "m_link_previews")?,
        reactions: list(row, "m_reactions")?,
        created_at: row.time("m_created_at")?,
        reply_count: row.natural("m_reply_count")?,
        forwarded_from: forwarded_from(row)?,
        system: row
            .try_get::<Option<&str>, _>("m_system")?
            .map(|note| serde_json::from_str(note).map_err(|error| unreadable("m_system", error)))
            .transpose()?,
        pinned_at: row.time_opt("m_pinned_at")?,
        edited_at: row.time_opt("m_edited_at")?,
        deleted_at: row.time_opt("m_deleted_at")?,
    })
}

/// The same, unless the columns are null.
pub(super) fn message_opt(row: &PgRow) -> sqlx::Result<Option<Message>> {
    match row.id_opt("m_id", MessageId::from_uuid)? {
        Some(_) => message(row).map(Some),
        None => Ok(None),
    }
}

/// What `json_agg` has gathered; null if there is nothing.
fn list<T: DeserializeOwned>(row: &PgRow, column: &str) -> sqlx::Result<Vec<T>> {
    Ok(row.try_get::<Option<Json<Vec<T>>>, _>(column)?.map_or_else(Vec::new, |Json(list)| list))
}

fn forwarded_from(row: &PgRow) -> sqlx::Result<Option<ForwardedFrom>> {
    let Some(created_at) = row.time_opt("m_forwarded_at")? else { return Ok(None) };
    let sender = row.summary(["f_id", "f_username", "f_display_name", "f_avatar_url"])?;
    Ok(Some(ForwardedFrom { sender, created_at }))
}

fn draft(row: &PgRow) -> sqlx::Result<Draft> {
    Ok(Draft {
        conversation_id: row.id("conversation_id", ConversationId::from_uuid)?,
        content: row.try_get("content")?,
        reply_to: row.id_opt("reply_to", MessageId::from_uuid)?,
        updated_at: row.time("updated_at")?,
    })
}

fn scheduled(row: &PgRow) -> sqlx::Result<ScheduledMessage> {
    Ok(ScheduledMessage {
        id: row.id("id", ScheduledMessageId::from_uuid)?,
        conversation_id: row.id("conversation_id", ConversationId::from_uuid)?,
        content: row.try_get("content")?,
        kind: row.text("kind")?,
        attachments: list(row, "attachments")?,
        reply_to: row.id_opt("reply_to", MessageId::from_uuid)?,
        thread_id: row.id_opt("thread_id", MessageId::from_uuid)?,
        send_at: row.time("send_at")?,
        created_at: row.time("created_at")?,
        failure: row.text_opt("failure")?,
    })
}
