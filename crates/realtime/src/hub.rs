//! Who is connected here, and how an event gets to them.

mod delivery;
mod presence;
mod registration;
mod sweep;

pub use presence::PresenceNews;
pub(crate) use registration::Subscriber;
pub use registration::{Handle, Newcomer, Refused, Registration};

use crate::Frame;
use delivery::Lanes;
use metrics::{Counter, Gauge};
use natter_protocol::{CloseCode, SessionId, UserId, limits, reconnect_hint};
use presence::Presences;
use smallvec::SmallVec;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::runtime;
use tokio::sync::Notify;
use tokio::task;

/// A power of two. Connecting and disconnecting lock one part of the map; delivering only shares the locks.
const SHARDS: usize = 64;

/// What bounds a connection.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of one message from the client, over all its fragments.
    pub message_bytes_max: usize,
    /// Bytes that wait to be written before the queue is dropped.
    pub queue_bytes_max: usize,
    /// Seconds that events may wait without anything being taken before the queue is dropped.
    pub queue_seconds_max: u32,
    /// Connections of one user at one time.
    pub user_connections_max: usize,
    /// Commands whose outcome or reply is still on its way; then the socket is not read.
    pub commands_max: usize,
    /// Seconds of silence after which the client is pinged; after twice as long it is closed.
    pub heartbeat_seconds: u32,
    /// Seconds that a write may stand still.
    pub write_stall_seconds_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: limits::FRAME_BYTES_MAX,
            queue_bytes_max: limits::CONNECTION_QUEUE_BYTES_MAX,
            queue_seconds_max: limits::CONNECTION_QUEUE_SECONDS_MAX,
            user_connections_max: limits::USER_CONNECTIONS_MAX,
            commands_max: limits::CONNECTION_COMMANDS_MAX,
            heartbeat_seconds: limits::HEARTBEAT_SECONDS,
            write_stall_seconds_max: limits::WRITE_STALL_SECONDS_MAX,
        }
    }
}

/// Knows every connection of this node by its user. A clone is the same hub.
#[derive(Debug, Clone)]
pub struct Hub(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: Limits,
    lanes: Lanes,
    shards: [RwLock<Shard>; SHARDS],
    connections: AtomicUsize,
    shutting_down: AtomicBool,
    suspended: AtomicBool,
    /// Told when the last connection is gone.
    empty: Notify,
    presences: Presences,
    connections_gauge: Gauge,
    delivered: Counter,
}

/// Almost everybody has just one connection here, which then lies in the map itself.
type Shard = HashMap<UserId, SmallVec<[Arc<Subscriber>; 1]>>;

impl Hub {
    /// An empty hub. Spawns its sweep and its lanes, which live as long as the hub, so a Tokio runtime must be there; and
    /// takes its metrics from the recorder that is installed by then.
    pub fn start(limits: Limits) -> Self {
        metrics::describe_gauge!("natter_connections", "Open connections.");
        metrics::describe_counter!("natter_frames_delivered_total", "Frames queued, once per connection.");
        metrics::describe_counter!("natter_queue_overflows_total", "Queues dropped because they were full.");
        metrics::describe_counter!("natter_connections_closed_total", "Ended connections by close code.");
        let (lanes, running) = Lanes::new(&runtime::Handle::current());
        let hub = Self(Arc::new(Shared {
            limits,
            lanes,
            shards: std::array::from_fn(|_| RwLock::default()),
            connections: AtomicUsize::new(0),
            shutting_down: AtomicBool::new(false),
            suspended: AtomicBool::new(false),
            empty: Notify::new(),
            presences: Presences::default(),
            connections_gauge: metrics::gauge!("natter_connections"),
            delivered: metrics::counter!("natter_frames_delivered_total"),
        }));
        tokio::spawn(sweep::run(Arc::downgrade(&hub.0)));
        for lane in running {
            // Constrained, it would be told after so many writes that a socket is full which is not.
            tokio::spawn(task::unconstrained(lane.run(Arc::downgrade(&hub.0))));
        }
        hub
    }

    /// Makes a connection known. From here on it gets its user's events, what it is sent first before them all.
    pub fn register(&self, newcomer: Newcomer) -> Result<Registration, Refused> {
        let user_id = newcomer.user_id;
        let subscriber = Arc::new(Subscriber::new(newcomer, &self.0.limits));
        let mut shard = self.shard(user_id).write().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock that `send_away` takes after the flag is set: either it is seen here, or the connection is
        // seen there.
        if self.0.shutting_down.load(SeqCst) {
            return Err(Refused::ShuttingDown);
        }
        if self.is_suspended() {
            return Err(Refused::Suspended);
        }
        if shard.get(&user_id).map_or(0, SmallVec::len) >= self.0.limits.user_connections_max {
            return Err(Refused::TooMany);
        }
        shard.entry(user_id).or_default().push(Arc::clone(&subscriber));
        self.0.presences.arrived(user_id);
        self.0.connections.fetch_add(1, SeqCst);
        self.0.connections_gauge.increment(1);
        drop(shard);
        Ok(Registration::new(self.clone(), subscriber))
    }

    /// Whether the user has a connection here.
    pub fn is_online(&self, user_id: UserId) -> bool {
        self.read(user_id, |subscribers| !subscribers.is_empty())
    }

    /// Everybody who has a connection here, each once, in no order.
    pub fn users(&self) -> Vec<UserId> {
        let mut users = Vec::new();
        for shard in &self.0.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            users.extend(
                shard.iter().filter(|(_, subscribers)| !subscribers.is_empty()).map(|(user, _)| *user),
            );
        }
        users
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.0.connections.load(SeqCst)
    }

    /// Closes every connection of one session of a user, such as after a sign-out.
    pub fn close_session(&self, user_id: UserId, session_id: SessionId, code: CloseCode, reason: &str) {
        self.read(user_id, |subscribers| {
            for subscriber in subscribers.iter().filter(|subscriber| subscriber.session_id == session_id) {
                subscriber.close(code, reason);
            }
        });
    }

    /// Closes every connection of a user, such as after a ban.
    pub fn close_user(&self, user_id: UserId, code: CloseCode, reason: &str) {
        self.read(user_id, |subscribers| {
            for subscriber in subscribers {
                subscriber.close(code, reason);
            }
        });
    }

    /// Makes every connection of a user ask anew what it knows of them, such as their role, before it takes another
    /// message.
    pub fn user_changed(&self, user_id: UserId) {
        self.read(user_id, |subscribers| {
            for subscriber in subscribers {
                subscriber.outdated.store(true, SeqCst);
            }
        });
    }

    /// Refuses new connections, closes every open one with 1001, and waits until they are gone or `patience` is over.
    /// What is queued for them is written first, and commands on their way are answered.
    ///
    /// Each is told after how many milliseconds to come back. `reconnect_after_ms` draws that number, a different one
    /// for each, so that they do not all come at once. Returns how many connections are left.
    pub async fn shutdown(&self, reconnect_after_ms: impl FnMut() -> u64, patience: Duration) -> usize {
        self.0.shutting_down.store(true, SeqCst);
        self.send_away(reconnect_after_ms);
        let emptied = async {
            loop {
                let empty = self.0.empty.notified();
                if self.connections() == 0 {
                    return;
                }
                empty.await;
            }
        };
        // Running out of patience is no failure: what is left is reported.
        let _ = tokio::time::timeout(patience, emptied).await;
        self.connections()
    }

    /// Refuses new connections until [`Hub::resume`], and closes every open one as [`Hub::shutdown`] does: what this node
    /// would tell and allow them is not known to be right any more.
    pub fn suspend(&self, reconnect_after_ms: impl FnMut() -> u64) {
        self.0.suspended.store(true, SeqCst);
        self.send_away(reconnect_after_ms);
    }

    /// Takes connections again.
    pub fn resume(&self) {
        self.0.suspended.store(false, SeqCst);
    }

    /// Whether connections are refused for now.
    pub fn is_suspended(&self) -> bool {
        self.0.suspended.load(SeqCst)
    }

    fn send_away(&self, mut reconnect_after_ms: impl FnMut() -> u64) {
        self.0.each(|subscriber| {
            subscriber.close(CloseCode::GoingAway, &reconnect_hint(reconnect_after_ms()));
        });
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    fn left(&self) {
        self.0.connections_gauge.decrement(1);
        if self.0.connections.fetch_sub(1, SeqCst) == 1 {
            self.0.empty.notify_waiters();
        }
    }

    fn queue(&self, user_id: UserId, frame: &Frame) -> u64 {
        self.read(user_id, |subscribers| queue(subscribers, frame))
    }

    fn read<T>(&self, user_id: UserId, read: impl FnOnce(&[Arc<Subscriber>]) -> T) -> T {
        let shard = self.shard(user_id).read().unwrap_or_else(PoisonError::into_inner);
        read(shard.get(&user_id).map_or(&[], SmallVec::as_slice))
    }

    fn shard(&self, user_id: UserId) -> &RwLock<Shard> {
        &self.0.shards[shard_of(user_id)]
    }
}

impl Shared {
    fn each(&self, mut visit: impl FnMut(&Subscriber)) {
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            shard.values().flatten().for_each(|subscriber| visit(subscriber));
        }
    }
}

fn shard_of(user_id: UserId) -> usize {
    // The last byte of a UUID of either random or time-ordered kind is random.
    let [.., last] = *user_id.uuid().as_bytes();
    usize::from(last) % SHARDS
}

fn queue(subscribers: &[Arc<Subscriber>], frame: &Frame) -> u64 {
    subscribers.iter().map(|subscriber| u64::from(subscriber.outbox.push(frame.clone()))).sum()
}
