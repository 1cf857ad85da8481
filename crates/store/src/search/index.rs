//! Making blocks of messages.

use super::block::{BLOCK_GRAMS_MAX, BLOCK_MESSAGES_MAX, Block, Entry};
use super::fold::fold;
use super::gram::{self, Gram};
use natter_protocol::{ConversationId, MessageId, Seq, Timestamp, UserId};

/// Messages that are taken from the logs at one time. As they are put in order before they are divided into blocks,
/// each block of a long backlog holds the messages of one span of time.
pub(crate) const PASS_MESSAGES_MAX: usize = 8 * BLOCK_MESSAGES_MAX;

/// Messages of a block that is so small that it is joined to others.
pub(crate) const SMALL_BLOCK_MESSAGES: usize = BLOCK_MESSAGES_MAX / 2;
/// Small blocks that are joined; fewer stay as they are.
pub(crate) const SMALL_BLOCKS_MAX: usize = 8;

/// What is next to be indexed.
#[derive(Debug)]
pub(crate) struct Pass {
    /// The messages; some of them may be gone, or not be texts.
    pub(crate) ids: Vec<MessageId>,
    /// Up to where each log is indexed afterwards.
    pub(crate) tails: Vec<(ConversationId, Seq)>,
}

/// A message, as far as the index cares.
#[derive(Debug)]
pub(crate) struct Indexable {
    pub(crate) id: MessageId,
    pub(crate) conversation_id: ConversationId,
    pub(crate) sender_id: UserId,
    pub(crate) content: String,
    pub(crate) created_at: Timestamp,
    pub(crate) has_file: bool,
}

/// A block that has everything but a number.
#[derive(Debug)]
pub(crate) struct NewBlock {
    pub(crate) block: Block,
    pub(crate) messages: usize,
    pub(crate) oldest: MessageId,
    pub(crate) newest: MessageId,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
}

/// Divides messages into blocks, evenly and in the order of their ids.
pub(crate) fn divide(mut ids: Vec<MessageId>) -> Vec<Vec<MessageId>> {
    ids.sort_unstable();
    ids.dedup();
    let blocks = ids.len().div_ceil(BLOCK_MESSAGES_MAX).max(1);
    ids.chunks(ids.len().div_ceil(blocks).max(1)).map(<[_]>::to_vec).collect()
}

/// A block that takes messages, in ascending order of their ids.
#[derive(Default)]
pub(crate) struct Builder {
    entries: Vec<Entry>,
    postings: Vec<(Gram, u16)>,
    times: Option<(Timestamp, Timestamp)>,
    grams: Vec<Gram>,
}

impl Builder {
    /// Adds a message; answers the block if that fills it.
    pub(crate) fn add(&mut self, message: &Indexable) -> Option<NewBlock> {
        let conversation = gram::of_conversation(message.conversation_id.uuid());
        self.grams.clear();
        gram::of_text(&fold(&message.content), &mut self.grams);
        self.grams.extend([conversation, gram::of_sender(message.sender_id.uuid())]);
        self.grams.extend(message.has_file.then(gram::of_file));
        self.grams.sort_unstable();
        self.grams.dedup();
        #[expect(clippy::cast_possible_truncation, reason = "it is below BLOCK_MESSAGES_MAX")]
        let number = self.entries.len() as u16;
        self.postings.extend(self.grams.iter().map(|gram| (*gram, number)));
        self.entries.push(Entry { id: message.id, conversation });
        let (first, last) = self.times.unwrap_or((message.created_at, message.created_at));
        self.times = Some((first.min(message.created_at), last.max(message.created_at)));
        let full = self.entries.len() == BLOCK_MESSAGES_MAX || self.postings.len() >= BLOCK_GRAMS_MAX;
        if full { self.finish() } else { None }
    }

    /// The block of what was added since the last one, if anything was.
    pub(crate) fn finish(&mut self) -> Option<NewBlock> {
        let Self { entries, postings, times, .. } = std::mem::take(self);
        let ((first_at, last_at), oldest, newest) = (times?, entries.first()?.id, entries.last()?.id);
        let block = Block::build(&entries, postings);
        Some(NewBlock { block, messages: entries.len(), oldest, newest, first_at, last_at })
    }
}
