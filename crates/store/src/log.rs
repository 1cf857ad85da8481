//! The entries of a conversation's log, as both databases make them: when they are written, and when they are read.
//!
//! A log points at what it tells of. Whoever reads an entry later sees that as it is by then, so a replay ends in the
//! state of now, whatever was edited, erased or counted on in between.

use natter_protocol::{
    ConversationChange, ConversationCreated, ConversationDeleted, ConversationId, ConversationInfo, Event,
    EventBody, Member, MemberChange, MemberLeft, Message, MessageChange, MessageId, ReactionChange, Seq,
    Timestamp, UserId,
};

/// `events.type` of `message.new`.
pub(crate) const MESSAGE_NEW: i16 = 1;
/// `events.type` of `conversation.created`.
pub(crate) const CONVERSATION_CREATED: i16 = 2;
/// `events.type` of `message.updated`.
pub(crate) const MESSAGE_UPDATED: i16 = 3;
/// `events.type` of `message.deleted`.
pub(crate) const MESSAGE_DELETED: i16 = 4;
/// `events.type` of `reaction.added`.
pub(crate) const REACTION_ADDED: i16 = 5;
/// `events.type` of `reaction.removed`.
pub(crate) const REACTION_REMOVED: i16 = 6;
/// `events.type` of `conversation.updated`.
pub(crate) const CONVERSATION_UPDATED: i16 = 7;
/// `events.type` of `conversation.deleted`.
pub(crate) const CONVERSATION_DELETED: i16 = 8;
/// `events.type` of `member.joined`.
pub(crate) const MEMBER_JOINED: i16 = 9;
/// `events.type` of `member.left`.
pub(crate) const MEMBER_LEFT: i16 = 10;
/// `events.type` of `member.updated`.
pub(crate) const MEMBER_UPDATED: i16 = 11;

/// What every entry has: where it stands, whose doing it is, and when it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) conversation_id: ConversationId,
    pub(crate) seq: Seq,
    pub(crate) actor_id: UserId,
    pub(crate) at: Timestamp,
}

impl Stamp {
    fn event(self, body: EventBody) -> Event {
        Event { conversation_id: self.conversation_id, seq: self.seq, created_at: self.at, body }
    }

    fn message_change(self, mut message: Message) -> Box<MessageChange> {
        let message_seq = std::mem::replace(&mut message.seq, self.seq);
        Box::new(MessageChange { message_seq, actor_id: self.actor_id, message })
    }

    fn member_change(self, member: Member, member_count: u64) -> Box<MemberChange> {
        Box::new(MemberChange {
            conversation_id: self.conversation_id,
            seq: self.seq,
            actor_id: self.actor_id,
            member,
            member_count,
        })
    }

    pub(crate) fn message_updated(self, message: Message) -> Event {
        self.event(EventBody::MessageUpdated(self.message_change(message)))
    }

    pub(crate) fn message_deleted(self, message: Message) -> Event {
        self.event(EventBody::MessageDeleted(self.message_change(message)))
    }

    /// `reaction.added` if the emoji is there now, else `reaction.removed`.
    pub(crate) fn reaction(self, on: bool, message_id: MessageId, emoji: String, count: u32) -> Event {
        let change = Box::new(ReactionChange {
            conversation_id: self.conversation_id,
            seq: self.seq,
            message_id,
            user_id: self.actor_id,
            emoji,
            count,
        });
        self.event(if on { EventBody::ReactionAdded(change) } else { EventBody::ReactionRemoved(change) })
    }

    pub(crate) fn conversation_updated(self, info: ConversationInfo) -> Event {
        self.event(EventBody::ConversationUpdated(Box::new(ConversationChange {
            conversation_id: self.conversation_id,
            seq: self.seq,
            actor_id: self.actor_id,
            conversation: info,
        })))
    }

    pub(crate) fn conversation_deleted(self) -> Event {
        self.event(EventBody::ConversationDeleted(Box::new(ConversationDeleted {
            conversation_id: self.conversation_id,
            seq: self.seq,
            actor_id: self.actor_id,
        })))
    }

    pub(crate) fn member_joined(self, member: Member, member_count: u64) -> Event {
        self.event(EventBody::MemberJoined(self.member_change(member, member_count)))
    }

    pub(crate) fn member_left(self, user_id: UserId, member_count: u64) -> Event {
        self.event(EventBody::MemberLeft(Box::new(MemberLeft {
            conversation_id: self.conversation_id,
            seq: self.seq,
            actor_id: self.actor_id,
            user_id,
            member_count,
        })))
    }

    pub(crate) fn member_updated(self, member: Member, member_count: u64) -> Event {
        self.event(EventBody::MemberUpdated(self.member_change(member, member_count)))
    }
}

/// The entry of a new message.
pub(crate) fn message_new(message: Box<Message>) -> Event {
    Event {
        conversation_id: message.conversation_id,
        seq: message.seq,
        created_at: message.created_at,
        body: EventBody::MessageNew(message),
    }
}

/// The first entry of each log.
pub(crate) fn conversation_created(info: ConversationInfo) -> Event {
    let stamp = Stamp { conversation_id: info.id, seq: 1, actor_id: info.created_by, at: info.created_at };
    stamp.event(EventBody::ConversationCreated(Box::new(ConversationCreated {
        conversation_id: info.id,
        seq: 1,
        actor_id: info.created_by,
        conversation: info,
    })))
}
