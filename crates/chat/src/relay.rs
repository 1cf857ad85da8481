//! From the committed log to the sockets.
//!
//! The relay knows, for each conversation that is talked in, who its members are as of the last event that it handed
//! on. Membership changes are events of the same log, so whoever is removed at seq r gets r and nothing beyond it,
//! without a question to the database. The hub knows who is connected. An idle connection therefore costs nothing
//! here, however many conversations its user is in.

use natter_protocol::{ConversationId, Event, Seq, UserId};
use natter_realtime::{Frame, Hub};
use natter_store::{Committed, Store};
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
        while let Some(events) = committed.recv().await {
            for event in events {
                self.relay(&event).await;
            }
        }
    }

    async fn relay(&mut self, event: &Event) {
        let frame = match serde_json::to_string(&event.body) {
            Ok(json) => Frame::event(event.conversation_id, event.seq, &json),
            Err(error) => {
                // Unreachable for these types; a gap would make clients fetch the event and fail there, in sight.
                tracing::error!(%error, conversation = %event.conversation_id, seq = event.seq, "an event has no JSON");
                return;
            }
        };
        let mut room = self.take_room(event).await;
        if event.seq != room.relayed + 1 {
            // The pipeline commits in order, so this is a fault of it. Clients see the gap and heal.
            tracing::error!(conversation = %event.conversation_id, seq = event.seq, relayed = room.relayed, "out of order");
        }
        room.relayed = room.relayed.max(event.seq);
        self.hub.deliver(&room.members, &frame);
        self.put_back(event.conversation_id, room);
    }

    async fn take_room(&mut self, event: &Event) -> Room {
        if let Some(room) = self.rooms.remove(&event.conversation_id) {
            return room;
        }
        let members = self.members(event.conversation_id).await;
        self.members_remembered += members.len();
        Room { members, relayed: event.seq - 1, used: 0 }
    }

    fn put_back(&mut self, id: ConversationId, room: Room) {
        self.tick += 1;
        self.rooms.insert(id, Room { used: self.tick, ..room });
        self.forget();
    }

    /// Asks until the database answers: skipping an event would leave a gap on every socket.
    async fn members(&self, id: ConversationId) -> HashSet<UserId> {
        let mut wait_ms = RETRY_MS.0;
        loop {
            match self.store.roster(id).await {
                Ok(roster) => {
                    return roster.map(|roster| roster.members.into_iter().collect()).unwrap_or_default();
                }
                Err(error) => {
                    tracing::warn!(%error, conversation = %id, "the members are not known yet; asking again");
                    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                    wait_ms = (wait_ms * 2).min(RETRY_MS.1);
                }
            }
        }
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
