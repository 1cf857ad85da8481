//! The event log, with what its entries point at.

use super::{MESSAGE_COLUMNS, MESSAGE_JOINS, message};
use crate::Range;
use crate::log::{self, Stamp};
use crate::sqlite::conversation::{INFO_COLUMNS, info_columns, is_member};
use crate::sqlite::row::{Columns, USER_COLUMNS};
use natter_protocol::{ConversationId, Event, Member, MemberRole, MessageId, Seq, UserId};
use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use std::sync::LazyLock;

/// What an entry `e` of a conversation `c` shows. A message is read only for those that show it, a person only for
/// memberships. Parameter 1 is the viewer.
fn entries(from: &str, rest: &str) -> String {
    format!(
        "SELECT e.type, {INFO_COLUMNS}, e.seq, e.actor_id, e.created_at, e.message_id, e.detail,
                CASE WHEN e.type IN ({}, {}) THEN
                    (SELECT count(*) FROM message_reactions WHERE message_id = e.message_id AND emoji = e.detail)
                END,
                c.member_count, cm.role, cm.joined_at, {USER_COLUMNS}, {MESSAGE_COLUMNS}
           FROM {from}
           LEFT JOIN users AS u ON u.id = e.subject_id AND e.type IN ({}, {}, {})
           LEFT JOIN conversation_members AS cm ON cm.conversation_id = c.id AND cm.user_id = u.id
           LEFT JOIN messages AS m ON m.id = e.message_id AND e.type IN ({}, {}, {})
           {MESSAGE_JOINS}
          {rest}",
        log::REACTION_ADDED,
        log::REACTION_REMOVED,
        log::MEMBER_JOINED,
        log::MEMBER_LEFT,
        log::MEMBER_UPDATED,
        log::MESSAGE_NEW,
        log::MESSAGE_UPDATED,
        log::MESSAGE_DELETED,
    )
}

pub(in crate::sqlite) static EVENTS: LazyLock<String> = LazyLock::new(|| {
    entries(
        "conversations AS c CROSS JOIN events AS e",
        "WHERE c.id = ?2 AND e.conversation_id = ?2 AND e.seq > ?3 ORDER BY e.seq LIMIT ?4",
    )
});
/// The parts come as JSON: the id of the conversation, the position before, the last position.
pub(in crate::sqlite) static REPLAY: LazyLock<String> = LazyLock::new(|| {
    entries(
        "json_each(?2) AS part
          CROSS JOIN conversations AS c
          CROSS JOIN conversation_members AS me
          CROSS JOIN events AS e",
        "WHERE c.id = unhex(part.value ->> 0, '-')
           AND me.conversation_id = c.id
           AND me.user_id = ?1
           AND e.conversation_id = c.id
           AND e.seq > part.value ->> 1
           AND e.seq <= part.value ->> 2
         ORDER BY part.key, e.seq",
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
    connection
        .prepare_cached(&EVENTS)?
        .query_map((viewer.uuid(), id.uuid(), to_integer(after), limit), event)?
        .collect::<rusqlite::Result<_>>()
        .map(Some)
}

pub(super) fn replay(
    connection: &Connection,
    viewer: UserId,
    ranges: &[Range],
) -> rusqlite::Result<Vec<Event>> {
    let parts: Vec<_> = ranges
        .iter()
        .map(|range| (range.conversation_id, to_integer(range.after), to_integer(range.upto)))
        .collect();
    connection
        .prepare_cached(&REPLAY)?
        .query_map((viewer.uuid(), serde_json::json!(parts).to_string()), event)?
        .collect()
}

/// A position, which may be beyond all that there can be.
fn to_integer(seq: Seq) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// A row of [`entries`].
fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let mut columns = Columns::of(row);
    let kind: i16 = columns.get()?;
    let info = info_columns(&mut columns)?;
    let stamp = Stamp {
        conversation_id: info.id,
        seq: columns.get()?,
        actor_id: columns.id(UserId::from_uuid)?,
        at: columns.time()?,
    };
    let message_id = columns.id_opt(MessageId::from_uuid)?;
    let emoji: Option<String> = columns.get()?;
    let count: Option<u32> = columns.get()?;
    let member_count = columns.get()?;
    let subject = member(&mut columns, stamp)?;
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
        log::CONVERSATION_CREATED => log::conversation_created(info),
        log::CONVERSATION_UPDATED => stamp.conversation_updated(info),
        log::CONVERSATION_DELETED => stamp.conversation_deleted(),
        log::MEMBER_JOINED => stamp.member_joined(subject.ok_or_else(dangling)?, member_count),
        log::MEMBER_LEFT => stamp.member_left(subject.ok_or_else(dangling)?.user.id, member_count),
        log::MEMBER_UPDATED => stamp.member_updated(subject.ok_or_else(dangling)?, member_count),
        _ => return Err(dangling()),
    })
}

/// A member as they are now; somebody who has left has the lowest role, since they joined at all.
fn member(columns: &mut Columns<'_>, stamp: Stamp) -> rusqlite::Result<Option<Member>> {
    let (role, joined_at) = (columns.text_opt()?, columns.time_opt()?);
    Ok(columns.user_opt()?.map(|user| Member {
        user,
        role: role.unwrap_or(MemberRole::Member),
        joined_at: joined_at.unwrap_or(stamp.at),
    }))
}
