//! `Content-Disposition` (RFC 6266): whether a browser shows a file, and under which name it saves it.

use http::HeaderValue;
use natter_files::kind::is_shown_inline;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Write as _;

/// All but the `attr-char` of RFC 8187, section 3.2.1.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The header for a file of this name and type.
pub(super) fn disposition(name: &str, media_type: &str) -> HeaderValue {
    let mut text = String::from(if is_shown_inline(media_type) { "inline" } else { "attachment" });
    // What every client reads first. Those that know the other form prefer it.
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    // Writing to a string does not fail.
    let _ = write!(text, "; filename=\"{plain}\"");
    if plain != name {
        let _ = write!(text, "; filename*=UTF-8''{}", utf8_percent_encode(name, ESCAPED));
    }
    // It is all visible ASCII by now; and if it were not, a file without a name is still saved, not shown.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

/// Inside quotation marks, and not taken for an escape by anybody.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_the_header() {
        let of = |name: &str| disposition(name, "application/zip").to_str().unwrap().to_owned();
        assert_eq!(of("boats.zip"), "attachment; filename=\"boats.zip\"");
        assert_eq!(of("a b;c.zip"), "attachment; filename=\"a b;c.zip\"");
        assert_eq!(
            of("Häfen 🚢.zip"),
            "attachment; filename=\"H_fen _.zip\"; filename*=UTF-8''H%C3%A4fen%20%F0%9F%9A%A2.zip"
        );
        assert_eq!(of("\"\\%41.zip"), "attachment; filename=\"___41.zip\"; filename*=UTF-8''%22%5C%2541.zip");
        assert_eq!(
            of("a\r\nSet-Cookie: b.zip"),
            "attachment; filename=\"a__Set-Cookie: b.zip\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b.zip"
        );
        assert_eq!(of("it's.zip"), "attachment; filename=\"it's.zip\"");
        assert_eq!(
            of("it's ü.zip"),
            "attachment; filename=\"it's _.zip\"; filename*=UTF-8''it%27s%20%C3%BC.zip"
        );
    }
}
