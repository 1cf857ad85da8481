//! What the relay hears of besides the committed log: things of the moment that are never stored.

use natter_protocol::{ConversationId, UserId};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;

/// Signals that wait for the relay. Beyond it they are dropped, or whoever brings one waits, as they choose.
const SIGNALS_MAX: usize = 4_096;

/// Something of the moment.
#[derive(Debug)]
pub(crate) enum Signal {
    /// Somebody writes in a conversation, and these may see it, as of so many partings.
    Typing { conversation_id: ConversationId, user_id: UserId, audience: HashSet<UserId>, partings: u64 },
    /// Somebody does not write in a conversation any more.
    TypingStopped { conversation_id: ConversationId, user_id: UserId },
    /// These people have no connection any more.
    Disconnected(Vec<UserId>),
    /// These two are kept apart from now on. It is the parting of this number.
    Parted { one: UserId, other: UserId, number: u64 },
    /// What is left for somebody to read in these conversations is not what it was.
    Unread { user_id: UserId, conversation_ids: Vec<ConversationId> },
}

/// The way to the relay, once there is one. A clone is the same way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signals(Arc<Way>);

#[derive(Debug, Default)]
struct Way {
    relay: OnceLock<mpsc::Sender<Signal>>,
    partings: AtomicU64,
}

impl Signals {
    /// The relay's end. There is one relay; a second one would hear nothing.
    pub(super) fn listen(&self) -> mpsc::Receiver<Signal> {
        let (sender, receiver) = mpsc::channel(SIGNALS_MAX);
        // Told to the first relay only, see above.
        let _ = self.0.relay.set(sender);
        receiver
    }

    /// Tells the relay, unless it is busy: what is lost here ends or is made up for by itself.
    pub(crate) fn send(&self, signal: Signal) {
        if let Some(sender) = self.0.relay.get()
            && sender.try_send(signal).is_err()
        {
            tracing::debug!("the relay is busy; a signal is dropped");
        }
    }

    /// How often people have been parted. Whoever asks this before they ask who is kept apart learns from it whether the
    /// answer is still right.
    pub(crate) fn partings(&self) -> u64 {
        self.0.partings.load(SeqCst)
    }

    /// Tells the relay that two are kept apart, once the database knows.
    pub(crate) async fn part(&self, one: UserId, other: UserId) {
        let number = self.0.partings.fetch_add(1, SeqCst) + 1;
        self.deliver(Signal::Parted { one, other, number }).await;
    }

    /// Tells the relay, however long that takes.
    pub(crate) async fn deliver(&self, signal: Signal) {
        if let Some(sender) = self.0.relay.get() {
            // A relay that is gone has nobody to tell.
            let _ = sender.send(signal).await;
        }
    }
}
