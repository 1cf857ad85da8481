//! What must hold for every input of a decoder.
//!
//! Each property takes raw bytes and panics when it does not hold. The fuzz targets feed it what libFuzzer makes up,
//! and the tests of `natter-realtime` include this file and feed it what proptest makes up.

use natter_protocol::{ClientFrame, CreateConversation, SendMessage, limits};
use natter_realtime::codec::{CONTROL_PAYLOAD_BYTES_MAX, Decoder, Message, OpCode, Role, Violation};
use natter_realtime::codec::{encode, encode_close, encode_deflated};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Small, so that inputs of an ordinary size exceed it.
const MESSAGE_BYTES_MAX: usize = 512;

/// The first four bytes say in what pieces the others arrive. However they do, the decoder gives out the same, never
/// owns more than one message, and owns nothing in the end. What it gives out, it understands again.
pub fn websocket_codec(input: &[u8]) {
    let Some((sizes, bytes)) = input.split_first_chunk::<4>() else { return };
    for (role, deflate) in
        [(Role::Server, false), (Role::Server, true), (Role::Client, false), (Role::Client, true)]
    {
        let whole = decode(role, deflate, bytes, &[usize::MAX]);
        assert_eq!(whole, decode(role, deflate, bytes, &[1]), "byte by byte");
        assert_eq!(
            whole,
            decode(role, deflate, bytes, &sizes.map(|size| usize::from(size) + 1)),
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
            assert_eq!(decode(role, deflate, &encoded, &[usize::MAX]), [Ok(message)]);
        }
    }
}

/// Any payload that is said to be compressed is inflated within the bound or refused, whether it comes in one frame or
/// in two. A text is found again after it was compressed.
pub fn deflate(input: &[u8]) {
    let frame = |first, payload| {
        let mut frame = encode(OpCode::Text, payload, mask_for(Role::Server)).to_vec();
        frame[0] = first;
        frame
    };
    let whole = decode(Role::Server, true, &frame(0xC1, input), &[usize::MAX]);
    let (left, right) = input.split_at(input.len() / 2);
    let halves = [frame(0x41, left), frame(0x80, right)].concat();
    assert_eq!(whole, decode(Role::Server, true, &halves, &[usize::MAX]), "in two frames");

    const { assert!(limits::DEFLATE_BYTES_MIN <= MESSAGE_BYTES_MAX, "or nothing would be compressed") };
    let mut text = String::from_utf8_lossy(input).into_owned();
    text.truncate(text.floor_char_boundary(MESSAGE_BYTES_MAX));
    text.extend(std::iter::repeat_n('_', MESSAGE_BYTES_MAX - text.len()));
    if let Some(frame) = encode_deflated(text.as_bytes()) {
        assert!(frame.len() < text.len());
        let found = decode(Role::Client, true, &frame, &[usize::MAX]);
        assert_eq!(found, [Ok(Message::Text(text.into()))]);
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
fn decode(
    role: Role,
    deflate: bool,
    bytes: &[u8],
    sizes: &[usize],
) -> Vec<Result<Message<'static>, Violation>> {
    let mut decoder = Decoder::new(role, MESSAGE_BYTES_MAX).with_deflate(deflate);
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
