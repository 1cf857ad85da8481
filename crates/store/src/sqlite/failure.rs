//! What SQLite's result codes mean for whoever asked (<https://www.sqlite.org/rescode.html>).

use crate::StoreError;
use crate::commit::Failure;
use rusqlite::{Error, ErrorCode, ffi};

/// Whether the failure may lie in one of the writes of a batch.
pub(super) fn in_batch(error: Error) -> Failure {
    if flush_failed(&error) {
        // The kernel may have dropped the pages that it could not write and forget about it, so a second attempt
        // could succeed without them. Only a restart that reads the file again tells what is there.
        tracing::error!(%error, "the disk failed while writing; exiting, so that nothing is acknowledged that is not kept");
        std::process::exit(1);
    }
    let constraint =
        matches!(&error, Error::SqliteFailure(failure, _) if failure.code == ErrorCode::ConstraintViolation);
    match classify(error) {
        error @ (StoreError::Unavailable(_) | StoreError::Full) if !constraint => Failure::Shared(error),
        error => Failure::Poisoned(error),
    }
}

/// What to tell whoever asked.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn classify(error: Error) -> StoreError {
    match &error {
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DiskFull => StoreError::Full,
            ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => {
                StoreError::Full
            }
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure => StoreError::Unavailable(error.to_string()),
            _ => StoreError::Broken(error.to_string()),
        },
        _ => StoreError::Broken(error.to_string()),
    }
}

fn flush_failed(error: &Error) -> bool {
    let Error::SqliteFailure(failure, _) = error else { return false };
    matches!(
        failure.extended_code,
        ffi::SQLITE_IOERR_FSYNC
            | ffi::SQLITE_IOERR_DIR_FSYNC
            | ffi::SQLITE_IOERR_WRITE
            | ffi::SQLITE_IOERR_TRUNCATE
    )
}
