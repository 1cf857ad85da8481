//! Conversations in PostgreSQL.

use super::message::{message_columns, message_row};
use super::row::{Columns as _, to_time};
use crate::commit::Outcome;
use crate::text_enum::TextEnum as _;
use crate::{ListPosition, NewConversation, Refusal, Roster, Written, log};
use natter_protocol::{Conversation, ConversationId, ConversationInfo, Me, MemberRole, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

/// Columns of a conversation `c`, for [`info_row`].
macro_rules! info_columns {
    () => {
        "c.id, c.type, c.name, c.topic, c.visibility, c.status, c.created_by, c.created_at, c.updated_at"
    };
}
pub(super) use info_columns;

/// The viewer's relation (parameter 1), the conversation and its last message, for the conversations in a page.
macro_rules! list {
    ($page:literal) => {
        concat!(
            "WITH page AS MATERIALIZED (",
            $page,
            ") SELECT ",
            info_columns!(),
            ", c.last_seq, c.member_count, c.role, c.last_read_seq, c.muted, c.pinned, c.unread_count, c.peer_name, ",
            message_columns!(),
            " FROM page
              JOIN conversation_list_view AS c ON c.id = page.id AND c.user_id = $1
              LEFT JOIN messages AS m ON m.id = c.last_message_id
              LEFT JOIN users AS s ON s.id = m.sender_id
             ORDER BY c.updated_at DESC, c.id DESC"
        )
    };
}

pub(super) const ONE: &str = list!("SELECT $2::uuid AS id");
pub(super) const LIST: &str = list!(
    "SELECT c.id
       FROM conversation_members AS cm
       JOIN conversations AS c ON c.id = cm.conversation_id
      WHERE cm.user_id = $1 AND ($2::timestamptz IS NULL OR (c.updated_at, c.id) < ($2, $3::uuid))
      ORDER BY c.updated_at DESC, c.id DESC
      LIMIT $4"
);
pub(super) const ROSTER: &str = "
    SELECT c.last_seq, ARRAY(SELECT user_id FROM conversation_members WHERE conversation_id = c.id) AS members
      FROM conversations AS c WHERE c.id = $1";

const USERS_KNOWN: &str = "SELECT count(*) FROM users WHERE id = ANY($1)";
const CREATE: &str = "
    INSERT INTO conversations (id, type, name, topic, visibility, status, direct_key, created_by, created_at,
                               updated_at, last_seq, member_count)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11) ON CONFLICT DO NOTHING";
const EXISTING: &str = "SELECT id FROM conversations WHERE id = $1 UNION ALL
                        SELECT id FROM conversations WHERE direct_key = $2 LIMIT 1";
const ADD_MEMBERS: &str = "
    INSERT INTO conversation_members (conversation_id, user_id, role, joined_at, last_read_seq)
    SELECT $1, user_id, role, $4, 0 FROM UNNEST($2::uuid[], $3::text[]) AS new (user_id, role)";
const ADD_CREATED: &str =
    "INSERT INTO events (conversation_id, seq, type, actor_id, created_at) VALUES ($1, 1, $2, $3, $4)";

pub(super) fn info_row(row: &PgRow) -> sqlx::Result<ConversationInfo> {
    Ok(ConversationInfo {
        id: row.id("id", ConversationId::from_uuid)?,
        kind: row.text("type")?,
        name: row.try_get("name")?,
        topic: row.try_get("topic")?,
        visibility: row.text("visibility")?,
        status: row.text("status")?,
        created_by: row.id("created_by", UserId::from_uuid)?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn list_row(row: &PgRow, epoch: &str) -> sqlx::Result<Conversation> {
    let info = info_row(row)?;
    let peer_name: Option<String> = row.try_get("peer_name")?;
    Ok(Conversation {
        title: info.name.clone().or(peer_name).unwrap_or_default(),
        info,
        epoch: epoch.to_owned(),
        last_seq: row.natural("last_seq")?,
        last_message: message_row(row)?,
        unread_count: row.natural("unread_count")?,
        mention_count: 0,
        member_count: row.natural("member_count")?,
        me: Me {
            role: row.text("role")?,
            last_read_seq: row.natural("last_read_seq")?,
            muted: row.try_get("muted")?,
            pinned: row.try_get("pinned")?,
        },
    })
}

pub(super) async fn one(
    readers: &PgPool,
    id: ConversationId,
    viewer: UserId,
    epoch: &str,
) -> sqlx::Result<Option<Conversation>> {
    let row = sqlx::query(ONE).bind(viewer.uuid()).bind(id.uuid()).fetch_optional(readers).await?;
    row.map(|row| list_row(&row, epoch)).transpose()
}

pub(super) async fn list(
    readers: &PgPool,
    viewer: UserId,
    after: Option<ListPosition>,
    limit: u32,
    epoch: &str,
) -> sqlx::Result<Vec<Conversation>> {
    let rows = sqlx::query(LIST)
        .bind(viewer.uuid())
        .bind(after.map(|after| to_time(after.updated_at)))
        .bind(after.map(|after| after.id.uuid()))
        .bind(i64::from(limit))
        .fetch_all(readers)
        .await?;
    rows.iter().map(|row| list_row(row, epoch)).collect()
}

pub(super) async fn roster(readers: &PgPool, id: ConversationId) -> sqlx::Result<Option<Roster>> {
    let row = sqlx::query(ROSTER).bind(id.uuid()).fetch_optional(readers).await?;
    row.map(|row| {
        let members: Vec<Uuid> = row.try_get("members")?;
        Ok(Roster {
            members: members.into_iter().map(UserId::from_uuid).collect(),
            last_seq: row.natural("last_seq")?,
        })
    })
    .transpose()
}

pub(super) async fn create(transaction: &mut PgConnection, new: &NewConversation) -> sqlx::Result<Outcome> {
    let info = &new.info;
    let mut members: Vec<Uuid> = new.members.iter().map(|id| id.uuid()).collect();
    members.push(info.created_by.uuid());
    if !all_known(transaction, &members).await? {
        return Ok(Err(Refusal::UserUnknown));
    }
    let direct_key = new.direct_key();
    let created = sqlx::query(CREATE)
        .bind(info.id.uuid())
        .bind(info.kind.to_text())
        .bind(&info.name)
        .bind(&info.topic)
        .bind(info.visibility.to_text())
        .bind(info.status.to_text())
        .bind(direct_key)
        .bind(info.created_by.uuid())
        .bind(to_time(info.created_at))
        .bind(to_time(info.updated_at))
        .bind(i64::try_from(members.len()).unwrap_or(i64::MAX))
        .execute(&mut *transaction)
        .await?;
    if created.rows_affected() == 0 {
        let id = sqlx::query_scalar(EXISTING)
            .bind(info.id.uuid())
            .bind(direct_key)
            .fetch_one(transaction)
            .await
            .map(ConversationId::from_uuid)?;
        return Ok(Ok(if id == info.id {
            // Created by an attempt whose commit went unheard: nobody has been told of it yet.
            created_now(info)
        } else {
            (Written::Conversation { id, existed: true }, None)
        }));
    }
    add_members(transaction, new, &members).await?;
    sqlx::query(ADD_CREATED)
        .bind(info.id.uuid())
        .bind(log::CONVERSATION_CREATED)
        .bind(info.created_by.uuid())
        .bind(to_time(info.created_at))
        .execute(transaction)
        .await?;
    Ok(Ok(created_now(info)))
}

fn created_now(info: &ConversationInfo) -> (Written, Option<natter_protocol::Event>) {
    (Written::Conversation { id: info.id, existed: false }, Some(log::conversation_created(info.clone())))
}

async fn all_known(transaction: &mut PgConnection, users: &[Uuid]) -> sqlx::Result<bool> {
    let mut distinct = users.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let known: i64 = sqlx::query_scalar(USERS_KNOWN).bind(&distinct).fetch_one(transaction).await?;
    Ok(usize::try_from(known) == Ok(distinct.len()))
}

async fn add_members(
    transaction: &mut PgConnection,
    new: &NewConversation,
    members: &[Uuid],
) -> sqlx::Result<()> {
    // Nobody owns a conversation between two.
    let creator = if new.direct_key().is_some() { MemberRole::Member } else { MemberRole::Owner };
    let roles: Vec<&str> = members
        .iter()
        .map(|id| if *id == new.info.created_by.uuid() { creator } else { MemberRole::Member })
        .map(MemberRole::to_text)
        .collect();
    sqlx::query(ADD_MEMBERS)
        .bind(new.info.id.uuid())
        .bind(members)
        .bind(roles)
        .bind(to_time(new.info.created_at))
        .execute(transaction)
        .await?;
    Ok(())
}
