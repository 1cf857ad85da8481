//! How a connection comes into the hub, and what is known of it there.

use super::presence::Lease;
use super::{Hub, Limits};
use crate::frame::{Frame, Wire};
use crate::outbox::Outbox;
use crate::stopwatch::{Countdown, Stopwatch};
use natter_protocol::{CloseCode, ConnectionId, SessionId, UserId};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

/// A connection that wants in.
#[derive(Debug)]
pub struct Newcomer {
    /// Whose it is.
    pub user_id: UserId,
    /// What it lasts as long as.
    pub session_id: SessionId,
    /// Its own name.
    pub connection_id: ConnectionId,
    /// What was agreed on with the client.
    pub wire: Wire,
    /// Seconds until its token ends; none: never.
    pub expires_in_seconds: Option<u32>,
    /// What it is sent before everything else.
    pub first: Option<Frame>,
}

/// Why a connection does not get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nobody gets in any more.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// Nobody gets in for now.
    #[error("the server takes no connections for now")]
    Suspended,
    /// The user has as many connections as one may have.
    #[error("the user has too many connections")]
    TooMany,
}

/// A connection as the hub sees it.
#[derive(Debug)]
pub(crate) struct Subscriber {
    pub(super) user_id: UserId,
    pub(super) session_id: SessionId,
    pub(crate) connection_id: ConnectionId,
    pub(crate) wire: Wire,
    pub(crate) outbox: Outbox,
    /// Runs always, and restarts with every byte that the client sends.
    pub(crate) silent: Stopwatch,
    /// Runs always, and restarts with every ping that comes whatever the client does.
    pub(super) unpinged: Stopwatch,
    /// Until the token ends.
    pub(super) expiry: Countdown,
    /// Whether what is known of the user has to be asked for anew.
    pub(super) outdated: AtomicBool,
    /// What it says of its user, and whom it watches.
    pub(super) lease: Mutex<Lease>,
}

impl Subscriber {
    pub(super) fn new(newcomer: Newcomer, limits: &Limits) -> Self {
        let Newcomer { user_id, session_id, connection_id, wire, expires_in_seconds, first } = newcomer;
        let outbox = Outbox::new(limits.queue_bytes_max, wire);
        if let Some(first) = first {
            outbox.push(first);
        }
        Self {
            user_id,
            session_id,
            connection_id,
            wire,
            outbox,
            silent: Stopwatch::running(),
            unpinged: Stopwatch::running(),
            expiry: Countdown::from_seconds(expires_in_seconds),
            outdated: AtomicBool::new(false),
            lease: Mutex::default(),
        }
    }

    /// Asks for the end of the connection, in the words of its dialect. Only the first request counts.
    pub(crate) fn close(&self, code: CloseCode, reason: &str) {
        let farewell = Frame::farewell(self.wire.dialect, self.connection_id, code, reason);
        self.outbox.close(Some(code.code()), farewell);
    }

    /// Whether the user changed since this was last asked.
    pub(crate) fn take_outdated(&self) -> bool {
        // Read first: almost always there is nothing to write.
        self.outdated.load(SeqCst) && self.outdated.swap(false, SeqCst)
    }
}

/// One connection's place in the hub; dropping it leaves.
#[derive(Debug)]
pub struct Registration(Handle);

/// A connection's own way to the hub, for those who act for its client. It does not keep the connection in the hub.
#[derive(Debug, Clone)]
pub struct Handle {
    pub(super) hub: Hub,
    pub(crate) subscriber: Arc<Subscriber>,
}

impl Registration {
    pub(super) const fn new(hub: Hub, subscriber: Arc<Subscriber>) -> Self {
        Self(Handle { hub, subscriber })
    }

    /// What the connection's session needs of it.
    pub fn handle(&self) -> Handle {
        self.0.clone()
    }

    pub(crate) fn subscriber(&self) -> &Subscriber {
        &self.0.subscriber
    }

    pub(crate) fn limits(&self) -> &Limits {
        self.0.hub.limits()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let Handle { hub, subscriber } = &self.0;
        let mut shard = hub.shard(subscriber.user_id).write().unwrap_or_else(PoisonError::into_inner);
        if let Some(subscribers) = shard.get_mut(&subscriber.user_id) {
            subscribers.retain(|other| !Arc::ptr_eq(other, subscriber));
            let last = subscribers.is_empty();
            hub.0.presences.departed(subscriber, last);
            if last {
                shard.remove(&subscriber.user_id);
            }
        }
        drop(shard);
        subscriber.outbox.disconnect();
        hub.0.presences.forget(subscriber);
        hub.left();
    }
}

impl Handle {
    /// Names the connection.
    pub fn connection_id(&self) -> ConnectionId {
        self.subscriber.connection_id
    }

    /// Whose connection it is.
    pub fn user_id(&self) -> UserId {
        self.subscriber.user_id
    }

    /// Closes the connection with 4001 once so many seconds are over, unless this is called again by then; never, for
    /// none.
    pub fn expire_in(&self, seconds: Option<u32>) {
        self.subscriber.expiry.set(seconds);
    }
}
