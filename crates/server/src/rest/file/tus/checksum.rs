//! `Upload-Checksum`: whether the bytes of a request are those that were sent.

use super::UPLOAD_CHECKSUM;
use crate::rest::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use natter_protocol::ErrorCode;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// What the client says that the bytes of one request have for a digest.
pub(super) enum Checksum {
    Sha1(Box<Sha1>, Vec<u8>),
    Sha256(Box<Sha256>, Vec<u8>),
}

impl Checksum {
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, Failure> {
        let Some(value) = headers.get(UPLOAD_CHECKSUM) else { return Ok(None) };
        let parts = value.to_str().ok().and_then(|text| text.trim().split_once(' '));
        let parts =
            parts.and_then(|(algorithm, digest)| Some((algorithm, STANDARD.decode(digest.trim()).ok()?)));
        match parts {
            Some(("sha1", digest)) => Ok(Some(Self::Sha1(Box::default(), digest))),
            Some(("sha256", digest)) => Ok(Some(Self::Sha256(Box::default(), digest))),
            _ => Err(Failure::new(
                ErrorCode::InvalidHeader,
                "Upload-Checksum must be sha1 or sha256, a space, and a digest in base64",
            )),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hash, _) => hash.update(bytes),
            Self::Sha256(hash, _) => hash.update(bytes),
        }
    }

    pub(super) fn check(&self, offset: u64) -> Result<(), Failure> {
        let (algorithm, fits) = match self {
            Self::Sha1(hash, digest) => ("SHA-1", hash.clone().finalize()[..] == digest[..]),
            Self::Sha256(hash, digest) => ("SHA-256", hash.clone().finalize()[..] == digest[..]),
        };
        if fits {
            return Ok(());
        }
        let detail =
            format!("the bytes from {offset} on do not have the {algorithm} that Upload-Checksum says");
        Err(Failure::new(ErrorCode::ChecksumMismatch, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_held_against_the_bytes() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(UPLOAD_CHECKSUM, text.parse().unwrap());
            let checksum = Checksum::of(&headers).map_err(|failure| failure.into_problem("").0.code)?;
            let mut checksum = checksum.unwrap();
            checksum.update(b"hello ");
            checksum.update(b"world");
            checksum.check(0).map_err(|failure| failure.into_problem("").0.code)
        };
        assert_eq!(of("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="), Ok(()));
        assert_eq!(of("sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="), Ok(()));
        assert_eq!(of("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu4="), Err(ErrorCode::ChecksumMismatch));
        assert_eq!(of("sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0="), Err(ErrorCode::ChecksumMismatch));
        for text in ["md5 XrY7u+Ae7tCTyyK7j1rNww==", "sha1", "sha1 !", ""] {
            assert_eq!(of(text), Err(ErrorCode::InvalidHeader), "{text}");
        }
    }
}
