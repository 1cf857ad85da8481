//! Links.

use super::markup::{self, Found};
use super::mention::joins;
use natter_protocol::invisible::disguises;
use natter_protocol::limits;

/// The addresses on the web to which a text links outside of its code, as they are written, each once, in the order of
/// their first use; the first [`limits::MESSAGE_LINKS_MAX`] of them.
pub fn links(content: &str) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    // Most texts need not be taken apart.
    if !content.contains("://") {
        return links;
    }
    for found in markup::find(content) {
        let Found::Link(url) = found else { continue };
        if links.len() < limits::MESSAGE_LINKS_MAX
            && after_web(url).is_some()
            && !links.iter().any(|known| known == url)
        {
            links.push(url.to_owned());
        }
    }
    links
}

/// An address at a place of a line.
pub(super) struct Address<'a> {
    /// What it links to, unless nobody should follow it.
    pub(super) url: Option<&'a str>,
    /// Where it ends.
    pub(super) end: usize,
}

/// The address that stands at this place of a line as it is: `https://example.com`.
pub(super) fn bare(line: &str, at: usize) -> Option<Address<'_>> {
    let rest = &line[at..];
    if !has_scheme(rest) || line[..at].chars().next_back().is_some_and(joins) {
        return None;
    }
    let url = without_punctuation(&rest[..bare_length(rest)]);
    Some(Address { url: is_safe(url).then_some(url), end: at + url.len() })
}

/// The address behind a text, at the bracket that opens it: `[text](https://example.com)`.
pub(super) fn named(line: &str, at: usize) -> Option<Address<'_>> {
    let label_start = at + 1;
    let label_end = label_start + line[label_start..].find(['[', ']'])?;
    let label = &line[label_start..label_end];
    let rest = line[label_end..].strip_prefix("](")?;
    let mut depth = 0;
    let url_length = rest.find(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        // One pair of parentheses is enough for the addresses that there are, and bounds how far is looked.
        !(0..=1).contains(&depth) || ends(c)
    })?;
    let url = &rest[..url_length];
    // A text that is an address itself would hide where the link leads.
    let honest = !super::is_blank(label) && !label.contains("://");
    let safe = honest && rest[url_length..].starts_with(')') && has_scheme(url) && is_safe(url);
    safe.then(|| Address { url: Some(url), end: line.len() - rest.len() + url_length + 1 })
}

/// What follows the scheme of an address on the web.
fn after_web(url: &str) -> Option<&str> {
    after(url, "http://").or_else(|| after(url, "https://"))
}

fn after<'a>(url: &'a str, scheme: &str) -> Option<&'a str> {
    let (start, rest) = url.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

fn has_scheme(text: &str) -> bool {
    after_web(text).or_else(|| after(text, "mailto:")).is_some()
}

/// Whether it names a host, or a mailbox, and no password: `https://bank.example@evil.example` is a trick.
fn is_safe(url: &str) -> bool {
    if let Some(rest) = after_web(url) {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        return authority.starts_with(|c: char| c.is_alphanumeric() || c == '[') && !authority.contains('@');
    }
    let mailbox = after(url, "mailto:").and_then(|rest| rest.split('?').next());
    mailbox
        .and_then(|mailbox| mailbox.split_once('@'))
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}

/// Whether no address goes on with this character.
fn ends(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '<' | '>' | '"' | '`' | '\\' | '\u{ab}' | '\u{bb}' | '\u{2018}'..='\u{201f}')
        // What is invisible could make one address look like another.
        || disguises(c)
        // Chinese and Japanese sentences end without a space.
        || matches!(c, '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}')
        || matches!(c, '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}')
        || matches!(c, '\u{ff5b}'..='\u{ff65}')
}

/// How much of a text may be an address: up to a bracket that closes what was opened before it.
fn bare_length(text: &str) -> usize {
    let mut open = [0_usize; 3];
    let end = text.find(|c| {
        if let Some(kind) = "([{".find(c) {
            open[kind] += 1;
        } else if let Some(kind) = ")]}".find(c) {
            let Some(rest) = open[kind].checked_sub(1) else { return true };
            open[kind] = rest;
        }
        ends(c)
    });
    end.unwrap_or(text.len())
}

/// Without what the sentence around it ends with.
fn without_punctuation(url: &str) -> &str {
    let punctuation =
        ['.', ',', ':', ';', '!', '?', '*', '~', '\'', '(', '[', '{', '\u{60c}', '\u{61b}', '\u{61f}'];
    url.trim_end_matches(punctuation)
}
