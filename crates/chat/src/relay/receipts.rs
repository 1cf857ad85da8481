//! Read positions on their way to others: gathered for a moment, so that a burst of them is one event.

use super::ask;
use natter_protocol::{ConversationId, ReadReceipt, UnreadChange, UserId, limits};
use natter_realtime::Hub;
use natter_store::Store;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Positions that are gathered: as many as there may be members in the largest conversations. What somebody reads beyond
/// it is not told, until they read on.
const POSITIONS_MAX: usize = 100_000;
/// Counts that are gathered. Each takes a question of its own, so there are fewer; what does not fit is made up for by
/// the next thing that is read there.
const RECOUNTS_MAX: usize = 10_000;

/// What is to be told next.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    batch: Batch,
    /// When it is to be told.
    due: Option<Instant>,
}

/// What was gathered: of each user in each conversation at most one of each.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The newest positions.
    pub(super) read: HashMap<(ConversationId, UserId), ReadReceipt>,
    /// Who is to be told anew what is left for them to read where.
    pub(super) recounts: HashSet<(ConversationId, UserId)>,
}

impl Receipts {
    /// Somebody has read up to here. An older position than the one that is known says nothing new.
    pub(super) fn read(&mut self, receipt: ReadReceipt, now: Instant) {
        self.recount(receipt.conversation_id, receipt.user_id, now);
        let is_full = self.batch.read.len() >= POSITIONS_MAX;
        match self.batch.read.entry((receipt.conversation_id, receipt.user_id)) {
            Entry::Vacant(_) if is_full => tracing::debug!("too many read at once; a position is dropped"),
            Entry::Vacant(entry) => {
                entry.insert(receipt);
            }
            Entry::Occupied(mut entry) if entry.get().last_read_seq < receipt.last_read_seq => {
                entry.insert(receipt);
            }
            Entry::Occupied(_) => {}
        }
    }

    /// What is left for somebody to read is not what it was.
    pub(super) fn recount(&mut self, conversation_id: ConversationId, user_id: UserId, now: Instant) {
        if self.batch.recounts.len() < RECOUNTS_MAX {
            self.batch.recounts.insert((conversation_id, user_id));
        }
        self.due.get_or_insert(now + Duration::from_millis(limits::RECEIPTS_COALESCE_MS));
    }

    /// When what was gathered is to be told.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What was gathered.
    pub(super) fn take(&mut self) -> Batch {
        self.due = None;
        mem::take(&mut self.batch)
    }
}

/// Being asked.
pub(super) type Lookup = Pin<Box<dyn Future<Output = Findings> + Send>>;

/// What it takes to tell a batch.
pub(super) struct Findings {
    pub(super) read: Vec<ReadReceipt>,
    /// Those from whom each reader is kept apart, if there are any.
    pub(super) apart: HashMap<UserId, HashSet<UserId>>,
    /// Who hears of what is read in the conversations that the relay does not know.
    pub(super) audiences: HashMap<ConversationId, Audience>,
    /// What is left to read for those who are connected.
    pub(super) unread: Vec<(UserId, UnreadChange)>,
}

/// Who hears of what is read in a conversation.
pub(super) enum Audience {
    Members(Arc<HashSet<UserId>>),
    /// Nobody but the reader.
    Crowd,
}

/// Asks the database: once about all blocks, and about each conversation and each count. The more is gathered meanwhile,
/// the more goes into one question the next time.
pub(super) async fn look_up(
    store: Arc<dyn Store>,
    hub: Hub,
    batch: Batch,
    unknown: HashMap<ConversationId, UserId>,
) -> Findings {
    let readers: HashSet<UserId> = batch.read.keys().map(|(_, user)| *user).collect();
    let readers: Vec<UserId> = readers.into_iter().collect();
    let mut apart: HashMap<UserId, HashSet<UserId>> = HashMap::new();
    if !readers.is_empty() {
        for (reader, other) in ask(|| store.apart_among(&readers)).await {
            apart.entry(reader).or_default().insert(other);
        }
    }
    let mut audiences = HashMap::new();
    for (conversation_id, reader) in unknown {
        audiences.insert(conversation_id, audience(&*store, conversation_id, reader).await);
    }
    let mut unread = Vec::new();
    for (conversation_id, user_id) in batch.recounts {
        if !hub.is_online(user_id) {
            continue;
        }
        // Whoever has left meanwhile has nothing to read there.
        if let Some(state) = ask(|| store.read_state(conversation_id, user_id)).await {
            let change = UnreadChange {
                conversation_id,
                last_read_seq: state.last_read_seq,
                unread_count: state.unread_count,
                mention_count: state.mention_count,
            };
            unread.push((user_id, change));
        }
    }
    Findings { read: batch.read.into_values().collect(), apart, audiences, unread }
}

/// Counts the members before it asks for them: there may be a hundred thousand.
async fn audience(store: &dyn Store, conversation_id: ConversationId, reader: UserId) -> Audience {
    match ask(|| store.standing(conversation_id, reader)).await {
        Some(standing) if standing.member_count > limits::RECEIPT_MEMBERS_MAX => Audience::Crowd,
        Some(_) => {
            let roster = ask(|| store.roster(conversation_id, None)).await;
            Audience::Members(Arc::new(
                roster.map(|roster| roster.members).unwrap_or_default().into_iter().collect(),
            ))
        }
        None => Audience::Members(Arc::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use natter_protocol::{Seq, Timestamp};
    use proptest::prelude::*;
    use uuid::Uuid;

    #[test]
    fn what_does_not_fit_is_dropped_and_what_is_there_goes_on() {
        let (now, mut receipts) = (Instant::now(), Receipts::default());
        let conversation_id = ConversationId::from_uuid(Uuid::nil());
        let mut read = |number: usize, last_read_seq: Seq| {
            let user_id = UserId::from_uuid(Uuid::from_u128(number as u128));
            let read_at = Timestamp::from_millis(0);
            receipts.read(ReadReceipt { conversation_id, user_id, last_read_seq, read_at }, now);
        };
        for number in 0..=POSITIONS_MAX {
            read(number, 1);
        }
        read(0, 2);
        let batch = receipts.take();
        assert_eq!((batch.read.len(), batch.recounts.len()), (POSITIONS_MAX, RECOUNTS_MAX));
        let first = (conversation_id, UserId::from_uuid(Uuid::nil()));
        assert_eq!(batch.read[&first].last_read_seq, 2);
    }

    proptest! {
        #[test]
        fn a_burst_ends_in_the_newest_position(
            reads in prop::collection::vec((0..3_u128, 0..3_u128, 0..50_u64, any::<bool>()), 0..200),
        ) {
            let now = Instant::now();
            let mut receipts = Receipts::default();
            let mut told: HashMap<(ConversationId, UserId), Seq> = HashMap::new();
            let mut newest: HashMap<(ConversationId, UserId), Seq> = HashMap::new();
            let tell = |receipts: &mut Receipts, told: &mut HashMap<_, _>| {
                for (key, receipt) in receipts.take().read {
                    told.insert(key, receipt.last_read_seq);
                }
            };
            for (conversation, user, seq, flush) in reads {
                let key = (
                    ConversationId::from_uuid(Uuid::from_u128(conversation)),
                    UserId::from_uuid(Uuid::from_u128(user)),
                );
                // The store tells of a position only if it is beyond those of the commits before.
                if told.get(&key).is_some_and(|before| *before >= seq) {
                    continue;
                }
                newest.entry(key).and_modify(|newest| *newest = seq.max(*newest)).or_insert(seq);
                let read_at = Timestamp::from_millis(0);
                receipts.read(
                    ReadReceipt { conversation_id: key.0, user_id: key.1, last_read_seq: seq, read_at },
                    now,
                );
                if flush {
                    tell(&mut receipts, &mut told);
                }
            }
            tell(&mut receipts, &mut told);
            prop_assert_eq!(told, newest);
        }
    }
}
