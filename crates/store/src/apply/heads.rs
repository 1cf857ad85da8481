//! The heads of the logs that a batch appends to: read once, written once, however many writes come between.

use natter_protocol::{
    ConversationId, ConversationInfo, ConversationStatus, MemberRole, MessageId, Seq, Timestamp, UserId,
};
use std::collections::HashMap;

/// A conversation as of the last write of the batch.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// What everybody in it sees alike.
    pub(crate) info: ConversationInfo,
    /// Position of the newest event.
    pub(crate) last_seq: Seq,
    /// How many messages people wrote.
    pub(crate) message_number: u64,
    /// How many people are in it.
    pub(crate) member_count: u64,
    /// A direct conversation with a block between the two.
    pub(crate) blocked: bool,
    /// The newest message that the batch has appended.
    pub(crate) appended: Option<MessageId>,
    /// Whether it must be written.
    pub(crate) changed: bool,
}

impl Head {
    /// The next position of the log.
    pub(crate) fn next_seq(&mut self) -> Seq {
        self.changed = true;
        self.last_seq += 1;
        self.last_seq
    }

    /// Notes a new message.
    pub(crate) fn appended(&mut self, id: MessageId, at: Timestamp) {
        self.appended = Some(id);
        self.touched(at);
    }

    /// Notes activity, which moves the conversation up in everybody's list.
    pub(crate) fn touched(&mut self, at: Timestamp) {
        self.changed = true;
        self.info.updated_at = self.info.updated_at.max(at);
    }

    /// Whether it takes messages.
    pub(crate) fn is_active(&self) -> bool {
        self.info.status == ConversationStatus::Active
    }
}

/// What a batch knows of the conversations that it touches.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    pub(crate) heads: HashMap<ConversationId, Head>,
    /// Who was found to be what. A write that changes memberships changes this too.
    pub(crate) roles: HashMap<(ConversationId, UserId), MemberRole>,
}

impl Heads {
    /// What must be written before the commit.
    pub(crate) fn changed(&self) -> Vec<(ConversationId, &Head)> {
        let mut changed: Vec<_> =
            self.heads.iter().filter(|(_, head)| head.changed).map(|(id, head)| (*id, head)).collect();
        changed.sort_unstable_by_key(|(id, _)| *id);
        changed
    }
}
