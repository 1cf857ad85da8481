//! What a page says about itself: Open Graph first, then what Twitter asked for, then plain HTML.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use natter_protocol::invisible::disguises;
use std::collections::HashMap;
use url::Url;

/// Characters of a title; a longer one is cut.
const TITLE_CHARS_MAX: usize = 200;
/// Characters of a description.
const DESCRIPTION_CHARS_MAX: usize = 400;
/// Characters of the name of a website.
const SITE_NAME_CHARS_MAX: usize = 80;
/// Bytes at the beginning of a page in which it may say how it is encoded (WHATWG HTML, 13.2.3.2).
const ENCODING_BYTES_MAX: usize = 1_024;

/// What a page says about itself. All of it is text for people, and cut to a length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) site_name: Option<String>,
    /// Where its picture is.
    pub(super) image: Option<Url>,
}

/// Reads the head of a page. `content_type` is the header of that name; `base` is where the page came from.
pub(super) fn read(html: &[u8], content_type: &str, base: &Url) -> Said {
    let text = decode(html, content_type);
    let mut head = Head::default();
    // A title holds markup as text, which the reader of tokens knows only if it is told to look.
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(text.as_ref(), emitter) {
        let Ok(token) = token;
        if !head.take(token) {
            break;
        }
    }
    head.said(base)
}

/// What was found so far.
#[derive(Default)]
struct Head {
    meta: HashMap<String, String>,
    title: String,
    in_title: bool,
    base: Option<String>,
}

impl Head {
    /// Takes the next token; whether there may be more to find.
    fn take(&mut self, token: Token) -> bool {
        match token {
            Token::StartTag(tag) => match tag.name.as_slice() {
                b"meta" => self.meta(&tag),
                b"title" => self.in_title = self.title.is_empty(),
                b"base" if self.base.is_none() => self.base = attribute(&tag, b"href"),
                b"body" => return false,
                _ => {}
            },
            Token::EndTag(tag) => match tag.name.as_slice() {
                b"title" => self.in_title = false,
                b"head" => return false,
                _ => {}
            },
            Token::String(text) if self.in_title && self.title.len() < 4 * TITLE_CHARS_MAX => {
                self.title.push_str(&String::from_utf8_lossy(&text));
            }
            _ => {}
        }
        true
    }

    /// The first of a name counts.
    fn meta(&mut self, tag: &StartTag<()>) {
        // Open Graph says `property`, HTML says `name`, and pages mix them up.
        let name = attribute(tag, b"property").or_else(|| attribute(tag, b"name"));
        if let (Some(name), Some(content)) = (name, attribute(tag, b"content"))
            && !content.trim().is_empty()
        {
            self.meta.entry(name.to_ascii_lowercase()).or_insert(content);
        }
    }

    fn said(self, page: &Url) -> Said {
        let first = |names: &[&str]| names.iter().find_map(|name| self.meta.get(*name)).map(String::as_str);
        let title = first(&["og:title", "twitter:title"]).unwrap_or(&self.title);
        let base = self.base.as_deref().and_then(|base| page.join(base).ok());
        let image =
            first(&["og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"])
                .and_then(|image| base.as_ref().unwrap_or(page).join(image.trim()).ok());
        Said {
            title: line(title, TITLE_CHARS_MAX),
            description: first(&["og:description", "twitter:description", "description"])
                .and_then(|text| line(text, DESCRIPTION_CHARS_MAX)),
            site_name: first(&["og:site_name", "application-name"])
                .and_then(|text| line(text, SITE_NAME_CHARS_MAX)),
            image,
        }
    }
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
}

/// A text of the page as one line, without what could disguise it, at most so many characters long; none if nothing is
/// left.
pub(super) fn line(text: &str, chars_max: usize) -> Option<String> {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word: String = word.chars().filter(|c| !disguises(*c)).collect();
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
        if line.chars().count() > chars_max {
            let mut cut: String = line.chars().take(chars_max - 1).collect();
            cut.truncate(cut.trim_end().len());
            cut.push('…');
            return Some(cut);
        }
    }
    Some(line).filter(|line| !line.is_empty())
}

/// The text of a page: a mark at its beginning decides, then the header, then what it says itself.
fn decode<'a>(html: &'a [u8], content_type: &str) -> std::borrow::Cow<'a, str> {
    let labelled = charset(content_type.as_bytes()).or_else(|| {
        let beginning = html.get(..ENCODING_BYTES_MAX).unwrap_or(html);
        // A page that can be read as ASCII so far cannot be UTF-16, whatever it says.
        charset(beginning).map(|encoding| if encoding.is_ascii_compatible() { encoding } else { UTF_8 })
    });
    let encoding = labelled.unwrap_or_else(|| if looks_like_utf8(html) { UTF_8 } else { WINDOWS_1252 });
    encoding.decode(html).0
}

/// Whether all but the last character, which may be cut in two, is UTF-8.
fn looks_like_utf8(html: &[u8]) -> bool {
    std::str::from_utf8(html).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// The encoding that stands behind `charset=`.
fn charset(text: &[u8]) -> Option<&'static Encoding> {
    const LABEL: &[u8] = b"charset=";
    let at = text.windows(LABEL.len()).position(|window| window.eq_ignore_ascii_case(LABEL))? + LABEL.len();
    let rest = text[at..].trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"-_:.".contains(byte)));
    Encoding::for_label(&rest[..end.unwrap_or(rest.len())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(html: &str) -> Said {
        read(html.as_bytes(), "text/html; charset=utf-8", &Url::parse("https://example.com/a/b").unwrap())
    }

    #[test]
    fn open_graph_comes_first() {
        let said = said(
            r#"<!doctype html><html><head><title>Plain</title>
            <meta name="description" content="Plain description">
            <meta property="og:title" content="Boats &amp; tides">
            <meta property="og:title" content="Another">
            <meta property="og:site_name" content="Harbour">
            <meta property="og:image" content="/boat.png">
            <meta property="og:description" content="  All
               of them "></head><body><meta property="og:title" content="late"></body>"#,
        );
        let image = Some(Url::parse("https://example.com/boat.png").unwrap());
        let text = |text: &str| Some(text.to_owned());
        let (title, description) = (text("Boats & tides"), text("All of them"));
        assert_eq!(said, Said { title, description, site_name: text("Harbour"), image });
    }

    #[test]
    fn plain_html_is_enough() {
        let said = said(
            "<title>A &lt;b&gt; <b>c</b></title><base href='https://cdn.example.com/x/'>\
             <meta name=description content=d><meta name='twitter:image' content='p.png'>",
        );
        assert_eq!(said.title.as_deref(), Some("A <b> <b>c</b>"));
        assert_eq!(said.description.as_deref(), Some("d"));
        assert_eq!(said.image.unwrap().as_str(), "https://cdn.example.com/x/p.png");
    }

    #[test]
    fn a_page_may_say_nothing() {
        assert_eq!(said(""), Said::default());
        assert_eq!(
            said("<title> \u{200b} </title><meta property='og:image' content='http://['>"),
            Said::default()
        );
        assert_eq!(said("<script><title>x</title></script>"), Said::default());
        assert_eq!(said("<body><title>x</title>"), Said::default());
    }

    #[test]
    fn text_is_one_line_of_bounded_length_that_shows_what_it_is() {
        assert_eq!(line("a\u{202e}\u{61c}b\u{0}c\nd", 10).as_deref(), Some("ab c d"));
        assert_eq!(line(&"ä".repeat(300), 200).unwrap().chars().count(), 200);
        assert_eq!(line("one two three", 8).as_deref(), Some("one two…"));
    }

    #[test]
    fn pages_are_read_in_their_encoding() {
        let base = Url::parse("https://example.com/").unwrap();
        let title = |html: &[u8], content_type: &str| read(html, content_type, &base).title.unwrap();
        assert_eq!(title(b"<title>caf\xe9</title>", "text/html; charset=ISO-8859-1"), "café");
        assert_eq!(title(b"<title>caf\xe9</title>", "text/html"), "café");
        assert_eq!(title("<title>café</title>".as_bytes(), "text/html"), "café");
        assert_eq!(title(b"<meta charset=\"shift_jis\"><title>\x83\x65</title>", "text/html"), "テ");
        assert_eq!(title(b"\xff\xfe<\0t\0i\0t\0l\0e\0>\0x\0", "text/html; charset=utf-8"), "x");
        // Cut in the middle of a character.
        assert_eq!(title(&"<title>caf\u{e9}</title>é".as_bytes()[..20], "text/html"), "café");
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(html in proptest::collection::vec(any::<u8>(), 0..2_000), label in ".{0,40}") {
            let said = read(&html, &label, &Url::parse("https://example.com/").unwrap());
            prop_assert!(said.title.is_none_or(|title| title.chars().count() <= TITLE_CHARS_MAX));
        }
    }
}
