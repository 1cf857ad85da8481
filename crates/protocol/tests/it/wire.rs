//! The JSON of every type, there and back.

use crate::sample::{self, id, time};
use insta::Settings;
use natter_protocol::{
    ConnectionId, ConversationId, ConversationKind, ConversationStatus, CreateConversation, ErrorCode, Event,
    EventBody, FieldError, LoginRequest, MemberRole, MessageDraft, MessageKind, Page, PlatformRole, Pong,
    Presence, Problem, Ready, RefreshRequest, RegisterRequest, SendMessage, ServerFrame, SignIn, SyncHead,
    SyncLagging, Ticket, Visibility,
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
fn written(name: &str, value: &impl Serialize) {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_json_snapshot!(name, value));
}

#[test]
fn people() {
    pin("user", &sample::user());
    pin("user_summary", &sample::summary());
    pin("platform_role", &[PlatformRole::User, PlatformRole::Moderator, PlatformRole::Admin]);
    pin("presence", &[Presence::Online, Presence::Away, Presence::Busy, Presence::Offline]);
}

#[test]
fn sessions() {
    let (username, password) = ("ada".to_owned(), "correct horse".to_owned());
    pin("login_request", &LoginRequest { username: username.clone(), password: password.clone() });
    let (display_name, email) = (Some("Ada Lovelace".to_owned()), Some("ada@example.com".to_owned()));
    pin("register_request", &RegisterRequest { username, password, display_name, email });
    pin("refresh_request", &RefreshRequest { refresh_token: "natter_rt_secret".to_owned() });
    pin("tokens", &sample::tokens());
    pin("sign_in", &SignIn { user: sample::user(), tokens: sample::tokens() });
    pin("ticket", &Ticket { ticket: "secret".to_owned(), expires_in: 30 });
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
    pin("member_role", &[MemberRole::Member, MemberRole::Moderator, MemberRole::Admin, MemberRole::Owner]);
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
}

#[test]
fn messages() {
    pin("message", &sample::message());
    pin("message_kind", &[MessageKind::Text, MessageKind::System]);
    let message = sample::message();
    let draft = MessageDraft {
        content: message.content,
        client_message_id: message.client_message_id,
        reply_to: message.reply_to,
        thread_id: message.thread_id,
        attachments: message.attachments,
        kind: MessageKind::Text,
    };
    pin("message_draft", &draft);
    pin("send_message", &SendMessage { conversation_id: message.conversation_id, draft });
}

#[test]
fn events() {
    let event = |seq, body| Event {
        conversation_id: id(ConversationId::from_uuid, 2),
        seq,
        created_at: time(120),
        body,
    };
    pin("event_message_new", &event(17, EventBody::MessageNew(Box::new(sample::message()))));
    let created = EventBody::ConversationCreated(Box::new(sample::conversation_created()));
    pin("event_conversation_created", &event(1, created));
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
}

#[test]
fn frames() {
    written("frame_ack", &ServerFrame { id: Some("c1"), kind: "ack", payload: sample::message() });
    let error = Problem::new(ErrorCode::UnknownType, "there is no type \"shout\"", "r-1");
    written("frame_error", &ServerFrame { id: None, kind: "error", payload: error });
    // What is relayed is the body of the event, as it is in the log.
    written("frame_message_new", &EventBody::MessageNew(Box::new(sample::message())));
    pin(
        "ready",
        &Ready {
            connection_id: id(ConnectionId::from_uuid, 8),
            user: sample::user(),
            heartbeat_seconds: 25,
            epoch: "0123456789abcdef".to_owned(),
        },
    );
    pin("pong", &Pong {});
    let conversations = vec![SyncHead { id: id(ConversationId::from_uuid, 2), seq: 17 }];
    pin("sync_lagging", &SyncLagging { conversations });
}
