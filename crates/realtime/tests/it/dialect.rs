//! The same frame, as each kind of connection reads it.

use crate::support::*;
use natter_protocol::{CloseCode, ServerFrame, limits};
use natter_realtime::codec::{Decoder, Message, Role};
use natter_realtime::{Dialect, Frame, Hub, Limits, Newcomer, Received, Wire};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::ptr;

const SOCKET_IO: Wire = Wire { dialect: Dialect::SocketIo, deflate: false };

fn deflated(wire: Wire) -> Wire {
    Wire { deflate: true, ..wire }
}

/// The text of a frame, and how many bytes it took on the wire.
fn decode(frame: &Frame, wire: Wire) -> (String, usize) {
    let mut bytes = frame.bytes(wire).to_vec();
    let mut rest = bytes.as_mut_slice();
    let mut decoder = Decoder::new(Role::Client, usize::MAX).with_deflate(wire.deflate);
    let Message::Text(text) = decoder.decode(&mut rest).unwrap().unwrap() else { panic!("not a text") };
    let text = text.into_owned();
    assert!(rest.is_empty(), "one frame and nothing else");
    (text, bytes.len())
}

/// A payload in which a careless encoder would get lost.
fn payload() -> Value {
    json!({"content": "\",\"payload\":\n\\ ü 👍 {}[]", "type": "not the type", "payload": [null, {"payload": 1}]})
}

#[test]
fn socket_io_says_the_same_payload_as_an_event() {
    let body = ServerFrame { id: None, kind: "message.new", payload: payload() };
    for frame in [
        Frame::event(conversation(1), 1, &body),
        Frame::ephemeral("message.new", &payload()),
        Frame::notice("message.new", &payload()),
    ] {
        let (native, _) = decode(&frame, NATIVE);
        assert_eq!(native, format!(r#"{{"type":"message.new","payload":{}}}"#, payload()));
        let (packet, _) = decode(&frame, SOCKET_IO);
        assert_eq!(packet, format!(r#"42["message.new",{}]"#, payload()));
    }
}

proptest! {
    #[test]
    fn any_payload_is_the_same_in_both_dialects(text in any::<String>(), length in 0..1000_usize) {
        let payload = json!({text.clone(): [text, "x".repeat(length)]});
        let frame = Frame::notice("kind", &payload);
        for wire in [SOCKET_IO, deflated(SOCKET_IO)] {
            prop_assert_eq!(decode(&frame, wire).0, format!(r#"42["kind",{}]"#, payload));
        }
        for wire in [NATIVE, deflated(NATIVE)] {
            prop_assert_eq!(decode(&frame, wire).0, format!(r#"{{"type":"kind","payload":{}}}"#, payload));
        }
    }
}

#[test]
fn payloads_of_all_lengths_are_said_in_both_dialects() {
    // Across the three lengths of a frame's header.
    for length in [0, 1, 50, 90, 100, 110, 120, 125, 130, 200, 65_400, 65_500, 65_536, 65_600, 100_000] {
        let payload = "x".repeat(length);
        let frame = Frame::notice("kind", &payload);
        assert_eq!(decode(&frame, NATIVE).0, format!(r#"{{"type":"kind","payload":"{payload}"}}"#));
        assert_eq!(decode(&frame, SOCKET_IO).0, format!(r#"42["kind","{payload}"]"#));
    }
}

#[test]
fn an_answer_is_what_its_session_made_of_it() {
    let frame = Frame::reply(r#"431[{"type":"x","payload":1}]"#);
    assert_eq!(decode(&frame, SOCKET_IO).0, r#"431[{"type":"x","payload":1}]"#);
    assert_eq!(decode(&frame, NATIVE).0, r#"431[{"type":"x","payload":1}]"#);
}

#[test]
fn a_long_text_is_compressed_once_for_all_who_understand_it() {
    let long = "over and over ".repeat(100);
    for frame in [Frame::notice("kind", &long), Frame::reply(&format!("430[\"{long}\"]"))] {
        for wire in [NATIVE, SOCKET_IO] {
            let (plain, plain_bytes) = decode(&frame, wire);
            let (inflated, deflated_bytes) = decode(&frame, deflated(wire));
            assert_eq!(inflated, plain);
            assert!(deflated_bytes < plain_bytes / 4, "{deflated_bytes} of {plain_bytes}");
            let other = frame.clone();
            assert!(ptr::eq(frame.bytes(deflated(wire)), other.bytes(deflated(wire))), "the same memory");
            assert!(ptr::eq(frame.bytes(wire), other.bytes(wire)));
        }
    }
}

#[test]
fn a_short_text_is_not_compressed() {
    let short = Frame::notice("kind", &"x".repeat(limits::DEFLATE_BYTES_MIN / 2));
    for wire in [NATIVE, SOCKET_IO] {
        assert!(ptr::eq(short.bytes(deflated(wire)), short.bytes(wire)));
    }
}

#[tokio::test]
async fn who_is_not_wanted_back_is_told_why_and_disconnected() {
    let hub = Hub::start(Limits::default());
    let problem = |code: &str, status: u16, title: &str, retriable: bool| {
        json!(["error", {
            "type": format!("/api/docs/errors/{code}"),
            "title": title,
            "status": status,
            "detail": "a \"reason\"",
            "code": code,
            "requestId": "00000000-0000-0000-0000-000000000000",
            "retriable": retriable,
        }])
    };
    let cases = [
        (CloseCode::Unauthenticated, problem("unauthenticated", 401, "Sign-in is needed", false)),
        (CloseCode::SignedOut, problem("session_ended", 401, "The session has ended", false)),
        (CloseCode::RateLimited, problem("rate_limited", 429, "Too many requests", true)),
    ];
    for (code, error) in cases {
        let last_words = last_words(&hub, code).await;
        let [said, disconnect, close] = last_words.as_slice() else { panic!("{last_words:?}") };
        let packet = said.strip_prefix("text 42").expect("an event");
        assert_eq!(serde_json::from_str::<Value>(packet).unwrap(), error);
        assert_eq!(disconnect, "text 41");
        assert_eq!(*close, format!("close Some({}) a \"reason\"", code.code()));
    }
}

#[tokio::test]
async fn who_may_come_back_is_only_closed() {
    let hub = Hub::start(Limits::default());
    for code in [CloseCode::GoingAway, CloseCode::TooSlow, CloseCode::Normal, CloseCode::InternalError] {
        let close = format!("close Some({}) a \"reason\"", code.code());
        assert_eq!(last_words(&hub, code).await, [close]);
    }
}

/// What a Socket.IO connection is sent that closes in this way.
async fn last_words(hub: &Hub, code: CloseCode) -> Vec<String> {
    let session = Script(move |_: &str| Received::Close(code, "a \"reason\"".into()));
    let registration = hub.register(Newcomer { wire: SOCKET_IO, ..newcomer(1, 1) }).unwrap();
    let (mut client, _task) = serve_in_memory(registration, 4096, session).await;
    client.send("close").await;
    within_a_minute(client.rest()).await
}

#[tokio::test]
async fn connections_of_all_kinds_get_the_same_events() {
    let hub = Hub::start(Limits::default());
    let long = "over and over ".repeat(100);
    for wire in [NATIVE, SOCKET_IO, deflated(NATIVE), deflated(SOCKET_IO)] {
        let registration = hub.register(Newcomer { wire, ..newcomer(1, 1) }).unwrap();
        let (client, _task) = serve_in_memory(registration, 4096, echo()).await;
        let mut client = client.with_deflate(wire.deflate);
        hub.deliver_to_user(user(1), &event(1, 1, &long)).await;
        let text = within_a_minute(client.next()).await;
        match wire.dialect {
            Dialect::Native => assert_eq!(text, format!("text {long}")),
            Dialect::SocketIo => assert_eq!(text, format!(r#"text 42["text","{long}"]"#)),
        }
    }
}
