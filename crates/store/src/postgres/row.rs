//! What columns mean.

use crate::text_enum::TextEnum;
use natter_protocol::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// The years that both PostgreSQL and RFC 3339 can write, in milliseconds: 0001 to 9999.
const MILLIS_MIN: i64 = -62_135_596_800_000;
const MILLIS_MAX: i64 = 253_402_300_799_999;

/// A point in time, as a parameter.
pub(super) fn to_time(time: Timestamp) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(time.millis().clamp(MILLIS_MIN, MILLIS_MAX))
}

/// A position in a log, as a parameter.
pub(super) fn to_bigint(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// A row's columns, read as what they mean.
pub(super) trait Columns {
    fn id<T>(&self, column: &str, wrap: impl FnOnce(Uuid) -> T) -> sqlx::Result<T>;
    fn id_opt<T>(&self, column: &str, wrap: impl FnOnce(Uuid) -> T) -> sqlx::Result<Option<T>>;
    fn time(&self, column: &str) -> sqlx::Result<Timestamp>;
    fn time_opt(&self, column: &str) -> sqlx::Result<Option<Timestamp>>;
    /// A number that is never negative, such as a position in a log.
    fn natural(&self, column: &str) -> sqlx::Result<u64>;
    fn text<T: TextEnum>(&self, column: &str) -> sqlx::Result<T>;
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

    fn text<T: TextEnum>(&self, column: &str) -> sqlx::Result<T> {
        let text: &str = self.try_get(column)?;
        T::parse(text)
            .ok_or_else(|| unreadable(column, format!("{text:?} is not a {}", std::any::type_name::<T>())))
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
