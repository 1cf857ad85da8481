//! What must hold for every input of a decoder.
//!
//! Each property takes raw bytes and panics when it does not hold. The fuzz targets feed it what libFuzzer makes up,
//! and the tests of `natter-realtime` include this file and feed it what proptest makes up.

use natter_protocol::{ClientFrame, CreateConversation, SendMessage};
use natter_realtime::codec::{CONTROL_PAYLOAD_BYTES_MAX, Decoder, Message, OpCode, Role, Violation};
use natter_realtime::codec::{encode, encode_close};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Small, so that inputs of an ordinary size exceed it.
const MESSAGE_BYTES_MAX: usize = 512;

/// The first four bytes say in what pieces the others arrive. However they do, the decoder gives out the same, never
/// owns more than one message, and owns nothing in the end. What it gives out, it understands again.
pub fn websocket_codec(input: &[u8]) {
    let Some((sizes, bytes)) = input.split_first_chunk::<4>() else { return };
    for role in [Role::Server, Role::Client] {
        let whole = decode(role, bytes, &[usize::MAX]);
        assert_eq!(whole, decode(role, bytes, &[1]), "byte by byte");
        assert_eq!(
            whole,
            decode(role, bytes, &sizes.map(|size| usize::from(size) + 1)),
            "in pieces of {sizes:?}"
        );
        for message in whole.into_iter().flatten() {
            let encoded = match &message {
                Message::Text(text) => encode(OpCode::Text, text.as_bytes(), mask_for(role)),
                Message::Ping(payload) => encode(OpCode::Ping, payload, mask_for(role)),
                Message::Pong(payload) => encode(OpCode::Pong, payload, mask_for(role)),
                Message::Close { code: Some(code), reason } => encode_close(*code, reason, mask_for(role)),
                Message::Close { code: None, .. } => encode(OpCode::Close, &[], mask_for(role)),
            };
            assert_eq!(decode(role, &encoded, &[usize::MAX]), [Ok(message)]);
        }
    }
}

/// A client frame is refused or read, and what was read is found again.
pub fn client_frame(input: &[u8]) {
    if let Ok(frame) = serde_json::from_slice::<ClientFrame<'_>>(input) {
        let json =
            serde_json::json!({ "id": frame.id, "type": frame.kind, "payload": frame.payload }).to_string();
        let again: ClientFrame<'_> = serde_json::from_str(&json).expect("what was read is written as JSON");
        assert_eq!((frame.id, frame.kind), (again.id, again.kind));
        assert_eq!(frame.payload.is_some(), again.payload.is_some());
    }
}

/// The payload of `message.send`.
pub fn send_message(input: &[u8]) {
    payload::<SendMessage>(input);
}

/// The payload of `conversation.create`.
pub fn create_conversation(input: &[u8]) {
    payload::<CreateConversation>(input);
}

/// A payload is refused or read, and what was read is written and read again as the same.
fn payload<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(input: &[u8]) {
    if let Ok(payload) = serde_json::from_slice::<T>(input) {
        let json = serde_json::to_vec(&payload).expect("what was read can be written");
        assert_eq!(serde_json::from_slice::<T>(&json).expect("what was written can be read"), payload);
    }
}

fn mask_for(role: Role) -> Option<[u8; 4]> {
    (role == Role::Server).then_some([0x12, 0x34, 0x56, 0x78])
}

/// Everything that comes out when the bytes go in, in pieces of these sizes over and over.
fn decode(role: Role, bytes: &[u8], sizes: &[usize]) -> Vec<Result<Message<'static>, Violation>> {
    let mut decoder = Decoder::new(role, MESSAGE_BYTES_MAX);
    let mut results = Vec::new();
    let mut bytes = bytes.to_vec();
    let mut rest = bytes.as_mut_slice();
    for &size in sizes.iter().cycle() {
        let (mut piece, later) = rest.split_at_mut(size.min(rest.len()));
        while let Some(message) = decoder.decode(&mut piece).transpose() {
            results.push(message.map(into_owned));
        }
        assert!(piece.is_empty(), "all input is taken");
        assert!(decoder.buffered_bytes() <= MESSAGE_BYTES_MAX + CONTROL_PAYLOAD_BYTES_MAX);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    if let Some(Err(_) | Ok(Message::Close { .. })) = results.last() {
        assert_eq!(decoder.buffered_bytes(), 0, "nothing is kept for what will not come");
    }
    results
}

fn into_owned(message: Message<'_>) -> Message<'static> {
    match message {
        Message::Text(text) => {
            assert!(text.len() <= MESSAGE_BYTES_MAX);
            Message::Text(text.into_owned().into())
        }
        Message::Ping(payload) => Message::Ping(control(&payload)),
        Message::Pong(payload) => Message::Pong(control(&payload)),
        Message::Close { code, reason } => Message::Close { code, reason: reason.into_owned().into() },
    }
}

fn control(payload: &[u8]) -> std::borrow::Cow<'static, [u8]> {
    assert!(payload.len() <= CONTROL_PAYLOAD_BYTES_MAX);
    payload.to_vec().into()
}
