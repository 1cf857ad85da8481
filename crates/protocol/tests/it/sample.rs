//! One of everything, with every field filled.

use natter_protocol::{
    Conversation, ConversationCreated, ConversationId, ConversationInfo, ConversationKind,
    ConversationStatus, FileId, Me, MemberRole, Message, MessageId, MessageKind, PlatformRole, Presence,
    ReactionCount, Timestamp, Tokens, User, UserId, UserSummary, Visibility,
};
use uuid::Uuid;

/// An id that shows which one it is.
pub(crate) fn id<T>(wrap: impl FnOnce(Uuid) -> T, number: u64) -> T {
    wrap(Uuid::from_u64_pair(0x0190_163d_8694_739b, 0xaea5_0000_0000_0000 + number))
}

pub(crate) fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_239_000_000 + millis)
}

pub(crate) fn user() -> User {
    User {
        id: id(UserId::from_uuid, 1),
        username: "ada".to_owned(),
        display_name: "Ada Lovelace".to_owned(),
        avatar_url: Some("/api/v1/files/0190163d-8694-739b-aea5-000000000099".to_owned()),
        role: PlatformRole::User,
        presence: Presence::Online,
        last_seen: Some(time(7)),
    }
}

pub(crate) fn summary() -> UserSummary {
    UserSummary {
        id: id(UserId::from_uuid, 1),
        username: "ada".to_owned(),
        display_name: "Ada Lovelace".to_owned(),
        avatar_url: None,
    }
}

pub(crate) fn message() -> Message {
    Message {
        id: id(MessageId::from_uuid, 3),
        conversation_id: id(ConversationId::from_uuid, 2),
        seq: 17,
        sender: summary(),
        kind: MessageKind::Text,
        content: "Grüße, 世界 👋\n\"quoted\" \\ and <b>".to_owned(),
        client_message_id: Some("c-1".to_owned()),
        reply_to: Some(id(MessageId::from_uuid, 4)),
        thread_id: Some(id(MessageId::from_uuid, 5)),
        mentions: vec![id(UserId::from_uuid, 6)],
        attachments: vec![id(FileId::from_uuid, 7)],
        reactions: vec![ReactionCount { emoji: "👍".to_owned(), count: 2, me: true }],
        created_at: time(120),
        edited_at: Some(time(121)),
        deleted_at: Some(time(122)),
    }
}

pub(crate) fn conversation_info() -> ConversationInfo {
    ConversationInfo {
        id: id(ConversationId::from_uuid, 2),
        kind: ConversationKind::Channel,
        name: Some("harbour".to_owned()),
        topic: Some("Boats".to_owned()),
        visibility: Visibility::Public,
        status: ConversationStatus::Active,
        created_by: id(UserId::from_uuid, 1),
        created_at: time(0),
        updated_at: time(120),
    }
}

pub(crate) fn conversation() -> Conversation {
    Conversation {
        info: conversation_info(),
        title: "harbour".to_owned(),
        epoch: "0123456789abcdef".to_owned(),
        last_seq: 17,
        last_message: Some(message()),
        unread_count: 3,
        mention_count: 1,
        member_count: 12,
        me: Me { role: MemberRole::Owner, last_read_seq: 14, muted: true, pinned: true },
    }
}

pub(crate) fn conversation_created() -> ConversationCreated {
    ConversationCreated {
        conversation_id: id(ConversationId::from_uuid, 2),
        seq: 1,
        conversation: conversation_info(),
        actor_id: id(UserId::from_uuid, 1),
    }
}

pub(crate) fn tokens() -> Tokens {
    Tokens {
        access_token: "header.claims.signature".to_owned(),
        refresh_token: "natter_rt_secret".to_owned(),
        expires_in: 900,
    }
}
