//! What PostgreSQL's errors mean (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use crate::StoreError;
use sqlx::Error;

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The server or the way to it, or another transaction: the same again may work.
    Transient,
    /// There is no room for more.
    Full,
    /// What was asked cannot be done.
    Fatal,
}

pub(super) fn kind(error: &Error) -> Kind {
    match error {
        Error::Database(error) => error.code().map_or(Kind::Fatal, |code| kind_of_code(&code)),
        Error::ColumnDecode { .. }
        | Error::ColumnNotFound(_)
        | Error::ColumnIndexOutOfBounds { .. }
        | Error::Decode(_)
        | Error::Encode(_)
        | Error::InvalidArgument(_)
        | Error::RowNotFound
        | Error::TypeNotFound { .. } => Kind::Fatal,
        _ => Kind::Transient,
    }
}

fn kind_of_code(code: &str) -> Kind {
    match code {
        // disk_full
        "53100" => Kind::Full,
        // read_only_sql_transaction: the server has become a standby. lock_not_available.
        "25006" | "55P03" => Kind::Transient,
        _ => match code.get(..2) {
            // Connection exceptions, rollbacks (deadlock, serialization), lack of memory or connections,
            // intervention of an operator (shutdown, crash, cancel), errors outside PostgreSQL. Authorization and
            // unknown databases (28, 3D) come while connecting again to a server that is not fully restored.
            Some("08" | "28" | "3D" | "40" | "53" | "57" | "58") => Kind::Transient,
            _ => Kind::Fatal,
        },
    }
}

/// Whether an error during COMMIT is the server's word that nothing was committed.
pub(super) fn rolled_back(error: &Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    // Integrity constraints (deferred ones), rollbacks.
    code.is_some_and(|code| code.starts_with("23") || code.starts_with("40"))
}

/// What to tell whoever asked.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn classify(error: Error) -> StoreError {
    match kind(&error) {
        Kind::Transient => StoreError::Unavailable(error.to_string()),
        Kind::Full => StoreError::Full,
        Kind::Fatal => StoreError::Broken(error.to_string()),
    }
}
