//! Mentions.

use super::markup::{self, Found};
use natter_protocol::limits;

/// Whom a text mentions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Usernames in lower case, each once, in the order of their first mention; the first
    /// [`limits::MESSAGE_MENTIONS_MAX`] of them. Whether there are such users is not known here.
    pub usernames: Vec<String>,
    /// Whether it mentions those who are online, as `@here`.
    pub here: bool,
    /// Whether it mentions everybody, as `@all`.
    pub all: bool,
}

/// Whom a text mentions outside of its code and links.
pub fn mentions(content: &str) -> Mentions {
    let mut mentions = Mentions::default();
    // Most texts need not be taken apart.
    if !content.contains('@') {
        return mentions;
    }
    for found in markup::find(content) {
        let Found::Mention(name) = found else { continue };
        match name.to_ascii_lowercase() {
            name if name == "here" => mentions.here = true,
            name if name == "all" => mentions.all = true,
            name if mentions.usernames.contains(&name) => {}
            name if mentions.usernames.len() < limits::MESSAGE_MENTIONS_MAX => mentions.usernames.push(name),
            _ => {}
        }
    }
    mentions
}

/// The name that is mentioned by the `@` at this place of a line.
///
/// An address such as `ada@example.com` is none: before the `@` stands a letter or another part of an address. Letters
/// without upper and lower case may stand there, because scripts that have no case put no space either (中文@ada) or
/// write little words together with the next one (و@ada).
pub(super) fn at(line: &str, at: usize) -> Option<&str> {
    let before = line[..at].chars().next_back();
    if before.is_some_and(|c| joins(c) || matches!(c, '_' | '-' | '+' | '@')) {
        return None;
    }
    let name = &line[at + 1..];
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'));
    // The end of a sentence is not part of the name.
    let name_only = name[..end.unwrap_or(name.len())].trim_end_matches(['.', '-']);
    let after = name[name_only.len()..].chars().next();
    let fits = (limits::USERNAME_CHARS_MIN..=limits::USERNAME_CHARS_MAX).contains(&name_only.len())
        && name_only.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !after.is_some_and(|c| joins(c) || c == '@');
    fits.then_some(name_only)
}

/// Whether this character and a letter next to it are parts of one word.
pub(super) fn joins(c: char) -> bool {
    c.is_ascii_digit() || c.is_lowercase() || c.is_uppercase()
}
