//! What somebody types into a search box, as terms.

use super::fold::fold;
use super::gram::{self, Class, Edges, Gram};
use natter_protocol::limits::SEARCH_QUERY_CHARS_MAX;

/// Terms of a search; each costs a pass over each candidate.
pub const SEARCH_TERMS_MAX: usize = 10;
/// Digests that candidates are looked up by. More of them leave out more candidates and cost more to read.
const GRAMS_MAX: usize = 8;

/// What to look for. A message is found when every term is found in it.
///
/// A term of three letters or more, or of a script without spaces, is found anywhere, also in the middle of a word;
/// a shorter one only as a whole word, and so is the beginning and the end of a phrase in quotation marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText {
    pub(super) terms: Vec<Term>,
}

/// Something that must occur.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// Folded.
    pub(super) text: String,
    pub(super) edges: Edges,
}

/// Why a text cannot be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SearchTextError {
    /// It has neither letters nor digits nor symbols.
    #[error("type something to look for: a word, a part of one, or a \"phrase\"")]
    Blank,
    /// It is too long.
    #[error("a search has at most {SEARCH_QUERY_CHARS_MAX} characters")]
    TooLong,
    /// It has too many terms.
    #[error(
        "a search has at most {SEARCH_TERMS_MAX} words; put those that belong together into \"quotation marks\""
    )]
    TooManyTerms,
}

impl SearchText {
    /// Reads what was typed: words, and phrases in quotation marks.
    pub fn parse(typed: &str) -> Result<Self, SearchTextError> {
        if typed.chars().count() > SEARCH_QUERY_CHARS_MAX {
            return Err(SearchTextError::TooLong);
        }
        let folded = fold(typed);
        let parts: Vec<&str> = folded.split(['"', '“', '”', '„']).collect();
        let mut terms: Vec<Term> = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let quoted = number % 2 == 1;
            let closed = number + 1 < parts.len();
            let found: Vec<Term> = if quoted {
                term(part.trim(), Some(closed)).into_iter().collect()
            } else {
                part.split(' ').filter_map(|word| term(bare(word), None)).collect()
            };
            for new in found {
                if !terms.contains(&new) {
                    terms.push(new);
                }
            }
        }
        match terms.len() {
            0 => Err(SearchTextError::Blank),
            1..=SEARCH_TERMS_MAX => Ok(Self { terms }),
            _ => Err(SearchTextError::TooManyTerms),
        }
    }

    /// Digests that every message has in which this is found: at least one, and not too many.
    pub(super) fn grams(&self) -> Vec<Gram> {
        let of_term = |term: &Term| {
            let mut grams = Vec::new();
            gram::of_term(&term.text, term.edges, &mut grams);
            grams
        };
        let of_terms: Vec<Vec<Gram>> = self.terms.iter().map(of_term).collect();
        let longest = of_terms.iter().map(Vec::len).max().unwrap_or_default();
        let mut grams = Vec::with_capacity(GRAMS_MAX);
        for place in 0..longest {
            for gram in of_terms.iter().filter_map(|of_term| of_term.get(place)) {
                if grams.len() < GRAMS_MAX && !grams.contains(gram) {
                    grams.push(*gram);
                }
            }
        }
        grams
    }
}

/// A word without the punctuation of the sentence around it. What belongs to it, as in `c++`, stays.
fn bare(word: &str) -> &str {
    const AROUND: [char; 16] =
        ['.', ',', ';', ':', '!', '?', '(', ')', '[', ']', '{', '}', '…', '«', '»', '\''];
    word.trim_start_matches('-').trim_matches(AROUND)
}

/// A term, unless there is nothing in it but punctuation. `quoted` says of a phrase whether its end was typed.
fn term(text: &str, quoted: Option<bool>) -> Option<Term> {
    if text.chars().all(|character| gram::class(character) == Class::Separator) {
        return None;
    }
    let short = !gram::matches_inside_words(text);
    let edges = Edges { start: short || quoted.is_some(), end: short || quoted == Some(true) };
    Some(Term { text: text.to_owned(), edges })
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSIDE: Edges = Edges { start: false, end: false };
    const WHOLE: Edges = Edges { start: true, end: true };

    fn terms(typed: &str) -> Vec<(String, Edges)> {
        SearchText::parse(typed).unwrap().terms.into_iter().map(|term| (term.text, term.edges)).collect()
    }

    fn some(terms: &[(&str, Edges)]) -> Vec<(String, Edges)> {
        terms.iter().map(|(text, edges)| ((*text).to_owned(), *edges)).collect()
    }

    #[test]
    fn words_and_phrases() {
        for (typed, expected) in [
            ("Hello  wörld", some(&[("hello", INSIDE), ("world", INSIDE)])),
            ("is it a boat", some(&[("is", WHOLE), ("it", WHOLE), ("a", WHOLE), ("boat", INSIDE)])),
            ("\"Is  it\" boat", some(&[("is it", WHOLE), ("boat", INSIDE)])),
            ("“the boat”", some(&[("the boat", WHOLE)])),
            ("\"the boa", some(&[("the boa", Edges { start: true, end: false })])),
            (
                "foo_bar std::vec c++ x_y",
                some(&[("foo_bar", INSIDE), ("std::vec", INSIDE), ("c++", WHOLE), ("x_y", WHOLE)]),
            ),
            ("(Hello, world)? -boat...", some(&[("hello", INSIDE), ("world", INSIDE), ("boat", INSIDE)])),
            ("a - b :: \"...\" a", some(&[("a", WHOLE), ("b", WHOLE)])),
            ("東 京都 👍", some(&[("東", INSIDE), ("京都", INSIDE), ("👍", INSIDE)])),
        ] {
            assert_eq!(terms(typed), expected, "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_looked_for() {
        for blank in ["", " \t", "...", "\"\" -", "\u{301}"] {
            assert_eq!(SearchText::parse(blank), Err(SearchTextError::Blank), "{blank:?}");
        }
        assert!(SearchText::parse(&"é".repeat(SEARCH_QUERY_CHARS_MAX)).is_ok());
        let long = "a".repeat(SEARCH_QUERY_CHARS_MAX + 1);
        assert_eq!(SearchText::parse(&long), Err(SearchTextError::TooLong));
        let words = |count: usize| (0..count).map(|word| format!("w{word}")).collect::<Vec<_>>().join(" ");
        assert_eq!(SearchText::parse(&words(SEARCH_TERMS_MAX)).unwrap().terms.len(), SEARCH_TERMS_MAX);
        assert_eq!(SearchText::parse(&words(SEARCH_TERMS_MAX + 1)), Err(SearchTextError::TooManyTerms));
    }

    #[test]
    fn each_term_has_a_part_in_the_look_up() {
        let grams = |typed: &str| SearchText::parse(typed).unwrap().grams();
        assert_eq!(grams("representation").len(), 4, "repre resen entat tation");
        assert_eq!(grams("it is").len(), 2);
        let (long, short) = (grams(&"abcdefghijklmnopqrstuvwxyz".repeat(3)), grams("x"));
        assert_eq!(long.len(), GRAMS_MAX);
        let both = grams(&format!("{} x", "abcdefghijklmnopqrstuvwxyz".repeat(3)));
        assert!(both.len() == GRAMS_MAX && both.contains(&short[0]));
    }
}
