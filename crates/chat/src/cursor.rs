//! Cursors: where a page ended, sealed so that nobody can build one.

use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of the seal: enough to make guessing hopeless, short enough for a query string.
const SEAL_BYTES: usize = 12;

/// Seals and opens cursors.
pub(crate) struct Cursors {
    key: Hmac<Sha256>,
}

impl Cursors {
    pub(crate) fn new(secret: &str) -> Self {
        let key = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes());
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        Self { key: key.expect("HMAC takes keys of any length") }
    }

    /// `list` names the list, with all that selects its entries: a cursor opens only for the list it was sealed for.
    pub(crate) fn seal(&self, list: &str, position: &[u8]) -> String {
        let mut bytes = position.to_vec();
        bytes.extend_from_slice(&self.mac(list, position).finalize().into_bytes()[..SEAL_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position in a cursor of this list.
    pub(crate) fn open(&self, list: &str, cursor: &str) -> Result<Vec<u8>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::InvalidCursor)?;
        let split = bytes.len().checked_sub(SEAL_BYTES).ok_or(Error::InvalidCursor)?;
        let tag = bytes.split_off(split);
        self.mac(list, &bytes).verify_truncated_left(&tag).map_err(|_| Error::InvalidCursor)?;
        Ok(bytes)
    }

    fn mac(&self, list: &str, position: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(list.as_bytes());
        // The name of a list never contains it, so name and position cannot be cut in another place.
        mac.update(&[0]);
        mac.update(position);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let cursors = Cursors::new("secret");
        let cursor = cursors.seal("conversations", b"position");
        assert_eq!(cursors.open("conversations", &cursor).unwrap(), b"position");

        assert!(matches!(cursors.open("messages", &cursor), Err(Error::InvalidCursor)), "another list");
        assert!(matches!(Cursors::new("other").open("conversations", &cursor), Err(Error::InvalidCursor)));
        for at in 0..cursor.len() {
            let mut tampered = cursor.clone().into_bytes();
            tampered[at] = if tampered[at] == b'A' { b'B' } else { b'A' };
            let tampered = String::from_utf8(tampered).unwrap();
            assert!(cursors.open("conversations", &tampered).is_err(), "changed at {at}");
        }
        for garbage in ["", "A", "not base64!", "AAAAAAAAAAAAAAAA"] {
            assert!(matches!(cursors.open("conversations", garbage), Err(Error::InvalidCursor)));
        }
    }
}
