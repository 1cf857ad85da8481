//! What text may look like.

use crate::{Error, Result};
use natter_protocol::FieldError;

/// Collects what is wrong with a request, so that the caller learns of all of it at once.
#[derive(Default)]
pub(crate) struct Check(Vec<FieldError>);

impl Check {
    /// Notes that a field is wrong.
    pub(crate) fn fail(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// Notes a text that is too short or too long.
    pub(crate) fn length(&mut self, field: &str, text: &str, chars_min: usize, chars_max: usize) {
        let chars = text.chars().count();
        if !(chars_min..=chars_max).contains(&chars) {
            self.fail(field, format!("has {chars} characters; {chars_min} to {chars_max} are allowed"));
        }
    }

    /// Notes a text that is too long or holds what no text may hold.
    pub(crate) fn text(&mut self, field: &str, text: &str, chars_max: usize) {
        let chars = text.chars().count();
        if chars > chars_max {
            self.fail(field, format!("has {chars} characters; at most {chars_max} are allowed"));
        }
        // PostgreSQL cannot store U+0000, and nobody types it.
        if text.contains('\0') {
            self.fail(field, "contains the character U+0000, which no text may contain");
        }
    }

    /// Notes a one-line text that is empty, too long, or has line breaks or other control characters.
    pub(crate) fn line(&mut self, field: &str, text: &str, chars_max: usize) {
        if text.trim().is_empty() {
            self.fail(field, "must not be empty");
        } else if text.chars().any(char::is_control) {
            self.fail(field, "must not contain line breaks or other control characters");
        } else {
            self.text(field, text, chars_max);
        }
    }

    /// Fails with all that was noted.
    pub(crate) fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Validation(self.0)) }
    }
}
