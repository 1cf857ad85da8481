//! What tests write, made in one line.

use natter_protocol::{
    ConversationId, ConversationInfo, ConversationKind, ConversationStatus, Draft, Invite, InviteId,
    MemberRole, Message, MessageId, MessageKind, PlatformRole, ScheduledMessage, ScheduledMessageId,
    SessionId, SystemNote, Timestamp, User, UserId, UserSummary, Visibility,
};
use natter_store::{
    Act, AddMember, Anchor, Announcement, Attachments, DeleteMessage, EditMessage, Entry, MarkRead, Mentions,
    NewConversation, NewInvite, NewMessage, NewScheduled, NewSession, NewUser, UpdateConversation, Write,
};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use uuid::Uuid;

/// How long the sessions of tests live.
pub(crate) const SESSION_SECONDS: i64 = 60;

pub(crate) fn send(new: NewMessage) -> Write {
    Write::SendMessage(Box::new(new))
}

/// Each call draws another id; ids are unique over all tests.
pub(crate) fn new_id<T>(wrap: impl FnOnce(Uuid) -> T) -> T {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    wrap(Uuid::from_u64_pair(
        0x0190_163d_8694_739b,
        0xaea5_0000_0000_0000 + NEXT.fetch_add(1, Ordering::Relaxed),
    ))
}

pub(crate) fn new_user_id() -> UserId {
    new_id(UserId::from_uuid)
}

pub(crate) fn new_session_id() -> SessionId {
    new_id(SessionId::from_uuid)
}

/// A clock that ticks when it is read.
pub(crate) fn now() -> Timestamp {
    static MILLIS: AtomicI64 = AtomicI64::new(1_795_000_000_000);
    Timestamp::from_millis(MILLIS.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn new_user(username: &str) -> NewUser {
    NewUser {
        id: new_user_id(),
        username: username.to_owned(),
        display_name: format!("{username} by name"),
        email: Some(format!("{username}@example.com")),
        role: PlatformRole::User,
        password_hash: Some(format!("hash of {username}")),
        created_at: now(),
    }
}

pub(crate) fn new_group(owner: &User, members: &[&User]) -> NewConversation {
    let created_at = now();
    NewConversation {
        info: ConversationInfo {
            id: new_id(ConversationId::from_uuid),
            kind: ConversationKind::Group,
            name: Some("Harbour".to_owned()),
            topic: Some("Boats".to_owned()),
            visibility: Visibility::Private,
            status: ConversationStatus::Active,
            link_previews: true,
            created_by: owner.id,
            created_at,
            updated_at: created_at,
        },
        members: members.iter().map(|member| member.id).collect(),
    }
}

pub(crate) fn new_direct(creator: &User, peer: &User) -> NewConversation {
    let mut new = new_group(creator, &[peer]);
    new.info.kind = ConversationKind::Direct;
    new.info.name = None;
    new.info.topic = None;
    new
}

pub(crate) fn new_message(conversation_id: ConversationId, sender: &User, content: &str) -> NewMessage {
    NewMessage {
        id: new_id(MessageId::from_uuid),
        conversation_id,
        sender: summary(sender),
        kind: MessageKind::Text,
        content: content.to_owned(),
        client_message_id: None,
        fingerprint: fingerprint(content),
        reply_to: None,
        thread_id: None,
        mentions: Mentions::default(),
        forwarded_from: None,
        system: None,
        attachments: Attachments::default(),
        created_at: now(),
    }
}

/// The same, under a key of the sender's own.
pub(crate) fn keyed(conversation_id: ConversationId, sender: &User, content: &str, key: &str) -> NewMessage {
    NewMessage { client_message_id: Some(key.to_owned()), ..new_message(conversation_id, sender, content) }
}

/// Another number for another text; that is all the store relies on.
fn fingerprint(content: &str) -> i64 {
    content.bytes().fold(7, |sum, byte| i64::from(byte).wrapping_add(sum.wrapping_mul(31)))
}

pub(crate) fn summary(user: &User) -> UserSummary {
    UserSummary {
        id: user.id,
        username: user.username.clone(),
        display_name: user.display_name.clone(),
        avatar_url: user.avatar_url.clone(),
    }
}

pub(crate) fn new_channel(owner: &User, members: &[&User]) -> NewConversation {
    let mut new = new_group(owner, members);
    new.info.kind = ConversationKind::Channel;
    new.info.visibility = Visibility::Public;
    new
}

pub(crate) fn mentioning(new: NewMessage, named: &[&User]) -> NewMessage {
    let named = named.iter().map(|user| user.id).collect();
    NewMessage { mentions: Mentions { named, ..Mentions::default() }, ..new }
}

pub(crate) fn act(conversation_id: ConversationId, actor: &User, role_min: MemberRole) -> Act {
    Act { conversation_id, actor: summary(actor), role_min, at: now() }
}

pub(crate) fn announcement(note: SystemNote) -> Announcement {
    Announcement { message_id: new_id(MessageId::from_uuid), content: format!("{note:?}"), note }
}

/// Where a message is, as far as a write needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At(pub(crate) ConversationId, pub(crate) MessageId);

impl From<&Message> for At {
    fn from(message: &Message) -> Self {
        Self(message.conversation_id, message.id)
    }
}

pub(crate) fn edit(message: impl Into<At>, actor: &User, content: &str) -> Write {
    edit_mentioning(message, actor, content, Mentions::default())
}

pub(crate) fn edit_mentioning(
    message: impl Into<At>,
    actor: &User,
    content: &str,
    mentions: Mentions,
) -> Write {
    let (message_id, actor, content) = (message.into().1, summary(actor), content.to_owned());
    Write::EditMessage(Box::new(EditMessage { message_id, actor, content, mentions, at: now() }))
}

/// What deleting a message of somebody else takes is to be a moderator.
pub(crate) fn delete(message: impl Into<At>, actor: &User) -> Write {
    let At(id, message_id) = message.into();
    let act = act(id, actor, MemberRole::Moderator);
    Write::DeleteMessage(Box::new(DeleteMessage { message_id, act }))
}

pub(crate) fn react(message: impl Into<At>, actor: &User, emoji: &str, on: bool) -> Write {
    let (message_id, actor, emoji) = (message.into().1, summary(actor), emoji.to_owned());
    Write::SetReaction { message_id, actor, emoji, on, at: now() }
}

pub(crate) fn pin(message: impl Into<At>, actor: &User, on: bool) -> Write {
    let At(id, message_id) = message.into();
    let announcement = Some(announcement(SystemNote::MessagePinned { message_id }));
    Write::SetPin { act: act(id, actor, MemberRole::Member), message_id, on, announcement }
}

pub(crate) fn read(conversation_id: ConversationId, user: &User, up_to: Option<Anchor>) -> Write {
    Write::MarkRead(MarkRead { conversation_id, user_id: user.id, up_to, at: now() })
}

/// A member brings somebody in.
pub(crate) fn add(conversation_id: ConversationId, actor: &User, user: &User) -> Write {
    let by = Entry::Added { actor: summary(actor), role_min: MemberRole::Member };
    enter(conversation_id, user, by, SystemNote::MemberAdded { user_id: user.id })
}

pub(crate) fn join(conversation_id: ConversationId, user: &User) -> Write {
    enter(conversation_id, user, Entry::Joined { actor: summary(user) }, SystemNote::MemberJoined)
}

pub(crate) fn accept(invite: &Invite, user: &User) -> Write {
    let by = Entry::Invited { actor: summary(user), code: invite.code.clone() };
    enter(invite.conversation_id, user, by, SystemNote::MemberJoined)
}

fn enter(conversation_id: ConversationId, user: &User, by: Entry, note: SystemNote) -> Write {
    Write::AddMember(Box::new(AddMember {
        conversation_id,
        user_id: user.id,
        role: MemberRole::Member,
        by,
        at: now(),
        announcement: announcement(note),
    }))
}

/// What removing somebody else takes is to be a moderator, and to outrank them.
pub(crate) fn remove(conversation_id: ConversationId, actor: &User, user: &User) -> Write {
    Write::RemoveMember {
        act: act(conversation_id, actor, MemberRole::Moderator),
        user_id: user.id,
        announcement: announcement(SystemNote::MemberRemoved { user_id: user.id }),
    }
}

pub(crate) fn leave(conversation_id: ConversationId, user: &User) -> Write {
    Write::RemoveMember {
        act: act(conversation_id, user, MemberRole::Member),
        user_id: user.id,
        announcement: announcement(SystemNote::MemberLeft),
    }
}

pub(crate) fn set_role(
    conversation_id: ConversationId,
    actor: &User,
    user: &User,
    role: MemberRole,
) -> Write {
    Write::SetMemberRole {
        act: act(conversation_id, actor, MemberRole::Admin),
        user_id: user.id,
        role,
        announcement: announcement(SystemNote::RoleChanged { user_id: user.id, role }),
    }
}

/// A change of nothing yet, that takes an admin.
pub(crate) fn update(conversation_id: ConversationId, actor: &User) -> UpdateConversation {
    UpdateConversation {
        act: act(conversation_id, actor, MemberRole::Admin),
        name: None,
        topic: None,
        visibility: None,
        status: None,
        link_previews: None,
        announcements: Vec::new(),
    }
}

pub(crate) fn rename(conversation_id: ConversationId, actor: &User, name: &str) -> Write {
    Write::UpdateConversation(Box::new(UpdateConversation {
        name: Some(name.to_owned()),
        announcements: vec![announcement(SystemNote::Renamed { name: name.to_owned() })],
        ..update(conversation_id, actor)
    }))
}

pub(crate) fn set_status(conversation_id: ConversationId, actor: &User, status: ConversationStatus) -> Write {
    Write::UpdateConversation(Box::new(UpdateConversation {
        status: Some(status),
        announcements: vec![announcement(SystemNote::StatusChanged { status })],
        ..update(conversation_id, actor)
    }))
}

pub(crate) fn delete_conversation(conversation_id: ConversationId, actor: &User) -> Write {
    Write::DeleteConversation(act(conversation_id, actor, MemberRole::Owner))
}

pub(crate) fn block(by: &User, whom: &User) -> Write {
    Write::Block { blocker: by.id, blocked: whom.id, at: now() }
}

pub(crate) fn unblock(by: &User, whom: &User) -> Write {
    Write::Unblock { blocker: by.id, blocked: whom.id }
}

/// A link without an end.
pub(crate) fn new_invite(conversation_id: ConversationId, creator: &User) -> NewInvite {
    let id = new_id(InviteId::from_uuid);
    let act = act(conversation_id, creator, MemberRole::Admin);
    let invite = Invite {
        id,
        conversation_id,
        code: format!("code-{id}"),
        created_by: creator.id,
        created_at: act.at,
        expires_at: None,
        uses_max: None,
        uses: 0,
    };
    NewInvite { act, invite }
}

pub(crate) fn new_draft(conversation_id: ConversationId, content: &str) -> Draft {
    Draft { conversation_id, content: content.to_owned(), reply_to: None, updated_at: now() }
}

pub(crate) fn save_draft(user: &User, draft: Draft) -> Write {
    Write::SaveDraft { user_id: user.id, draft: Box::new(draft) }
}

pub(crate) fn new_scheduled(conversation_id: ConversationId, author: &User, content: &str) -> NewScheduled {
    let created_at = now();
    NewScheduled {
        author: author.id,
        scheduled: ScheduledMessage {
            id: new_id(ScheduledMessageId::from_uuid),
            conversation_id,
            content: content.to_owned(),
            kind: MessageKind::Text,
            attachments: Vec::new(),
            reply_to: None,
            thread_id: None,
            send_at: created_at.plus_seconds(3600),
            created_at,
            failure: None,
        },
        attachments: Vec::new(),
    }
}

pub(crate) fn new_session(user: &User, refresh_hash: [u8; 32]) -> NewSession {
    let created_at = now();
    let expires_at = created_at.plus_seconds(SESSION_SECONDS);
    NewSession { id: new_session_id(), user_id: user.id, refresh_hash, created_at, expires_at }
}
