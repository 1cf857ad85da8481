//! Why a file is not taken.

use crate::intake::is_full;
use natter_protocol::ErrorCode;
use std::io;

/// Why a file is not taken. Its text is the detail of the problem that the sender gets.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The operator does not list the type.
    #[error("files of the type `{extension}` are not taken here")]
    NotAllowed {
        /// The extension of its name.
        extension: String,
    },
    /// Its name has no extension, so nothing says what it is meant to be.
    #[error("the name has no extension")]
    NoExtension,
    /// Its content is of another type than its name says, or of two.
    #[error("the name says `{extension}`, the content is {found}")]
    Mismatch {
        /// The extension of its name.
        extension: String,
        /// What was found, with its article.
        found: String,
    },
    /// It is empty, damaged, or unpacks to too much.
    #[error("{0}")]
    NotValid(String),
    /// What was made of it does not fit on the disk. Nothing is said of the file itself.
    #[error("there is no room left on the disk")]
    StorageFull,
    /// It could not be read. Nothing is said of the file itself.
    #[error("the file could not be read")]
    Unreadable(#[source] io::Error),
}

impl Refused {
    /// The code that the sender gets.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NotAllowed { .. } | Self::NoExtension => ErrorCode::FileTypeNotAllowed,
            Self::Mismatch { .. } => ErrorCode::FileTypeMismatch,
            Self::NotValid(_) => ErrorCode::FileNotValid,
            Self::StorageFull => ErrorCode::StorageFull,
            Self::Unreadable(_) => ErrorCode::Internal,
        }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        if is_full(&error) { Self::StorageFull } else { Self::Unreadable(error) }
    }
}
