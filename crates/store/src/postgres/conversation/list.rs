//! Whole conversations, one or a page of them.

use super::{info, info_columns, me};
use crate::conversation::NamePart;
use crate::postgres::message::{message_columns, message_joins, message_opt};
use crate::postgres::row::{self, Columns as _, to_time, user_columns};
use crate::postgres::{BEGIN_SNAPSHOT, Postgres, Statement, failure};
use crate::text_enum::TextEnum as _;
use crate::{ListFilter, ListPosition, Result};
use futures_util::TryStreamExt as _;
use natter_protocol::{Conversation, ConversationKind, UserId};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

/// The viewer's relation (parameter 1), the conversation, the other person, and the last message, for the
/// conversations in a page.
macro_rules! view {
    ($page:expr) => {
        concat!(
            "WITH page AS MATERIALIZED (",
            $page,
            ") SELECT ",
            info_columns!(),
            ", c.last_seq, c.member_count, c.unread_count, c.mention_count,
               c.role, c.last_read_seq, c.muted, c.pinned, c.archived, ",
            user_columns!(),
            ", ",
            message_columns!(),
            " FROM page
              JOIN conversation_list_view AS c ON c.id = page.id AND c.user_id = $1
              LEFT JOIN users AS u ON u.id = c.peer_id
              LEFT JOIN messages AS m ON m.id = c.last_message_id",
            message_joins!(),
            "ORDER BY c.updated_at DESC, c.id DESC"
        )
    };
}

/// Those of the viewer's conversations that a filter lets through, from after a position.
macro_rules! filtered {
    () => {
        "FROM conversation_members AS cm
         JOIN conversations AS c ON c.id = cm.conversation_id
        WHERE cm.user_id = $1
          AND ($2::timestamptz IS NULL OR (c.updated_at, c.id) < ($2, $3::uuid))
          AND ($4::boolean IS NULL OR cm.archived = $4)
          AND ($5::boolean IS NULL OR cm.pinned = $5)
          AND ($6::text IS NULL OR c.type = $6)"
    };
}

pub(in crate::postgres) const ONE: &str = view!("SELECT $2::uuid AS id");
pub(in crate::postgres) const AMONG: &str = view!("SELECT unnest($2::uuid[]) AS id");
pub(in crate::postgres) const PAGE: &str =
    view!(concat!("SELECT c.id ", filtered!(), " ORDER BY c.updated_at DESC, c.id DESC LIMIT $7"));
/// What is unread is counted from the newest conversation on, and not beyond the end of the page.
pub(in crate::postgres) const PAGE_UNREAD: &str = view!(concat!(
    "SELECT id FROM (SELECT c.id ",
    filtered!(),
    " AND c.last_seq > cm.last_read_seq ORDER BY c.updated_at DESC, c.id DESC) AS newest
     WHERE (SELECT unread_count FROM unread_message_counts
             WHERE conversation_id = newest.id AND user_id = $1) > 0
     LIMIT $7"
));
pub(in crate::postgres) const NAMES: &str = concat!(
    "SELECT newest.id, newest.name, u.display_name, u.username
       FROM (SELECT c.id, c.type, c.name, c.updated_at ",
    filtered!(),
    ") AS newest
       LEFT JOIN users AS u
              ON u.id = (SELECT user_id FROM conversation_members
                          WHERE newest.type = 'direct' AND conversation_id = newest.id AND user_id <> $1)
      WHERE NOT $7 OR (SELECT unread_count FROM unread_message_counts
                        WHERE conversation_id = newest.id AND user_id = $1) > 0
      ORDER BY newest.updated_at DESC, newest.id DESC"
);

/// A page of those that a filter lets through.
pub(super) async fn page(
    postgres: &Postgres,
    viewer: UserId,
    filter: &ListFilter,
    after: Option<ListPosition>,
    limit: u32,
) -> Result<Vec<Conversation>> {
    if let Some(name) = &filter.name {
        let page = named(postgres, viewer, filter, after, limit, &NamePart::new(name)).await;
        return page.map_err(failure::classify);
    }
    let page = if filter.unread { PAGE_UNREAD } else { PAGE };
    let statement = filtered(page, viewer, filter, after).bind(i64::from(limit));
    postgres.all(statement, |row| conversation(row, &postgres.epoch)).await
}

/// A page of those among them that have a name with this in it. It is one snapshot: were one of them to go between the two
/// statements, the page would be short, and seem to be the last one.
async fn named(
    postgres: &Postgres,
    viewer: UserId,
    filter: &ListFilter,
    after: Option<ListPosition>,
    limit: u32,
    name: &NamePart,
) -> sqlx::Result<Vec<Conversation>> {
    let mut snapshot = postgres.readers.begin_with(BEGIN_SNAPSHOT).await?;
    let mut rows = filtered(NAMES, viewer, filter, after).bind(filter.unread).fetch(&mut *snapshot);
    let mut ids: Vec<Uuid> = Vec::new();
    while ids.len() < limit as usize
        && let Some(row) = rows.try_next().await?
    {
        if name.is_in([row.try_get("name")?, row.try_get("display_name")?, row.try_get("username")?]) {
            ids.push(row.try_get("id")?);
        }
    }
    drop(rows);
    let page = sqlx::query(AMONG).bind(viewer.uuid()).bind(ids).fetch_all(&mut *snapshot).await?;
    snapshot.rollback().await?;
    page.iter().map(|row| conversation(row, &postgres.epoch)).collect()
}

fn filtered(
    statement: &'static str,
    viewer: UserId,
    filter: &ListFilter,
    after: Option<ListPosition>,
) -> Statement<'static> {
    sqlx::query(statement)
        .bind(viewer.uuid())
        .bind(after.map(|after| to_time(after.updated_at)))
        .bind(after.map(|after| after.id.uuid()))
        .bind(filter.archived)
        .bind(filter.pinned)
        .bind(filter.kind.map(ConversationKind::to_text))
}

pub(super) fn conversation(row: &PgRow, epoch: &str) -> sqlx::Result<Conversation> {
    let info = info(row)?;
    let peer = row.id_opt("u_id", UserId::from_uuid)?.map(|_| row::summary(row)).transpose()?;
    let peer_name = peer.as_ref().map(|peer| peer.display_name.clone());
    Ok(Conversation {
        title: info.name.clone().or(peer_name).unwrap_or_default(),
        info,
        epoch: epoch.to_owned(),
        last_seq: row.natural("last_seq")?,
        last_message: message_opt(row)?,
        unread_count: row.natural("unread_count")?,
        mention_count: row.natural("mention_count")?,
        member_count: row.natural("member_count")?,
        peer,
        me: me(row)?,
    })
}
