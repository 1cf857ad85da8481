//! What text may look like, and what is found in it.
//!
//! Pure functions over the text alone; who may mention whom, and whether a name exists, is decided by the verbs that
//! call them:
//!
//! - a message: `Check::message` returns the text to keep. In it [`mention::mentions`] and [`link::links`] find what
//!   it refers to.
//! - a draft, a topic: `Check::text`, which may also show nothing.
//! - a reaction: [`emoji::reaction`] returns the one spelling of the emoji under which it is counted.
//! - the name of a person or conversation: `Check::name` returns the name to keep.
//! - a key that a client chose: `Check::line`; it is kept as it came.
//!
//! What the markup of a message means is defined in `docs/guides/markdown.md`.

mod bidi;
pub mod emoji;
pub mod link;
mod markup;
pub mod mention;

use crate::{Error, Result};
use natter_protocol::{FieldError, invisible, limits};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization as _;

/// Whether a reader would see nothing of this text.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(shows_nothing)
}

/// A text of several lines as it is kept: lines end with `\n`, and no direction reaches beyond the end of its line.
pub fn tidy(text: &str) -> String {
    let text = if text.contains('\r') {
        Cow::from(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::from(text)
    };
    bidi::balanced(&text).into_owned()
}

/// A name as it is kept: without spaces around it, and in the one form (NFC) among those that look the same.
pub fn tidy_name(name: &str) -> String {
    name.trim().nfc().collect()
}

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

    /// Notes the text of a message that shows nothing, is too long or holds what no text may hold. Returns it as it is
    /// kept.
    pub(crate) fn message(&mut self, field: &str, content: &str) -> String {
        let content = self.text(field, content, limits::MESSAGE_CHARS_MAX);
        if is_blank(&content) {
            self.fail(field, "must not be empty");
        }
        content
    }

    /// Notes a text of any number of lines that is too long or holds what no text may hold. Returns it as it is kept.
    pub(crate) fn text(&mut self, field: &str, text: &str, chars_max: usize) -> String {
        let text = tidy(text);
        self.most(field, &text, chars_max);
        // PostgreSQL cannot store U+0000, and a terminal would obey the others.
        if let Some(bad) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            let code = u32::from(bad);
            self.fail(
                field,
                format!("contains the control character U+{code:04X}, which no text may contain"),
            );
        }
        text
    }

    /// Notes a name that shows nothing, is too long, or holds what breaks its line or turns the text around it.
    /// Returns it as it is kept.
    pub(crate) fn name(&mut self, field: &str, name: &str, chars_max: usize) -> String {
        let name = tidy_name(name);
        if let Some(bad) = name.chars().find(|&c| invisible::turns(c)) {
            let code = u32::from(bad);
            self.fail(
                field,
                format!("contains U+{code:04X}, which changes the direction of the text around it"),
            );
        } else if !name.is_empty() && is_blank(&name) {
            self.fail(field, "shows nothing");
        } else {
            self.line(field, &name, chars_max);
        }
        name
    }

    /// Notes a one-line text that is empty, too long, or has line breaks or other control characters.
    pub(crate) fn line(&mut self, field: &str, text: &str, chars_max: usize) {
        if text.trim().is_empty() {
            self.fail(field, "must not be empty");
        } else if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
            self.fail(field, "must not contain line breaks or other control characters");
        } else {
            self.most(field, text, chars_max);
        }
    }

    /// Fails with all that was noted.
    pub(crate) fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Validation(self.0)) }
    }

    /// A bound in characters is one in bytes too: UTF-8 has at most four for each.
    fn most(&mut self, field: &str, text: &str, chars_max: usize) {
        let chars = text.chars().count();
        if chars > chars_max {
            self.fail(field, format!("has {chars} characters; at most {chars_max} are allowed"));
        }
    }
}

fn shows_nothing(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || invisible::is_invisible(c)
        // The empty braille pattern and the empty note head are symbols to Unicode, and nothing to the eye.
        || matches!(c, '\u{2800}' | '\u{1d159}')
}
