//! What columns mean.

use crate::text_enum::TextEnum;
use natter_protocol::{Presence, Timestamp, User, UserId, UserSummary};
use rusqlite::Row;
use rusqlite::types::{FromSql, Type, ValueRef};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Columns of a [`User`] `u`, in the order of [`Columns::user`].
pub(super) const USER_COLUMNS: &str =
    "u.id, u.username, u.display_name, u.avatar_url, u.role, iif(u.presence_visible, u.last_seen_at, NULL)";

/// The columns of a row, taken from left to right, so that no column is known by a number.
pub(super) struct Columns<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl<'a> Columns<'a> {
    pub(super) const fn of(row: &'a Row<'a>) -> Self {
        Self { row, next: 0 }
    }

    pub(super) fn get<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let column = self.next;
        self.next += 1;
        self.row.get(column)
    }

    /// Whether the next column is null, which stays the next.
    pub(super) fn next_is_null(&self) -> rusqlite::Result<bool> {
        Ok(self.row.get_ref(self.next)? == ValueRef::Null)
    }

    /// Passes over as many columns.
    pub(super) const fn skip(&mut self, columns: usize) {
        self.next += columns;
    }

    pub(super) fn id<T>(&mut self, wrap: fn(Uuid) -> T) -> rusqlite::Result<T> {
        self.get().map(wrap)
    }

    pub(super) fn id_opt<T>(&mut self, wrap: fn(Uuid) -> T) -> rusqlite::Result<Option<T>> {
        self.get::<Option<Uuid>>().map(|id| id.map(wrap))
    }

    pub(super) fn time(&mut self) -> rusqlite::Result<Timestamp> {
        self.get().map(Timestamp::from_millis)
    }

    pub(super) fn time_opt(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        self.get::<Option<i64>>().map(|time| time.map(Timestamp::from_millis))
    }

    /// An enumeration that is stored as text.
    pub(super) fn text<T: TextEnum>(&mut self) -> rusqlite::Result<T> {
        let column = self.next;
        self.text_opt()?
            .ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(column, Type::Null, "it is null".into()))
    }

    pub(super) fn text_opt<T: TextEnum>(&mut self) -> rusqlite::Result<Option<T>> {
        self.parsed(|text| {
            T::parse(text).ok_or_else(|| format!("{text:?} is not a {}", std::any::type_name::<T>()).into())
        })
    }

    /// What is there as JSON.
    pub(super) fn json<T: DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        let column = self.next;
        self.json_opt()?
            .ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(column, Type::Null, "it is null".into()))
    }

    /// The same, or null.
    pub(super) fn json_opt<T: DeserializeOwned>(&mut self) -> rusqlite::Result<Option<T>> {
        self.parsed(|json| serde_json::from_str(json).map_err(Into::into))
    }

    fn parsed<T>(
        &mut self,
        parse: impl FnOnce(&str) -> Result<T, Box<dyn std::error::Error + Send + Sync>>,
    ) -> rusqlite::Result<Option<T>> {
        let column = self.next;
        self.next += 1;
        let Some(text) = self.row.get_ref(column)?.as_str_or_null()? else { return Ok(None) };
        parse(text)
            .map(Some)
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error))
    }

    /// From [`USER_COLUMNS`].
    pub(super) fn user(&mut self) -> rusqlite::Result<User> {
        Ok(User {
            id: self.id(UserId::from_uuid)?,
            username: self.get()?,
            display_name: self.get()?,
            avatar_url: self.get()?,
            role: self.text()?,
            presence: Presence::Offline,
            last_seen: self.time_opt()?,
        })
    }

    /// The same, when there may be nobody.
    pub(super) fn user_opt(&mut self) -> rusqlite::Result<Option<User>> {
        if self.next_is_null()? {
            self.skip(6);
            return Ok(None);
        }
        self.user().map(Some)
    }

    /// From id, username, `display_name` and `avatar_url`.
    pub(super) fn summary(&mut self) -> rusqlite::Result<UserSummary> {
        Ok(UserSummary {
            id: self.id(UserId::from_uuid)?,
            username: self.get()?,
            display_name: self.get()?,
            avatar_url: self.get()?,
        })
    }

    /// The same four columns, when there may be nobody.
    pub(super) fn summary_opt(&mut self) -> rusqlite::Result<Option<UserSummary>> {
        if self.next_is_null()? {
            self.skip(4);
            return Ok(None);
        }
        self.summary().map(Some)
    }
}
