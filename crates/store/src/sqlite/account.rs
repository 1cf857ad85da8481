//! Users and sessions in SQLite.

use super::row::text;
use crate::commit::Outcome;
use crate::text_enum::TextEnum as _;
use crate::{Credentials, NewSession, NewUser, Refusal, Session, SessionRotation, Written};
use natter_protocol::{PlatformRole, Presence, SessionId, Timestamp, User, UserId};
use rusqlite::{Connection, OptionalExtension as _, Row};

pub(super) const HAS_USERS: &str = "SELECT 1 FROM users LIMIT 1";
pub(super) const USER: &str =
    "SELECT id, username, display_name, avatar_url, role, last_seen_at FROM users WHERE id = ?1";
pub(super) const CREDENTIALS: &str =
    "SELECT id, username, display_name, avatar_url, role, last_seen_at, password_hash
    FROM users WHERE username = ?1";
pub(super) const USER_NAMED: &str =
    "SELECT id, username, display_name, avatar_url, role, last_seen_at FROM users WHERE username = ?1";
pub(super) const SESSION: &str =
    "SELECT u.id, u.username, u.display_name, u.avatar_url, u.role, u.last_seen_at
    FROM sessions AS s JOIN users AS u ON u.id = s.user_id
    WHERE s.id = ?1 AND s.ended_at IS NULL AND s.expires_at > ?2";

fn user_row(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId::from_uuid(row.get(0)?),
        username: row.get(1)?,
        display_name: row.get(2)?,
        avatar_url: row.get(3)?,
        role: text(row, 4)?,
        presence: Presence::Offline,
        last_seen: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis),
    })
}

pub(super) fn has_users(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare_cached(HAS_USERS)?.exists([])
}

pub(super) fn user(connection: &Connection, id: UserId) -> rusqlite::Result<Option<User>> {
    connection.prepare_cached(USER)?.query_row([id.uuid()], user_row).optional()
}

pub(super) fn credentials(connection: &Connection, username: &str) -> rusqlite::Result<Option<Credentials>> {
    connection
        .prepare_cached(CREDENTIALS)?
        .query_row([username], |row| Ok(Credentials { user: user_row(row)?, password_hash: row.get(6)? }))
        .optional()
}

pub(super) fn users_named(connection: &Connection, names: &[String]) -> rusqlite::Result<Vec<User>> {
    let mut users = Vec::with_capacity(names.len());
    for name in names {
        let found = match name.parse() {
            Ok(id) => user(connection, id)?,
            Err(_) => connection.prepare_cached(USER_NAMED)?.query_row([name], user_row).optional()?,
        };
        users.extend(found);
    }
    Ok(users)
}

pub(super) fn session(
    connection: &Connection,
    id: SessionId,
    now: Timestamp,
) -> rusqlite::Result<Option<Session>> {
    connection
        .prepare_cached(SESSION)?
        .query_row((id.uuid(), now.millis()), |row| Ok(Session { id, user: user_row(row)? }))
        .optional()
}

pub(super) fn create_user(connection: &Connection, user: &NewUser) -> rusqlite::Result<Outcome> {
    let created = connection
        .prepare_cached(
            "INSERT INTO users (id, username, display_name, email, role, password_hash, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (username) DO NOTHING",
        )?
        .execute((
            user.id.uuid(),
            &user.username,
            &user.display_name,
            &user.email,
            user.role.to_text(),
            &user.password_hash,
            user.created_at.millis(),
        ))?;
    Ok(if created == 1 { Ok((Written::Done, None)) } else { Err(Refusal::UsernameTaken) })
}

pub(super) fn set_password(
    connection: &Connection,
    id: UserId,
    hash: &str,
    now: Timestamp,
) -> rusqlite::Result<Outcome> {
    let changed = connection
        .prepare_cached("UPDATE users SET password_hash = ?2 WHERE id = ?1")?
        .execute((id.uuid(), hash))?;
    connection
        .prepare_cached("UPDATE sessions SET ended_at = ?2 WHERE user_id = ?1 AND ended_at IS NULL")?
        .execute((id.uuid(), now.millis()))?;
    Ok(done_if_known(changed))
}

pub(super) fn set_role(connection: &Connection, id: UserId, role: PlatformRole) -> rusqlite::Result<Outcome> {
    let changed = connection
        .prepare_cached("UPDATE users SET role = ?2 WHERE id = ?1")?
        .execute((id.uuid(), role.to_text()))?;
    Ok(done_if_known(changed))
}

fn done_if_known(changed: usize) -> Outcome {
    if changed == 1 { Ok((Written::Done, None)) } else { Err(Refusal::UserUnknown) }
}

/// Takes the user's sessions that are over along: otherwise they would gather for ever.
pub(super) fn create_session(connection: &Connection, session: &NewSession) -> rusqlite::Result<Outcome> {
    connection
        .prepare_cached(
            "DELETE FROM sessions WHERE user_id = ?1 AND (ended_at IS NOT NULL OR expires_at <= ?2)",
        )?
        .execute((session.user_id.uuid(), session.created_at.millis()))?;
    let created = connection
        .prepare_cached(
            "INSERT INTO sessions (id, user_id, refresh_hash, created_at, refreshed_at, expires_at)
             SELECT ?1, id, ?3, ?4, ?4, ?5 FROM users WHERE id = ?2",
        )?
        .execute((
            session.id.uuid(),
            session.user_id.uuid(),
            session.refresh_hash,
            session.created_at.millis(),
            session.expires_at.millis(),
        ))?;
    Ok(done_if_known(created))
}

pub(super) fn rotate_session(
    connection: &Connection,
    rotation: &SessionRotation,
) -> rusqlite::Result<Outcome> {
    let Some(live) = session(connection, rotation.id, rotation.now)? else {
        return Ok(Ok((Written::SessionOver, None)));
    };
    let rotated = connection
        .prepare_cached(
            "UPDATE sessions SET refresh_hash = ?3, refreshed_at = ?4, expires_at = ?5
             WHERE id = ?1 AND refresh_hash = ?2",
        )?
        .execute((
            rotation.id.uuid(),
            rotation.presented_hash,
            rotation.next_hash,
            rotation.now.millis(),
            rotation.expires_at.millis(),
        ))?;
    if rotated == 1 {
        return Ok(Ok((Written::SessionRotated(Box::new(live)), None)));
    }
    // A token that was traded before came back: either it or its successor is in the wrong hands.
    end_session(connection, rotation.id, rotation.now)
}

pub(super) fn end_session(
    connection: &Connection,
    id: SessionId,
    now: Timestamp,
) -> rusqlite::Result<Outcome> {
    connection
        .prepare_cached("UPDATE sessions SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL")?
        .execute((id.uuid(), now.millis()))?;
    Ok(Ok((Written::SessionOver, None)))
}
