//! What a conversation is told of a change: system messages.

use crate::Chat;
use natter_protocol::{ConversationStatus, MemberRole, MessageId, SystemNote, UserSummary, Visibility};
use natter_store::Announcement;

/// A system message. `other` is the person that it is about, if it is about somebody besides the actor.
pub(crate) fn announcement(
    chat: &Chat,
    note: SystemNote,
    actor: &UserSummary,
    other: Option<&str>,
) -> Announcement {
    let content = sentence(&note, &actor.display_name, other.unwrap_or("somebody"));
    Announcement { message_id: MessageId::from_uuid(chat.new_id()), note, content }
}

/// In English, for clients that show system messages like others. Clients that translate use the note.
fn sentence(note: &SystemNote, actor: &str, other: &str) -> String {
    match note {
        SystemNote::MemberAdded { .. } => format!("{actor} added {other}."),
        SystemNote::MemberRemoved { .. } => format!("{actor} removed {other}."),
        SystemNote::MemberJoined => format!("{actor} joined."),
        SystemNote::MemberLeft => format!("{actor} left."),
        SystemNote::RoleChanged { role, .. } => {
            let role = match role {
                MemberRole::Member => "a member",
                MemberRole::Moderator => "a moderator",
                MemberRole::Admin => "an admin",
                MemberRole::Owner => "the owner",
            };
            format!("{actor} made {other} {role}.")
        }
        SystemNote::Renamed { name } => format!("{actor} renamed the conversation to {name}."),
        SystemNote::TopicChanged { topic: Some(topic) } => format!("{actor} set the topic to {topic}."),
        SystemNote::TopicChanged { topic: None } => format!("{actor} cleared the topic."),
        SystemNote::VisibilityChanged { visibility: Visibility::Public } => {
            format!("{actor} made the conversation public.")
        }
        SystemNote::VisibilityChanged { visibility: Visibility::Private } => {
            format!("{actor} made the conversation private.")
        }
        SystemNote::StatusChanged { status } => {
            let done = match status {
                ConversationStatus::Active => "made the conversation active again",
                ConversationStatus::Archived => "archived the conversation",
                ConversationStatus::Closed => "closed the conversation",
            };
            format!("{actor} {done}.")
        }
        SystemNote::MessagePinned { .. } => format!("{actor} pinned a message."),
    }
}
