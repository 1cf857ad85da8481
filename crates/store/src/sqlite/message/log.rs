//! The event log, with what its entries point at.

use super::{MESSAGE_COLUMNS, MESSAGE_JOINS, message};
use crate::log::{self, Stamp};
use crate::sqlite::conversation::{info, is_member};
use crate::sqlite::row::{Columns, USER_COLUMNS};
use natter_protocol::{ConversationId, Event, Member, MemberRole, MessageId, Seq, Timestamp, UserId};
use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use std::sync::LazyLock;

/// A message is read only for those that show it; a member who has left has the lowest role, since they joined at all.
pub(in crate::sqlite) static EVENTS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT e.type, e.seq, e.actor_id, e.created_at, e.message_id, e.subject_id, e.detail,
                CASE WHEN e.type IN ({}, {}) THEN
                    (SELECT count(*) FROM message_reactions WHERE message_id = e.message_id AND emoji = e.detail)
                END,
                {MESSAGE_COLUMNS}
           FROM events AS e
           LEFT JOIN messages AS m ON m.id = e.message_id AND e.type IN ({}, {}, {})
           {MESSAGE_JOINS}
          WHERE e.conversation_id = ?2 AND e.seq > ?3
          ORDER BY e.seq LIMIT ?4",
        log::REACTION_ADDED,
        log::REACTION_REMOVED,
        log::MESSAGE_NEW,
        log::MESSAGE_UPDATED,
        log::MESSAGE_DELETED,
    )
});
pub(in crate::sqlite) static MEMBER: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {USER_COLUMNS}, cm.role, cm.joined_at, c.member_count
           FROM users AS u
           JOIN conversations AS c ON c.id = ?1
           LEFT JOIN conversation_members AS cm ON cm.conversation_id = c.id AND cm.user_id = u.id
          WHERE u.id = ?2"
    )
});

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
        .query_map((viewer.uuid(), id.uuid(), after, limit), |row| event(connection, id, row))?
        .collect::<rusqlite::Result<_>>()
        .map(Some)
}

fn event(connection: &Connection, id: ConversationId, row: &Row<'_>) -> rusqlite::Result<Event> {
    let mut columns = Columns::of(row);
    let kind: i16 = columns.get()?;
    let stamp = Stamp {
        conversation_id: id,
        seq: columns.get()?,
        actor_id: columns.id(UserId::from_uuid)?,
        at: columns.time()?,
    };
    let message_id = columns.id_opt(MessageId::from_uuid)?;
    let subject = columns.id_opt(UserId::from_uuid)?;
    let emoji: Option<String> = columns.get()?;
    let count: Option<u32> = columns.get()?;
    // A fault of whoever wrote it.
    let dangling = || {
        let error = format!("entry {} of type {kind} does not say what it is about", stamp.seq);
        rusqlite::Error::FromSqlConversionFailure(0, Type::Integer, error.into())
    };
    Ok(match kind {
        log::MESSAGE_NEW => log::message_new(Box::new(message(&mut columns)?)),
        log::MESSAGE_UPDATED => stamp.message_updated(message(&mut columns)?),
        log::MESSAGE_DELETED => stamp.message_deleted(message(&mut columns)?),
        log::REACTION_ADDED | log::REACTION_REMOVED => stamp.reaction(
            kind == log::REACTION_ADDED,
            message_id.ok_or_else(dangling)?,
            emoji.ok_or_else(dangling)?,
            count.unwrap_or_default(),
        ),
        log::CONVERSATION_CREATED => log::conversation_created(info(connection, id)?),
        log::CONVERSATION_UPDATED => stamp.conversation_updated(info(connection, id)?),
        log::CONVERSATION_DELETED => stamp.conversation_deleted(),
        log::MEMBER_JOINED | log::MEMBER_LEFT | log::MEMBER_UPDATED => {
            let (member, member_count) = member(connection, id, subject.ok_or_else(dangling)?, stamp.at)?;
            match kind {
                log::MEMBER_JOINED => stamp.member_joined(member, member_count),
                log::MEMBER_LEFT => stamp.member_left(member.user.id, member_count),
                _ => stamp.member_updated(member, member_count),
            }
        }
        _ => return Err(dangling()),
    })
}

/// A member as they are now; somebody who has left is shown as they came.
fn member(
    connection: &Connection,
    id: ConversationId,
    user: UserId,
    at: Timestamp,
) -> rusqlite::Result<(Member, u64)> {
    connection.prepare_cached(&MEMBER)?.query_row((id.uuid(), user.uuid()), |row| {
        let mut columns = Columns::of(row);
        let member = Member {
            user: columns.user()?,
            role: columns.text_opt()?.unwrap_or(MemberRole::Member),
            joined_at: columns.time_opt()?.unwrap_or(at),
        };
        Ok((member, columns.get()?))
    })
}
