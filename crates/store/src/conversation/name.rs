//! Finding conversations by their names.
//!
//! A database only reads names, newest activity first: SQLite no more of them than it takes to fill a page, PostgreSQL all
//! that come after the page before. Which of them are meant is decided here, so that both databases find the same, by the
//! rule that messages are found by. Nobody is in so many conversations that an index would be worth what it costs to keep
//! it: a person's name is in all of theirs.

use crate::search::fold;

/// A part of a name, to be compared with names.
pub(crate) struct NamePart(String);

impl NamePart {
    /// However it is written.
    pub(crate) fn new(text: &str) -> Self {
        Self(fold(text.trim()))
    }

    /// Whether one of these names contains it.
    pub(crate) fn is_in(&self, names: [Option<&str>; 3]) -> bool {
        names.into_iter().flatten().any(|name| fold(name).contains(&self.0))
    }
}
