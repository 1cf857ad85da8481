//! The index of some thousand messages, as it is kept: built once, never changed.
//!
//! The messages of a block are numbered in the order of their ids. For each digest there is a list of the numbers of
//! the messages that have it. The lists are divided into shards by the first bits of the digest, as many as make rows
//! of a convenient size, so that looking a digest up reads one row of each block. Further rows tell which message has
//! which number. The key of a row is the number of its block, shifted by 16 bits, and its place in it.
//!
//! A shard is a sequence of lists in the order of their digests. A list is the distance to the previous digest, the
//! list's length in bytes, doubled and one more if it is a bitmap, and the list: the distances between the numbers or,
//! if that is shorter, a bit for each message. Numbers are written as LEB128, seven bits a byte.

use super::gram::Gram;
use natter_protocol::MessageId;
use std::collections::HashMap;
use std::ops::Range;
use uuid::Uuid;

/// Messages in a block.
pub(crate) const BLOCK_MESSAGES_MAX: usize = 8_192;
/// Digests of all messages in a block, repeats included, unless one message alone has more: a bound for the memory
/// that building it takes.
pub(crate) const BLOCK_GRAMS_MAX: usize = 4 * 1024 * 1024;
/// Numbers in a shard, on average: some hundred bytes, of which several fit on a page of the database.
const SHARD_NUMBERS: usize = 512;
/// Messages in a row of entries.
pub(crate) const ENTRIES_PER_ROW: usize = 64;
/// The id, and the digest of the conversation.
const ENTRY_BYTES: usize = 16 + 4;
const WORD_BITS: usize = u64::BITS as usize;

/// Places of rows in a block; the upper half is for entries.
const ROWS_MAX: i64 = 1 << 16;
const ENTRIES_AT: i64 = ROWS_MAX / 2;

/// A block as it is built.
#[derive(Debug)]
pub(crate) struct Block {
    /// How many first bits of a digest name its shard.
    pub(crate) shard_bits: u32,
    /// The shards, in order.
    shards: Vec<Vec<u8>>,
    /// The entries of the messages, in order, [`ENTRIES_PER_ROW`] in each row but the last.
    entries: Vec<Vec<u8>>,
}

/// What is known of a block before its rows are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockInfo {
    pub(crate) id: i64,
    pub(crate) messages: usize,
    pub(crate) shard_bits: u32,
    pub(crate) newest: MessageId,
}

/// Which message has a number, and where it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: MessageId,
    /// The digest of its conversation, see [`super::gram::of_conversation`].
    pub(crate) conversation: Gram,
}

/// A set of messages of a block, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbers(Vec<u64>);

impl Block {
    /// Indexes messages, given in ascending order of their ids. `postings` has a pair for each digest of each
    /// message, the digest first and then the message's number; pairs may repeat.
    pub(crate) fn build(entries: &[Entry], mut postings: Vec<(Gram, u16)>) -> Self {
        postings.sort_unstable();
        postings.dedup();
        let shards = (postings.len() / SHARD_NUMBERS).max(1).next_power_of_two();
        let shard_bits = shards.trailing_zeros();
        let mut rest = &postings[..];
        let shards = (0..shards)
            .map(|shard| {
                let end = rest.partition_point(|(gram, _)| shard_of(*gram, shard_bits) as usize <= shard);
                let (of_shard, others) = rest.split_at(end);
                rest = others;
                encode(of_shard, entries.len())
            })
            .collect();
        let row = |entries: &[Entry]| {
            let bytes = |entry: &Entry| (entry.id.uuid().into_bytes(), entry.conversation.to_le_bytes());
            entries
                .iter()
                .map(bytes)
                .flat_map(|(id, conversation)| id.into_iter().chain(conversation))
                .collect()
        };
        Self { shard_bits, shards, entries: entries.chunks(ENTRIES_PER_ROW).map(row).collect() }
    }

    /// The rows of the block, once it has a number: keys and contents.
    pub(crate) fn rows(self, id: i64) -> Vec<(i64, Vec<u8>)> {
        keys(id).zip(self.shards).chain(entry_keys(id).zip(self.entries)).collect()
    }
}

/// The keys of all rows of a block.
pub(crate) const fn keys(id: i64) -> Range<i64> {
    id * ROWS_MAX..(id + 1) * ROWS_MAX
}

/// The keys of the rows of entries in a block.
pub(crate) const fn entry_keys(id: i64) -> Range<i64> {
    id * ROWS_MAX + ENTRIES_AT..(id + 1) * ROWS_MAX
}

impl BlockInfo {
    /// The row that has a digest's list.
    pub(crate) fn shard_key(&self, gram: Gram) -> i64 {
        self.id * ROWS_MAX + i64::from(shard_of(gram, self.shard_bits))
    }

    /// The messages that have a digest, by the rows that were read. Where a row is missing or damaged it may be any.
    pub(crate) fn having(&self, gram: Gram, rows: &HashMap<i64, Vec<u8>>) -> Numbers {
        let shard = rows.get(&self.shard_key(gram));
        shard.and_then(|shard| Numbers::having(self.messages, gram, shard)).unwrap_or_else(|| {
            tracing::error!(block = self.id, "a block of the search index is damaged");
            Numbers::all(self.messages)
        })
    }

    /// The row that has a message's entry, and the place in it.
    #[expect(clippy::cast_possible_wrap, reason = "a number is below BLOCK_MESSAGES_MAX")]
    pub(crate) const fn entry_place(&self, number: usize) -> (i64, usize) {
        let row = (number / ENTRIES_PER_ROW) as i64;
        (self.id * ROWS_MAX + ENTRIES_AT + row, number % ENTRIES_PER_ROW)
    }
}

/// The shard of a digest.
fn shard_of(gram: Gram, shard_bits: u32) -> u32 {
    gram.checked_shr(Gram::BITS - shard_bits).unwrap_or_default()
}

impl Entry {
    /// All entries of a row.
    pub(crate) fn all(row: &[u8]) -> impl Iterator<Item = Self> {
        row.chunks_exact(ENTRY_BYTES).filter_map(Self::of)
    }

    /// The entry at this place of a row.
    pub(crate) fn read(row: &[u8], at: usize) -> Option<Self> {
        row.chunks_exact(ENTRY_BYTES).nth(at).and_then(Self::of)
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        let (id, conversation) = bytes.split_at_checked(16)?;
        Some(Self {
            id: MessageId::from_uuid(Uuid::from_slice(id).ok()?),
            conversation: Gram::from_le_bytes(conversation.try_into().ok()?),
        })
    }
}

impl Numbers {
    /// None of the messages of a block of so many.
    pub(crate) fn none(messages: usize) -> Self {
        Self(vec![0; messages.div_ceil(WORD_BITS)])
    }

    /// All of them.
    pub(crate) fn all(messages: usize) -> Self {
        let mut numbers = Self(vec![u64::MAX; messages.div_ceil(WORD_BITS)]);
        if let Some(last) = numbers.0.last_mut() {
            *last >>= (WORD_BITS - messages % WORD_BITS) % WORD_BITS;
        }
        numbers
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// In ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let rest = std::iter::successors(Some(*word), |rest| Some(rest & rest.wrapping_sub(1)));
            rest.take_while(|rest| *rest != 0)
                .map(move |rest| at * WORD_BITS + rest.trailing_zeros() as usize)
        })
    }

    /// Leaves out what is not in the other set.
    pub(crate) fn keep(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    /// Adds what is in the other set.
    pub(crate) fn add(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    /// The messages that have a digest, by its shard. None if the shard is damaged.
    fn having(messages: usize, gram: Gram, shard: &[u8]) -> Option<Self> {
        let mut numbers = Self::none(messages);
        match find(gram, shard)? {
            List::Absent => {}
            List::Bitmap(bytes) => {
                for (word, bytes) in numbers.0.iter_mut().zip(bytes.chunks(8)) {
                    *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
                }
            }
            List::Distances(mut bytes) => {
                let mut next = 0;
                while !bytes.is_empty() {
                    next += read(&mut bytes)? as usize;
                    *numbers.0.get_mut(next / WORD_BITS)? |= 1 << (next % WORD_BITS);
                    next += 1;
                }
            }
        }
        numbers.keep(&Self::all(messages));
        Some(numbers)
    }
}

enum List<'a> {
    Absent,
    Bitmap(&'a [u8]),
    Distances(&'a [u8]),
}

/// The list of a digest.
fn find(wanted: Gram, mut shard: &[u8]) -> Option<List<'_>> {
    let mut gram: Gram = 0;
    while !shard.is_empty() {
        gram = gram.checked_add(read(&mut shard)?)?;
        if gram > wanted {
            break;
        }
        let length = read(&mut shard)?;
        let (list, rest) = shard.split_at_checked(length as usize / 2)?;
        if gram == wanted {
            return Some(if length % 2 == 1 { List::Bitmap(list) } else { List::Distances(list) });
        }
        shard = rest;
    }
    Some(List::Absent)
}

/// A shard of these, which are in order.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a list has at most two bytes for each message of a block"
)]
fn encode(postings: &[(Gram, u16)], messages: usize) -> Vec<u8> {
    let bitmap_bytes = messages.div_ceil(8);
    let mut shard = Vec::new();
    let mut list = Vec::new();
    let mut previous = 0;
    for of_gram in postings.chunk_by(|a, b| a.0 == b.0) {
        list.clear();
        let mut next = 0;
        for (_, number) in of_gram {
            write(&mut list, u32::from(*number) - next);
            next = u32::from(*number) + 1;
        }
        let bitmap = list.len() > bitmap_bytes;
        if bitmap {
            list.clear();
            list.resize(bitmap_bytes, 0);
            for (_, number) in of_gram {
                if let Some(byte) = list.get_mut(usize::from(number / 8)) {
                    *byte |= 1 << (number % 8);
                }
            }
        }
        let gram = of_gram.first().map_or(previous, |(gram, _)| *gram);
        write(&mut shard, gram - previous);
        write(&mut shard, (list.len() as u32) << 1 | u32::from(bitmap));
        shard.extend_from_slice(&list);
        previous = gram;
    }
    shard
}

fn write(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push((number & 0x7f) as u8);
}

fn read(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in (0..35).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u32::from(first & 0x7f).checked_shl(shift)?;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn entries(count: usize) -> Vec<Entry> {
        let id = |number: u32| MessageId::from_uuid(Uuid::from_u128(u128::from(number) * 7 + 1));
        let entry = |number| Entry { id: id(number), conversation: number.wrapping_mul(1_000_003) };
        (0..u32::try_from(count).unwrap()).map(entry).collect()
    }

    /// A block as it is read.
    struct Kept {
        info: BlockInfo,
        rows: HashMap<i64, Vec<u8>>,
    }

    fn keep(messages: usize, postings: Vec<(Gram, u16)>) -> Kept {
        let entries = entries(messages);
        let block = Block::build(&entries, postings);
        let newest = entries.last().unwrap().id;
        let info = BlockInfo { id: 3, messages, shard_bits: block.shard_bits, newest };
        Kept { info, rows: block.rows(3).into_iter().collect() }
    }

    fn found(kept: &Kept, grams: &[Gram]) -> Vec<usize> {
        let mut numbers = Numbers::all(kept.info.messages);
        for gram in grams {
            numbers.keep(&kept.info.having(*gram, &kept.rows));
        }
        numbers.iter().collect()
    }

    proptest! {
        #[test]
        fn a_block_answers_what_was_put_in(
            messages in 1..300_usize,
            postings in prop::collection::vec((prop_oneof![0..6_u32, any::<u32>()], 0..300_u16), 0..600),
            asked in prop::collection::vec(0..7_u32, 0..4)
        ) {
            let postings: Vec<_> =
                postings.into_iter().filter(|(_, number)| usize::from(*number) < messages).collect();
            let kept = keep(messages, postings.clone());
            let having = |gram: u32| -> BTreeSet<usize> {
                postings.iter().filter(|posting| posting.0 == gram).map(|posting| usize::from(posting.1)).collect()
            };
            for gram in asked.iter().copied().chain(postings.iter().map(|posting| posting.0)) {
                prop_assert_eq!(found(&kept, &[gram]), having(gram).into_iter().collect::<Vec<_>>());
            }
            let all = asked.iter().fold((0..messages).collect(), |all: BTreeSet<_>, gram| &all & &having(*gram));
            prop_assert_eq!(found(&kept, &asked), all.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn damage_is_noticed_or_changes_the_answer_and_nothing_else(
            gram in any::<u32>(), shard in prop::collection::vec(any::<u8>(), 0..40)
        ) {
            let numbers = Numbers::having(100, gram, &shard);
            prop_assert!(numbers.is_none_or(|numbers| numbers.iter().all(|number| number < 100)));
        }

        #[test]
        fn numbers_read_back(number: u32) {
            let mut bytes = Vec::new();
            write(&mut bytes, number);
            let mut rest = &bytes[..];
            prop_assert_eq!((read(&mut rest), rest.len()), (Some(number), 0));
        }
    }

    #[test]
    fn entries_read_back() {
        for count in [1, ENTRIES_PER_ROW, ENTRIES_PER_ROW + 1] {
            let kept = keep(count, Vec::new());
            let read = |number| {
                let (key, at) = kept.info.entry_place(number);
                Entry::read(kept.rows.get(&key)?, at)
            };
            assert_eq!((0..count).map(read).collect::<Option<Vec<_>>>(), Some(entries(count)));
            assert_eq!(read(count), None);
            let all = entry_keys(3).map_while(|key| kept.rows.get(&key)).flat_map(|row| Entry::all(row));
            assert_eq!(all.collect::<Vec<_>>(), entries(count));
        }
    }

    #[test]
    fn what_every_message_has_takes_a_bit_of_each() {
        let messages = BLOCK_MESSAGES_MAX;
        let kept = keep(messages, (0..messages).map(|number| (7, u16::try_from(number).unwrap())).collect());
        let shards: usize =
            (0..1 << kept.info.shard_bits).map(|shard| kept.rows[&(3 * ROWS_MAX + shard)].len()).sum();
        assert!(shards < messages / 8 + 10);
        assert_eq!(found(&kept, &[7]).len(), messages);
    }

    #[test]
    fn no_block_has_more_rows_than_places() {
        assert!(i64::try_from(BLOCK_GRAMS_MAX / SHARD_NUMBERS).unwrap() < ENTRIES_AT);
        assert!(i64::try_from(BLOCK_MESSAGES_MAX / ENTRIES_PER_ROW).unwrap() < ENTRIES_AT);
    }
}
