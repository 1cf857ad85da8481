//! The heartbeat of all connections: one timer for the hub instead of one for each.

use super::{Limits, Shared, Subscriber};
use crate::{Dialect, Frame};
use natter_protocol::CloseCode;
use std::sync::Weak;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Sweeps that a connection may take to say goodbye; the second one ends it one to two seconds after the request.
/// A session that is signed out is gone within two seconds, whatever its client does.
const CLOSING_SECONDS_MAX: u32 = 2;

/// Looks after every connection once a second, for as long as the hub is there.
pub(super) async fn run(hub: Weak<Shared>) {
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    // After a pause of the whole process nobody is to blame for the silence in it.
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        seconds.tick().await;
        let Some(hub) = hub.upgrade() else { return };
        hub.each(|subscriber| tick(subscriber, &hub.limits));
        hub.presences.tick();
    }
}

fn tick(subscriber: &Subscriber, limits: &Limits) {
    if subscriber.outbox.closing.tick() >= CLOSING_SECONDS_MAX {
        subscriber.outbox.abort();
        return;
    }
    if subscriber.outbox.stalled.tick() > limits.write_stall_seconds_max {
        tracing::debug!(connection_id = %subscriber.connection_id, "the client does not read");
        subscriber.close(CloseCode::TooSlow, "a write stalled");
        // The socket takes nothing, so not the close frame either.
        subscriber.outbox.abort();
        return;
    }
    if subscriber.expiry.tick() {
        subscriber.close(CloseCode::Unauthenticated, "the token has ended");
        return;
    }
    subscriber.outbox.tick(limits.queue_seconds_max);
    beat(subscriber, limits.heartbeat_seconds);
}

/// Any byte from the client is a sign of life. A native client is pinged when there was none for a while; one of
/// Socket.IO counts on a ping every so often, and leaves when there is none.
fn beat(subscriber: &Subscriber, heartbeat_seconds: u32) {
    let silent_seconds = subscriber.silent.tick();
    if silent_seconds == 2 * heartbeat_seconds {
        subscriber.close(CloseCode::TooSlow, "no answer to the ping");
        return;
    }
    let due = match subscriber.wire.dialect {
        Dialect::Native => silent_seconds == heartbeat_seconds,
        Dialect::SocketIo => subscriber.unpinged.tick() == heartbeat_seconds,
    };
    if due {
        subscriber.unpinged.restart();
        subscriber.outbox.push(Frame::ping(subscriber.wire.dialect));
    }
}
