//! Why an upload does not go on.

use crate::workshop::Closed;
use natter_protocol::ErrorCode;
use std::io;

/// Why an upload does not go on.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// There is no such upload, or not any more.
    #[error("there is no such upload, or it is over")]
    NotFound,
    /// More than one file may have.
    #[error("a file may have {bytes_max} bytes at most")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// More than was announced.
    #[error("the upload was announced with {length} bytes, and more came")]
    Overrun {
        /// What was announced.
        length: u64,
    },
    /// Less than was announced.
    #[error("{offset} of {length} bytes are here")]
    Incomplete {
        /// Bytes that are here.
        offset: u64,
        /// Bytes that were announced.
        length: u64,
    },
    /// The user has begun too many.
    #[error("a user may have {uploads_max} uploads under way")]
    TooMany {
        /// The limit.
        uploads_max: u64,
    },
    /// The bytes do not begin where the upload stands.
    #[error("the upload goes on at {offset}")]
    Offset {
        /// Bytes that are here.
        offset: u64,
    },
    /// Another request is appending to it, or it is being looked at.
    #[error("another request is at work on this upload")]
    Busy,
    /// There is no room left on the disk.
    #[error("there is no room left on the disk for uploads")]
    StorageFull,
    /// The process is going down.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// The disk does not do what it should.
    #[error("the upload could not be read or written")]
    Disk(#[source] io::Error),
}

impl IntakeError {
    /// The code that the client gets.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound => ErrorCode::NotFound,
            Self::TooLarge { .. } => ErrorCode::FileTooLarge,
            Self::Overrun { .. } => ErrorCode::InvalidParameter,
            Self::TooMany { .. } => ErrorCode::LimitReached,
            Self::Offset { .. } | Self::Incomplete { .. } | Self::Busy => ErrorCode::UploadOffset,
            Self::StorageFull => ErrorCode::StorageFull,
            Self::Closed(_) => ErrorCode::Unavailable,
            Self::Disk(_) => ErrorCode::Internal,
        }
    }
}

impl From<io::Error> for IntakeError {
    fn from(error: io::Error) -> Self {
        if is_full(&error) { Self::StorageFull } else { Self::Disk(error) }
    }
}

/// Whether it failed because there is no room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
