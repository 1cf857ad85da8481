//! The one definition of what is found: both databases only bring up candidates.

use super::fold::{fold, fold_mapped};
use super::gram::{Class, class};
use super::query::{SearchText, Term};
use super::rank;
use memchr::memmem::Finder;
use natter_protocol::Highlight;

/// Highlights of one message; what else is found in it is not marked.
pub(crate) const HIGHLIGHTS_MAX: usize = 100;
/// Occurrences of one term in one message that are looked at.
const OCCURRENCES_MAX: usize = 100;

/// Looks for a [`SearchText`].
pub(crate) struct Matcher {
    terms: Vec<(Term, Finder<'static>)>,
}

/// Where a term was found, in bytes of the folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// A word begins here.
    pub(crate) word_start: bool,
    /// A word ends here.
    pub(crate) word_end: bool,
}

impl Matcher {
    pub(crate) fn new(text: &SearchText) -> Self {
        let finder = |term: &Term| (term.clone(), Finder::new(term.text.as_bytes()).into_owned());
        Self { terms: text.terms.iter().map(finder).collect() }
    }

    /// How well a text matches, if it does.
    pub(crate) fn score(&self, content: &str) -> Option<u32> {
        self.occurrences(&fold(content)).map(|found| rank::score(&found))
    }

    /// What of a text was found, in ascending order; nothing overlaps or touches.
    pub(crate) fn highlights(&self, content: &str) -> Vec<Highlight> {
        let mapped = fold_mapped(content);
        let mut ranges: Vec<(u32, u32)> = self
            .occurrences(&mapped.text)
            .into_iter()
            .flatten()
            .flatten()
            .map(|occurrence| mapped.origin(occurrence.start, occurrence.end))
            .collect();
        ranges.sort_unstable();
        let mut highlights: Vec<Highlight> = Vec::new();
        for (start, end) in ranges {
            match highlights.last_mut() {
                Some(last) if start <= last.end => last.end = last.end.max(end),
                _ => highlights.push(Highlight { start, end }),
            }
        }
        highlights.truncate(HIGHLIGHTS_MAX);
        highlights
    }

    /// Where each term occurs, unless one of them does not.
    fn occurrences(&self, folded: &str) -> Option<Vec<Vec<Occurrence>>> {
        self.terms
            .iter()
            .map(|(term, finder)| {
                let found: Vec<_> =
                    Occurrences { term, finder, folded, at: 0 }.take(OCCURRENCES_MAX).collect();
                (!found.is_empty()).then_some(found)
            })
            .collect()
    }
}

struct Occurrences<'a> {
    term: &'a Term,
    finder: &'a Finder<'static>,
    folded: &'a str,
    at: usize,
}

impl Iterator for Occurrences<'_> {
    type Item = Occurrence;

    fn next(&mut self) -> Option<Occurrence> {
        loop {
            let start = self.at + self.finder.find(self.folded.as_bytes().get(self.at..)?)?;
            let end = start + self.term.text.len();
            let (word_start, word_end) = (is_edge(self.folded, start), is_edge(self.folded, end));
            if (word_start || !self.term.edges.start) && (word_end || !self.term.edges.end) {
                self.at = end;
                return Some(Occurrence { start, end, word_start, word_end });
            }
            // What is no match may overlap with one.
            self.at = start + self.term.text.chars().next().map_or(1, char::len_utf8);
        }
    }
}

/// Whether no word goes on at this place.
fn is_edge(text: &str, at: usize) -> bool {
    let is_word =
        |character: Option<char>| character.is_some_and(|character| class(character) == Class::Word);
    let (before, behind) = text.split_at(at);
    !(is_word(before.chars().next_back()) && is_word(behind.chars().next()))
}

#[cfg(test)]
mod tests {
    use super::super::gram;
    use super::*;
    use proptest::prelude::*;

    fn matcher(typed: &str) -> Matcher {
        Matcher::new(&SearchText::parse(typed).unwrap())
    }

    #[test]
    fn what_is_found() {
        for (typed, content) in [
            ("boat", "The BOATS are in."),
            ("oat", "boats"),
            ("bo", "look: bo, and more"),
            ("boat harbour", "the harbour has boats"),
            ("\"the boat\"", "See The\n Boat!"),
            ("\"the boa", "the boat"),
            ("foo_bar", "let foo_bar_baz = 1;"),
            ("foo", "foo_bar"),
            ("bar", "fooBar"),
            ("std::vec", "use std::vec::Vec;"),
            ("vec", "use std::vec::Vec;"),
            ("c++", "in C++17"),
            ("1.2.3", "since v1.2.3"),
            ("don't", "I don’t"),
            ("it’s", "it's"),
            ("x", "x^2"),
            ("a-a", "ba-a-a"),
            ("resume", "Résumé"),
            ("Ünter", "unter"),
            ("مدرسة", "في المدرسه"),
            ("京", "東京都"),
            ("京都", "東京都"),
            ("ガイド", "ハンドガイドブック"),
            ("한국", "대한민국과 한국어"),
            ("ไทย", "ภาษาไทยง่าย"),
            ("👍", "ok👍🏽!"),
            ("∀", "∀x"),
        ] {
            assert!(matcher(typed).score(content).is_some(), "{typed:?} in {content:?}");
        }
    }

    #[test]
    fn what_is_not_found() {
        for (typed, content) in [
            ("bo", "boat"),
            ("at", "boat"),
            ("\"boat\"", "boats"),
            ("\"boat\"", "rowboat"),
            ("\"the boat\"", "the big boat"),
            ("\"the boa\"", "the boat"),
            ("boat harbour", "boat"),
            ("c++", "vec++"),
            ("1.2", "v1.2"),
            ("std::vec", "std vec"),
            ("京 大", "東京"),
            ("boat", ""),
        ] {
            assert!(matcher(typed).score(content).is_none(), "{typed:?} in {content:?}");
        }
    }

    #[test]
    fn highlights_count_utf16_units_and_do_not_overlap() {
        let highlights = |typed, content| {
            let found = matcher(typed).highlights(content);
            found.iter().map(|part| (part.start, part.end)).collect::<Vec<_>>()
        };
        assert_eq!(highlights("boat", "👋 a BOAT, boats"), [(5, 9), (11, 15)]);
        assert_eq!(highlights("strass ass", "Straße"), [(0, 5)]);
        assert_eq!(highlights("foo bar", "foobar foo"), [(0, 6), (7, 10)]);
        assert_eq!(highlights("\"a b\"", "a \n b"), [(0, 5)]);
        assert_eq!(highlights("cafe", "cafe\u{301}s"), [(0, 5)]);
        assert_eq!(highlights("boat", "nothing"), []);
        assert_eq!(highlights("abc", &"abc ".repeat(1_000)).len(), HIGHLIGHTS_MAX);
    }

    proptest! {
        /// The index shows a text to every search that finds it.
        #[test]
        fn whatever_is_found_has_the_digests_that_are_asked_for(
            typed in "[abéß京 東🙂_.\"'’-]{1,8}", content in "[abéß京 東🙂_.\"'’-]{0,24}"
        ) {
            let Ok(text) = SearchText::parse(&typed) else { return Ok(()) };
            if Matcher::new(&text).score(&content).is_some() {
                let mut there = Vec::new();
                gram::of_text(&fold(&content), &mut there);
                prop_assert!(text.grams().iter().all(|gram| there.contains(gram)));
            }
        }

        #[test]
        fn what_is_found_is_highlighted(typed in "[abéß京 東🙂_.\"-]{1,5}", content in "[abéß京 東🙂_.\"-]{0,24}") {
            let Ok(text) = SearchText::parse(&typed) else { return Ok(()) };
            let matcher = Matcher::new(&text);
            let highlights = matcher.highlights(&content);
            prop_assert_eq!(matcher.score(&content).is_some(), !highlights.is_empty());
            let units: Vec<u16> = content.encode_utf16().collect();
            prop_assert!(highlights.iter().all(|part| part.start < part.end && part.end as usize <= units.len()));
            prop_assert!(highlights.windows(2).all(|pair| pair[0].end < pair[1].start));
            for part in highlights {
                // Never half a character.
                prop_assert!(String::from_utf16(&units[part.start as usize..part.end as usize]).is_ok());
            }
        }
    }
}
