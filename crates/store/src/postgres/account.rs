//! Users and sessions in PostgreSQL.

use super::row::{Columns as _, to_time};
use crate::commit::Outcome;
use crate::text_enum::TextEnum as _;
use crate::{Credentials, NewSession, NewUser, Refusal, Session, SessionRotation, Written};
use natter_protocol::{PlatformRole, Presence, SessionId, Timestamp, User, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row as _};

/// Columns of a user `u`, for [`user_row`].
macro_rules! user_columns {
    () => {
        "u.id, u.username, u.display_name, u.avatar_url, u.role, u.last_seen_at"
    };
}

pub(super) const HAS_USERS: &str = "SELECT EXISTS (SELECT FROM users)";
pub(super) const USER: &str = concat!("SELECT ", user_columns!(), " FROM users AS u WHERE u.id = $1");
pub(super) const CREDENTIALS: &str =
    concat!("SELECT ", user_columns!(), ", u.password_hash FROM users AS u WHERE u.username = $1");
pub(super) const USERS_NAMED: &str =
    concat!("SELECT ", user_columns!(), " FROM users AS u WHERE u.username = ANY($1) OR u.id = ANY($2)");
pub(super) const SESSION: &str = concat!(
    "SELECT ",
    user_columns!(),
    " FROM sessions AS s JOIN users AS u ON u.id = s.user_id
      WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2"
);
const SESSION_TO_ROTATE: &str = concat!(
    "SELECT s.refresh_hash, ",
    user_columns!(),
    " FROM sessions AS s JOIN users AS u ON u.id = s.user_id
      WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2
        FOR UPDATE OF s"
);
const CREATE_USER: &str = "
    INSERT INTO users (id, username, display_name, email, role, password_hash, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
const USER_EXISTS: &str = "SELECT EXISTS (SELECT FROM users WHERE id = $1)";
const SET_PASSWORD: &str = "UPDATE users SET password_hash = $2 WHERE id = $1";
const SET_ROLE: &str = "UPDATE users SET role = $2 WHERE id = $1";
const CREATE_SESSION: &str = "
    INSERT INTO sessions (id, user_id, refresh_hash, created_at, refreshed_at, expires_at)
    VALUES ($1, $2, $3, $4, $4, $5) ON CONFLICT DO NOTHING";
const FORGET_SESSIONS: &str =
    "DELETE FROM sessions WHERE user_id = $1 AND (ended_at IS NOT NULL OR expires_at <= $2)";
const ROTATE_SESSION: &str =
    "UPDATE sessions SET refresh_hash = $2, refreshed_at = $3, expires_at = $4 WHERE id = $1";
const END_SESSION: &str = "UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
const END_SESSIONS: &str = "UPDATE sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL";

fn user_row(row: &PgRow) -> sqlx::Result<User> {
    Ok(User {
        id: row.id("id", UserId::from_uuid)?,
        username: row.try_get("username")?,
        display_name: row.try_get("display_name")?,
        avatar_url: row.try_get("avatar_url")?,
        role: row.text("role")?,
        presence: Presence::Offline,
        last_seen: row.time_opt("last_seen_at")?,
    })
}

pub(super) async fn has_users(readers: &PgPool) -> sqlx::Result<bool> {
    sqlx::query_scalar(HAS_USERS).fetch_one(readers).await
}

pub(super) async fn user(readers: &PgPool, id: UserId) -> sqlx::Result<Option<User>> {
    let row = sqlx::query(USER).bind(id.uuid()).fetch_optional(readers).await?;
    row.as_ref().map(user_row).transpose()
}

pub(super) async fn credentials(readers: &PgPool, username: &str) -> sqlx::Result<Option<Credentials>> {
    if !is_text(username) {
        return Ok(None);
    }
    let row = sqlx::query(CREDENTIALS).bind(username).fetch_optional(readers).await?;
    row.as_ref()
        .map(|row| Ok(Credentials { user: user_row(row)?, password_hash: row.try_get("password_hash")? }))
        .transpose()
}

pub(super) async fn users_named(readers: &PgPool, names: &[String]) -> sqlx::Result<Vec<User>> {
    let (mut usernames, mut ids) = (Vec::new(), Vec::new());
    for name in names {
        match name.parse::<UserId>() {
            Ok(id) => ids.push(id.uuid()),
            Err(_) if is_text(name) => usernames.push(name.as_str()),
            Err(_) => {}
        }
    }
    let rows = sqlx::query(USERS_NAMED).bind(usernames).bind(ids).fetch_all(readers).await?;
    rows.iter().map(user_row).collect()
}

/// PostgreSQL has no text with U+0000, so nobody has such a name; asking for it would be an error.
fn is_text(name: &str) -> bool {
    !name.contains('\0')
}

pub(super) async fn session(
    readers: &PgPool,
    id: SessionId,
    now: Timestamp,
) -> sqlx::Result<Option<Session>> {
    let row = sqlx::query(SESSION).bind(id.uuid()).bind(to_time(now)).fetch_optional(readers).await?;
    row.map(|row| Ok(Session { id, user: user_row(&row)? })).transpose()
}

pub(super) async fn create_user(transaction: &mut PgConnection, user: &NewUser) -> sqlx::Result<Outcome> {
    let created = sqlx::query(CREATE_USER)
        .bind(user.id.uuid())
        .bind(&user.username)
        .bind(&user.display_name)
        .bind(&user.email)
        .bind(user.role.to_text())
        .bind(&user.password_hash)
        .bind(to_time(user.created_at))
        .execute(&mut *transaction)
        .await?;
    // A user of this very id was created by an attempt whose commit went unheard.
    let done = created.rows_affected() == 1 || user_exists(transaction, user.id).await?;
    Ok(if done { Ok((Written::Done, None)) } else { Err(Refusal::UsernameTaken) })
}

async fn user_exists(transaction: &mut PgConnection, id: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar(USER_EXISTS).bind(id.uuid()).fetch_one(transaction).await
}

pub(super) async fn set_password(
    transaction: &mut PgConnection,
    id: UserId,
    hash: &str,
    now: Timestamp,
) -> sqlx::Result<Outcome> {
    let changed = sqlx::query(SET_PASSWORD)
        .bind(id.uuid())
        .bind(hash)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
    sqlx::query(END_SESSIONS).bind(id.uuid()).bind(to_time(now)).execute(transaction).await?;
    Ok(done_if(changed == 1))
}

pub(super) async fn set_role(
    transaction: &mut PgConnection,
    id: UserId,
    role: PlatformRole,
) -> sqlx::Result<Outcome> {
    let changed = sqlx::query(SET_ROLE).bind(id.uuid()).bind(role.to_text()).execute(transaction).await?;
    Ok(done_if(changed.rows_affected() == 1))
}

fn done_if(known: bool) -> Outcome {
    if known { Ok((Written::Done, None)) } else { Err(Refusal::UserUnknown) }
}

/// Takes the user's sessions that are over along: otherwise they would gather for ever.
pub(super) async fn create_session(
    transaction: &mut PgConnection,
    session: &NewSession,
) -> sqlx::Result<Outcome> {
    if !user_exists(transaction, session.user_id).await? {
        return Ok(Err(Refusal::UserUnknown));
    }
    sqlx::query(FORGET_SESSIONS)
        .bind(session.user_id.uuid())
        .bind(to_time(session.created_at))
        .execute(&mut *transaction)
        .await?;
    // Nothing happens if an attempt whose commit went unheard has created it.
    sqlx::query(CREATE_SESSION)
        .bind(session.id.uuid())
        .bind(session.user_id.uuid())
        .bind(session.refresh_hash)
        .bind(to_time(session.created_at))
        .bind(to_time(session.expires_at))
        .execute(transaction)
        .await?;
    Ok(Ok((Written::Done, None)))
}

pub(super) async fn rotate_session(
    transaction: &mut PgConnection,
    rotation: &SessionRotation,
) -> sqlx::Result<Outcome> {
    let live = sqlx::query(SESSION_TO_ROTATE)
        .bind(rotation.id.uuid())
        .bind(to_time(rotation.now))
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(live) = live else { return Ok(Ok((Written::SessionOver, None))) };
    let newest: [u8; 32] = live.try_get("refresh_hash")?;
    if newest == rotation.presented_hash {
        sqlx::query(ROTATE_SESSION)
            .bind(rotation.id.uuid())
            .bind(rotation.next_hash)
            .bind(to_time(rotation.now))
            .bind(to_time(rotation.expires_at))
            .execute(transaction)
            .await?;
    } else if newest != rotation.next_hash {
        // A token that was traded before came back: either it or its successor is in the wrong hands. (Where the
        // next one is stored already, an attempt whose commit went unheard has traded it.)
        return end_session(transaction, rotation.id, rotation.now).await;
    }
    let session = Session { id: rotation.id, user: user_row(&live)? };
    Ok(Ok((Written::SessionRotated(Box::new(session)), None)))
}

pub(super) async fn end_session(
    transaction: &mut PgConnection,
    id: SessionId,
    now: Timestamp,
) -> sqlx::Result<Outcome> {
    sqlx::query(END_SESSION).bind(id.uuid()).bind(to_time(now)).execute(transaction).await?;
    Ok(Ok((Written::SessionOver, None)))
}
