//! What columns mean.

use crate::text_enum::TextEnum;
use natter_protocol::{Presence, Timestamp, User, UserId, UserSummary};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// The years that both PostgreSQL and RFC 3339 can write, in milliseconds: 0001 to 9999.
const MILLIS_MIN: i64 = -62_135_596_800_000;
const MILLIS_MAX: i64 = 253_402_300_799_999;

/// Columns of a user `u`, for [`user`] and [`summary`].
macro_rules! user_columns {
    () => {
        "u.id AS u_id, u.username AS u_username, u.display_name AS u_display_name, u.avatar_url AS u_avatar_url,
         u.role AS u_role, CASE WHEN u.presence_visible THEN u.last_seen_at END AS u_last_seen_at"
    };
}
pub(super) use user_columns;

/// A point in time, as a parameter.
pub(super) fn to_time(time: Timestamp) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(time.millis().clamp(MILLIS_MIN, MILLIS_MAX))
}

/// A position in a log, as a parameter.
pub(super) fn to_bigint(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// Ids of users, as a parameter.
pub(super) fn to_uuids(users: &[UserId]) -> Vec<Uuid> {
    users.iter().map(|user| user.uuid()).collect()
}

/// PostgreSQL has no text with U+0000, so nothing has such a name; asking for it would be an error.
pub(super) fn is_text(name: &str) -> bool {
    !name.contains('\0')
}

/// A user from [`user_columns`].
pub(super) fn user(row: &PgRow) -> sqlx::Result<User> {
    Ok(User {
        id: row.id("u_id", UserId::from_uuid)?,
        username: row.try_get("u_username")?,
        display_name: row.try_get("u_display_name")?,
        avatar_url: row.try_get("u_avatar_url")?,
        role: row.text("u_role")?,
        presence: Presence::Offline,
        last_seen: row.time_opt("u_last_seen_at")?,
    })
}

/// The part of a user that others carry about, from [`user_columns`].
pub(super) fn summary(row: &PgRow) -> sqlx::Result<UserSummary> {
    row.summary(["u_id", "u_username", "u_display_name", "u_avatar_url"])
}

/// A row's columns, read as what they mean.
pub(super) trait Columns {
    fn id<T>(&self, column: &str, wrap: impl FnOnce(Uuid) -> T) -> sqlx::Result<T>;
    fn id_opt<T>(&self, column: &str, wrap: impl FnOnce(Uuid) -> T) -> sqlx::Result<Option<T>>;
    fn time(&self, column: &str) -> sqlx::Result<Timestamp>;
    fn time_opt(&self, column: &str) -> sqlx::Result<Option<Timestamp>>;
    /// A number that is never negative, such as a position in a log.
    fn natural(&self, column: &str) -> sqlx::Result<u64>;
    /// A smaller one, such as how often a link was used.
    fn small(&self, column: &str) -> sqlx::Result<u32>;
    fn small_opt(&self, column: &str) -> sqlx::Result<Option<u32>>;
    fn text<T: TextEnum>(&self, column: &str) -> sqlx::Result<T>;
    fn text_opt<T: TextEnum>(&self, column: &str) -> sqlx::Result<Option<T>>;
    /// Id, username, name to show and picture.
    fn summary(&self, columns: [&str; 4]) -> sqlx::Result<UserSummary>;
}

impl Columns for PgRow {
    fn id<T>(&self, column: &str, wrap: impl FnOnce(Uuid) -> T) -> sqlx::Result<T> {
        self.try_get(column).map(wrap)
    }

    fn id_opt<T>(&self, column: &str, wrap: impl FnOnce(Uuid) -> T) -> sqlx::Result<Option<T>> {
        self.try_get::<Option<Uuid>, _>(column).map(|id| id.map(wrap))
    }

    fn time(&self, column: &str) -> sqlx::Result<Timestamp> {
        self.try_get(column).map(from_time)
    }

    fn time_opt(&self, column: &str) -> sqlx::Result<Option<Timestamp>> {
        self.try_get::<Option<OffsetDateTime>, _>(column).map(|time| time.map(from_time))
    }

    fn natural(&self, column: &str) -> sqlx::Result<u64> {
        u64::try_from(self.try_get::<i64, _>(column)?).map_err(|error| unreadable(column, error))
    }

    fn small(&self, column: &str) -> sqlx::Result<u32> {
        self.small_opt(column)?.ok_or_else(|| unreadable(column, "it is null"))
    }

    fn small_opt(&self, column: &str) -> sqlx::Result<Option<u32>> {
        let number: Option<i64> = self.try_get(column)?;
        number.map(|number| u32::try_from(number).map_err(|error| unreadable(column, error))).transpose()
    }

    fn text<T: TextEnum>(&self, column: &str) -> sqlx::Result<T> {
        self.text_opt(column)?.ok_or_else(|| unreadable(column, "it is null"))
    }

    fn text_opt<T: TextEnum>(&self, column: &str) -> sqlx::Result<Option<T>> {
        let text: Option<&str> = self.try_get(column)?;
        text.map(|text| {
            T::parse(text).ok_or_else(|| {
                unreadable(column, format!("{text:?} is not a {}", std::any::type_name::<T>()))
            })
        })
        .transpose()
    }

    fn summary(&self, [id, username, display_name, avatar_url]: [&str; 4]) -> sqlx::Result<UserSummary> {
        Ok(UserSummary {
            id: self.id(id, UserId::from_uuid)?,
            username: self.try_get(username)?,
            display_name: self.try_get(display_name)?,
            avatar_url: self.try_get(avatar_url)?,
        })
    }
}

fn from_time(time: OffsetDateTime) -> Timestamp {
    Timestamp::from_millis(time.unix_timestamp() * 1000 + i64::from(time.millisecond()))
}

/// A column holds what this program never writes.
pub(super) fn unreadable(
    column: &str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: source.into() }
}
