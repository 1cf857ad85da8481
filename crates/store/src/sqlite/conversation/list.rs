//! Whole conversations, one or a page of them.

use super::{INFO_COLUMNS, info_columns, me};
use crate::conversation::NamePart;
use crate::sqlite::message::{MESSAGE_COLUMNS, MESSAGE_JOINS, message};
use crate::sqlite::row::Columns;
use crate::text_enum::TextEnum;
use crate::{ListFilter, ListPosition};
use natter_protocol::{Conversation, ConversationId, UserId};
use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use std::sync::LazyLock;
use uuid::Uuid;

/// The viewer's relation, the conversation, the other person, and the last message, for the conversations in `page`.
fn view(page: &str) -> String {
    format!(
        "WITH page (id) AS MATERIALIZED ({page})
         SELECT {INFO_COLUMNS},
                c.last_seq, c.member_count, c.unread_count, c.mention_count,
                c.role, c.last_read_seq, c.muted, c.pinned, c.archived,
                p.id, p.username, p.display_name, p.avatar_url,
                {MESSAGE_COLUMNS}
           FROM page
           JOIN conversation_list_view AS c ON c.id = page.id AND c.user_id = ?1
           LEFT JOIN users AS p ON p.id = c.peer_id
           LEFT JOIN messages AS m ON m.id = c.last_message_id
           {MESSAGE_JOINS}
          ORDER BY c.updated_at DESC, c.id DESC"
    )
}

/// What is wanted of those that a filter lets through, from after a position. What is unread is counted from the newest
/// on, and not beyond the end of the page: `sorted` is kept, so it is gone through in its order.
macro_rules! listed {
    ($columns:literal, $joins:literal) => {
        concat!(
            "WITH sorted (id) AS MATERIALIZED (
                 SELECT c.id
                   FROM conversation_members AS cm JOIN conversations AS c ON c.id = cm.conversation_id
                  WHERE cm.user_id = ?1
                    AND (c.updated_at, c.id) < (?2, ?3)
                    AND (?5 IS NULL OR cm.archived = ?5)
                    AND (?6 IS NULL OR cm.pinned = ?6)
                    AND (?7 IS NULL OR c.type = ?7)
                  ORDER BY c.updated_at DESC, c.id DESC LIMIT iif(?8, -1, ?4))
             SELECT ",
            $columns,
            " FROM sorted ",
            $joins,
            " WHERE NOT ?8 OR (SELECT unread_count
                                FROM unread_message_counts
                               WHERE conversation_id = sorted.id AND user_id = ?1) > 0
              LIMIT ?4"
        )
    };
}

pub(in crate::sqlite) static ONE: LazyLock<String> = LazyLock::new(|| view("SELECT ?2"));
pub(in crate::sqlite) static AMONG: LazyLock<String> =
    LazyLock::new(|| view("SELECT unhex(value, '-') FROM json_each(?2)"));
pub(in crate::sqlite) static PAGE: LazyLock<String> = LazyLock::new(|| view(listed!("sorted.id", "")));
pub(in crate::sqlite) const NAMES: &str = listed!(
    "sorted.id, c.name, p.display_name, p.username",
    "CROSS JOIN conversations AS c ON c.id = sorted.id
      LEFT JOIN users AS p ON p.id = (SELECT user_id
                                        FROM conversation_members
                                       WHERE c.type = 'direct' AND conversation_id = c.id AND user_id <> ?1)"
);

/// One, if the viewer is in it.
pub(super) fn one(
    snapshot: &Connection,
    viewer: UserId,
    id: ConversationId,
    epoch: &str,
) -> rusqlite::Result<Option<Conversation>> {
    snapshot
        .prepare_cached(&ONE)?
        .query_row((viewer.uuid(), id.uuid()), |row| conversation(row, epoch))
        .optional()
}

/// A page of those that a filter lets through.
pub(super) fn page(
    snapshot: &Connection,
    viewer: UserId,
    filter: &ListFilter,
    after: Option<ListPosition>,
    limit: u32,
    epoch: &str,
) -> rusqlite::Result<Vec<Conversation>> {
    let read = |row: &Row<'_>| conversation(row, epoch);
    let Some(name) = &filter.name else {
        let parameters = parameters(viewer, filter, after, limit.into());
        return snapshot.prepare_cached(&PAGE)?.query_map(parameters, read)?.collect();
    };
    let ids = named(snapshot, viewer, filter, after, limit, &NamePart::new(name))?;
    let ids = serde_json::json!(ids).to_string();
    snapshot.prepare_cached(&AMONG)?.query_map((viewer.uuid(), ids), read)?.collect()
}

/// Those among them that have a name with this in it.
fn named(
    snapshot: &Connection,
    viewer: UserId,
    filter: &ListFilter,
    after: Option<ListPosition>,
    limit: u32,
    name: &NamePart,
) -> rusqlite::Result<Vec<Uuid>> {
    const ALL: i64 = -1;
    let mut statement = snapshot.prepare_cached(NAMES)?;
    let mut rows = statement.query(parameters(viewer, filter, after, ALL))?;
    let mut ids = Vec::new();
    while ids.len() < limit as usize
        && let Some(row) = rows.next()?
    {
        let text = |column| row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from);
        if name.is_in([text(1)?, text(2)?, text(3)?]) {
            ids.push(row.get(0)?);
        }
    }
    Ok(ids)
}

fn parameters(
    viewer: UserId,
    filter: &ListFilter,
    after: Option<ListPosition>,
    limit: i64,
) -> impl Params + use<> {
    let (time, id) =
        after.map_or((i64::MAX, Uuid::max()), |after| (after.updated_at.millis(), after.id.uuid()));
    let kind = filter.kind.map(TextEnum::to_text);
    (viewer.uuid(), time, id, limit, filter.archived, filter.pinned, kind, filter.unread)
}

fn conversation(row: &Row<'_>, epoch: &str) -> rusqlite::Result<Conversation> {
    let mut columns = Columns::of(row);
    let info = info_columns(&mut columns)?;
    let (last_seq, member_count) = (columns.get()?, columns.get()?);
    let (unread_count, mention_count) = (columns.get()?, columns.get()?);
    let me = me(&mut columns)?;
    let peer = columns.summary_opt()?;
    let peer_name = peer.as_ref().map(|peer| peer.display_name.clone());
    Ok(Conversation {
        title: info.name.clone().or(peer_name).unwrap_or_default(),
        info,
        epoch: epoch.to_owned(),
        last_seq,
        last_message: if columns.next_is_null()? { None } else { Some(message(&mut columns)?) },
        unread_count,
        mention_count,
        member_count,
        peer,
        me,
    })
}
