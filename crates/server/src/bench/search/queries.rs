//! What is searched for.

use crate::seed::lines::Lines;
use crate::seed::rng::Rng;
use anyhow::{Context as _, Result};
use natter_store::SearchText;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

/// The kinds of searches, as the figures name them.
pub(super) const CLASSES: [&str; 10] = [
    "frequent words, p95",
    "common words, p95",
    "uncommon words, p95",
    "rare words, p95",
    "no words, p95",
    "two common words, p95",
    "parts of words, p95",
    "phrases, p95",
    "identifiers, p95",
    "symbols and Chinese, p95",
];

/// Messages that are sent again after the index was made: as many as wait to be indexed on average.
pub(super) const LAST_MAX: usize = 512;
/// Characters of a word that is searched for, at least.
const WORD_CHARS_MIN: usize = 3;
/// Characters of a word of which a part is searched for, at least.
const LONG_WORD_CHARS_MIN: usize = 6;
/// Where the blocks of symbols begin, behind which those of Chinese and its neighbours follow.
const SYMBOLS: char = '\u{2190}';

/// Searches for what a corpus says.
pub(super) struct Queries {
    /// Each with the number of its class; the classes take turns.
    pub(super) typed: Vec<(usize, String)>,
    /// Somebody who is in more channels than nine tenths of all people.
    pub(super) member: String,
    /// The last messages of the corpus.
    pub(super) last: VecDeque<String>,
}

impl Queries {
    /// So many of each class, fewer if the corpus is too small for it. The same in each run.
    pub(super) fn of(corpus: &Path, count: usize) -> Result<Self> {
        let mut found = Found::default();
        let mut last = VecDeque::with_capacity(LAST_MAX);
        for line in Lines::open(corpus)? {
            let line = line?;
            found.add(&line.text);
            found.channels.entry(line.sender).or_default().insert(line.conversation);
            if last.len() == LAST_MAX {
                last.pop_front();
            }
            last.push_back(line.text);
        }
        let mut people: Vec<_> =
            found.channels.iter().map(|(name, channels)| (channels.len(), name)).collect();
        people.sort_unstable();
        let (_, member) = people.get(people.len() * 9 / 10).context("the corpus is empty")?;
        let member = (*member).clone();
        let mut rng = Rng::new(0);
        let classes = found.classes().map(|mut of_class| {
            // A mark that stands alone is nothing to look for.
            of_class.retain(|typed: &String| SearchText::parse(typed).is_ok());
            rng.shuffle(&mut of_class);
            of_class.truncate(count);
            of_class
        });
        let mut typed: Vec<_> = classes
            .into_iter()
            .enumerate()
            .flat_map(|(class, of_class)| {
                of_class.into_iter().enumerate().map(move |(at, typed)| (at, class, typed))
            })
            .collect();
        typed.sort_unstable();
        Ok(Self { typed: typed.into_iter().map(|(_, class, typed)| (class, typed)).collect(), member, last })
    }
}

/// What there is in a corpus, in an order that is the same in each run.
#[derive(Default)]
struct Found {
    messages: u64,
    /// Of each person.
    channels: BTreeMap<String, BTreeSet<String>>,
    /// In how many messages each word is.
    words: BTreeMap<String, u64>,
    phrases: BTreeSet<String>,
    identifiers: BTreeSet<String>,
    symbols: BTreeSet<String>,
}

impl Found {
    fn add(&mut self, text: &str) {
        self.messages += 1;
        let words: BTreeSet<String> = text
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| word.chars().count() >= WORD_CHARS_MIN)
            .map(str::to_lowercase)
            .collect();
        for word in words {
            *self.words.entry(word).or_default() += 1;
        }
        let parts: Vec<&str> = text.split_whitespace().collect();
        for pair in parts.windows(2) {
            if pair.iter().all(|part| part.chars().all(char::is_alphanumeric)) {
                self.phrases.insert(format!("\"{}\"", pair.join(" ")));
            }
        }
        let identifier = |part: &&&str| {
            let letters = part.chars().filter(char::is_ascii_alphanumeric).count();
            let inner = part.get(1..part.len().saturating_sub(1)).unwrap_or_default();
            letters >= LONG_WORD_CHARS_MIN
                && part.len() <= 3 * letters.min(20)
                && (inner.contains('_') || inner.contains("::"))
                && part
                    .chars()
                    .all(|character| character.is_ascii_alphanumeric() || "_:.".contains(character))
        };
        self.identifiers.extend(parts.iter().filter(identifier).map(|part| (*part).to_owned()));
        let runs = text.split(|character| character < SYMBOLS).filter(|run| !run.is_empty());
        self.symbols.extend(runs.map(|run| run.chars().take(2).collect::<String>()));
    }

    fn classes(self) -> [Vec<String>; CLASSES.len()] {
        let words = |from: u64, to: u64| -> Vec<String> {
            let range = self.messages / from..self.messages / to;
            self.words
                .iter()
                .filter(|(_, count)| range.contains(count))
                .map(|(word, _)| word.clone())
                .collect()
        };
        let common = words(200, 20);
        let one_and_the_next = |pair: &[String]| pair.join(" ");
        let without_edges = |word: &String| {
            let characters: Vec<char> = word.chars().collect();
            (characters.len() >= LONG_WORD_CHARS_MIN)
                .then(|| characters[1..characters.len() - 1].iter().collect::<String>())
        };
        [
            words(20, 1),
            common.clone(),
            words(2_000, 200),
            words(u64::MAX, 2_000),
            (0..common.len()).map(|number| format!("zqx{number}wvk")).collect(),
            common.windows(2).map(one_and_the_next).collect(),
            self.words.keys().filter_map(without_edges).collect(),
            self.phrases.into_iter().collect(),
            self.identifiers.into_iter().collect(),
            self.symbols.into_iter().collect(),
        ]
    }
}
