//! The entries of a conversation's log, as both databases make them.

use natter_protocol::{ConversationCreated, ConversationInfo, Event, EventBody, Message};

/// `events.type` of `message.new`.
pub(crate) const MESSAGE_NEW: i16 = 1;
/// `events.type` of `conversation.created`.
pub(crate) const CONVERSATION_CREATED: i16 = 2;

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
    Event {
        conversation_id: info.id,
        seq: 1,
        created_at: info.created_at,
        body: EventBody::ConversationCreated(Box::new(ConversationCreated {
            conversation_id: info.id,
            seq: 1,
            actor_id: info.created_by,
            conversation: info,
        })),
    }
}
