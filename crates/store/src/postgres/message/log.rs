//! The event log, with what its entries point at.

use super::{message, message_columns, message_joins};
use crate::Range;
use crate::log::{self, Stamp};
use crate::postgres::Statement;
use crate::postgres::conversation::{info, info_columns};
use crate::postgres::row::{self, Columns as _, to_bigint, unreadable, user_columns};
use natter_protocol::{Event, Member, MemberRole, MessageId, UserId};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

/// The events in parts of logs, of each as many as `$5`. No row: the viewer is no member. No `e_seq`: there are no events.
/// A message is read only for the entries that show it (1, 3, 4), a count only for reactions (5, 6), a person only for
/// memberships (9 to 11).
pub(in crate::postgres) const EVENTS: &str = concat!(
    "SELECT e.type AS e_type, e.seq AS e_seq, e.actor_id AS e_actor_id, e.created_at AS e_created_at,
            e.message_id AS e_message_id, e.detail AS e_detail, c.member_count,
            CASE WHEN e.type IN (5, 6) THEN
                (SELECT count(*) FROM message_reactions WHERE message_id = e.message_id AND emoji = e.detail)
            END AS e_reactions,
            cm.role AS cm_role, cm.joined_at AS cm_joined_at, ",
    user_columns!(),
    ", ",
    info_columns!(),
    ", ",
    message_columns!(),
    " FROM UNNEST($2::uuid[], $3::bigint[], $4::bigint[]) WITH ORDINALITY AS part (id, after_seq, upto_seq, place)
      JOIN conversation_members AS me ON me.conversation_id = part.id AND me.user_id = $1
      JOIN conversations AS c ON c.id = part.id
      LEFT JOIN LATERAL (SELECT * FROM events
                          WHERE conversation_id = part.id AND seq > part.after_seq AND seq <= part.upto_seq
                          ORDER BY seq LIMIT $5) AS e ON true
      LEFT JOIN users AS u ON u.id = e.subject_id AND e.type IN (9, 10, 11)
      LEFT JOIN conversation_members AS cm ON cm.conversation_id = part.id AND cm.user_id = u.id
      LEFT JOIN messages AS m ON m.id = e.message_id AND e.type IN (1, 3, 4)",
    message_joins!(),
    " ORDER BY part.place, e.seq"
);

/// What [`EVENTS`] asks.
pub(super) fn statement<'a>(viewer: UserId, ranges: &[Range], limit: Option<u32>) -> Statement<'a> {
    sqlx::query(EVENTS)
        .bind(viewer.uuid())
        .bind(ranges.iter().map(|range| range.conversation_id.uuid()).collect::<Vec<_>>())
        .bind(ranges.iter().map(|range| to_bigint(range.after)).collect::<Vec<_>>())
        .bind(ranges.iter().map(|range| to_bigint(range.upto)).collect::<Vec<_>>())
        .bind(limit.map(i64::from))
}

/// A row of [`EVENTS`]; none if there is no event in it.
pub(super) fn event(row: &PgRow) -> sqlx::Result<Option<Event>> {
    let Some(kind) = row.try_get::<Option<i16>, _>("e_type")? else { return Ok(None) };
    let info = info(row)?;
    let stamp = Stamp {
        conversation_id: info.id,
        seq: row.natural("e_seq")?,
        actor_id: row.id("e_actor_id", UserId::from_uuid)?,
        at: row.time("e_created_at")?,
    };
    Ok(Some(match kind {
        log::MESSAGE_NEW => log::message_new(Box::new(message(row)?)),
        log::CONVERSATION_CREATED => log::conversation_created(info),
        log::MESSAGE_UPDATED => stamp.message_updated(message(row)?),
        log::MESSAGE_DELETED => stamp.message_deleted(message(row)?),
        log::REACTION_ADDED | log::REACTION_REMOVED => stamp.reaction(
            kind == log::REACTION_ADDED,
            row.id("e_message_id", MessageId::from_uuid)?,
            row.try_get("e_detail")?,
            row.small("e_reactions")?,
        ),
        log::CONVERSATION_UPDATED => stamp.conversation_updated(info),
        log::CONVERSATION_DELETED => stamp.conversation_deleted(),
        log::MEMBER_JOINED => stamp.member_joined(member(row, stamp)?, row.natural("member_count")?),
        log::MEMBER_LEFT => {
            stamp.member_left(row.id("u_id", UserId::from_uuid)?, row.natural("member_count")?)
        }
        log::MEMBER_UPDATED => stamp.member_updated(member(row, stamp)?, row.natural("member_count")?),
        other => return Err(unreadable("e_type", format!("{other} is not the type of an event"))),
    }))
}

/// A member as they are now. Somebody who has left since is shown with the lowest role, as they came.
fn member(row: &PgRow, stamp: Stamp) -> sqlx::Result<Member> {
    Ok(Member {
        user: row::user(row)?,
        role: row.text_opt("cm_role")?.unwrap_or(MemberRole::Member),
        joined_at: row.time_opt("cm_joined_at")?.unwrap_or(stamp.at),
    })
}
