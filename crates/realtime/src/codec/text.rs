//! The text of a message that has not arrived in full.

use super::{Violation, deflate};
use std::borrow::Cow;
use std::str;

/// What a message's payload is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// By permessage-deflate. It is inflated once it is whole, so that what is kept of it is what has arrived.
    Deflated,
}

/// Grows piece by piece. A plain piece that makes the text invalid is refused at once, not at the end of the message.
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
    pub(super) fn push(&mut self, piece: &[u8], form: Form, bytes_max: usize) -> Result<(), Violation> {
        reserve(&mut self.bytes, piece.len(), bytes_max);
        self.bytes.extend_from_slice(piece);
        if form == Form::Deflated {
            return Ok(());
        }
        match str::from_utf8(&self.bytes[self.valid_bytes..]) {
            Ok(_) => self.valid_bytes = self.bytes.len(),
            Err(error) if error.error_len().is_none() => self.valid_bytes += error.valid_up_to(),
            Err(_) => return Err(Violation::Utf8),
        }
        Ok(())
    }

    /// The whole text; refused when it ends within a character.
    pub(super) fn finish(self, form: Form, bytes_max: usize) -> Result<String, Violation> {
        let bytes = match form {
            Form::Plain => self.bytes,
            Form::Deflated => deflate::inflate(&self.bytes, bytes_max)?,
        };
        String::from_utf8(bytes).map_err(|_| Violation::Utf8)
    }
}

/// The text of a message that arrived in one piece; lent unless it had to be inflated.
pub(super) fn whole(payload: &[u8], form: Form, bytes_max: usize) -> Result<Cow<'_, str>, Violation> {
    match form {
        Form::Plain => str::from_utf8(payload).map(Cow::Borrowed).map_err(|_| Violation::Utf8),
        Form::Deflated => {
            let bytes = deflate::inflate(payload, bytes_max)?;
            String::from_utf8(bytes).map(Cow::Owned).map_err(|_| Violation::Utf8)
        }
    }
}

/// Makes room for what has arrived, not for what a header announces: announcing costs an attacker nothing. It doubles
/// as a `Vec` does, but for no more than the bound.
pub(super) fn reserve(bytes: &mut Vec<u8>, added: usize, bytes_max: usize) {
    let needed = bytes.len() + added;
    if needed > bytes.capacity() {
        let capacity = needed.max((2 * bytes.capacity()).min(bytes_max));
        bytes.reserve_exact(capacity - bytes.len());
    }
}
