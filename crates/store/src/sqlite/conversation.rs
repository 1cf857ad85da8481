//! Conversations in SQLite.

use super::message::{MESSAGE_COLUMNS, message_row};
use super::row::text;
use crate::commit::Outcome;
use crate::text_enum::TextEnum as _;
use crate::{ListPosition, NewConversation, Refusal, Roster, Written, log};
use natter_protocol::{Conversation, ConversationId, ConversationInfo, Me, MemberRole, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::sync::LazyLock;
use uuid::Uuid;

/// Columns of [`ConversationInfo`], in the order of [`info_row`].
const INFO_COLUMNS: &str = "id, type, name, topic, visibility, status, created_by, created_at, updated_at";

/// The viewer's relation, the conversation, and its last message, for the conversations in `page`.
fn view(page: &str) -> String {
    format!(
        "WITH page (id) AS MATERIALIZED ({page})
         SELECT v.id, v.type, v.name, v.topic, v.visibility, v.status, v.created_by, v.created_at, v.updated_at,
                v.last_seq, v.member_count, v.role, v.last_read_seq, v.muted, v.pinned, v.unread_count, v.peer_name,
                {MESSAGE_COLUMNS}
           FROM page
           JOIN conversation_list_view AS v ON v.id = page.id AND v.user_id = ?1
           LEFT JOIN messages AS m ON m.id = v.last_message_id
           LEFT JOIN users AS s ON s.id = m.sender_id
          ORDER BY v.updated_at DESC, v.id DESC"
    )
}

pub(super) static ONE: LazyLock<String> = LazyLock::new(|| view("SELECT ?2"));
pub(super) static FIRST_PAGE: LazyLock<String> = LazyLock::new(|| {
    view(
        "SELECT c.id FROM conversation_members AS cm JOIN conversations AS c ON c.id = cm.conversation_id
          WHERE cm.user_id = ?1 ORDER BY c.updated_at DESC, c.id DESC LIMIT ?2",
    )
});
pub(super) static NEXT_PAGE: LazyLock<String> = LazyLock::new(|| {
    view(
        "SELECT c.id FROM conversation_members AS cm JOIN conversations AS c ON c.id = cm.conversation_id
          WHERE cm.user_id = ?1 AND (c.updated_at, c.id) < (?3, ?4)
          ORDER BY c.updated_at DESC, c.id DESC LIMIT ?2",
    )
});
pub(super) const ROSTER_HEAD: &str = "SELECT last_seq FROM conversations WHERE id = ?1";
pub(super) const ROSTER_MEMBERS: &str = "SELECT user_id FROM conversation_members WHERE conversation_id = ?1";
pub(super) const IS_MEMBER: &str =
    "SELECT 1 FROM conversation_members WHERE conversation_id = ?1 AND user_id = ?2";

fn info_row(row: &Row<'_>) -> rusqlite::Result<ConversationInfo> {
    Ok(ConversationInfo {
        id: ConversationId::from_uuid(row.get(0)?),
        kind: text(row, 1)?,
        name: row.get(2)?,
        topic: row.get(3)?,
        visibility: text(row, 4)?,
        status: text(row, 5)?,
        created_by: UserId::from_uuid(row.get(6)?),
        created_at: Timestamp::from_millis(row.get(7)?),
        updated_at: Timestamp::from_millis(row.get(8)?),
    })
}

fn view_row(row: &Row<'_>, epoch: &str) -> rusqlite::Result<Conversation> {
    let info = info_row(row)?;
    let peer_name: Option<String> = row.get(16)?;
    let has_message = row.get_ref(17)? != rusqlite::types::ValueRef::Null;
    Ok(Conversation {
        title: info.name.clone().or(peer_name).unwrap_or_default(),
        info,
        epoch: epoch.to_owned(),
        last_seq: row.get(9)?,
        last_message: has_message.then(|| message_row(row, 17)).transpose()?,
        unread_count: row.get(15)?,
        mention_count: 0,
        member_count: row.get(10)?,
        me: Me {
            role: text(row, 11)?,
            last_read_seq: row.get(12)?,
            muted: row.get(13)?,
            pinned: row.get(14)?,
        },
    })
}

pub(super) fn one(
    connection: &Connection,
    id: ConversationId,
    viewer: UserId,
    epoch: &str,
) -> rusqlite::Result<Option<Conversation>> {
    connection
        .prepare_cached(&ONE)?
        .query_row((viewer.uuid(), id.uuid()), |row| view_row(row, epoch))
        .optional()
}

pub(super) fn list(
    connection: &Connection,
    viewer: UserId,
    after: Option<ListPosition>,
    limit: u32,
    epoch: &str,
) -> rusqlite::Result<Vec<Conversation>> {
    match after {
        None => connection
            .prepare_cached(&FIRST_PAGE)?
            .query_map((viewer.uuid(), limit), |row| view_row(row, epoch))?
            .collect(),
        Some(after) => connection
            .prepare_cached(&NEXT_PAGE)?
            .query_map((viewer.uuid(), limit, after.updated_at.millis(), after.id.uuid()), |row| {
                view_row(row, epoch)
            })?
            .collect(),
    }
}

pub(super) fn roster(connection: &Connection, id: ConversationId) -> rusqlite::Result<Option<Roster>> {
    let head = connection.prepare_cached(ROSTER_HEAD)?.query_row([id.uuid()], |row| row.get(0)).optional()?;
    let Some(last_seq) = head else { return Ok(None) };
    let members = connection
        .prepare_cached(ROSTER_MEMBERS)?
        .query_map([id.uuid()], |row| Ok(UserId::from_uuid(row.get(0)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(Roster { members, last_seq }))
}

pub(super) fn is_member(connection: &Connection, id: ConversationId, user: UserId) -> rusqlite::Result<bool> {
    connection.prepare_cached(IS_MEMBER)?.exists((id.uuid(), user.uuid()))
}

pub(super) fn info(connection: &Connection, id: ConversationId) -> rusqlite::Result<ConversationInfo> {
    static INFO: LazyLock<String> =
        LazyLock::new(|| format!("SELECT {INFO_COLUMNS} FROM conversations WHERE id = ?1"));
    connection.prepare_cached(&INFO)?.query_row([id.uuid()], info_row)
}

pub(super) fn create(connection: &Connection, new: &NewConversation) -> rusqlite::Result<Outcome> {
    let info = &new.info;
    let direct_key = new.direct_key();
    if let Some(key) = direct_key {
        let existing: Option<Uuid> = connection
            .prepare_cached("SELECT id FROM conversations WHERE direct_key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        if let Some(id) = existing {
            let id = ConversationId::from_uuid(id);
            return Ok(Ok((Written::Conversation { id, existed: true }, None)));
        }
    }
    let mut is_user = connection.prepare_cached("SELECT 1 FROM users WHERE id = ?1")?;
    for id in new.members.iter().chain([&info.created_by]) {
        if !is_user.exists([id.uuid()])? {
            return Ok(Err(Refusal::UserUnknown));
        }
    }
    let member_count = i64::try_from(new.members.len() + 1).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "INSERT INTO conversations (id, type, name, topic, visibility, status, direct_key, created_by, created_at,
                                        updated_at, last_seq, member_count)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 1, ?11)",
        )?
        .execute((
            info.id.uuid(),
            info.kind.to_text(),
            &info.name,
            &info.topic,
            info.visibility.to_text(),
            info.status.to_text(),
            direct_key,
            info.created_by.uuid(),
            info.created_at.millis(),
            info.updated_at.millis(),
            member_count,
        ))?;
    // Nobody owns a conversation between two.
    let creator = if direct_key.is_some() { MemberRole::Member } else { MemberRole::Owner };
    let mut add = connection.prepare_cached(
        "INSERT INTO conversation_members (conversation_id, user_id, role, joined_at, last_read_seq)
         VALUES (?1, ?2, ?3, ?4, 0)",
    )?;
    add.execute((info.id.uuid(), info.created_by.uuid(), creator.to_text(), info.created_at.millis()))?;
    for member in &new.members {
        add.execute((info.id.uuid(), member.uuid(), MemberRole::Member.to_text(), info.created_at.millis()))?;
    }
    connection
        .prepare_cached(
            "INSERT INTO events (conversation_id, seq, type, actor_id, created_at) VALUES (?1, 1, ?2, ?3, ?4)",
        )?
        .execute((info.id.uuid(), log::CONVERSATION_CREATED, info.created_by.uuid(), info.created_at.millis()))?;
    Ok(Ok((
        Written::Conversation { id: info.id, existed: false },
        Some(log::conversation_created(info.clone())),
    )))
}
