//! Keeps a change of direction inside the line that makes it.

use std::borrow::Cow;

const POP_EMBEDDING: char = '\u{202c}';
const POP_ISOLATE: char = '\u{2069}';

/// The same text with every embedding, override and isolate closed at the end of its line, and without those closing
/// characters that close nothing.
///
/// It looks the same: a line's end closes them anyway, and what closes nothing does nothing (UAX #9, X6a, X7 and X8).
/// But a line can then be put into any other text, a notification or a log, without turning what stands around it.
pub(super) fn balanced(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| opens(c).is_some() || closes(c)) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len());
    let mut open = Vec::new();
    let mut isolates_open = 0_usize;
    for c in text.chars() {
        if let Some(closer) = opens(c) {
            open.push(closer);
            isolates_open += usize::from(closer == POP_ISOLATE);
        } else if c == POP_EMBEDDING {
            // One that was opened before an isolate began cannot be closed inside of it.
            if open.last() != Some(&c) {
                continue;
            }
            open.pop();
        } else if c == POP_ISOLATE {
            if isolates_open == 0 {
                continue;
            }
            isolates_open -= 1;
            // It closes with the isolate whatever was left open inside. Those closers are written, so that a reader
            // who counts, rather than follow the algorithm, comes to the same end.
            while open.pop_if(|closer| *closer == POP_EMBEDDING).is_some() {
                result.push(POP_EMBEDDING);
            }
            open.pop();
        } else if ends_line(c) {
            result.extend(open.drain(..).rev());
            isolates_open = 0;
        }
        result.push(c);
    }
    result.extend(open.drain(..).rev());
    Cow::Owned(result)
}

/// What closes the embedding, override or isolate that this character opens.
fn opens(c: char) -> Option<char> {
    match c {
        '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => Some(POP_EMBEDDING),
        '\u{2066}'..='\u{2068}' => Some(POP_ISOLATE),
        _ => None,
    }
}

fn closes(c: char) -> bool {
    matches!(c, POP_EMBEDDING | POP_ISOLATE)
}

/// Whether it separates paragraphs (bidirectional class B); the other characters of the class are refused anyway.
fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\u{2029}')
}
