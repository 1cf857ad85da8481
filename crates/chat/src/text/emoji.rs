//! Emoji under messages.

use crate::{Error, Result};
use natter_protocol::limits;

/// The one spelling of an emoji under which its reactions are counted: with U+FE0F exactly where Unicode wants it, so
/// that "❤" and "❤️" are one reaction. Whatever Unicode recommends for interchange is an emoji: with skin tones,
/// joined to sequences, flags and keycaps.
pub fn reaction(emoji: &str) -> Result<String> {
    let wrong = || Error::field("emoji", "must be exactly one emoji, such as 👍");
    if emoji.len() > limits::EMOJI_BYTES_MAX {
        return Err(wrong());
    }
    // Without any variation selectors it is the shortest of its spellings, which are all known to the table.
    let bare: String = emoji.chars().filter(|c| !matches!(c, '\u{fe0e}' | '\u{fe0f}')).collect();
    emojis::get(&bare).map(|emoji| emoji.as_str().to_owned()).ok_or_else(wrong)
}
