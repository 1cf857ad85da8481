//! Users, their sessions, and who keeps away from whom, in PostgreSQL.

use super::row::{self, Columns as _, is_text, to_time, to_uuids, user_columns};
use super::{Postgres, Statement, failure};
use crate::account::SESSIONS_LISTED_MAX;
use crate::{Accounts, Credentials, REVOCATIONS_READ_MAX, Result, Revocation, Session};
use async_trait::async_trait;
use natter_protocol::{
    Block, BlockStatus, IpRule, IpRuleId, OwnUser, SessionId, SessionInfo, Timestamp, User, UserId,
};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

/// There is no block between the viewer (parameter 1) and this user, in either direction.
macro_rules! not_kept_apart {
    ($user:literal) => {
        concat!(
            "NOT EXISTS (SELECT FROM blocks WHERE blocker_id = $1 AND blocked_id = ",
            $user,
            ") AND NOT EXISTS (SELECT FROM blocks WHERE blocker_id = ",
            $user,
            " AND blocked_id = $1)"
        )
    };
}

pub(super) const HAS_USERS: &str = "SELECT EXISTS (SELECT FROM users)";
pub(super) const USER: &str = concat!("SELECT ", user_columns!(), " FROM users AS u WHERE u.id = $1");
pub(super) const USER_ENABLED: &str =
    concat!("SELECT ", user_columns!(), " FROM users AS u WHERE u.id = $1 AND u.disabled_at IS NULL");
pub(super) const OWN_USER: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", u.presence_visible, u.link_previews, u.last_seen_at FROM users AS u WHERE u.id = $1 AND u.disabled_at IS NULL"
);
pub(super) const HIDDEN_AMONG: &str = "SELECT id FROM users WHERE id = ANY($1) AND NOT presence_visible";
pub(super) const USERS_NAMED: &str =
    concat!("SELECT ", user_columns!(), " FROM users AS u WHERE u.username = ANY($1) OR u.id = ANY($2)");
/// There is no index of words: whoever asks goes through the names in their order, up to the end of the page. The
/// collation of the database may know the lower case of ASCII only.
pub(super) const USERS_LIKE: &str = concat!(
    "SELECT ",
    user_columns!(),
    " FROM users AS u
     WHERE u.username > $3
       AND (starts_with(u.username, $2)
            OR strpos(' ' || lower(u.display_name COLLATE \"und-x-icu\"), ' ' || $2) > 0)
       AND u.disabled_at IS NULL
       AND ",
    not_kept_apart!("u.id"),
    " ORDER BY u.username LIMIT $4"
);
pub(super) const ACQUAINTANCES: &str = concat!(
    "SELECT ",
    user_columns!(),
    " FROM (SELECT * FROM users WHERE id = ANY($2) AND username > $3 ORDER BY username) AS u
     WHERE EXISTS (SELECT
                     FROM conversation_members AS mine
                     JOIN conversation_members AS theirs ON theirs.conversation_id = mine.conversation_id
                    WHERE mine.user_id = $1 AND theirs.user_id = u.id)
       AND ",
    not_kept_apart!("u.id"),
    " ORDER BY u.username LIMIT $4"
);
pub(super) const CREDENTIALS: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", u.password_hash, u.disabled_at IS NOT NULL AS disabled FROM users AS u WHERE u.username = $1"
);
pub(super) const SESSION: &str = concat!(
    "SELECT ",
    user_columns!(),
    " FROM sessions AS s JOIN users AS u ON u.id = s.user_id
     WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND u.disabled_at IS NULL"
);
pub(super) const SESSIONS: &str = "
    SELECT id, created_at, refreshed_at, expires_at
      FROM sessions
     WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2
     ORDER BY created_at DESC, id DESC LIMIT $3";
pub(super) const REVOCATIONS: &str =
    "SELECT id, user_id, session_id, kind FROM revocations WHERE id > $1 ORDER BY id LIMIT $2";
pub(super) const LAST_REVOCATION: &str =
    "SELECT coalesce((SELECT id FROM revocations WHERE id > 0 ORDER BY id DESC LIMIT 1), 0)";
pub(super) const BLOCK_STATUS: &str = "
    SELECT EXISTS (SELECT FROM blocks WHERE blocker_id = $1 AND blocked_id = $2) AS by_me,
           EXISTS (SELECT FROM blocks WHERE blocker_id = $2 AND blocked_id = $1) AS me";
pub(super) const BLOCKS: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", b.created_at
      FROM blocks AS b JOIN users AS u ON u.id = b.blocked_id
     WHERE b.blocker_id = $1 AND u.username > $2
     ORDER BY u.username LIMIT $3"
);
pub(super) const BLOCKERS: &str = "SELECT blocker_id AS id FROM blocks WHERE blocked_id = $1";
pub(super) const KEPT_APART: &str = "
    SELECT blocked_id AS id FROM blocks WHERE blocker_id = $1
     UNION
    SELECT blocker_id FROM blocks WHERE blocked_id = $1";
pub(super) const APART_AMONG: &str = "
    SELECT blocker_id AS id, blocked_id AS other FROM blocks WHERE blocker_id = ANY($1)
     UNION
    SELECT blocked_id, blocker_id FROM blocks WHERE blocked_id = ANY($1)";
pub(super) const IP_RULE: &str = "
    SELECT id, cidr, action, note, created_by, created_at FROM ip_rules WHERE cidr = $1 AND action = $2 LIMIT 1";
pub(super) const IP_RULES: &str =
    "SELECT id, cidr, action, note, created_by, created_at FROM ip_rules ORDER BY created_at, id";

/// What [`SESSION`] asks.
pub(super) fn session_statement<'a>(id: SessionId, now: Timestamp) -> Statement<'a> {
    sqlx::query(SESSION).bind(id.uuid()).bind(to_time(now))
}

#[async_trait]
impl Accounts for Postgres {
    async fn has_users(&self) -> Result<bool> {
        self.only(sqlx::query(HAS_USERS), |row| row.try_get(0)).await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>> {
        self.first(sqlx::query(USER_ENABLED).bind(id.uuid()), row::user).await
    }

    async fn own_user(&self, id: UserId) -> Result<Option<OwnUser>> {
        let read = |row: &PgRow| {
            let user = User { last_seen: row.time_opt("last_seen_at")?, ..row::user(row)? };
            let (presence_visible, link_previews) =
                (row.try_get("presence_visible")?, row.try_get("link_previews")?);
            Ok(OwnUser { user, presence_visible, link_previews })
        };
        self.first(sqlx::query(OWN_USER).bind(id.uuid()), read).await
    }

    async fn hidden_among(&self, users: &[UserId]) -> Result<Vec<UserId>> {
        let statement = sqlx::query(HIDDEN_AMONG).bind(to_uuids(users));
        self.all(statement, |row| row.id("id", UserId::from_uuid)).await
    }

    async fn users_named(&self, names: &[String]) -> Result<Vec<User>> {
        let (mut usernames, mut ids) = (Vec::new(), Vec::new());
        for name in names {
            match name.parse::<UserId>() {
                Ok(id) => ids.push(id.uuid()),
                Err(_) if is_text(name) => usernames.push(name.as_str()),
                Err(_) => {}
            }
        }
        self.all(sqlx::query(USERS_NAMED).bind(usernames).bind(ids), row::user).await
    }

    async fn users_like(
        &self,
        viewer: UserId,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>> {
        if !is_text(prefix) {
            return Ok(Vec::new());
        }
        let statement = sqlx::query(USERS_LIKE)
            .bind(viewer.uuid())
            .bind(prefix)
            .bind(after.unwrap_or_default())
            .bind(i64::from(limit));
        self.all(statement, row::user).await
    }

    async fn acquaintances(
        &self,
        viewer: UserId,
        among: &[UserId],
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>> {
        let statement = sqlx::query(ACQUAINTANCES)
            .bind(viewer.uuid())
            .bind(to_uuids(among))
            .bind(after.unwrap_or_default())
            .bind(i64::from(limit));
        self.all(statement, row::user).await
    }

    async fn credentials(&self, username: &str) -> Result<Option<Credentials>> {
        if !is_text(username) {
            return Ok(None);
        }
        let read = |row: &PgRow| {
            Ok(Credentials {
                user: row::user(row)?,
                password_hash: row.try_get("password_hash")?,
                disabled: row.try_get("disabled")?,
            })
        };
        self.first(sqlx::query(CREDENTIALS).bind(username), read).await
    }

    async fn session(&self, id: SessionId, now: Timestamp) -> Result<Option<Session>> {
        self.first(session_statement(id, now), |row| Ok(Session { id, user: row::user(row)? })).await
    }

    async fn sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<SessionInfo>> {
        let statement =
            sqlx::query(SESSIONS).bind(user.uuid()).bind(to_time(now)).bind(i64::from(SESSIONS_LISTED_MAX));
        let read = |row: &PgRow| {
            Ok(SessionInfo {
                id: row.id("id", SessionId::from_uuid)?,
                created_at: row.time("created_at")?,
                refreshed_at: row.time("refreshed_at")?,
                expires_at: row.time("expires_at")?,
                current: false,
            })
        };
        self.all(statement, read).await
    }

    async fn revocations(&self, after: i64) -> Result<Vec<Revocation>> {
        let read = |row: &PgRow| {
            Ok(Revocation {
                id: row.try_get("id")?,
                user_id: row.id("user_id", UserId::from_uuid)?,
                session_id: row.id_opt("session_id", SessionId::from_uuid)?,
                kind: row.text("kind")?,
            })
        };
        let statement = sqlx::query(REVOCATIONS).bind(after).bind(i64::from(REVOCATIONS_READ_MAX));
        let rows = self.lookout.all(statement).await?;
        rows.iter().map(read).collect::<sqlx::Result<_>>().map_err(failure::classify)
    }

    async fn last_revocation(&self) -> Result<i64> {
        self.only(sqlx::query(LAST_REVOCATION), |row| row.try_get(0)).await
    }

    async fn block_status(&self, viewer: UserId, other: UserId) -> Result<BlockStatus> {
        let statement = sqlx::query(BLOCK_STATUS).bind(viewer.uuid()).bind(other.uuid());
        let read = |row: &PgRow| {
            Ok(BlockStatus { blocked_by_me: row.try_get("by_me")?, blocked_me: row.try_get("me")? })
        };
        self.only(statement, read).await
    }

    async fn blocks(&self, viewer: UserId, after: Option<&str>, limit: u32) -> Result<Vec<Block>> {
        let statement =
            sqlx::query(BLOCKS).bind(viewer.uuid()).bind(after.unwrap_or_default()).bind(i64::from(limit));
        let read = |row: &PgRow| Ok(Block { user: row::summary(row)?, created_at: row.time("created_at")? });
        self.all(statement, read).await
    }

    async fn kept_apart(&self, user: UserId) -> Result<Vec<UserId>> {
        self.all(sqlx::query(KEPT_APART).bind(user.uuid()), |row| row.id("id", UserId::from_uuid)).await
    }

    async fn blockers(&self, user: UserId) -> Result<Vec<UserId>> {
        self.all(sqlx::query(BLOCKERS).bind(user.uuid()), |row| row.id("id", UserId::from_uuid)).await
    }

    async fn apart_among(&self, users: &[UserId]) -> Result<Vec<(UserId, UserId)>> {
        let read = |row: &PgRow| Ok((row.id("id", UserId::from_uuid)?, row.id("other", UserId::from_uuid)?));
        self.all(sqlx::query(APART_AMONG).bind(to_uuids(users)), read).await
    }

    async fn ip_rules(&self) -> Result<Vec<IpRule>> {
        self.all(sqlx::query(IP_RULES), ip_rule).await
    }
}

/// A rule from [`IP_RULE`] or [`IP_RULES`].
pub(super) fn ip_rule(row: &PgRow) -> sqlx::Result<IpRule> {
    Ok(IpRule {
        id: row.id("id", IpRuleId::from_uuid)?,
        cidr: row.try_get("cidr")?,
        action: row.text("action")?,
        note: row.try_get("note")?,
        created_by: row.id("created_by", UserId::from_uuid)?,
        created_at: row.time("created_at")?,
    })
}
