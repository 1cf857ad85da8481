//! What of a message's text is code, a link or a mention.
//!
//! Written here rather than taken from a library of Markdown, because the server must see the same code and the same
//! links as the people who read the message: the rules are those of `docs/guides/markdown.md` and few, while those of
//! `CommonMark` make code of whatever is indented. `docs/guides/markdown.fixtures.json` holds both to them.

use super::{link, mention};
use std::collections::HashMap;

/// Something that a text refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A name after an `@`, as it is written.
    Mention(&'a str),
    /// An address, as it is written.
    Link(&'a str),
}

/// What a text refers to, in the order in which it does.
pub(super) fn find(content: &str) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    let mut fence = None;
    for line in content.split('\n') {
        // Within a block of code, `>` is a part of the code.
        let quoted = if matches!(fence, Some(Fence { quoted: false, .. })) { None } else { quoted(line) };
        let body = quoted.unwrap_or(line);
        // A block of code that was opened in a quote ends with it.
        fence = fence.filter(|fence: &Fence| fence.quoted == quoted.is_some());
        match fence {
            Some(Fence { ticks, .. }) if closes(body, ticks) => fence = None,
            Some(_) => {}
            None => match opens(body) {
                Some(ticks) => fence = Some(Fence { ticks, quoted: quoted.is_some() }),
                None => find_in_line(body, &mut found),
            },
        }
    }
    found
}

/// A block of code that was opened.
#[derive(Clone, Copy)]
struct Fence {
    ticks: usize,
    quoted: bool,
}

/// What a line quotes.
fn quoted(line: &str) -> Option<&str> {
    if line == ">" { Some("") } else { line.strip_prefix("> ") }
}

/// The number of backticks, if this line opens a block of code.
fn opens(line: &str) -> Option<usize> {
    let line = line.trim_start_matches([' ', '\t']);
    let language = line.trim_start_matches('`');
    let ticks = line.len() - language.len();
    (ticks >= 3 && !language.contains('`')).then_some(ticks)
}

fn closes(line: &str, ticks: usize) -> bool {
    let line = line.trim_matches([' ', '\t']);
    line.len() >= ticks && line.bytes().all(|byte| byte == b'`')
}

/// Of two things that overlap, the one that begins first is there.
fn find_in_line<'a>(line: &'a str, found: &mut Vec<Found<'a>>) {
    let code = code_spans(line);
    let mut at = 0;
    while let Some(byte) = line.as_bytes().get(at) {
        let address = match byte {
            b'`' => {
                at = code.get(&at).copied().unwrap_or_else(|| end_of_ticks(line, at));
                continue;
            }
            b'[' => link::named(line, at),
            b'h' | b'H' | b'm' | b'M' => link::bare(line, at),
            b'@' => {
                let name = mention::at(line, at);
                found.extend(name.map(Found::Mention));
                at += 1 + name.map_or(0, str::len);
                continue;
            }
            _ => None,
        };
        found.extend(address.as_ref().and_then(|address| address.url).map(Found::Link));
        at = address.map_or(at + 1, |address| address.end);
    }
}

/// Where each run of backticks that could begin inline code would end it: behind the next run of the same length.
fn code_spans(line: &str) -> HashMap<usize, usize> {
    let mut runs = Vec::new();
    let mut at = 0;
    while let Some(ahead) = line[at..].find('`') {
        let start = at + ahead;
        at = end_of_ticks(line, start);
        runs.push((start, at));
    }
    let mut next_end = HashMap::new();
    let mut spans = HashMap::new();
    for (start, end) in runs.into_iter().rev() {
        if let Some(next_end) = next_end.insert(end - start, end) {
            spans.insert(start, next_end);
        }
    }
    spans
}

fn end_of_ticks(line: &str, at: usize) -> usize {
    line.len() - line[at..].trim_start_matches('`').len()
}
