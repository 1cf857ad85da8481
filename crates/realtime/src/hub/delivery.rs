//! One frame to many connections.
//!
//! Whoever delivers only queues the frame, which settles the order on each connection. Writing takes a system call for
//! each of them and is left to the runtime's threads, a share of the connections at a time: waking the connections' own
//! tasks would take as long again as the writing.

use super::{Hub, Subscriber};
use crate::Frame;
use natter_protocol::UserId;
use std::collections::HashSet;
use std::hash::BuildHasher;
use std::mem;
use std::sync::{Arc, PoisonError};
use tokio::{runtime, task};

/// Connections that are written to in one go. The more, the less it takes to have it done; and the longer others wait
/// for the thread, some 5 µs for each.
const SHARE: usize = 32;
/// Connections for which it is not worth a task of their own. Their tasks are woken instead, and write it together with
/// what else there is for them, such as the sender's answer.
const FEW: usize = 8;

impl Hub {
    /// Queues a frame for every connection of every member, and waits for none of them.
    ///
    /// Connections get frames in the order of these calls: whoever delivers a conversation's events makes them one
    /// after the other, in the order of `seq`.
    pub fn deliver<S: BuildHasher>(&self, members: &HashSet<UserId, S>, frame: &Frame) {
        let mut delivery = Delivery { runtime: &self.0.runtime, frame, delivered: 0, unwritten: Vec::new() };
        // Goes through whichever are fewer: the members, or who is here.
        if members.len() <= self.connections() {
            for user_id in members {
                self.read(*user_id, |subscribers| delivery.queue(subscribers));
            }
        } else {
            for shard in &self.0.shards {
                let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
                for (user_id, subscribers) in &*shard {
                    if members.contains(user_id) {
                        delivery.queue(subscribers);
                    }
                }
            }
        }
        self.0.delivered.increment(delivery.finish());
    }
}

struct Delivery<'a> {
    runtime: &'a runtime::Handle,
    frame: &'a Frame,
    /// How many connections took it.
    delivered: u64,
    /// The connections that somebody has to write to.
    unwritten: Vec<Arc<Subscriber>>,
}

impl Delivery<'_> {
    fn queue(&mut self, subscribers: &[Arc<Subscriber>]) {
        for subscriber in subscribers {
            let queued = subscriber.outbox.queue(self.frame.clone());
            self.delivered += u64::from(queued.taken);
            if queued.unwritten {
                self.unwritten.push(Arc::clone(subscriber));
                if self.unwritten.len() == SHARE {
                    self.have_written();
                }
            }
        }
    }

    fn finish(mut self) -> u64 {
        if self.unwritten.len() > FEW {
            self.have_written();
        } else {
            self.unwritten.iter().for_each(|subscriber| subscriber.outbox.wake());
        }
        self.delivered
    }

    fn have_written(&mut self) {
        let subscribers = mem::take(&mut self.unwritten);
        // Constrained, it would be told after so many writes that a socket is full which is not.
        self.runtime.spawn(task::unconstrained(async move {
            for subscriber in subscribers {
                subscriber.outbox.write();
            }
        }));
    }
}
