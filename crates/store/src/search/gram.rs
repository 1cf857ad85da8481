//! What the index knows of a text: which short pieces occur in it.
//!
//! A word gives each three letters in a row, which a term of three letters needs, and each five, which are much rarer,
//! so that longer terms bring up few messages in vain; a word of one or two letters gives itself. Two words side by side
//! give their joint: the last letters of one, what is between, the first letters of the other. Phrases and identifiers
//! such as `foo_bar` depend on it, for their words are often common and their joints are not. Scripts that do not put
//! spaces between words, and symbols, give every one, two and three characters in a row.
//!
//! Pieces are kept as 32-bit digests. Two pieces with one digest only bring up a candidate in vain, because each
//! candidate's text is looked at.
//!
//! The digests are on disk. Whoever changes what they or [`super::fold`] give adds a migration that empties the index,
//! which is then built anew; a test fails as a reminder.

use unicode_normalization::char::is_combining_mark;
use uuid::Uuid;

/// The digest of something that a message has.
pub(crate) type Gram = u32;

/// Letters of the shortest piece that is found inside words.
const LETTERS: usize = 3;
/// Letters of the longer pieces. On a million chat messages, rare words of five letters or more bring up hardly any
/// other message by these, and dozens of times as many as they are in by pieces of three letters.
const LETTERS_RARE: usize = 5;
/// Characters of the longest piece of a dense script.
const DENSE_MAX: usize = 3;

/// What kind of piece a character is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Stands between words.
    Separator,
    /// A letter or digit of a script that puts spaces between words.
    Word,
    /// A character that is found wherever it stands: of another script, or a symbol.
    Dense,
}

/// What kinds of things have digests. The numbers are on disk, by way of the digests.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Letters = 1,
    ShortWord = 2,
    Dense = 3,
    Conversation = 4,
    Sender = 5,
    File = 6,
    Joint = 7,
}

/// What a folded character is.
pub(crate) fn class(character: char) -> Class {
    match character {
        '0'..='9' | 'a'..='z' | 'A'..='Z' => Class::Word,
        // Also the punctuation of Latin-1, Hebrew, Arabic, Devanagari, Chinese and Japanese.
        '\0'..='\u{a1}'
        | '§'
        | '«'
        | '¶'
        | '·'
        | '»'
        | '¿'
        | '\u{5be}'
        | '\u{5c0}'
        | '\u{5c3}'
        | '،'
        | '؛'
        | '؟'
        | '٪'
        | '٫'
        | '٬'
        | '۔'
        | '।'
        | '॥'
        | '\u{2010}'..='\u{205e}'
        | '\u{3000}'..='\u{3004}'
        | '\u{3008}'..='\u{303f}' => Class::Separator,
        // Thai, Lao, Tibetan, Burmese; Korean letters; Khmer; Chinese, Japanese and Korean.
        '\u{e01}'..='\u{109f}'
        | '\u{1100}'..='\u{11ff}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{2e80}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Class::Dense,
        letter if letter.is_alphanumeric() || is_combining_mark(letter) => Class::Word,
        _ => Class::Dense,
    }
}

/// Adds the digests of all pieces of a folded text, some of them repeatedly.
pub(crate) fn of_text(folded: &str, grams: &mut Vec<Gram>) {
    let characters: Vec<char> = folded.chars().collect();
    let runs: Vec<_> = runs(&characters).collect();
    for (class, run) in &runs {
        match class {
            Class::Word if run.len() < LETTERS => grams.push(digest(Kind::ShortWord, run)),
            Class::Word => {
                for length in [LETTERS, LETTERS_RARE] {
                    grams.extend(run.windows(length).map(|piece| digest(Kind::Letters, piece)));
                }
            }
            Class::Dense => {
                for length in 1..=DENSE_MAX {
                    grams.extend(run.windows(length).map(|piece| digest(Kind::Dense, piece)));
                }
            }
            Class::Separator => {}
        }
    }
    grams.extend(runs.windows(3).filter_map(joint));
}

/// Which edges of a term are edges of words in each text that it is found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edges {
    /// No word goes on before it.
    pub(crate) start: bool,
    /// No word goes on behind it.
    pub(crate) end: bool,
}

/// Adds digests that every text has in which the folded term occurs: as few as say nearly as much as all, and those
/// first that say most.
pub(crate) fn of_term(folded: &str, edges: Edges, grams: &mut Vec<Gram>) {
    let characters: Vec<char> = folded.chars().collect();
    let runs: Vec<_> = runs(&characters).collect();
    let last = runs.len().saturating_sub(1);
    // Beyond an edge the text may go on with the same word, which then is longer.
    let complete = |at: usize| (at > 0 || edges.start) && (at < last || edges.end);
    let known = |at: usize, run: &[char]| run.len() >= LETTERS || complete(at);
    for (at, group) in runs.windows(3).enumerate() {
        if known(at, group[0].1) && known(at + 2, group[2].1) {
            grams.extend(joint(group));
        }
    }
    for (at, (class, run)) in runs.iter().enumerate() {
        match class {
            Class::Word if run.len() < LETTERS => {
                grams.extend(complete(at).then(|| digest(Kind::ShortWord, run)));
            }
            Class::Word if run.len() < LETTERS_RARE => {
                grams.extend(run.windows(LETTERS).map(|piece| digest(Kind::Letters, piece)));
            }
            Class::Word => spread(Kind::Letters, run, LETTERS_RARE, grams),
            Class::Dense => spread(Kind::Dense, run, run.len().min(DENSE_MAX), grams),
            Class::Separator => {}
        }
    }
}

/// The joint of two words, from three runs.
fn joint(runs: &[(Class, &[char])]) -> Option<Gram> {
    let [(Class::Word, one), (Class::Separator, between), (Class::Word, other)] = runs else { return None };
    if between.contains(&'\'') {
        // It is typed in several ways, and once had a joint for each.
        return None;
    }
    let end = one.get(one.len().saturating_sub(LETTERS)..)?;
    let start = other.get(..other.len().min(LETTERS))?;
    Some(scatter([end, between, start].into_iter().fold(basis(Kind::Joint), |hash, part| {
        // No character is that large: it keeps the parts apart.
        part.iter().map(|character| u32::from(*character)).chain([u32::MAX]).fold(hash, step)
    })))
}

/// Pieces that cover a run, each overlapping a little with its neighbours.
fn spread(kind: Kind, run: &[char], length: usize, grams: &mut Vec<Gram>) {
    let last = run.len() - length;
    let places = (0..last).step_by(length.div_ceil(2)).chain([last]);
    grams.extend(places.filter_map(|at| run.get(at..at + length)).map(|piece| digest(kind, piece)));
}

/// Whether some piece of the term is found wherever it stands in a word: three letters, or a word with another on each of
/// its sides, such as the second number of `1.2.3`.
pub(crate) fn matches_inside_words(folded: &str) -> bool {
    let characters: Vec<char> = folded.chars().collect();
    let words: Vec<_> = runs(&characters).filter(|(class, _)| *class != Class::Separator).collect();
    words.len() > 2 || words.iter().any(|(class, run)| *class == Class::Dense || run.len() >= LETTERS)
}

/// Stands for being in a conversation.
pub(crate) fn of_conversation(id: Uuid) -> Gram {
    of_id(Kind::Conversation, id)
}

/// Stands for having been sent by somebody.
pub(crate) fn of_sender(id: Uuid) -> Gram {
    of_id(Kind::Sender, id)
}

/// Stands for having a file.
pub(crate) fn of_file() -> Gram {
    digest(Kind::File, &[])
}

/// The longest runs of characters of one class.
fn runs(characters: &[char]) -> impl Iterator<Item = (Class, &[char])> {
    characters
        .chunk_by(|a, b| class(*a) == class(*b))
        .map(|run| (run.first().map_or(Class::Separator, |first| class(*first)), run))
}

fn of_id(kind: Kind, id: Uuid) -> Gram {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(id.as_bytes().chunks_exact(4)) {
        *word = bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
    scatter(words.into_iter().fold(basis(kind), step))
}

fn digest(kind: Kind, piece: &[char]) -> Gram {
    scatter(piece.iter().map(|character| u32::from(*character)).fold(basis(kind), step))
}

/// FNV-1a (Fowler, Noll, Vo), a character at a time.
fn step(hash: u32, word: u32) -> u32 {
    (hash ^ word).wrapping_mul(0x0100_0193)
}

fn basis(kind: Kind) -> u32 {
    step(0x811c_9dc5, kind as u32)
}

/// The last step of `MurmurHash3` (Appleby): FNV leaves the high bits alike, and by those the index is divided.
fn scatter(mut hash: u32) -> u32 {
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::super::fold::fold;
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn text(text: &str) -> HashSet<Gram> {
        let mut grams = Vec::new();
        of_text(&fold(text), &mut grams);
        grams.into_iter().collect()
    }

    #[test]
    fn what_is_on_disk_stays_readable() {
        let mut grams = Vec::new();
        of_text(&fold("Der Hafen, 東京 ✓ x2"), &mut grams);
        grams.extend([of_conversation(Uuid::from_u128(7)), of_sender(Uuid::from_u128(7)), of_file()]);
        // If this fails, the index must be built anew: see the top of this file.
        let sum = grams.iter().fold(0_u64, |sum, gram| sum.rotate_left(5) ^ u64::from(*gram));
        assert_eq!((grams.len(), sum), (14, 327_426_451_772_163_364));
    }

    #[test]
    fn classes() {
        for (characters, expected) in [
            ("aZ9éяعनिώ", Class::Word),
            (" _-.:/@…—、。「」،", Class::Separator),
            ("東京あアー한ไท🙂∀→€々", Class::Dense),
        ] {
            for character in characters.chars() {
                assert_eq!(class(character), expected, "{character:?}");
            }
        }
    }

    proptest! {
        /// The index never hides a text: whatever is cut out of it has no digest that the text lacks.
        #[test]
        fn a_term_asks_for_nothing_that_a_text_with_it_lacks(
            before in "[a-c_é東ア🙂 -]{0,6}", term in "[a-c_é東ア🙂 -]{1,6}", after in "[a-c_é東ア🙂 -]{0,6}"
        ) {
            let folded = fold(&term);
            let mut asked = Vec::new();
            of_term(folded.trim(), Edges { start: false, end: false }, &mut asked);
            let there = text(&format!("{before}{term}{after}"));
            prop_assert!(asked.iter().all(|gram| there.contains(gram)));

            let mut asked = Vec::new();
            of_term(folded.trim(), Edges { start: true, end: true }, &mut asked);
            let there = text(&format!("{before} {term} {after}"));
            prop_assert!(asked.iter().all(|gram| there.contains(gram)));
        }

        /// The index always helps: no term is without a digest.
        #[test]
        fn every_term_asks_for_something(term in "\\PC{1,8}") {
            let folded = fold(&term);
            let folded = folded.trim();
            if folded.chars().any(|character| class(character) != Class::Separator) {
                let mut asked = Vec::new();
                let whole = !matches_inside_words(folded);
                of_term(folded, Edges { start: whole, end: whole }, &mut asked);
                prop_assert!(!asked.is_empty());
            }
        }
    }
}
