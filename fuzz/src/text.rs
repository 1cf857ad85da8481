//! What must hold for every text that somebody sends.
//!
//! The tests of `natter-chat` include this file and feed it what proptest makes up.

use natter_chat::text::{emoji, is_blank, link, mention, tidy, tidy_name};
use natter_protocol::limits;
use std::collections::HashSet;

/// The rules of text answer, answer the same to their own answer, and find only what is there.
pub fn text(text: &str) {
    let kept = tidy(text);
    assert!(!kept.contains('\r'));
    assert_eq!(tidy(&kept), kept);
    assert_eq!(is_blank(&kept), is_blank(text));
    let name = tidy_name(text);
    assert_eq!(tidy_name(&name), name);
    if let Ok(emoji) = emoji::reaction(text) {
        assert!(emoji.len() <= limits::EMOJI_BYTES_MAX);
        assert_eq!(emoji::reaction(&emoji).ok(), Some(emoji));
    }
    mentions(&kept);
    links(&kept);

    let longest = kept.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let ticks = "`".repeat(3.max(longest + 1));
    let code = format!("{ticks}\n{kept}\n{ticks}");
    assert_eq!(mention::mentions(&code), mention::Mentions::default(), "nobody is mentioned in code");
    assert_eq!(link::links(&code), Vec::<String>::new(), "code has no links");
}

fn mentions(text: &str) {
    let mentions = mention::mentions(text);
    let (names, text) = (&mentions.usernames, text.to_ascii_lowercase());
    assert!(names.len() <= limits::MESSAGE_MENTIONS_MAX);
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "each once");
    for name in names {
        assert!((limits::USERNAME_CHARS_MIN..=limits::USERNAME_CHARS_MAX).contains(&name.len()));
        assert!(name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()));
        assert!(text.contains(&format!("@{name}")));
    }
    assert_eq!(mention::mentions(&format!("@{}", names.join(" @"))).usernames, *names);
}

fn links(text: &str) {
    let links = link::links(text);
    assert!(links.len() <= limits::MESSAGE_LINKS_MAX);
    assert_eq!(links.iter().collect::<HashSet<_>>().len(), links.len(), "each once");
    for url in links {
        assert!(text.contains(&url) && !url.contains(char::is_whitespace));
        // Behind a text, an address may end with a dot; as it stands, it may have parentheses within parentheses.
        let found_again = |text: String| link::links(&text) == [url.as_str()];
        assert!(found_again(url.clone()) || found_again(format!("[x]({url})")), "{url}");
    }
}
