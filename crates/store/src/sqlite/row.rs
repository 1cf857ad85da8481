//! What columns mean.

use crate::text_enum::TextEnum;
use rusqlite::Row;
use rusqlite::types::Type;

/// An enumeration that is stored as text.
pub(super) fn text<T: TextEnum>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    T::parse(text).ok_or_else(|| {
        let error = format!("{text:?} is not a {}", std::any::type_name::<T>());
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
    })
}
