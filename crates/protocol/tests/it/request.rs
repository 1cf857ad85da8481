//! What clients may leave out, what they may add, and what is a mistake.

use natter_protocol::{
    ClientFrame, ConversationKind, CreateConversation, MessageDraft, MessageKind, ReactionRequest,
    RegisterRequest, SendMessage,
};
use serde::de::DeserializeOwned;

fn parse<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

fn refused<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> String {
    serde_json::from_str::<T>(json).unwrap_err().to_string()
}

#[test]
fn what_is_optional_may_be_absent_or_null() {
    for json in [
        r#"{"content":"Hello"}"#,
        r#"{"content":"Hello","clientMessageId":null,"replyTo":null,"threadId":null}"#,
    ] {
        let draft: MessageDraft = parse(json);
        assert_eq!(draft.content, "Hello");
        assert_eq!((draft.client_message_id, draft.reply_to, draft.thread_id), (None, None, None));
        assert_eq!((draft.attachments.len(), draft.kind), (0, MessageKind::Text));
    }
    let create: CreateConversation = parse(r#"{"type":"direct","members":["bob"]}"#);
    assert_eq!((create.kind, create.name, create.topic), (ConversationKind::Direct, None, None));
    assert_eq!((create.visibility, create.members), (None, vec!["bob".to_owned()]));
    let register: RegisterRequest = parse(r#"{"username":"ada","password":"secret"}"#);
    assert_eq!((register.display_name, register.email), (None, None));
}

#[test]
fn unknown_fields_are_ignored() {
    let draft: MessageDraft = parse(r#"{"content":"Hello","colour":{"of":["a later version"]}}"#);
    assert_eq!(draft.content, "Hello");
    let frame: ClientFrame<'_> = serde_json::from_str(r#"{"type":"ping","trace":1}"#).unwrap();
    assert_eq!(frame.kind, "ping");
}

#[test]
fn unknown_values_of_enumerations_are_errors() {
    let error = refused::<CreateConversation>(r#"{"type":"party"}"#);
    assert!(
        error.contains("unknown variant `party`, expected one of `direct`, `group`, `channel`"),
        "{error}"
    );
    let error = refused::<MessageDraft>(r#"{"content":"Hello","kind":"poem"}"#);
    assert!(error.contains("unknown variant `poem`"), "{error}");
    let error = refused::<CreateConversation>(r#"{"type":"channel","visibility":"secret"}"#);
    assert!(error.contains("unknown variant `secret`"), "{error}");
}

#[test]
fn an_error_names_what_is_missing_or_wrong() {
    assert!(refused::<ReactionRequest>("{}").contains("missing field `messageId`"));
    assert!(refused::<CreateConversation>(r#"{"name":"x"}"#).contains("missing field `type`"));
    assert!(refused::<SendMessage>(r#"{"content":"Hello"}"#).contains("missing field `conversationId`"));
    let error = refused::<SendMessage>(r#"{"content":"Hello","conversationId":"general"}"#);
    assert!(error.to_lowercase().contains("uuid"), "{error}");
}

#[test]
fn a_frame_is_read_in_two_steps() {
    let json = r#"{"id":"c\u0031","type":"message.send","payload":{"content":  "Hello"}}"#;
    let frame: ClientFrame<'_> = serde_json::from_str(json).unwrap();
    assert_eq!((frame.id.as_deref(), &*frame.kind), (Some("c1"), "message.send"));
    // The payload is still the client's text; its type decides how it is read.
    assert_eq!(frame.payload.unwrap().get(), r#"{"content":  "Hello"}"#);

    let bare: ClientFrame<'_> = serde_json::from_str(r#"{"type":"ping"}"#).unwrap();
    assert!(bare.id.is_none() && bare.payload.is_none());
    for (json, reason) in [
        ("[]", "expected struct ClientFrame"),
        ("{}", "missing field `type`"),
        (r#"{"type":7}"#, "invalid type: integer"),
        (r#"{"type":"ping","id":7}"#, "invalid type: integer"),
        (r#"{"type":"ping"} {}"#, "trailing characters"),
    ] {
        let error = serde_json::from_str::<ClientFrame<'_>>(json).unwrap_err().to_string();
        assert!(error.contains(reason), "{json}: {error}");
    }
}
