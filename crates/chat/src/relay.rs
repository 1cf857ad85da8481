//! From the committed log to the sockets.
//!
//! The relay knows, for each conversation that is talked in, who its members are as of the last event that it handed
//! on. Membership changes are events of the same log, so whoever is removed at seq r gets r and nothing beyond it,
//! without a question to the database. The hub knows who is connected. An idle connection therefore costs nothing
//! here, however many conversations its user is in.

use natter_protocol::{ConversationId, Event, EventBody, ReadReceipt, Seq, UserId};
use natter_realtime::{Frame, Hub};
use natter_store::{Committed, Notice, Store};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Members that are remembered over all conversations; beyond it, those talked in longest ago are forgotten.
const MEMBERS_REMEMBERED_MAX: usize = 2_000_000;
/// How long to wait before asking an unavailable database again, at first and at most.
const RETRY_MS: (u64, u64) = (50, 1_000);

/// Hands committed events to the connections of those who may see them.
pub struct Relay {
    store: Arc<dyn Store>,
    hub: Hub,
    rooms: HashMap<ConversationId, Room>,
    members_remembered: usize,
    tick: u64,
}

struct Room {
    members: HashSet<UserId>,
    relayed: Seq,
    used: u64,
}

impl Relay {
    /// A relay that knows nobody yet.
    pub(crate) fn new(store: Arc<dyn Store>, hub: Hub) -> Self {
        Self { store, hub, rooms: HashMap::new(), members_remembered: 0, tick: 0 }
    }

    /// Relays until the store is closed.
    pub async fn run(mut self, mut committed: Committed) {
        while let Some(notices) = committed.recv().await {
            for notice in notices {
                match notice {
                    Notice::Event(event) => self.relay(&event).await,
                    Notice::Deleted { event, members } => self.relay_end(&event, members),
                    Notice::Read(receipt) => self.relay_receipt(&receipt).await,
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
            self.members_remembered += usize::from(room.members.insert(joined.member.user.id));
        }
        self.hub.deliver(&room.members, &frame);
        if let EventBody::MemberLeft(left) = &event.body {
            // The event itself is the last that they get.
            self.members_remembered -= usize::from(room.members.remove(&left.user_id));
        }
        self.put_back(event.conversation_id, room);
    }

    /// The last event of a log. Who was in it is not in the database any more.
    fn relay_end(&mut self, event: &Event, members: Vec<UserId>) {
        if let Some(room) = self.rooms.remove(&event.conversation_id) {
            self.members_remembered -= room.members.len();
        }
        self.hub.deliver(&members.into_iter().collect::<HashSet<_>>(), &frame(event));
    }

    /// Receipts are no part of the log: the latest one wins. Nobody gets one of somebody with whom there is a block.
    async fn relay_receipt(&mut self, receipt: &ReadReceipt) {
        let frame = Frame::ephemeral("message.read_receipt", receipt);
        let apart = ask(|| self.store.kept_apart(receipt.user_id)).await;
        // A room that is not known yet stays so: it must begin with the members as of an event.
        let members: HashSet<UserId> = if let Some(room) = self.rooms.get(&receipt.conversation_id) {
            room.members.iter().filter(|user| !apart.contains(user)).copied().collect()
        } else {
            let roster = ask(|| self.store.roster(receipt.conversation_id, None)).await;
            let members = roster.map(|roster| roster.members).unwrap_or_default();
            members.into_iter().filter(|user| !apart.contains(user)).collect()
        };
        self.hub.deliver(&members, &frame);
    }

    /// The members as of the position before an event.
    async fn take_room(&mut self, event: &Event) -> Room {
        if let Some(room) = self.rooms.remove(&event.conversation_id) {
            return room;
        }
        let before = event.seq - 1;
        let roster = ask(|| self.store.roster(event.conversation_id, Some(before))).await;
        let members: HashSet<UserId> =
            roster.map(|roster| roster.members.into_iter().collect()).unwrap_or_default();
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
                tracing::warn!(%error, "the database does not tell who is a member; asking again");
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                wait_ms = (wait_ms * 2).min(RETRY_MS.1);
            }
        }
    }
}
