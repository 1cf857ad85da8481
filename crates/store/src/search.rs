//! Finding messages by what they say, in any language, the same on both databases.
//!
//! A database only brings up candidates. Whether a message is found is decided by one matcher, here, which reads its
//! present text; so an index that lags behind, or remembers what was edited or deleted since, changes nothing but the
//! time that a search takes. The index is made of immutable blocks of some thousand messages, see [`block`]. It
//! follows the event logs: `search_tails` says for each conversation up to where its log is indexed, as long as that
//! is not its head, and what is past that is looked at one by one.

mod block;
mod find;
mod fold;
mod gram;
mod index;
mod matcher;
mod position;
mod query;
mod rank;

pub(crate) use block::{BlockInfo, Entry, entry_keys, keys};
pub(crate) use find::{Found, Source, find};
pub(crate) use fold::fold;
pub(crate) use index::{
    Builder, Indexable, NewBlock, PASS_MESSAGES_MAX, Pass, SMALL_BLOCK_MESSAGES, SMALL_BLOCKS_MAX, divide,
};
pub use position::SearchPosition;
pub use query::{SEARCH_TERMS_MAX, SearchText, SearchTextError};

use crate::Result;
use async_trait::async_trait;
use matcher::Matcher;
use natter_protocol::{ConversationId, Message, SearchHit, Timestamp, UserId};
use tokio::sync::Semaphore;

/// Found messages that are put in order together: the newest ones that match, then those before them.
pub const SEARCH_WINDOW_MATCHES: usize = 200;

/// What to look for, and where.
#[derive(Debug, Clone)]
pub struct Search {
    /// What every message says that is found.
    pub text: SearchText,
    /// Only in this conversation.
    pub conversation_id: Option<ConversationId>,
    /// Only what this user sent.
    pub sender_id: Option<UserId>,
    /// Only what was sent then or later.
    pub after: Option<Timestamp>,
    /// Only what was sent earlier.
    pub before: Option<Timestamp>,
    /// Only messages with a file.
    pub has_file: bool,
    /// Where the page before this one ended.
    pub from: Option<SearchPosition>,
    /// Messages on the page.
    pub limit: u32,
}

/// A page of found messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchSlice {
    /// The messages. There may be fewer than were asked for, or none, although there are more.
    pub hits: Vec<SearchHit>,
    /// Where the next page begins; none if this was the last one.
    pub next: Option<SearchPosition>,
}

/// Looking for messages.
#[async_trait]
pub trait Searches: Send + Sync {
    /// Messages that people wrote, in conversations of the viewer, that are not deleted and whose senders the viewer
    /// has not blocked. None if the viewer is not a member of the conversation that was asked for.
    async fn search(&self, viewer: UserId, search: Search) -> Result<Option<SearchSlice>>;

    /// Indexes the messages in what logs have grown by since the last time, if that is at least so many entries; answers
    /// how many messages it were. It can be called at any time, on any node; one of them does it.
    async fn index_messages(&self, entries_min: usize) -> Result<usize>;
}

/// Turns for searches: they take half of the connections for reading at most, so that other reads need not wait.
pub(crate) fn turns(readers_max: u32) -> Semaphore {
    Semaphore::new((readers_max as usize / 2).max(1))
}

/// Messages with what was found in them.
pub(crate) fn highlighted(text: &SearchText, messages: Vec<Message>) -> Vec<SearchHit> {
    let matcher = Matcher::new(text);
    let hit = |message: Message| SearchHit { highlights: matcher.highlights(&message.content), message };
    messages.into_iter().map(hit).collect()
}
