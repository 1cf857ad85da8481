//! Conversations, and who is in them, in SQLite.

pub(super) mod list;

use super::Sqlite;
use super::row::{Columns, USER_COLUMNS};
use crate::conversation::direct_key;
use crate::{Conversations, ListFilter, ListPosition, Result, Roster, Standing, log};
use async_trait::async_trait;
use natter_protocol::{
    Conversation, ConversationId, ConversationInfo, Invite, InviteId, InvitePreview, Me, Member,
    PublicChannel, ReadState, Seq, SyncHead, Timestamp, UnreadTotal, UserId,
};
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::collections::HashSet;
use std::sync::LazyLock;
use uuid::Uuid;

/// Columns of a [`ConversationInfo`] `c`, in the order of [`info_columns`].
pub(super) const INFO_COLUMNS: &str = "c.id, c.type, c.name, c.topic, c.visibility, c.status, c.link_previews, c.created_by, c.created_at, c.updated_at";

/// Members that are put in order for each page of them. Of a larger crowd, one page is found sooner among all users, who
/// are in that order.
const SORTED_MEMBERS_MAX: u64 = 5_000;
/// The members `cm` of a small and of a large conversation, with the user `u` of each.
const BY_USERNAME: [&str; 2] =
    ["conversation_members AS cm CROSS JOIN users AS u", "users AS u CROSS JOIN conversation_members AS cm"];

/// Which of two statements over [`BY_USERNAME`] is the one for a conversation of this size.
fn by_username(statements: &[String; 2], member_count: u64) -> &str {
    let [small, large] = statements;
    if member_count > SORTED_MEMBERS_MAX { large } else { small }
}

pub(super) const HEADS: &str = "
    SELECT c.id, c.last_seq
      FROM conversation_members AS cm JOIN conversations AS c ON c.id = cm.conversation_id
     WHERE cm.user_id = ?1";
pub(super) const HEADS_AMONG: &str = "
    SELECT c.id, c.last_seq
      FROM conversation_members AS cm JOIN conversations AS c ON c.id = cm.conversation_id
     WHERE cm.user_id = ?1 AND cm.conversation_id IN (SELECT unhex(value, '-') FROM json_each(?2))";
pub(super) const DIRECT: &str = "SELECT id FROM conversations WHERE direct_key = ?1";
pub(super) const STANDING: &str = "
    SELECT c.type, c.visibility, c.status, c.blocked, cm.role, c.member_count, cm.last_read_seq
      FROM conversation_members AS cm JOIN conversations AS c ON c.id = cm.conversation_id
     WHERE cm.conversation_id = ?1 AND cm.user_id = ?2";
pub(super) const HEAD: &str = "SELECT last_seq FROM conversations WHERE id = ?1";
pub(super) const MEMBER_IDS: &str = "SELECT user_id FROM conversation_members WHERE conversation_id = ?1";
/// The types are written out as in the definition of the index: those of `member.joined` and `member.left`.
pub(super) const COMINGS_AND_GOINGS: &str = "
    SELECT type, subject_id
      FROM events
     WHERE conversation_id = ?1 AND seq > ?2 AND type IN (9, 10)
     ORDER BY seq DESC";
pub(super) static MEMBERS: LazyLock<[String; 2]> = LazyLock::new(|| {
    BY_USERNAME.map(|members| {
        format!(
            "SELECT {USER_COLUMNS}, cm.role, cm.joined_at
               FROM {members}
              WHERE cm.conversation_id = ?1 AND cm.user_id = u.id AND u.username > ?2
              ORDER BY u.username LIMIT ?3"
        )
    })
});
pub(super) const IS_MEMBER: &str =
    "SELECT 1 FROM conversation_members WHERE conversation_id = ?1 AND user_id = ?2";
pub(super) const PUBLIC_CHANNELS: &str = "
    SELECT c.id, c.name, c.topic, c.member_count,
           EXISTS (SELECT 1 FROM conversation_members WHERE conversation_id = c.id AND user_id = ?1)
      FROM conversations AS c
     WHERE c.visibility = 'public' AND c.deleted_at IS NULL
       AND c.type = 'channel'
       AND (c.name, c.id) > (?3, ?4)
       AND instr(fold(c.name), ?2) > 0
     ORDER BY c.name, c.id LIMIT ?5";
pub(super) const IS_JOINABLE: &str = "
    SELECT 1 FROM conversations
     WHERE id = ?1 AND type = 'channel' AND visibility = 'public' AND deleted_at IS NULL";
pub(super) const READ_STATE: &str = "
    SELECT last_read_seq, unread_count, mention_count
      FROM unread_message_counts WHERE conversation_id = ?1 AND user_id = ?2";
pub(super) const UNREAD_TOTAL: &str = "
    WITH counted (quiet, unread, mentions) AS MATERIALIZED (
        SELECT cm.muted OR cm.archived, u.unread_count, u.mention_count
          FROM conversation_members AS cm
          JOIN unread_message_counts AS u ON u.conversation_id = cm.conversation_id AND u.user_id = cm.user_id
         WHERE cm.user_id = ?1)
    SELECT coalesce(sum(unread) FILTER (WHERE NOT quiet), 0),
           count(*) FILTER (WHERE NOT quiet AND unread > 0),
           coalesce(sum(mentions), 0)
      FROM counted";
pub(super) const INVITES: &str = "
    SELECT id, conversation_id, code, created_by, created_at, expires_at, uses_max, uses
      FROM invites WHERE conversation_id = ?1 ORDER BY created_at, id";
pub(super) const INVITE: &str = "
    SELECT c.id, c.type, c.name, c.member_count, u.id, u.username, u.display_name, u.avatar_url,
           EXISTS (SELECT 1 FROM conversation_members WHERE conversation_id = c.id AND user_id = ?2)
      FROM invites AS i
      JOIN conversations AS c ON c.id = i.conversation_id
      JOIN users AS u ON u.id = i.created_by
     WHERE i.code = ?1
       AND c.deleted_at IS NULL
       AND (i.expires_at IS NULL OR i.expires_at > ?3)
       AND (i.uses_max IS NULL OR i.uses < i.uses_max)";

#[async_trait]
impl Conversations for Sqlite {
    async fn conversation(&self, id: ConversationId, viewer: UserId) -> Result<Option<Conversation>> {
        let epoch = self.epoch.clone();
        self.readers.read(move |snapshot| list::one(snapshot, viewer, id, &epoch)).await
    }

    async fn conversations(
        &self,
        viewer: UserId,
        filter: ListFilter,
        after: Option<ListPosition>,
        limit: u32,
    ) -> Result<Vec<Conversation>> {
        let epoch = self.epoch.clone();
        self.readers.read(move |snapshot| list::page(snapshot, viewer, &filter, after, limit, &epoch)).await
    }

    async fn heads(&self, viewer: UserId, of: Option<&[ConversationId]>) -> Result<Vec<SyncHead>> {
        let of = of.map(|of| serde_json::json!(of).to_string());
        self.readers
            .read(move |snapshot| {
                let mut statement =
                    snapshot.prepare_cached(if of.is_some() { HEADS_AMONG } else { HEADS })?;
                let read = |row: &Row<'_>| {
                    let mut columns = Columns::of(row);
                    Ok(SyncHead { id: columns.id(ConversationId::from_uuid)?, seq: columns.get()? })
                };
                let heads = match of {
                    Some(of) => statement.query_map((viewer.uuid(), of), read)?,
                    None => statement.query_map([viewer.uuid()], read)?,
                };
                heads.collect()
            })
            .await
    }

    async fn direct(&self, one: UserId, other: UserId) -> Result<Option<ConversationId>> {
        self.readers.read(move |snapshot| direct(snapshot, one, other)).await
    }

    async fn standing(&self, id: ConversationId, viewer: UserId) -> Result<Option<Standing>> {
        self.readers.read(move |snapshot| standing(snapshot, id, viewer)).await
    }

    async fn roster(&self, id: ConversationId, at: Option<Seq>) -> Result<Option<Roster>> {
        let readers = if at.is_some() { &self.lookout } else { &self.readers };
        readers.read(move |snapshot| roster(snapshot, id, at)).await
    }

    async fn members(
        &self,
        id: ConversationId,
        viewer: UserId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Option<Vec<Member>>> {
        let after = after.unwrap_or_default().to_owned();
        self.readers
            .read(move |snapshot| {
                let Some(standing) = standing(snapshot, id, viewer)? else { return Ok(None) };
                snapshot
                    .prepare_cached(by_username(&MEMBERS, standing.member_count))?
                    .query_map((id.uuid(), after, limit), |row| {
                        let mut columns = Columns::of(row);
                        Ok(Member {
                            user: columns.user()?,
                            role: columns.text()?,
                            joined_at: columns.time()?,
                        })
                    })?
                    .collect::<rusqlite::Result<_>>()
                    .map(Some)
            })
            .await
    }

    async fn members_among(&self, id: ConversationId, users: &[UserId]) -> Result<Vec<UserId>> {
        let users = users.to_vec();
        self.readers
            .read(move |snapshot| {
                let mut is_member = snapshot.prepare_cached(IS_MEMBER)?;
                let mut members = Vec::new();
                for user in users {
                    if is_member.exists((id.uuid(), user.uuid()))? {
                        members.push(user);
                    }
                }
                Ok(members)
            })
            .await
    }

    async fn public_channels(
        &self,
        viewer: UserId,
        query: &str,
        after: Option<(&str, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<PublicChannel>> {
        let query = query.to_owned();
        let (name, id) =
            after.map_or((String::new(), Uuid::nil()), |(name, id)| (name.to_owned(), id.uuid()));
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(PUBLIC_CHANNELS)?
                    .query_map((viewer.uuid(), query, name, id, limit), |row| {
                        let mut columns = Columns::of(row);
                        Ok(PublicChannel {
                            id: columns.id(ConversationId::from_uuid)?,
                            name: columns.get()?,
                            topic: columns.get()?,
                            member_count: columns.get()?,
                            joined: columns.get()?,
                        })
                    })?
                    .collect()
            })
            .await
    }

    async fn is_joinable(&self, id: ConversationId) -> Result<bool> {
        self.readers.read(move |snapshot| snapshot.prepare_cached(IS_JOINABLE)?.exists([id.uuid()])).await
    }

    async fn read_state(&self, id: ConversationId, viewer: UserId) -> Result<Option<ReadState>> {
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(READ_STATE)?
                    .query_row((id.uuid(), viewer.uuid()), |row| {
                        let mut columns = Columns::of(row);
                        Ok(ReadState {
                            conversation_id: id,
                            last_read_seq: columns.get()?,
                            unread_count: columns.get()?,
                            mention_count: columns.get()?,
                        })
                    })
                    .optional()
            })
            .await
    }

    async fn unread_total(&self, viewer: UserId) -> Result<UnreadTotal> {
        self.readers
            .read(move |snapshot| {
                snapshot.prepare_cached(UNREAD_TOTAL)?.query_row([viewer.uuid()], |row| {
                    let mut columns = Columns::of(row);
                    Ok(UnreadTotal {
                        total: columns.get()?,
                        conversations: columns.get()?,
                        mentions: columns.get()?,
                    })
                })
            })
            .await
    }

    async fn invites(&self, id: ConversationId) -> Result<Vec<Invite>> {
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(INVITES)?
                    .query_map([id.uuid()], |row| {
                        let mut columns = Columns::of(row);
                        Ok(Invite {
                            id: columns.id(InviteId::from_uuid)?,
                            conversation_id: columns.id(ConversationId::from_uuid)?,
                            code: columns.get()?,
                            created_by: columns.id(UserId::from_uuid)?,
                            created_at: columns.time()?,
                            expires_at: columns.time_opt()?,
                            uses_max: columns.get()?,
                            uses: columns.get()?,
                        })
                    })?
                    .collect()
            })
            .await
    }

    async fn invite(&self, code: &str, viewer: UserId, now: Timestamp) -> Result<Option<InvitePreview>> {
        let code = code.to_owned();
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(INVITE)?
                    .query_row((code, viewer.uuid(), now.millis()), |row| {
                        let mut columns = Columns::of(row);
                        Ok(InvitePreview {
                            conversation_id: columns.id(ConversationId::from_uuid)?,
                            kind: columns.text()?,
                            name: columns.get::<Option<String>>()?.unwrap_or_default(),
                            member_count: columns.get()?,
                            inviter: columns.summary()?,
                            joined: columns.get()?,
                        })
                    })
                    .optional()
            })
            .await
    }
}

/// From [`INFO_COLUMNS`].
pub(super) fn info_columns(columns: &mut Columns<'_>) -> rusqlite::Result<ConversationInfo> {
    Ok(ConversationInfo {
        id: columns.id(ConversationId::from_uuid)?,
        kind: columns.text()?,
        name: columns.get()?,
        topic: columns.get()?,
        visibility: columns.text()?,
        status: columns.text()?,
        link_previews: columns.get()?,
        created_by: columns.id(UserId::from_uuid)?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
    })
}

/// From role, `last_read_seq`, muted, pinned and archived.
pub(super) fn me(columns: &mut Columns<'_>) -> rusqlite::Result<Me> {
    Ok(Me {
        role: columns.text()?,
        last_read_seq: columns.get()?,
        muted: columns.get()?,
        pinned: columns.get()?,
        archived: columns.get()?,
    })
}

fn standing(
    connection: &Connection,
    id: ConversationId,
    viewer: UserId,
) -> rusqlite::Result<Option<Standing>> {
    connection
        .prepare_cached(STANDING)?
        .query_row((id.uuid(), viewer.uuid()), |row| {
            let mut columns = Columns::of(row);
            Ok(Standing {
                kind: columns.text()?,
                visibility: columns.text()?,
                status: columns.text()?,
                blocked: columns.get()?,
                role: columns.text()?,
                member_count: columns.get()?,
                last_read_seq: columns.get()?,
            })
        })
        .optional()
}

pub(super) fn is_member(connection: &Connection, id: ConversationId, user: UserId) -> rusqlite::Result<bool> {
    connection.prepare_cached(IS_MEMBER)?.exists((id.uuid(), user.uuid()))
}

pub(super) fn direct(
    connection: &Connection,
    one: UserId,
    other: UserId,
) -> rusqlite::Result<Option<ConversationId>> {
    connection
        .prepare_cached(DIRECT)?
        .query_row([direct_key(one, other)], |row| Columns::of(row).id(ConversationId::from_uuid))
        .optional()
}

/// From those who are in it now, back through the log to those who were.
fn roster(connection: &Connection, id: ConversationId, at: Option<Seq>) -> rusqlite::Result<Option<Roster>> {
    let head: Option<Seq> =
        connection.prepare_cached(HEAD)?.query_row([id.uuid()], |row| row.get(0)).optional()?;
    let Some(head) = head else { return Ok(None) };
    let last_seq = at.map_or(head, |at| head.min(at));
    let mut members = connection
        .prepare_cached(MEMBER_IDS)?
        .query_map([id.uuid()], |row| Columns::of(row).id(UserId::from_uuid))?
        .collect::<rusqlite::Result<HashSet<_>>>()?;
    let mut later = connection.prepare_cached(COMINGS_AND_GOINGS)?;
    let mut later = later.query((id.uuid(), last_seq))?;
    while let Some(row) = later.next()? {
        let mut columns = Columns::of(row);
        let (kind, user) = (columns.get::<i16>()?, columns.id(UserId::from_uuid)?);
        if kind == log::MEMBER_JOINED {
            members.remove(&user);
        } else {
            members.insert(user);
        }
    }
    Ok(Some(Roster { members: members.into_iter().collect(), last_seq }))
}
