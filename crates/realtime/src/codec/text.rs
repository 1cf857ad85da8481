//! The text of a message that has not arrived in full.

use super::Violation;
use std::str;

/// Grows piece by piece. A piece that makes the text invalid is refused at once, not at the end of the message.
#[derive(Debug)]
pub(super) struct PartialText {
    bytes: Vec<u8>,
    /// How many of them are known to be valid; the rest is the beginning of a character.
    valid_bytes: usize,
}

impl PartialText {
    pub(super) const fn new() -> Self {
        Self { bytes: Vec::new(), valid_bytes: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Appends a piece. `bytes_max` bounds what is allocated; the caller has checked that the piece fits.
    pub(super) fn push(&mut self, piece: &[u8], bytes_max: usize) -> Result<(), Violation> {
        let needed = self.bytes.len() + piece.len();
        if needed > self.bytes.capacity() {
            // Grows with what has arrived, not with what a header announces: announcing costs an attacker nothing.
            let capacity = needed.max((2 * self.bytes.capacity()).min(bytes_max));
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
        match str::from_utf8(&self.bytes[self.valid_bytes..]) {
            Ok(_) => self.valid_bytes = self.bytes.len(),
            Err(error) if error.error_len().is_none() => self.valid_bytes += error.valid_up_to(),
            Err(_) => return Err(Violation::Utf8),
        }
        Ok(())
    }

    /// The whole text; refused when it ends within a character.
    pub(super) fn finish(self) -> Result<String, Violation> {
        String::from_utf8(self.bytes).map_err(|_| Violation::Utf8)
    }
}
