//! The JSON of every type, there and back.

use crate::sample::{self, id, time};
use insta::Settings;
use natter_protocol::{
    AddMember, AuthRefresh, Block, BlockStatus, ChangePassword, ConversationId, ConversationKind,
    ConversationRef, ConversationStatus, CreateConversation, CreateInvite, CreateIpRule, EditMessage,
    ErrorCode, Event, EventBody, FieldError, ForwardMessage, GroupMention, Highlight, InvitePreview,
    IpAction, IpRule, IpRuleId, LoginRequest, MarkRead, MemberRole, MessageId, MessageKind, MessageRef,
    MessageVersion, OwnUser, Page, PlatformRole, Presence, PresenceUpdate, PresenceWatch, Problem,
    PublicChannel, Reaction, ReactionRequest, ReadReceipt, ReadState, ReceiptPage, RefreshRequest,
    RegisterRequest, SaveDraft, ScheduleMessage, SearchHit, SendMessage, SessionId, SessionInfo, SignIn,
    SyncPosition, SyncResume, SystemNote, Ticket, UnreadTotal, UpdateConversation, UpdateMe, UpdateMember,
    UpdateProfile, UserId, Visibility,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Pins the JSON of a value, and that reading it gives the value back.
fn pin<T: Serialize + DeserializeOwned>(name: &str, value: &T) {
    written(name, value);
    let json = serde_json::to_value(value).unwrap();
    let back: T = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&back).unwrap(), json, "{name} does not survive the wire");
}

/// Pins the JSON of what only the server writes.
pub(crate) fn written(name: &str, value: &impl Serialize) {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_json_snapshot!(name, value));
}

#[test]
fn people() {
    pin("user", &sample::user());
    pin("own_user", &OwnUser { user: sample::user(), presence_visible: true, link_previews: true });
    pin("user_summary", &sample::summary());
    pin("platform_role", &[PlatformRole::User, PlatformRole::Moderator, PlatformRole::Admin]);
    pin("presence", &[Presence::Online, Presence::Away, Presence::Busy, Presence::Offline]);
    pin(
        "update_profile",
        &UpdateProfile {
            display_name: Some("Ada Lovelace".to_owned()),
            avatar_url: Some("https://example.com/ada.png".to_owned()),
            presence_visible: Some(false),
            link_previews: Some(false),
        },
    );
    pin("block", &Block { user: sample::summary(), created_at: time(0) });
    pin("block_status", &BlockStatus { blocked_by_me: true, blocked_me: false });
}

#[test]
fn sessions() {
    let (username, password) = ("ada".to_owned(), "correct horse".to_owned());
    pin("login_request", &LoginRequest { username: username.clone(), password: password.clone() });
    let (display_name, email) = (Some("Ada Lovelace".to_owned()), Some("ada@example.com".to_owned()));
    let current_password = password.clone();
    pin("register_request", &RegisterRequest { username, password, display_name, email });
    pin("refresh_request", &RefreshRequest { refresh_token: "natter_rt_secret".to_owned() });
    pin("change_password", &ChangePassword { current_password, new_password: "battery staple".to_owned() });
    pin("tokens", &sample::tokens());
    pin("sign_in", &SignIn { user: sample::user(), tokens: sample::tokens() });
    pin("ticket", &Ticket { ticket: "secret".to_owned(), expires_in: 30 });
    let (created_at, refreshed_at, expires_at) = (time(0), time(60), time(2_592_000_060));
    let session = id(SessionId::from_uuid, 10);
    pin("session_info", &SessionInfo { id: session, created_at, refreshed_at, expires_at, current: true });
}

#[test]
fn access() {
    pin("ip_action", &[IpAction::Allow, IpAction::Block]);
    let (cidr, note) = ("203.0.113.0/24".to_owned(), Some("A scraper".to_owned()));
    let action = IpAction::Block;
    pin("create_ip_rule", &CreateIpRule { cidr: cidr.clone(), action, note: note.clone() });
    let (id, created_by) = (id(IpRuleId::from_uuid, 11), id(UserId::from_uuid, 1));
    pin("ip_rule", &IpRule { id, cidr, action, note, created_by, created_at: time(0) });
}

#[test]
fn conversations() {
    pin("conversation", &sample::conversation());
    pin("conversation_info", &sample::conversation_info());
    pin("conversation_kind", &[ConversationKind::Direct, ConversationKind::Group, ConversationKind::Channel]);
    pin(
        "conversation_status",
        &[ConversationStatus::Active, ConversationStatus::Archived, ConversationStatus::Closed],
    );
    pin("visibility", &[Visibility::Public, Visibility::Private]);
    pin(
        "create_conversation",
        &CreateConversation {
            kind: ConversationKind::Channel,
            name: Some("harbour".to_owned()),
            topic: Some("Boats".to_owned()),
            visibility: Some(Visibility::Public),
            members: vec!["bob".to_owned()],
        },
    );
    pin(
        "update_conversation",
        &UpdateConversation {
            name: Some("harbour".to_owned()),
            topic: Some("Boats".to_owned()),
            visibility: Some(Visibility::Public),
            status: Some(ConversationStatus::Archived),
            link_previews: Some(false),
        },
    );
    pin(
        "public_channel",
        &PublicChannel {
            id: id(ConversationId::from_uuid, 2),
            name: "harbour".to_owned(),
            topic: Some("Boats".to_owned()),
            member_count: 12,
            joined: true,
        },
    );
}

#[test]
fn members() {
    pin("me", &sample::me());
    pin("update_me", &UpdateMe { muted: Some(true), pinned: Some(true), archived: Some(false) });
    pin("member", &sample::member());
    pin("member_role", &[MemberRole::Member, MemberRole::Moderator, MemberRole::Admin, MemberRole::Owner]);
    let role = Some(MemberRole::Moderator);
    let (user_id, username) = (Some(id(UserId::from_uuid, 1)), Some("ada".to_owned()));
    pin("add_member", &AddMember { user_id, username, role });
    pin("update_member", &UpdateMember { role: MemberRole::Owner });
    pin("invite", &sample::invite());
    pin("create_invite", &CreateInvite { expires_in: Some(86_400), uses_max: Some(10) });
    pin(
        "invite_preview",
        &InvitePreview {
            conversation_id: id(ConversationId::from_uuid, 2),
            kind: ConversationKind::Group,
            name: "harbour".to_owned(),
            member_count: 12,
            inviter: sample::summary(),
            joined: false,
        },
    );
}

#[test]
fn messages() {
    pin("message", &sample::message());
    pin("message_plain", &sample::plain_message());
    pin("message_kind", &[MessageKind::Text, MessageKind::Voice, MessageKind::System]);
    pin("file", &sample::file());
    pin("file_plain", &sample::plain_file());
    pin("group_mention", &[GroupMention::Here, GroupMention::All]);
    let (conversation_id, draft) = (id(ConversationId::from_uuid, 2), sample::message_draft());
    pin("message_draft", &draft);
    pin("send_message", &SendMessage { conversation_id, draft });
    let (message_id, content) = (id(MessageId::from_uuid, 3), "Grüße".to_owned());
    pin("edit_message", &EditMessage { message_id, content: content.clone() });
    let client_message_id = Some("c-1".to_owned());
    let conversation_ids = vec![conversation_id];
    pin("forward_message", &ForwardMessage { message_id, conversation_ids, client_message_id });
    let (created_at, replaced_at, replaced_by) = (time(0), time(60), id(UserId::from_uuid, 1));
    pin("message_version", &MessageVersion { content, created_at, replaced_at, replaced_by });
    let highlights = vec![Highlight { start: 0, end: 5 }];
    pin("search_hit", &SearchHit { message: sample::message(), highlights });
}

#[test]
fn reactions_and_receipts() {
    let (message_id, emoji) = (id(MessageId::from_uuid, 3), "👍".to_owned());
    pin("reaction_request", &ReactionRequest { message_id, emoji: emoji.clone() });
    pin("reaction", &Reaction { emoji, user: sample::summary(), created_at: time(120) });
    pin("receipt", &sample::receipt());
    let Page { data, meta } = Page::new(vec![sample::receipt()], None);
    pin("receipt_page", &ReceiptPage { data, meta, read_count: 2 });
    let (conversation_id, user_id) = (id(ConversationId::from_uuid, 2), id(UserId::from_uuid, 1));
    pin("read_receipt", &ReadReceipt { conversation_id, user_id, last_read_seq: 17, read_at: time(120) });
    let some = Some(conversation_id);
    pin("mark_read", &MarkRead { conversation_id: some, message_id: Some(message_id), seq: Some(17) });
    pin("read_state", &ReadState { conversation_id, last_read_seq: 17, unread_count: 3, mention_count: 1 });
    pin("unread_total", &UnreadTotal { total: 7, conversations: 2, mentions: 1 });
}

#[test]
fn drafts_and_messages_for_later() {
    pin("draft", &sample::draft());
    let draft = sample::draft();
    let (conversation_id, content, reply_to) = (draft.conversation_id, draft.content, draft.reply_to);
    pin("save_draft", &SaveDraft { conversation_id, content, reply_to });
    pin("scheduled_message", &sample::scheduled_message());
    let (send_at, draft) = (time(3_600_000), sample::message_draft());
    pin("schedule_message", &ScheduleMessage { conversation_id, send_at, draft });
}

/// What a system message says.
#[test]
fn notes() {
    let user_id = id(UserId::from_uuid, 6);
    pin(
        "system_notes",
        &[
            SystemNote::MemberAdded { user_id },
            SystemNote::MemberRemoved { user_id },
            SystemNote::MemberJoined,
            SystemNote::MemberLeft,
            SystemNote::RoleChanged { user_id, role: MemberRole::Admin },
            SystemNote::Renamed { name: "harbour".to_owned() },
            SystemNote::TopicChanged { topic: Some("Boats".to_owned()) },
            SystemNote::VisibilityChanged { visibility: Visibility::Public },
            SystemNote::StatusChanged { status: ConversationStatus::Archived },
            SystemNote::MessagePinned { message_id: id(MessageId::from_uuid, 3) },
        ],
    );
}

#[test]
fn events() {
    for (name, seq, body) in [
        ("message_new", 17, EventBody::MessageNew(Box::new(sample::message()))),
        ("message_updated", 18, EventBody::MessageUpdated(Box::new(sample::message_change()))),
        ("message_deleted", 18, EventBody::MessageDeleted(Box::new(sample::message_change()))),
        ("reaction_added", 18, EventBody::ReactionAdded(Box::new(sample::reaction_change()))),
        ("reaction_removed", 18, EventBody::ReactionRemoved(Box::new(sample::reaction_change()))),
        ("conversation_created", 1, EventBody::ConversationCreated(Box::new(sample::conversation_created()))),
        ("conversation_updated", 18, EventBody::ConversationUpdated(Box::new(sample::conversation_change()))),
        (
            "conversation_deleted",
            18,
            EventBody::ConversationDeleted(Box::new(sample::conversation_deleted())),
        ),
        ("member_joined", 18, EventBody::MemberJoined(Box::new(sample::member_change()))),
        ("member_left", 18, EventBody::MemberLeft(Box::new(sample::member_left()))),
        ("member_updated", 18, EventBody::MemberUpdated(Box::new(sample::member_change()))),
    ] {
        let conversation_id = id(ConversationId::from_uuid, 2);
        pin(&format!("event_{name}"), &Event { conversation_id, seq, created_at: time(120), body });
    }
}

#[test]
fn pages() {
    pin("page", &Page::new(vec![sample::user()], Some("opaque".to_owned())));
    pin("page_last", &Page::<u32>::new(Vec::new(), None));
}

#[test]
fn problems() {
    pin("problem", &Problem::new(ErrorCode::NotFound, "there is no such conversation", "r-1"));
    let mut problem = Problem::new(ErrorCode::ValidationFailed, "content: must not be empty", "r-1");
    problem.errors =
        vec![FieldError { field: "content".to_owned(), message: "must not be empty".to_owned() }];
    pin("problem_validation", &problem);
    let mut problem = Problem::new(ErrorCode::RateLimited, "30 messages a minute are allowed", "r-1");
    problem.retry_after_seconds = Some(12);
    pin("problem_rate_limited", &problem);
}

/// What clients say on sockets only.
#[test]
fn what_sockets_take() {
    let (conversation_id, message_id) = (id(ConversationId::from_uuid, 2), id(MessageId::from_uuid, 3));
    pin("conversation_ref", &ConversationRef { conversation_id });
    pin("message_ref", &MessageRef { message_id });
    pin("presence_update", &PresenceUpdate { status: Presence::Busy });
    pin("presence_watch", &PresenceWatch { user_ids: vec![id(UserId::from_uuid, 1)] });
    let epoch = "0123456789abcdef".to_owned();
    let conversations = vec![SyncPosition { id: conversation_id, epoch, seq: 17 }];
    pin("sync_resume", &SyncResume { conversations, all: true });
    pin("auth_refresh", &AuthRefresh { token: "header.claims.signature".to_owned() });
}
