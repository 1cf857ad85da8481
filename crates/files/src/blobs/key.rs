//! Under which key content is kept.

use crate::Digest;
use natter_protocol::ThumbnailSize;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Where some content is kept: `9f/9f86…0a08-<blob id>`, its thumbnails with `-small` and `-large` after it.
///
/// The id makes it a key that is never used twice: content that is deleted, and the same content that comes anew at the
/// same moment, do not meet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BlobKey {
    sha256: Digest,
    blob: Uuid,
    thumbnail: Option<ThumbnailSize>,
}

/// The text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a blob")]
pub struct ParseBlobKeyError;

/// Characters of a digest.
const DIGEST_CHARS: usize = 64;
/// Characters of an id.
const ID_CHARS: usize = uuid::fmt::Hyphenated::LENGTH;

impl BlobKey {
    /// The key of content with this hash, under this id.
    pub const fn new(sha256: Digest, blob: Uuid) -> Self {
        Self { sha256, blob, thumbnail: None }
    }

    /// The key of a thumbnail of this content; none for what is a thumbnail itself.
    pub fn thumbnail(&self, size: ThumbnailSize) -> Option<Self> {
        self.thumbnail.is_none().then(|| Self { thumbnail: Some(size), ..self.clone() })
    }

    /// The id of the blob that it belongs to.
    pub const fn blob(&self) -> Uuid {
        self.blob
    }

    /// The hash of the content; of a thumbnail, that of what it shows.
    pub const fn sha256(&self) -> Digest {
        self.sha256
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sha256 = self.sha256.to_string();
        write!(f, "{sha256:.2}/{sha256}-{}{}", self.blob, suffix(self.thumbnail))
    }
}

impl FromStr for BlobKey {
    type Err = ParseBlobKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (_, name) = text.split_once('/').ok_or(ParseBlobKeyError)?;
        let (sha256, rest) = name.split_at_checked(DIGEST_CHARS).ok_or(ParseBlobKeyError)?;
        let (blob, thumbnail) = rest
            .strip_prefix('-')
            .and_then(|rest| rest.split_at_checked(ID_CHARS))
            .ok_or(ParseBlobKeyError)?;
        let thumbnail = [None, Some(ThumbnailSize::Small), Some(ThumbnailSize::Large)]
            .into_iter()
            .find(|&size| suffix(size) == thumbnail)
            .ok_or(ParseBlobKeyError)?;
        let key = Self {
            sha256: sha256.parse().map_err(|_| ParseBlobKeyError)?,
            blob: blob.parse().map_err(|_| ParseBlobKeyError)?,
            thumbnail,
        };
        // There is one way to write a key.
        if key.to_string() == text { Ok(key) } else { Err(ParseBlobKeyError) }
    }
}

const fn suffix(thumbnail: Option<ThumbnailSize>) -> &'static str {
    match thumbnail {
        None => "",
        Some(ThumbnailSize::Small) => "-small",
        Some(ThumbnailSize::Large) => "-large",
    }
}
