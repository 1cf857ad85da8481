//! One frame to many connections.
//!
//! Each connection belongs to a lane: a task that gives the frames to its part of the connections, one frame after the
//! other. So the order on each connection is that of the deliveries; and finding a connection, queueing and writing happen
//! at once and on one thread, while the connection's memory is in that processor's cache. Waking the connections' own tasks
//! would take as long again as the writing.

use super::{Hub, SHARDS, Shared, Subscriber, shard_of};
use crate::Frame;
use natter_protocol::UserId;
use smallvec::SmallVec;
use std::collections::HashSet;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, PoisonError, Weak};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task;

/// Connections that are written to in one go. The more, the less it takes to change between tasks; and the longer others
/// wait for the thread, some 5 µs for each.
const SHARE: usize = 32;
/// People for whom a lane is not worth it. The tasks of their connections are woken instead, and write the frame together
/// with what else there is for them, such as the sender's answer.
const FEW: usize = 8;
/// Frames that wait before a lane; then whoever delivers waits, too.
const WAITING_MAX: usize = 1024;
/// Frames that a lane queues before it writes them all: when it falls behind, a connection gets several with one write.
const TOGETHER_MAX: usize = 32;

/// Where frames wait for the lanes.
#[derive(Debug)]
pub(super) struct Lanes {
    senders: Box<[mpsc::Sender<Delivery>]>,
    /// Frames that a lane has not given to all of its connections.
    underway: AtomicUsize,
}

/// What a lane has to do; it finds its part of the audience itself.
#[derive(Debug)]
struct Delivery {
    audience: Arc<HashSet<UserId>>,
    frame: Frame,
}

impl Hub {
    /// Sends a frame to every connection of every member. It waits for none of them, only for the hub when that is far
    /// behind.
    ///
    /// Connections get frames in the order of these calls: whoever delivers a conversation's events makes them one
    /// after the other, in the order of `seq`.
    pub async fn deliver(&self, audience: &Arc<HashSet<UserId>>, frame: &Frame) {
        let lanes = &self.0.lanes;
        if audience.len() <= FEW && lanes.are_idle() {
            for user_id in &**audience {
                self.push(*user_id, frame);
            }
            return;
        }
        for (number, lane) in lanes.senders.iter().enumerate() {
            if audience.iter().any(|user_id| lanes.number_of(*user_id) == number) {
                lanes.underway.fetch_add(1, SeqCst);
                let delivery = Delivery { audience: Arc::clone(audience), frame: frame.clone() };
                if lane.send(delivery).await.is_err() {
                    // The runtime ends, and with it every connection.
                    lanes.underway.fetch_sub(1, SeqCst);
                }
            }
        }
    }

    /// Sends a frame to every connection of one user, after what was delivered before.
    pub async fn deliver_to_user(&self, user_id: UserId, frame: &Frame) {
        if self.0.lanes.are_idle() {
            self.push(user_id, frame);
        } else {
            self.deliver(&Arc::new(HashSet::from([user_id])), frame).await;
        }
    }

    fn push(&self, user_id: UserId, frame: &Frame) {
        let delivered = self.queue(user_id, frame);
        self.0.delivered.increment(delivered);
    }
}

impl Lanes {
    /// As many as threads that can write, and what each has to be run with.
    pub(super) fn new(runtime: &Handle) -> (Self, Vec<Lane>) {
        let count = runtime.metrics().num_workers().clamp(1, SHARDS);
        let (senders, lanes): (Vec<_>, Vec<_>) = (0..count)
            .map(|number| {
                let (sender, deliveries) = mpsc::channel(WAITING_MAX);
                (sender, Lane { number, deliveries })
            })
            .unzip();
        (Self { senders: senders.into(), underway: AtomicUsize::new(0) }, lanes)
    }

    /// Whether all that was delivered has its place in the queues of its connections.
    fn are_idle(&self) -> bool {
        self.underway.load(SeqCst) == 0
    }

    fn number_of(&self, user_id: UserId) -> usize {
        shard_of(user_id) % self.senders.len()
    }
}

/// One lane, before it runs.
pub(super) struct Lane {
    number: usize,
    deliveries: mpsc::Receiver<Delivery>,
}

impl Lane {
    /// Delivers for as long as the hub is there.
    pub(super) async fn run(mut self, hub: Weak<Shared>) {
        let mut together = Vec::new();
        while self.deliveries.recv_many(&mut together, TOGETHER_MAX).await > 0 {
            let Some(hub) = hub.upgrade() else { return };
            let mut writing =
                Writing { one: together.len() == 1, unwritten: Vec::new(), written: 0, taken: 0 };
            for delivery in together.drain(..) {
                self.deliver(&hub, &delivery, &mut writing).await;
                hub.delivered.increment(mem::take(&mut writing.taken));
                hub.lanes.underway.fetch_sub(1, SeqCst);
            }
            for share in mem::take(&mut writing.unwritten).chunks(SHARE) {
                for subscriber in share {
                    subscriber.outbox.write();
                }
                task::yield_now().await;
            }
        }
    }

    /// Gives a frame to those of its audience who are on this lane. Each is written to as soon as it is found, while its
    /// memory is at hand.
    async fn deliver(&self, hub: &Shared, Delivery { audience, frame }: &Delivery, writing: &mut Writing) {
        // Goes through whichever are fewer: the members, or who is here.
        if audience.len() < hub.connections.load(SeqCst) {
            for user_id in audience.iter().filter(|user_id| hub.lanes.number_of(**user_id) == self.number) {
                let present: SmallVec<[_; 1]> = {
                    let shard = hub.shards[shard_of(*user_id)].read().unwrap_or_else(PoisonError::into_inner);
                    shard.get(user_id).map_or(&[][..], SmallVec::as_slice).iter().cloned().collect()
                };
                writing.give(&present, frame).await;
            }
        } else {
            for shard in hub.shards.iter().skip(self.number).step_by(hub.lanes.senders.len()) {
                let present: Vec<_> = {
                    let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
                    let members = shard.iter().filter(|(user_id, _)| audience.contains(user_id));
                    members.flat_map(|(_, subscribers)| subscribers.iter().cloned()).collect()
                };
                writing.give(&present, frame).await;
            }
        }
    }
}

/// How a lane writes.
struct Writing {
    /// There is one frame to deliver, so it is written at once.
    one: bool,
    /// The connections that have to be written to once all frames are queued.
    unwritten: Vec<Arc<Subscriber>>,
    /// Connections that were written to since others had the thread.
    written: usize,
    /// How often the frame was taken.
    taken: u64,
}

impl Writing {
    async fn give(&mut self, present: &[Arc<Subscriber>], frame: &Frame) {
        for subscriber in present {
            if !self.one {
                let queued = subscriber.outbox.queue(frame.clone());
                if queued.unwritten {
                    self.unwritten.push(Arc::clone(subscriber));
                }
                self.taken += u64::from(queued.taken);
                continue;
            }
            self.taken += u64::from(subscriber.outbox.deliver(frame));
            self.written += 1;
            if self.written == SHARE {
                self.written = 0;
                task::yield_now().await;
            }
        }
    }
}
