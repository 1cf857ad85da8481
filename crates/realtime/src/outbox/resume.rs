//! What a replay and the live events owe each other.
//!
//! A client that was away is connected first and asks second, so live events come before it was told what it missed.
//! They are held back until it has been; of the positions that the replay reached, the floors, it is not told again.
//! Floors stay for a while, because the relay can be behind the database that the replay was read from.

use super::{Outbox, State};
use crate::Frame;
use crate::frame::Kind;
use natter_protocol::{ConversationId, Seq};
use std::collections::{HashMap, VecDeque};
use std::mem;

#[derive(Debug, Default)]
pub(super) struct Resume {
    /// Whether replays are under way.
    replaying: bool,
    /// The events that came meanwhile.
    held: VecDeque<Frame>,
    /// Up to where the client was told each conversation.
    floors: HashMap<ConversationId, Seq>,
}

impl Resume {
    pub(super) const fn is_replaying(&self) -> bool {
        self.replaying
    }

    pub(super) fn was_told(&self, conversation_id: ConversationId, seq: Seq) -> bool {
        self.floors.get(&conversation_id).is_some_and(|floor| seq <= *floor)
    }

    pub(super) fn hold(&mut self, frame: Frame) {
        self.held.push_back(frame);
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.held.iter().map(Frame::queued_bytes).sum()
    }

    pub(super) fn take_held(&mut self) -> VecDeque<Frame> {
        mem::take(&mut self.held)
    }
}

impl Outbox {
    /// Holds events back from here on. To be called before the replay looks where the logs end: whatever is committed
    /// after that look is then held here, or still to come.
    pub(crate) fn hold(&self) {
        self.resumed.stop();
        self.lock().resume.get_or_insert_default().replaying = true;
    }

    /// Notes that the client is told everything up to `seq`.
    pub(crate) fn raise_floor(&self, conversation_id: ConversationId, seq: Seq) {
        if let Some(resume) = &mut self.lock().resume {
            let floor = resume.floors.entry(conversation_id).or_insert(seq);
            *floor = seq.max(*floor);
        }
    }

    /// Lets the events go on that were held back and are not told yet.
    pub(crate) fn release(&self) {
        let mut state = self.lock();
        state.release();
        if state.queue.is_empty() {
            self.waiting.stop();
        } else {
            self.waiting.start();
        }
        self.resumed.restart();
        drop(state);
        self.wake();
    }

    /// From here on the relay has caught up with the replays.
    pub(super) fn forget_floors(&self) {
        let mut state = self.lock();
        // A replay may have begun since the decision to forget.
        if state.resume.as_ref().is_some_and(|resume| !resume.replaying) {
            state.resume = None;
            self.resumed.stop();
        }
    }
}

impl State {
    /// Gives a replay up that will not be ended any more.
    pub(super) fn end_replay(&mut self) {
        if let Some(resume) = self.resume.take() {
            self.bytes -= resume.held_bytes();
        }
    }

    fn release(&mut self) {
        let Some(resume) = &mut self.resume else { return };
        resume.replaying = false;
        for frame in resume.take_held() {
            match frame.kind() {
                Kind::Event(conversation_id, seq) if resume.was_told(conversation_id, seq) => {
                    self.bytes -= frame.queued_bytes();
                }
                _ => self.queue.push(frame),
            }
        }
        if let Some(dropped) = &mut self.dropped {
            dropped.retain(|&conversation_id, &mut seq| !resume.was_told(conversation_id, seq));
        }
    }
}
