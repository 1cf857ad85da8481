//! Users, their sessions, and who keeps away from whom, in SQLite.

use super::Sqlite;
use super::row::{Columns, USER_COLUMNS};
use crate::account::SESSIONS_LISTED_MAX;
use crate::{Accounts, Credentials, REVOCATIONS_READ_MAX, Result, Revocation, Session};
use async_trait::async_trait;
use natter_protocol::{
    Block, BlockStatus, IpRule, IpRuleId, OwnUser, SessionId, SessionInfo, Timestamp, User, UserId,
};
use rusqlite::{Connection, OptionalExtension as _, Params};
use std::sync::LazyLock;

pub(super) const HAS_USERS: &str = "SELECT 1 FROM users LIMIT 1";
pub(super) static USER: LazyLock<String> = LazyLock::new(|| users("WHERE u.id = ?1"));
pub(super) static USER_ENABLED: LazyLock<String> =
    LazyLock::new(|| users("WHERE u.id = ?1 AND u.disabled_at IS NULL"));
pub(super) static OWN_USER: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {USER_COLUMNS}, u.last_seen_at, u.presence_visible, u.link_previews
           FROM users AS u WHERE u.id = ?1 AND u.disabled_at IS NULL"
    )
});
pub(super) const HIDDEN_AMONG: &str = "
    SELECT id FROM users
     WHERE id IN (SELECT unhex(value, '-') FROM json_each(?1)) AND NOT presence_visible";
pub(super) static USER_NAMED: LazyLock<String> = LazyLock::new(|| users("WHERE u.username = ?1"));
/// There is no index of words: whoever asks goes through the names in their order, up to the end of the page.
pub(super) static USERS_LIKE: LazyLock<String> = LazyLock::new(|| {
    users(&format!(
        "WHERE u.username > ?3
           AND (substr(u.username, 1, length(?2)) = ?2
                OR instr(' ' || fold(u.display_name), ' ' || ?2) > 0)
           AND u.disabled_at IS NULL
           AND {}
         ORDER BY u.username LIMIT ?4",
        not_kept_apart("u.id")
    ))
});
/// Whether two share a conversation is asked of one after the other, and not beyond the end of the page: `sorted` is
/// kept, so it is gone through in its order.
pub(super) static ACQUAINTANCES: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH sorted (id) AS MATERIALIZED (
             SELECT id
               FROM users
              WHERE id IN (SELECT unhex(value, '-') FROM json_each(?2)) AND username > ?3
              ORDER BY username LIMIT -1),
         page (id) AS MATERIALIZED (
             SELECT id
               FROM sorted
              WHERE EXISTS (SELECT 1
                              FROM conversation_members AS theirs
                             CROSS JOIN conversation_members AS mine
                             WHERE theirs.user_id = sorted.id
                               AND mine.conversation_id = theirs.conversation_id
                               AND mine.user_id = ?1)
                AND {}
              LIMIT ?4)
         SELECT {USER_COLUMNS} FROM page JOIN users AS u ON u.id = page.id ORDER BY u.username",
        not_kept_apart("sorted.id")
    )
});
pub(super) static CREDENTIALS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {USER_COLUMNS}, u.password_hash, u.disabled_at IS NOT NULL FROM users AS u WHERE u.username = ?1"
    )
});
pub(super) static SESSION: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {USER_COLUMNS}
           FROM sessions AS s JOIN users AS u ON u.id = s.user_id
          WHERE s.id = ?1 AND s.ended_at IS NULL AND s.expires_at > ?2 AND u.disabled_at IS NULL"
    )
});
pub(super) const SESSIONS: &str = "
    SELECT id, created_at, refreshed_at, expires_at
      FROM sessions
     WHERE user_id = ?1 AND ended_at IS NULL AND expires_at > ?2
     ORDER BY created_at DESC, id DESC LIMIT ?3";
pub(super) const REVOCATIONS: &str =
    "SELECT id, user_id, session_id, kind FROM revocations WHERE id > ?1 ORDER BY id LIMIT ?2";
pub(super) const LAST_REVOCATION: &str = "SELECT coalesce(max(id), 0) FROM revocations";
pub(super) const HAS_BLOCKED: &str = "SELECT 1 FROM blocks WHERE blocker_id = ?1 AND blocked_id = ?2";
pub(super) const BLOCKS: &str = "
    SELECT u.id, u.username, u.display_name, u.avatar_url, b.created_at
      FROM blocks AS b JOIN users AS u ON u.id = b.blocked_id
     WHERE b.blocker_id = ?1 AND u.username > ?2
     ORDER BY u.username LIMIT ?3";
pub(super) const BLOCKERS: &str = "SELECT blocker_id FROM blocks WHERE blocked_id = ?1";
pub(super) const KEPT_APART: &str = "
    SELECT blocked_id FROM blocks WHERE blocker_id = ?1
     UNION
    SELECT blocker_id FROM blocks WHERE blocked_id = ?1";
pub(super) const APART_AMONG: &str = "
    SELECT blocker_id, blocked_id FROM blocks
     WHERE blocker_id IN (SELECT unhex(value, '-') FROM json_each(?1))
     UNION
    SELECT blocked_id, blocker_id FROM blocks
     WHERE blocked_id IN (SELECT unhex(value, '-') FROM json_each(?1))";
pub(super) const IP_RULE: &str = "
    SELECT id, cidr, action, note, created_by, created_at FROM ip_rules WHERE cidr = ?1 AND action = ?2 LIMIT 1";
const IP_RULES: &str =
    "SELECT id, cidr, action, note, created_by, created_at FROM ip_rules ORDER BY created_at, id";

fn users(rest: &str) -> String {
    format!("SELECT {USER_COLUMNS} FROM users AS u {rest}")
}

/// That there is no block between the viewer, who is parameter 1, and somebody else.
fn not_kept_apart(other: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM blocks WHERE blocker_id = ?1 AND blocked_id = {other})
           AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker_id = {other} AND blocked_id = ?1)"
    )
}

#[async_trait]
impl Accounts for Sqlite {
    async fn has_users(&self) -> Result<bool> {
        self.readers.read(|snapshot| snapshot.prepare_cached(HAS_USERS)?.exists([])).await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>> {
        self.readers.read(move |snapshot| one_user(snapshot, &USER_ENABLED, [id.uuid()])).await
    }

    async fn own_user(&self, id: UserId) -> Result<Option<OwnUser>> {
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(&OWN_USER)?
                    .query_row([id.uuid()], |row| {
                        let mut columns = Columns::of(row);
                        let user = columns.user()?;
                        let user = User { last_seen: columns.time_opt()?, ..user };
                        Ok(OwnUser { user, presence_visible: columns.get()?, link_previews: columns.get()? })
                    })
                    .optional()
            })
            .await
    }

    async fn hidden_among(&self, users: &[UserId]) -> Result<Vec<UserId>> {
        let users = serde_json::json!(users).to_string();
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(HIDDEN_AMONG)?
                    .query_map([users], |row| Columns::of(row).id(UserId::from_uuid))?
                    .collect()
            })
            .await
    }

    async fn users_named(&self, names: &[String]) -> Result<Vec<User>> {
        let names = names.to_vec();
        self.readers
            .read(move |snapshot| {
                let mut users = Vec::with_capacity(names.len());
                for name in &names {
                    users.extend(match name.parse() {
                        Ok(id) => one_user(snapshot, &USER, [UserId::uuid(id)])?,
                        Err(_) => one_user(snapshot, &USER_NAMED, [name])?,
                    });
                }
                Ok(users)
            })
            .await
    }

    async fn users_like(
        &self,
        viewer: UserId,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>> {
        let (prefix, after) = (prefix.to_owned(), after.unwrap_or_default().to_owned());
        self.readers
            .read(move |snapshot| all_users(snapshot, &USERS_LIKE, (viewer.uuid(), prefix, after, limit)))
            .await
    }

    async fn acquaintances(
        &self,
        viewer: UserId,
        among: &[UserId],
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>> {
        let (among, after) = (serde_json::json!(among).to_string(), after.unwrap_or_default().to_owned());
        self.readers
            .read(move |snapshot| all_users(snapshot, &ACQUAINTANCES, (viewer.uuid(), among, after, limit)))
            .await
    }

    async fn credentials(&self, username: &str) -> Result<Option<Credentials>> {
        let username = username.to_owned();
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(&CREDENTIALS)?
                    .query_row([username], |row| {
                        let mut columns = Columns::of(row);
                        Ok(Credentials {
                            user: columns.user()?,
                            password_hash: columns.get()?,
                            disabled: columns.get()?,
                        })
                    })
                    .optional()
            })
            .await
    }

    async fn session(&self, id: SessionId, now: Timestamp) -> Result<Option<Session>> {
        self.readers.read(move |snapshot| session(snapshot, id, now)).await
    }

    async fn sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<SessionInfo>> {
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(SESSIONS)?
                    .query_map((user.uuid(), now.millis(), SESSIONS_LISTED_MAX), |row| {
                        let mut columns = Columns::of(row);
                        Ok(SessionInfo {
                            id: columns.id(SessionId::from_uuid)?,
                            created_at: columns.time()?,
                            refreshed_at: columns.time()?,
                            expires_at: columns.time()?,
                            current: false,
                        })
                    })?
                    .collect()
            })
            .await
    }

    async fn revocations(&self, after: i64) -> Result<Vec<Revocation>> {
        self.lookout
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(REVOCATIONS)?
                    .query_map((after, REVOCATIONS_READ_MAX), |row| {
                        let mut columns = Columns::of(row);
                        Ok(Revocation {
                            id: columns.get()?,
                            user_id: columns.id(UserId::from_uuid)?,
                            session_id: columns.id_opt(SessionId::from_uuid)?,
                            kind: columns.text()?,
                        })
                    })?
                    .collect()
            })
            .await
    }

    async fn last_revocation(&self) -> Result<i64> {
        self.readers
            .read(|snapshot| snapshot.prepare_cached(LAST_REVOCATION)?.query_row([], |row| row.get(0)))
            .await
    }

    async fn block_status(&self, viewer: UserId, other: UserId) -> Result<BlockStatus> {
        self.readers
            .read(move |snapshot| {
                let mut has_blocked = snapshot.prepare_cached(HAS_BLOCKED)?;
                Ok(BlockStatus {
                    blocked_by_me: has_blocked.exists((viewer.uuid(), other.uuid()))?,
                    blocked_me: has_blocked.exists((other.uuid(), viewer.uuid()))?,
                })
            })
            .await
    }

    async fn blocks(&self, viewer: UserId, after: Option<&str>, limit: u32) -> Result<Vec<Block>> {
        let after = after.unwrap_or_default().to_owned();
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(BLOCKS)?
                    .query_map((viewer.uuid(), after, limit), |row| {
                        let mut columns = Columns::of(row);
                        Ok(Block { user: columns.summary()?, created_at: columns.time()? })
                    })?
                    .collect()
            })
            .await
    }

    async fn kept_apart(&self, user: UserId) -> Result<Vec<UserId>> {
        self.ids_of(KEPT_APART, user).await
    }

    async fn blockers(&self, user: UserId) -> Result<Vec<UserId>> {
        self.ids_of(BLOCKERS, user).await
    }

    async fn apart_among(&self, users: &[UserId]) -> Result<Vec<(UserId, UserId)>> {
        let users = serde_json::json!(users).to_string();
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(APART_AMONG)?
                    .query_map([users], |row| {
                        let mut columns = Columns::of(row);
                        Ok((columns.id(UserId::from_uuid)?, columns.id(UserId::from_uuid)?))
                    })?
                    .collect()
            })
            .await
    }

    async fn ip_rules(&self) -> Result<Vec<IpRule>> {
        self.readers
            .read(|snapshot| {
                snapshot
                    .prepare_cached(IP_RULES)?
                    .query_map([], |row| ip_rule(&mut Columns::of(row)))?
                    .collect()
            })
            .await
    }
}

fn one_user(connection: &Connection, sql: &str, parameters: impl Params) -> rusqlite::Result<Option<User>> {
    connection.prepare_cached(sql)?.query_row(parameters, |row| Columns::of(row).user()).optional()
}

fn all_users(connection: &Connection, sql: &str, parameters: impl Params) -> rusqlite::Result<Vec<User>> {
    connection.prepare_cached(sql)?.query_map(parameters, |row| Columns::of(row).user())?.collect()
}

pub(super) fn session(
    connection: &Connection,
    id: SessionId,
    now: Timestamp,
) -> rusqlite::Result<Option<Session>> {
    Ok(one_user(connection, &SESSION, (id.uuid(), now.millis()))?.map(|user| Session { id, user }))
}

impl Sqlite {
    /// The ids that a statement answers about a user.
    async fn ids_of(&self, sql: &'static str, user: UserId) -> Result<Vec<UserId>> {
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(sql)?
                    .query_map([user.uuid()], |row| Columns::of(row).id(UserId::from_uuid))?
                    .collect()
            })
            .await
    }
}

/// A rule from [`IP_RULE`] or [`IP_RULES`].
pub(super) fn ip_rule(columns: &mut Columns<'_>) -> rusqlite::Result<IpRule> {
    Ok(IpRule {
        id: columns.id(IpRuleId::from_uuid)?,
        cidr: columns.get()?,
        action: columns.text()?,
        note: columns.get()?,
        created_by: columns.id(UserId::from_uuid)?,
        created_at: columns.time()?,
    })
}
