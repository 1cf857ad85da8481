//! Conversations, and who is in them, in PostgreSQL.

pub(super) mod list;

use super::row::{self, Columns as _, is_text, to_bigint, to_time, to_uuids, user_columns};
use super::{Postgres, failure};
use crate::conversation::direct_key;
use crate::{Conversations, ListFilter, ListPosition, Result, Roster, Standing};
use async_trait::async_trait;
use natter_protocol::{
    Conversation, ConversationId, ConversationInfo, Invite, InviteId, InvitePreview, Me, Member,
    PublicChannel, ReadState, Seq, SyncHead, Timestamp, UnreadTotal, UserId,
};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

/// Columns of a conversation `c`, for [`info`].
macro_rules! info_columns {
    () => {
        "c.id, c.type, c.name, c.topic, c.visibility, c.status, c.link_previews, c.created_by, c.created_at, c.updated_at"
    };
}
pub(super) use info_columns;

pub(super) const HEADS: &str = "
    SELECT c.id, c.last_seq
      FROM conversation_members AS cm JOIN conversations AS c ON c.id = cm.conversation_id
     WHERE cm.user_id = $1";
pub(super) const HEADS_AMONG: &str = "
    SELECT c.id, c.last_seq
      FROM conversation_members AS cm JOIN conversations AS c ON c.id = cm.conversation_id
     WHERE cm.user_id = $1 AND cm.conversation_id = ANY($2)";
pub(super) const DIRECT: &str = "SELECT id FROM conversations WHERE direct_key = $1";
pub(super) const STANDING: &str = "
    SELECT c.type, c.visibility, c.status, c.blocked, cm.role, c.member_count, cm.last_read_seq
      FROM conversation_members AS cm JOIN conversations AS c ON c.id = cm.conversation_id
     WHERE cm.conversation_id = $1 AND cm.user_id = $2";
/// Whoever came or went after the position was in it just before if the first thing they did then was to leave. The
/// types are written out as in the definition of the index: those of `member.joined` and `member.left`.
pub(super) const ROSTER: &str = "
    WITH changed AS MATERIALIZED (
        SELECT DISTINCT ON (subject_id) subject_id, type
          FROM events
         WHERE conversation_id = $1 AND seq > $2 AND type IN (9, 10)
         ORDER BY subject_id, seq)
    SELECT least(c.last_seq, $2) AS last_seq,
           ARRAY(SELECT user_id FROM conversation_members
                  WHERE conversation_id = $1 AND user_id NOT IN (SELECT subject_id FROM changed)
                  UNION ALL
                 SELECT subject_id FROM changed WHERE type = 10) AS members
      FROM conversations AS c WHERE c.id = $1";
/// What is shown of a member.
macro_rules! member_columns {
    () => {
        concat!(user_columns!(), ", cm.role AS cm_role, cm.joined_at AS cm_joined_at")
    };
}

/// No row: the viewer is no member. No `u_id`: there are no more members. Of more than 5,000, one page is found sooner among
/// all users, who are in the order of their names, than by putting the members in order.
pub(super) const MEMBERS: &str = concat!(
    "SELECT members.*
       FROM conversation_members AS me
       JOIN conversations AS crowd ON crowd.id = me.conversation_id
       LEFT JOIN LATERAL ((SELECT ",
    member_columns!(),
    "     FROM conversation_members AS cm JOIN users AS u ON u.id = cm.user_id
         WHERE crowd.member_count <= 5000 AND cm.conversation_id = $1 AND u.username > $3
         ORDER BY u.username LIMIT $4)
       UNION ALL (SELECT ",
    member_columns!(),
    "     FROM users AS u
         CROSS JOIN LATERAL (SELECT * FROM conversation_members
                              WHERE conversation_id = $1 AND user_id = u.id OFFSET 0) AS cm
         WHERE crowd.member_count > 5000 AND u.username > $3
         ORDER BY u.username LIMIT $4)) AS members ON true
      WHERE me.conversation_id = $1 AND me.user_id = $2
      ORDER BY u_username"
);
pub(super) const MEMBERS_AMONG: &str =
    "SELECT user_id FROM conversation_members WHERE conversation_id = $1 AND user_id = ANY($2)";
pub(super) const PUBLIC_CHANNELS: &str = "
    SELECT c.id, c.name, c.topic, c.member_count,
           EXISTS (SELECT FROM conversation_members WHERE conversation_id = c.id AND user_id = $1) AS joined
      FROM conversations AS c
     WHERE c.visibility = 'public' AND c.deleted_at IS NULL
       AND c.type = 'channel'
       AND (c.name, c.id) > ($3, $4)
       AND strpos(lower(c.name COLLATE \"und-x-icu\"), $2) > 0
     ORDER BY c.name, c.id LIMIT $5";
pub(super) const IS_JOINABLE: &str = "
    SELECT EXISTS (SELECT FROM conversations
                    WHERE id = $1 AND type = 'channel' AND visibility = 'public' AND deleted_at IS NULL)";
pub(super) const READ_STATE: &str = "
    SELECT last_read_seq, unread_count, mention_count
      FROM unread_message_counts WHERE conversation_id = $1 AND user_id = $2";
pub(super) const UNREAD_TOTAL: &str = "
    SELECT coalesce(sum(unread_count) FILTER (WHERE NOT quiet), 0)::bigint AS total,
           count(*) FILTER (WHERE NOT quiet AND unread_count > 0) AS conversations,
           coalesce(sum(mention_count), 0)::bigint AS mentions
      FROM (SELECT cm.muted OR cm.archived AS quiet, u.unread_count, u.mention_count
              FROM conversation_members AS cm
              JOIN unread_message_counts AS u ON u.conversation_id = cm.conversation_id AND u.user_id = cm.user_id
             WHERE cm.user_id = $1 OFFSET 0) AS counted";
pub(super) const INVITES: &str = "
    SELECT id, conversation_id, code, created_by, created_at, expires_at, uses_max, uses
      FROM invites WHERE conversation_id = $1 ORDER BY created_at, id";
pub(super) const INVITE: &str = concat!(
    "SELECT c.id, c.type, c.name, c.member_count, ",
    user_columns!(),
    ", EXISTS (SELECT FROM conversation_members WHERE conversation_id = c.id AND user_id = $2) AS joined
      FROM invites AS i
      JOIN conversations AS c ON c.id = i.conversation_id
      JOIN users AS u ON u.id = i.created_by
     WHERE i.code = $1
       AND c.deleted_at IS NULL
       AND (i.expires_at IS NULL OR i.expires_at > $3)
       AND (i.uses_max IS NULL OR i.uses < i.uses_max)"
);

#[async_trait]
impl Conversations for Postgres {
    async fn conversation(&self, id: ConversationId, viewer: UserId) -> Result<Option<Conversation>> {
        let statement = sqlx::query(list::ONE).bind(viewer.uuid()).bind(id.uuid());
        self.first(statement, |row| list::conversation(row, &self.epoch)).await
    }

    async fn conversations(
        &self,
        viewer: UserId,
        filter: ListFilter,
        after: Option<ListPosition>,
        limit: u32,
    ) -> Result<Vec<Conversation>> {
        list::page(self, viewer, &filter, after, limit).await
    }

    async fn heads(&self, viewer: UserId, of: Option<&[ConversationId]>) -> Result<Vec<SyncHead>> {
        let statement = match of {
            None => sqlx::query(HEADS).bind(viewer.uuid()),
            Some(of) => {
                let of: Vec<Uuid> = of.iter().map(|id| id.uuid()).collect();
                sqlx::query(HEADS_AMONG).bind(viewer.uuid()).bind(of)
            }
        };
        let read = |row: &PgRow| {
            Ok(SyncHead { id: row.id("id", ConversationId::from_uuid)?, seq: row.natural("last_seq")? })
        };
        self.all(statement, read).await
    }

    async fn direct(&self, one: UserId, other: UserId) -> Result<Option<ConversationId>> {
        let statement = sqlx::query(DIRECT).bind(direct_key(one, other));
        self.first(statement, |row| row.id("id", ConversationId::from_uuid)).await
    }

    async fn standing(&self, id: ConversationId, viewer: UserId) -> Result<Option<Standing>> {
        let read = |row: &PgRow| {
            Ok(Standing {
                kind: row.text("type")?,
                visibility: row.text("visibility")?,
                status: row.text("status")?,
                blocked: row.try_get("blocked")?,
                role: row.text("role")?,
                member_count: row.natural("member_count")?,
                last_read_seq: row.natural("last_read_seq")?,
            })
        };
        self.first(sqlx::query(STANDING).bind(id.uuid()).bind(viewer.uuid()), read).await
    }

    async fn roster(&self, id: ConversationId, at: Option<Seq>) -> Result<Option<Roster>> {
        let read = |row: &PgRow| {
            let members: Vec<Uuid> = row.try_get("members")?;
            Ok(Roster {
                members: members.into_iter().map(UserId::from_uuid).collect(),
                last_seq: row.natural("last_seq")?,
            })
        };
        let statement = sqlx::query(ROSTER).bind(id.uuid()).bind(at.map(to_bigint));
        if at.is_none() {
            return self.first(statement, read).await;
        }
        let rows = self.lookout.all(statement).await?;
        rows.first().map(read).transpose().map_err(failure::classify)
    }

    async fn members(
        &self,
        id: ConversationId,
        viewer: UserId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Option<Vec<Member>>> {
        let statement = sqlx::query(MEMBERS)
            .bind(id.uuid())
            .bind(viewer.uuid())
            .bind(after.unwrap_or_default())
            .bind(i64::from(limit));
        let read = |row: &PgRow| match row.text_opt("cm_role")? {
            Some(role) => {
                Ok(Some(Member { user: row::user(row)?, role, joined_at: row.time("cm_joined_at")? }))
            }
            None => Ok(None),
        };
        self.all_if_member(statement, read).await
    }

    async fn members_among(&self, id: ConversationId, users: &[UserId]) -> Result<Vec<UserId>> {
        let statement = sqlx::query(MEMBERS_AMONG).bind(id.uuid()).bind(to_uuids(users));
        self.all(statement, |row| row.id("user_id", UserId::from_uuid)).await
    }

    async fn public_channels(
        &self,
        viewer: UserId,
        query: &str,
        after: Option<(&str, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<PublicChannel>> {
        if !is_text(query) {
            return Ok(Vec::new());
        }
        let (name, id) = after.map_or(("", Uuid::nil()), |(name, id)| (name, id.uuid()));
        let statement = sqlx::query(PUBLIC_CHANNELS)
            .bind(viewer.uuid())
            .bind(query)
            .bind(name)
            .bind(id)
            .bind(i64::from(limit));
        let read = |row: &PgRow| {
            Ok(PublicChannel {
                id: row.id("id", ConversationId::from_uuid)?,
                name: row.try_get("name")?,
                topic: row.try_get("topic")?,
                member_count: row.natural("member_count")?,
                joined: row.try_get("joined")?,
            })
        };
        self.all(statement, read).await
    }

    async fn is_joinable(&self, id: ConversationId) -> Result<bool> {
        self.only(sqlx::query(IS_JOINABLE).bind(id.uuid()), |row| row.try_get(0)).await
    }

    async fn read_state(&self, id: ConversationId, viewer: UserId) -> Result<Option<ReadState>> {
        let read = |row: &PgRow| {
            Ok(ReadState {
                conversation_id: id,
                last_read_seq: row.natural("last_read_seq")?,
                unread_count: row.natural("unread_count")?,
                mention_count: row.natural("mention_count")?,
            })
        };
        self.first(sqlx::query(READ_STATE).bind(id.uuid()).bind(viewer.uuid()), read).await
    }

    async fn unread_total(&self, viewer: UserId) -> Result<UnreadTotal> {
        let read = |row: &PgRow| {
            Ok(UnreadTotal {
                total: row.natural("total")?,
                conversations: row.natural("conversations")?,
                mentions: row.natural("mentions")?,
            })
        };
        self.only(sqlx::query(UNREAD_TOTAL).bind(viewer.uuid()), read).await
    }

    async fn invites(&self, id: ConversationId) -> Result<Vec<Invite>> {
        let read = |row: &PgRow| {
            Ok(Invite {
                id: row.id("id", InviteId::from_uuid)?,
                conversation_id: row.id("conversation_id", ConversationId::from_uuid)?,
                code: row.try_get("code")?,
                created_by: row.id("created_by", UserId::from_uuid)?,
                created_at: row.time("created_at")?,
                expires_at: row.time_opt("expires_at")?,
                uses_max: row.small_opt("uses_max")?,
                uses: row.small("uses")?,
            })
        };
        self.all(sqlx::query(INVITES).bind(id.uuid()), read).await
    }

    async fn invite(&self, code: &str, viewer: UserId, now: Timestamp) -> Result<Option<InvitePreview>> {
        if !is_text(code) {
            return Ok(None);
        }
        let read = |row: &PgRow| {
            Ok(InvitePreview {
                conversation_id: row.id("id", ConversationId::from_uuid)?,
                kind: row.text("type")?,
                name: row.try_get::<Option<String>, _>("name")?.unwrap_or_default(),
                member_count: row.natural("member_count")?,
                inviter: row::summary(row)?,
                joined: row.try_get("joined")?,
            })
        };
        self.first(sqlx::query(INVITE).bind(code).bind(viewer.uuid()).bind(to_time(now)), read).await
    }
}

/// From [`info_columns`].
pub(super) fn info(row: &PgRow) -> sqlx::Result<ConversationInfo> {
    Ok(ConversationInfo {
        id: row.id("id", ConversationId::from_uuid)?,
        kind: row.text("type")?,
        name: row.try_get("name")?,
        topic: row.try_get("topic")?,
        visibility: row.text("visibility")?,
        status: row.text("status")?,
        link_previews: row.try_get("link_previews")?,
        created_by: row.id("created_by", UserId::from_uuid)?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

/// What only the member sees.
pub(super) fn me(row: &PgRow) -> sqlx::Result<Me> {
    Ok(Me {
        role: row.text("role")?,
        last_read_seq: row.natural("last_read_seq")?,
        muted: row.try_get("muted")?,
        pinned: row.try_get("pinned")?,
        archived: row.try_get("archived")?,
    })
}
