//! One of everything, with every field filled.

use natter_protocol::{
    Conversation, ConversationChange, ConversationCreated, ConversationDeleted, ConversationId,
    ConversationInfo, ConversationKind, ConversationStatus, Draft, File, FileId, FileLook, FileRejection,
    FileStatus, ForwardedFrom, GroupMention, Invite, InviteId, LinkPreview, Me, Member, MemberChange,
    MemberLeft, MemberRole, Message, MessageChange, MessageDraft, MessageId, MessageKind, PlatformRole,
    Presence, PreviewImage, ReactionChange, ReactionCount, Receipt, ScheduledMessage, ScheduledMessageId,
    SystemNote, Thumbnail, ThumbnailSize, Timestamp, Tokens, User, UserId, UserSummary, Visibility,
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

pub(crate) fn file() -> File {
    File {
        id: id(FileId::from_uuid, 7),
        name: "Hafen, морской 🚢.jpg".to_owned(),
        media_type: "image/jpeg".to_owned(),
        size: 48_213,
        sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        status: FileStatus::Ready,
        unscanned: true,
        look: FileLook {
            width: Some(1200),
            height: Some(800),
            animated: true,
            placeholder: Some("3OcRJYB4d3h/iIeHeEh3eIhw+j2w".to_owned()),
            duration_ms: Some(1_500),
            waveform: Some(vec![0, 50, 100]),
            thumbnails: vec![Thumbnail { size: ThumbnailSize::Small, width: 320, height: 213 }],
        },
    }
}

/// A file of which nothing is known but that it is there.
pub(crate) fn plain_file() -> File {
    File {
        name: "notes.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        status: FileStatus::Scanning,
        unscanned: false,
        look: FileLook::default(),
        ..file()
    }
}

pub(crate) fn file_rejection() -> FileRejection {
    FileRejection {
        file: plain_file(),
        owner: summary(),
        signature: "Win.Test.EICAR_HDB-1".to_owned(),
        conversation_ids: vec![id(ConversationId::from_uuid, 2)],
        rejected_at: time(120),
    }
}

pub(crate) fn link_preview() -> LinkPreview {
    LinkPreview {
        url: "https://example.com/boats".to_owned(),
        title: "Boats of the harbour".to_owned(),
        description: Some("All of them".to_owned()),
        site_name: Some("Example".to_owned()),
        image: Some(PreviewImage {
            url: "/api/v1/link-previews/0190163d-8694-739b-aea5-000000000008/image".to_owned(),
            width: 640,
            height: 335,
            placeholder: Some("3OcRJYB4d3h/iIeHeEh3eIhw+j2w".to_owned()),
        }),
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
        group_mention: Some(GroupMention::Here),
        attachments: vec![file()],
        link_previews: vec![link_preview()],
        reactions: vec![ReactionCount { emoji: "👍".to_owned(), count: 2, me: true }],
        created_at: time(120),
        reply_count: 4,
        forwarded_from: Some(ForwardedFrom { sender: summary(), created_at: time(119) }),
        system: Some(SystemNote::MessagePinned { message_id: id(MessageId::from_uuid, 4) }),
        pinned_at: Some(time(123)),
        edited_at: Some(time(121)),
        deleted_at: Some(time(122)),
    }
}

/// A message as most are: nothing that may be absent is there.
pub(crate) fn plain_message() -> Message {
    Message {
        content: "Hello".to_owned(),
        client_message_id: None,
        reply_to: None,
        thread_id: None,
        mentions: Vec::new(),
        group_mention: None,
        attachments: Vec::new(),
        link_previews: Vec::new(),
        reactions: Vec::new(),
        reply_count: 0,
        forwarded_from: None,
        system: None,
        pinned_at: None,
        edited_at: None,
        deleted_at: None,
        ..message()
    }
}

pub(crate) fn message_draft() -> MessageDraft {
    let message = message();
    MessageDraft {
        content: message.content,
        client_message_id: message.client_message_id,
        reply_to: message.reply_to,
        thread_id: message.thread_id,
        attachments: vec![file().id],
        kind: MessageKind::Text,
    }
}

pub(crate) fn draft() -> Draft {
    Draft {
        conversation_id: id(ConversationId::from_uuid, 2),
        content: "Grüße".to_owned(),
        reply_to: Some(id(MessageId::from_uuid, 4)),
        updated_at: time(120),
    }
}

pub(crate) fn scheduled_message() -> ScheduledMessage {
    ScheduledMessage {
        id: id(ScheduledMessageId::from_uuid, 9),
        conversation_id: id(ConversationId::from_uuid, 2),
        content: "Grüße".to_owned(),
        kind: MessageKind::Text,
        attachments: vec![file(), plain_file()],
        reply_to: Some(id(MessageId::from_uuid, 4)),
        thread_id: Some(id(MessageId::from_uuid, 5)),
        send_at: time(3_600_000),
        created_at: time(120),
        failure: Some(natter_protocol::ErrorCode::ConversationNotActive),
    }
}

pub(crate) fn receipt() -> Receipt {
    Receipt { user: summary(), read_at: time(120) }
}

pub(crate) fn conversation_info() -> ConversationInfo {
    ConversationInfo {
        id: id(ConversationId::from_uuid, 2),
        kind: ConversationKind::Channel,
        name: Some("harbour".to_owned()),
        topic: Some("Boats".to_owned()),
        visibility: Visibility::Public,
        status: ConversationStatus::Active,
        link_previews: true,
        created_by: id(UserId::from_uuid, 1),
        created_at: time(0),
        updated_at: time(120),
    }
}

pub(crate) fn me() -> Me {
    Me { role: MemberRole::Owner, last_read_seq: 14, muted: true, pinned: true, archived: true }
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
        peer: Some(summary()),
        me: me(),
    }
}

pub(crate) fn member() -> Member {
    Member { user: user(), role: MemberRole::Moderator, joined_at: time(60) }
}

pub(crate) fn invite() -> Invite {
    Invite {
        id: id(InviteId::from_uuid, 8),
        conversation_id: id(ConversationId::from_uuid, 2),
        code: "secret".to_owned(),
        created_by: id(UserId::from_uuid, 1),
        created_at: time(60),
        expires_at: Some(time(86_400_000)),
        uses_max: Some(10),
        uses: 3,
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

pub(crate) fn message_change() -> MessageChange {
    MessageChange {
        message_seq: 17,
        actor_id: id(UserId::from_uuid, 1),
        message: Message { seq: 18, ..message() },
    }
}

pub(crate) fn reaction_change() -> ReactionChange {
    ReactionChange {
        conversation_id: id(ConversationId::from_uuid, 2),
        seq: 18,
        message_id: id(MessageId::from_uuid, 3),
        user_id: id(UserId::from_uuid, 1),
        emoji: "👍".to_owned(),
        count: 2,
    }
}

pub(crate) fn conversation_change() -> ConversationChange {
    ConversationChange {
        conversation_id: id(ConversationId::from_uuid, 2),
        seq: 18,
        actor_id: id(UserId::from_uuid, 1),
        conversation: conversation_info(),
    }
}

pub(crate) fn conversation_deleted() -> ConversationDeleted {
    ConversationDeleted {
        conversation_id: id(ConversationId::from_uuid, 2),
        seq: 18,
        actor_id: id(UserId::from_uuid, 1),
    }
}

pub(crate) fn member_change() -> MemberChange {
    MemberChange {
        conversation_id: id(ConversationId::from_uuid, 2),
        seq: 18,
        actor_id: id(UserId::from_uuid, 1),
        member: member(),
        member_count: 12,
    }
}

pub(crate) fn member_left() -> MemberLeft {
    MemberLeft {
        conversation_id: id(ConversationId::from_uuid, 2),
        seq: 18,
        actor_id: id(UserId::from_uuid, 1),
        user_id: id(UserId::from_uuid, 6),
        member_count: 11,
    }
}

pub(crate) fn tokens() -> Tokens {
    Tokens {
        access_token: "header.claims.signature".to_owned(),
        refresh_token: "natter_rt_secret".to_owned(),
        expires_in: 900,
    }
}
