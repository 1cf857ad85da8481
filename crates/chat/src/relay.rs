//! From the committed log to the sockets.
//!
//! The relay knows, for each conversation that is talked in, who its members are as of the last event that it handed
//! on. Membership changes are events of the same log, so whoever is removed at seq r gets r and nothing beyond it,
//! without a question to the database. The hub knows who is connected. An idle connection therefore costs nothing
//! here, however many conversations its user is in.
//!
//! What is not in the log, such as who writes and who has read, goes through here as well, for the sake of the members.
//! Events never wait for it: what it takes to know is asked of the database beside them.

mod receipts;
mod signal;
mod typists;

pub(crate) use signal::{Signal, Signals};

use natter_protocol::{ConversationId, Event, EventBody, Seq, UserId, limits};
use natter_realtime::{Frame, Hub};
use natter_store::{Committed, Notice, OwnChange, Store};
use receipts::{Audience, Findings, Lookup, Receipts};
use std::collections::{HashMap, HashSet};
use std::future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use typists::{Told, Typists};

/// Members that are remembered over all conversations; beyond it, those talked in longest ago are forgotten.
const MEMBERS_REMEMBERED_MAX: usize = 2_000_000;
/// How long to wait before asking an unavailable database again, at first and at most.
const RETRY_MS: (u64, u64) = (50, 1_000);

/// Hands committed events to the connections of those who may see them.
pub struct Relay {
    store: Arc<dyn Store>,
    hub: Hub,
    signals: mpsc::Receiver<Signal>,
    typists: Typists,
    /// Those that it was told of.
    partings: u64,
    receipts: Receipts,
    /// At most one, so that a position is never told after a newer one.
    lookup: Option<Lookup>,
    rooms: HashMap<ConversationId, Room>,
    members_remembered: usize,
    tick: u64,
}

struct Room {
    members: Arc<HashSet<UserId>>,
    relayed: Seq,
    used: u64,
}

impl Relay {
    /// A relay that knows nobody yet.
    pub(crate) fn new(store: Arc<dyn Store>, hub: Hub, signals: &Signals) -> Self {
        Self {
            store,
            hub,
            signals: signals.listen(),
            typists: Typists::default(),
            partings: signals.partings(),
            receipts: Receipts::default(),
            lookup: None,
            rooms: HashMap::new(),
            members_remembered: 0,
            tick: 0,
        }
    }

    /// Relays until the store is closed.
    pub async fn run(mut self, mut committed: Committed) {
        loop {
            let (due, typing_ends) = (self.receipts.due(), self.typists.next_end());
            tokio::select! {
                notices = committed.recv() => {
                    let Some(notices) = notices else { return };
                    // Who writes and then sends has said so in this order.
                    for _ in 0..self.signals.len() {
                        if let Ok(signal) = self.signals.try_recv() {
                            self.heed(signal).await;
                        }
                    }
                    for notice in notices {
                        self.take(notice).await;
                    }
                }
                Some(signal) = self.signals.recv() => self.heed(signal).await,
                found = finished(&mut self.lookup) => self.tell_read(found).await,
                () = until(due), if self.lookup.is_none() => self.look_up(),
                () = until(typing_ends) => {
                    for told in self.typists.expire(Instant::now()) {
                        self.tell_typing(told).await;
                    }
                }
            }
        }
    }

    async fn take(&mut self, notice: Notice) {
        match notice {
            Notice::Event(event) => self.relay(&event).await,
            Notice::Deleted { event, members } => self.relay_end(&event, members).await,
            Notice::Read(receipt) => self.receipts.read(receipt, Instant::now()),
            Notice::Own(user, change) => {
                let frame = match change {
                    OwnChange::Me(change) => Frame::notice("me.changed", &change),
                    OwnChange::Blocks(change) => Frame::notice("blocks.changed", &change),
                };
                self.hub.deliver_to_user(user, &frame).await;
            }
        }
    }

    /// Takes notice of something of the moment.
    async fn heed(&mut self, signal: Signal) {
        let now = Instant::now();
        match signal {
            // Whoever was parted since the audience was read may be in it. Who writes on says so again.
            Signal::Typing { partings, .. } if partings < self.partings => {}
            Signal::Typing { conversation_id, user_id, audience, .. } => {
                if let Some(told) = self.typists.start(conversation_id, user_id, audience, now) {
                    self.tell_typing(told).await;
                }
            }
            Signal::TypingStopped { conversation_id, user_id } => {
                self.stop_typing(conversation_id, user_id).await;
            }
            Signal::Disconnected(users) => {
                for told in users.into_iter().flat_map(|user| self.typists.leave(user)).collect::<Vec<_>>() {
                    self.tell_typing(told).await;
                }
            }
            Signal::Parted { one, other, number } => {
                self.partings = self.partings.max(number);
                self.typists.part(one, other);
            }
            Signal::Unread { user_id, conversation_ids } => {
                for conversation_id in conversation_ids {
                    self.receipts.recount(conversation_id, user_id, now);
                }
            }
        }
    }

    async fn relay(&mut self, event: &Event) {
        let frame = frame(event);
        let mut room = self.take_room(event).await;
        if event.seq != room.relayed + 1 {
            // The pipeline commits in order, so this is a fault of it. Clients see the gap and heal.
            tracing::error!(conversation = %event.conversation_id, seq = event.seq, relayed = room.relayed, "out of order");
        }
        room.relayed = room.relayed.max(event.seq);
        if let EventBody::MemberJoined(joined) = &event.body {
            self.members_remembered +=
                usize::from(Arc::make_mut(&mut room.members).insert(joined.member.user.id));
        }
        self.hub.deliver(&room.members, &frame).await;
        if let EventBody::MemberLeft(left) = &event.body {
            // The event itself is the last that they get.
            self.members_remembered -= usize::from(Arc::make_mut(&mut room.members).remove(&left.user_id));
        }
        self.put_back(event.conversation_id, room);
        match &event.body {
            EventBody::MessageNew(message) => {
                self.stop_typing(event.conversation_id, message.sender.id).await;
            }
            EventBody::MemberLeft(left) => {
                self.stop_typing(event.conversation_id, left.user_id).await;
                self.hub.check_watches(left.user_id);
            }
            _ => {}
        }
    }

    /// The last event of a log. Who was in it is not in the database any more.
    async fn relay_end(&mut self, event: &Event, members: Vec<UserId>) {
        if let Some(room) = self.rooms.remove(&event.conversation_id) {
            self.members_remembered -= room.members.len();
        }
        for user in &members {
            self.hub.check_watches(*user);
        }
        self.hub.deliver(&Arc::new(members.into_iter().collect()), &frame(event)).await;
    }

    async fn stop_typing(&mut self, conversation_id: ConversationId, user_id: UserId) {
        if let Some(told) = self.typists.stop(conversation_id, user_id) {
            self.tell_typing(told).await;
        }
    }

    async fn tell_typing(&mut self, Told { indicator, mut audience }: Told) {
        // Whoever was removed meanwhile is told nothing more, not even that somebody ceased.
        if let Some(room) = self.rooms.get(&indicator.conversation_id) {
            audience.retain(|user| room.members.contains(user));
        }
        self.hub.deliver(&Arc::new(audience), &Frame::ephemeral("typing.indicator", &indicator)).await;
    }

    /// Asks for what it takes to tell what was gathered.
    fn look_up(&mut self) {
        let batch = self.receipts.take();
        // A room that is not known yet stays so: it must begin with the members as of an event.
        let unknown = batch.read.keys().filter(|(conversation, _)| !self.rooms.contains_key(conversation));
        let unknown = unknown.copied().collect();
        self.lookup =
            Some(Box::pin(receipts::look_up(Arc::clone(&self.store), self.hub.clone(), batch, unknown)));
    }

    /// Receipts are no part of the log: the latest one wins. Nobody gets one of somebody with whom there is a block, and
    /// in a crowd nobody gets those of others.
    async fn tell_read(&mut self, found: Findings) {
        for receipt in found.read {
            let id = receipt.conversation_id;
            let audience = match (self.rooms.get(&id), found.audiences.get(&id)) {
                (Some(room), _) if room.members.len() as u64 > limits::RECEIPT_MEMBERS_MAX => None,
                (Some(room), _) => Some(Arc::clone(&room.members)),
                (None, Some(Audience::Members(members))) => Some(Arc::clone(members)),
                (None, Some(Audience::Crowd)) => None,
                (None, None) => {
                    // The room was forgotten while the database was asked about others.
                    self.receipts.read(receipt, Instant::now());
                    continue;
                }
            };
            let frame = Frame::ephemeral("message.read_receipt", &receipt);
            match (audience, found.apart.get(&receipt.user_id)) {
                (Some(members), None) => self.hub.deliver(&members, &frame).await,
                (Some(members), Some(apart)) => {
                    let may_see = members.difference(apart).copied().collect();
                    self.hub.deliver(&Arc::new(may_see), &frame).await;
                }
                (None, _) => self.hub.deliver_to_user(receipt.user_id, &frame).await,
            }
        }
        for (user_id, change) in found.unread {
            self.hub.deliver_to_user(user_id, &Frame::notice("unread.changed", &change)).await;
        }
    }

    /// The members as of the position before an event.
    async fn take_room(&mut self, event: &Event) -> Room {
        if let Some(room) = self.rooms.remove(&event.conversation_id) {
            return room;
        }
        let before = event.seq - 1;
        let roster = ask(|| self.store.roster(event.conversation_id, Some(before))).await;
        let members: Arc<HashSet<UserId>> =
            roster.map(|roster| Arc::new(roster.members.into_iter().collect())).unwrap_or_default();
        self.members_remembered += members.len();
        Room { members, relayed: before, used: 0 }
    }

    fn put_back(&mut self, id: ConversationId, room: Room) {
        self.tick += 1;
        self.rooms.insert(id, Room { used: self.tick, ..room });
        self.forget();
    }

    /// Keeps the younger half once too much is remembered.
    fn forget(&mut self) {
        if self.members_remembered <= MEMBERS_REMEMBERED_MAX {
            return;
        }
        let mut used: Vec<u64> = self.rooms.values().map(|room| room.used).collect();
        let middle = used.len() / 2;
        let (_, oldest_kept, _) = used.select_nth_unstable(middle);
        let oldest_kept = *oldest_kept;
        self.rooms.retain(|_, room| room.used >= oldest_kept);
        self.members_remembered = self.rooms.values().map(|room| room.members.len()).sum();
    }
}

fn frame(event: &Event) -> Frame {
    Frame::event(event.conversation_id, event.seq, &event.body)
}

/// What a question that is asked beside the events found out.
async fn finished(lookup: &mut Option<Lookup>) -> Findings {
    let Some(asking) = lookup else { return future::pending().await };
    let found = asking.await;
    *lookup = None;
    found
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => future::pending().await,
    }
}

/// Asks until the database answers: skipping an event would leave a gap on every socket.
async fn ask<T, F>(question: impl Fn() -> F) -> T
where
    F: Future<Output = natter_store::Result<T>>,
{
    let mut wait_ms = RETRY_MS.0;
    loop {
        match question().await {
            Ok(answer) => return answer,
            Err(error) => {
                tracing::warn!(%error, "the database does not tell who may see what; asking again");
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                wait_ms = (wait_ms * 2).min(RETRY_MS.1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use natter_protocol::{ReadReceipt, Timestamp};
    use natter_realtime::Limits;
    use natter_store::{DatabaseUrl, OpenOptions};
    use std::path::Path;
    use uuid::Uuid;

    async fn store(directory: &Path) -> Arc<dyn Store> {
        let options = OpenOptions {
            url: DatabaseUrl::Sqlite(None),
            data_dir: directory.to_owned(),
            readers_max: 1,
            new_epoch: "0123456789abcdef".to_owned(),
        };
        natter_store::open(options).await.unwrap().store
    }

    #[tokio::test]
    async fn however_many_read_while_the_database_is_asked_nothing_waits_for_it() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(directory.path()).await;
        let mut relay = Relay::new(store, Hub::start(Limits::default()), &Signals::default());
        relay.lookup = Some(Box::pin(future::pending()));
        for number in 0..15_000 {
            let receipt = ReadReceipt {
                conversation_id: ConversationId::from_uuid(Uuid::nil()),
                user_id: UserId::from_uuid(Uuid::from_u128(number)),
                last_read_seq: 1,
                read_at: Timestamp::from_millis(0),
            };
            assert!(relay.take(Notice::Read(receipt)).now_or_never().is_some(), "it waits at {number}");
        }
        assert_eq!(relay.receipts.take().read.len(), 15_000, "every position is told once it can be");
    }

    #[tokio::test]
    async fn who_is_parted_after_it_was_asked_who_may_see_it_is_shown_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let signals = Signals::default();
        let store = store(directory.path()).await;
        let mut relay = Relay::new(store, Hub::start(Limits::default()), &signals);
        let [ada, bob] = [1, 2].map(|number| UserId::from_uuid(Uuid::from_u128(number)));
        let typing = |partings| Signal::Typing {
            conversation_id: ConversationId::from_uuid(Uuid::nil()),
            user_id: ada,
            audience: HashSet::from([bob]),
            partings,
        };
        let asked_before = typing(signals.partings());
        signals.part(bob, ada).await;
        let asked_after = typing(signals.partings());
        let parted = relay.signals.recv().await.unwrap();
        relay.heed(parted).await;
        relay.heed(asked_before).await;
        assert_eq!(relay.typists.next_end(), None);
        relay.heed(asked_after).await;
        assert!(relay.typists.next_end().is_some());
    }
}
