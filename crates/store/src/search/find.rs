//! The course of a search: candidates from the index and from what it does not know yet, newest first, each of them
//! looked at until there are enough.
//!
//! Invariant: which messages are found depends on their present text and on who may see them, never on when they were
//! indexed; the index only saves looking at the rest.

use super::block::{BlockInfo, Entry, Numbers};
use super::gram::{self, Gram};
use super::matcher::Matcher;
use super::position::{SearchPosition, Shown, above};
use super::{SEARCH_WINDOW_MATCHES, Search};
use natter_protocol::{ConversationId, MessageId};
use std::collections::{BinaryHeap, HashMap, HashSet};

/// Texts that one search looks at; then it ends its page and says that there may be more.
const TEXTS_MAX: usize = 8_192;
/// Texts that are fetched at once: enough for a page when every one matches.
const TEXTS_AT_ONCE: usize = 256;
/// Messages that the index does not know yet, of which a search knows at one time.
const PENDING_MAX: usize = 65_536;
/// Blocks whose lists are fetched at once: few at first, since a frequent word needs no more.
const BLOCKS_AT_ONCE: std::ops::RangeInclusive<usize> = 2..=64;
/// Conversations of the viewer that are remembered to leave out the candidates of others.
const CONVERSATIONS_MAX: usize = 20_000;
/// Conversations of the viewer that are looked up in a block instead.
const CONVERSATIONS_FEW: usize = 64;
/// Candidates of a block for which that is not worth it.
const CANDIDATES_FEW: usize = 32;

/// A database, for one search of one viewer, in one snapshot.
pub(crate) trait Source {
    type Error;

    /// Messages that the index does not know yet, in conversations of the viewer, with ids from `bottom` up to, not
    /// including, `below`: the newest ones, in descending order.
    fn pending(
        &mut self,
        bottom: MessageId,
        below: MessageId,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<MessageId>, Self::Error>> + Send;

    /// The blocks that have such ids and the wanted times, by their newest messages in descending order.
    fn blocks(
        &mut self,
        bottom: MessageId,
        below: MessageId,
    ) -> impl Future<Output = Result<Vec<BlockInfo>, Self::Error>> + Send;

    /// Rows of blocks by their keys, as far as they are there.
    fn rows(
        &mut self,
        keys: Vec<i64>,
    ) -> impl Future<Output = Result<HashMap<i64, Vec<u8>>, Self::Error>> + Send;

    /// The texts of those among these messages that the viewer may see and that pass the filters.
    fn texts(
        &mut self,
        ids: &[MessageId],
    ) -> impl Future<Output = Result<HashMap<MessageId, String>, Self::Error>> + Send;

    /// Some of the conversations that the viewer is a member of.
    fn conversations(
        &mut self,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ConversationId>, Self::Error>> + Send;
}

/// A page of what was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) ids: Vec<MessageId>,
    pub(crate) next: Option<SearchPosition>,
}

/// Finds a page.
pub(crate) async fn find<S: Source>(source: &mut S, search: &Search) -> Result<Found, S::Error> {
    let from = search.from.unwrap_or(SearchPosition::START);
    let window = Course::begin(source, search, from).await?.window().await?;
    Ok(window.page(from, search.limit as usize))
}

/// The messages of a window that match.
struct Window {
    /// Scores and ids, newest first.
    matches: Vec<(u32, MessageId)>,
    bottom: MessageId,
    more: bool,
}

impl Window {
    fn page(mut self, from: SearchPosition, limit: usize) -> Found {
        // Nothing that is sent from now on belongs to this window.
        let below = self.matches.first().map_or(from.below, |(_, newest)| above(*newest));
        self.matches.sort_unstable_by(|a, b| b.cmp(a));
        if let Some(shown) = from.shown {
            self.matches.retain(|place| *place < shown.last);
        }
        let rest = self.matches.split_off(limit.min(self.matches.len()));
        let next = match self.matches.last() {
            Some(last) if !rest.is_empty() => {
                let shown = Shown { bottom: self.bottom, more: self.more, last: *last };
                Some(SearchPosition { below, shown: Some(shown) })
            }
            _ => self.more.then_some(SearchPosition { below: self.bottom, shown: None }),
        };
        Found { ids: self.matches.into_iter().map(|(_, id)| id).collect(), next }
    }
}

/// One window, as far as it is known.
struct Course<'a, S> {
    source: &'a mut S,
    matcher: Matcher,
    /// What every match has.
    grams: Vec<Gram>,
    bottom: MessageId,
    /// Everything from here on was looked at.
    below: MessageId,
    /// Whether the window's bottom is given, and not where enough is found.
    bounded: Option<Shown>,
    candidates: BinaryHeap<MessageId>,
    /// The blocks that are not looked up yet, the newest one last.
    blocks: Vec<BlockInfo>,
    blocks_at_once: usize,
    /// At and below this id there may be messages that this search does not know of.
    horizon: Option<MessageId>,
    visible: Visible,
}

/// What is known of the viewer's conversations.
enum Visible {
    /// There are more than a few; most candidates may turn out to be visible.
    Unknown,
    /// The digests of all of them, which are few.
    Few(Vec<Gram>),
    /// The digests of all of them.
    Among(HashSet<Gram>),
    /// There are too many of them to know them all.
    Much,
}

impl<'a, S: Source> Course<'a, S> {
    async fn begin(source: &'a mut S, search: &Search, from: SearchPosition) -> Result<Self, S::Error> {
        let bottom = from.shown.map_or(MessageId::from_uuid(uuid::Uuid::nil()), |shown| shown.bottom);
        let pending = source.pending(bottom, from.below, PENDING_MAX).await?;
        let horizon = if pending.len() < PENDING_MAX { None } else { pending.last().copied() };
        let mut blocks = source.blocks(bottom, from.below).await?;
        blocks.reverse();
        let visible = if search.conversation_id.is_some() {
            Visible::Much
        } else {
            match digests(source.conversations(CONVERSATIONS_FEW + 1).await?) {
                few if few.len() <= CONVERSATIONS_FEW => Visible::Few(few),
                _ => Visible::Unknown,
            }
        };
        let mut grams = search.text.grams();
        grams.extend(search.conversation_id.map(|id| gram::of_conversation(id.uuid())));
        grams.extend(search.sender_id.map(|id| gram::of_sender(id.uuid())));
        grams.extend(search.has_file.then(gram::of_file));
        Ok(Self {
            source,
            matcher: Matcher::new(&search.text),
            grams,
            bottom,
            below: from.below,
            bounded: from.shown,
            candidates: pending.into(),
            blocks,
            blocks_at_once: *BLOCKS_AT_ONCE.start(),
            horizon,
            visible,
        })
    }

    async fn window(mut self) -> Result<Window, S::Error> {
        let mut matches = Vec::new();
        let mut looked_at = 0;
        loop {
            let ids = self.candidates(TEXTS_AT_ONCE).await?;
            let Some(lowest) = ids.last().copied() else {
                let more = self.bounded.is_some_and(|shown| shown.more) || self.horizon.is_some();
                let bottom = self.horizon.map_or(self.bottom, above);
                return Ok(Window { matches, bottom, more });
            };
            let texts = self.source.texts(&ids).await?;
            for (id, text) in ids.iter().filter_map(|id| Some((id, texts.get(id)?))) {
                let Some(score) = self.matcher.score(text) else { continue };
                if self.bounded.is_none() && matches.len() == SEARCH_WINDOW_MATCHES {
                    let bottom = matches.last().map_or(*id, |(_, oldest)| *oldest);
                    return Ok(Window { matches, bottom, more: true });
                }
                matches.push((score, *id));
            }
            looked_at += ids.len();
            if looked_at >= TEXTS_MAX {
                return Ok(Window { matches, bottom: lowest, more: true });
            }
            if matches!(self.visible, Visible::Unknown) && texts.len() < ids.len() / 2 {
                let known = digests(self.source.conversations(CONVERSATIONS_MAX).await?);
                let all = known.len() < CONVERSATIONS_MAX;
                self.visible = if all { Visible::Among(known.into_iter().collect()) } else { Visible::Much };
            }
        }
    }

    /// The newest candidates, each once, in descending order; none when there are no more.
    async fn candidates(&mut self, limit: usize) -> Result<Vec<MessageId>, S::Error> {
        let mut ids: Vec<MessageId> = Vec::with_capacity(limit);
        loop {
            // A block may still have newer ones than those below its newest.
            let unknown = self.blocks.last().map(|block| block.newest).max(self.horizon);
            while ids.len() < limit
                && let Some(id) = self.candidates.peek()
                && unknown.is_none_or(|unknown| *id > unknown)
            {
                // It comes repeatedly if it was edited.
                if *id < self.below {
                    ids.push(*id);
                    self.below = *id;
                }
                self.candidates.pop();
            }
            if !ids.is_empty() || self.blocks.is_empty() {
                return Ok(ids);
            }
            self.look_up().await?;
        }
    }

    /// Adds the candidates of the next blocks.
    async fn look_up(&mut self) -> Result<(), S::Error> {
        let rest = self.blocks.len().saturating_sub(self.blocks_at_once);
        let blocks = self.blocks.split_off(rest);
        self.blocks_at_once = (self.blocks_at_once * 2).min(*BLOCKS_AT_ONCE.end());

        let mut places: Vec<(i64, usize)> = Vec::new();
        for (block, numbers) in self.numbers(&blocks).await? {
            places.extend(numbers.iter().map(|number| block.entry_place(number)));
        }
        let mut wanted: Vec<i64> = places.iter().map(|(key, _)| *key).collect();
        wanted.dedup();
        let rows = self.source.rows(wanted).await?;
        for of_row in places.chunk_by(|a, b| a.0 == b.0) {
            let row = of_row.first().and_then(|(key, _)| rows.get(key)).map_or(&[][..], Vec::as_slice);
            let entries = of_row.iter().filter_map(|(_, at)| Entry::read(row, *at));
            let ids: Vec<_> = entries.filter(|entry| self.may_match(entry)).map(|entry| entry.id).collect();
            self.candidates.extend(ids);
        }
        Ok(())
    }

    /// The numbers of the candidates in each of these blocks that has any.
    async fn numbers<'b>(
        &mut self,
        blocks: &'b [BlockInfo],
    ) -> Result<Vec<(&'b BlockInfo, Numbers)>, S::Error> {
        let shards = self.shards(blocks, &self.grams.clone()).await?;
        let mut found: Vec<(&BlockInfo, Numbers)> = Vec::new();
        for block in blocks {
            let mut numbers = Numbers::all(block.messages);
            for gram in &self.grams {
                numbers.keep(&block.having(*gram, &shards));
            }
            if !numbers.is_empty() {
                found.push((block, numbers));
            }
        }
        if let Visible::Few(few) = &self.visible {
            let few = few.clone();
            let many = |(_, numbers): &&(&BlockInfo, Numbers)| numbers.count() > CANDIDATES_FEW;
            let crowded: Vec<BlockInfo> = found.iter().filter(many).map(|(block, _)| **block).collect();
            let shards = self.shards(&crowded, &few).await?;
            for (block, numbers) in found.iter_mut().filter(|found| many(&&**found)) {
                let mut visible = Numbers::none(block.messages);
                for gram in &few {
                    visible.add(&block.having(*gram, &shards));
                }
                numbers.keep(&visible);
            }
        }
        Ok(found)
    }

    /// The shards of these digests in these blocks.
    async fn shards(
        &mut self,
        blocks: &[BlockInfo],
        grams: &[Gram],
    ) -> Result<HashMap<i64, Vec<u8>>, S::Error> {
        let mut keys: Vec<i64> =
            blocks.iter().flat_map(|block| grams.iter().map(|gram| block.shard_key(*gram))).collect();
        keys.sort_unstable();
        keys.dedup();
        self.source.rows(keys).await
    }

    fn may_match(&self, entry: &Entry) -> bool {
        let visible = match &self.visible {
            Visible::Among(known) => known.contains(&entry.conversation),
            Visible::Few(known) => known.contains(&entry.conversation),
            Visible::Unknown | Visible::Much => true,
        };
        visible && (self.bottom..self.below).contains(&entry.id)
    }
}

fn digests(conversations: Vec<ConversationId>) -> Vec<Gram> {
    conversations.into_iter().map(|id| gram::of_conversation(id.uuid())).collect()
}
