//! The properties of the fuzz targets, with inputs that look more like the real ones.

use crate::properties;
use flate2::{Compress, Compression, FlushCompress};
use natter_realtime::codec::{OpCode, encode};
use proptest::collection::vec;
use proptest::prelude::*;

/// A frame that is mostly right: now and then an odd first byte, bad UTF-8, or a cut.
fn frame(mask: Option<[u8; 4]>) -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        4 => Just(0x81),
        2 => Just(0x01),
        3 => Just(0x80),
        2 => Just(0x00),
        2 => Just(0x89),
        1 => Just(0x8A),
        1 => Just(0x88),
        1 => Just(0xC1),
        1 => Just(0x41),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        6 => "\\PC{0,40}".prop_map(String::into_bytes),
        2 => compressed(),
        1 => vec(any::<u8>(), 0..200),
        1 => (1000..=1003_u16).prop_map(|code| code.to_be_bytes().to_vec()),
        1 => (0..600_usize).prop_map(|length| vec![b'x'; length]),
    ];
    (first, payload).prop_map(move |(first, payload)| {
        let mut frame = encode(OpCode::Text, &payload, mask).to_vec();
        frame[0] = first;
        frame
    })
}

/// What a sender makes of a text, and now and then of too long a text (RFC 7692, section 7.2.1).
fn compressed() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![4 => "\\PC{0,40}", 1 => (0..600_usize).prop_map(|length| "x".repeat(length))];
    text.prop_map(|text| {
        let mut payload = Vec::with_capacity(1024);
        let mut compress = Compress::new(Compression::fast(), false);
        compress.compress_vec(text.as_bytes(), &mut payload, FlushCompress::Sync).unwrap();
        payload.truncate(payload.len() - 4);
        payload
    })
}

/// All masked or none, so that a good many get through the decoder that expects it; the end may be cut off.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let frames = any::<Option<[u8; 4]>>().prop_flat_map(|mask| vec(frame(mask), 0..12));
    (any::<[u8; 4]>(), frames, 0..4_usize).prop_map(|(sizes, frames, cut)| {
        let mut bytes = sizes.to_vec();
        bytes.extend(frames.concat());
        bytes.truncate(bytes.len().saturating_sub(cut).max(4));
        bytes
    })
}

fn json() -> impl Strategy<Value = Vec<u8>> {
    let id = Just("\"0190163d-8694-739b-aea5-966c26f8ad91\"".to_owned());
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("\"group\"".to_owned()),
        Just("\"public\"".to_owned()),
        Just("\"text\"".to_owned()),
        id.clone(),
        any::<f64>().prop_map(|number| number.to_string()),
        "\\PC{0,20}".prop_map(|text| format!("{text:?}")),
        vec(id, 0..3).prop_map(|ids| format!("[{}]", ids.join(","))),
    ];
    let key = prop::sample::select(vec![
        "id",
        "type",
        "payload",
        "conversationId",
        "content",
        "clientMessageId",
        "replyTo",
        "threadId",
        "attachments",
        "kind",
        "name",
        "topic",
        "visibility",
        "members",
        "unknown",
    ]);
    vec((key, value), 0..8).prop_map(|fields| {
        let fields: Vec<_> = fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", fields.join(",")).into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes_decode_alike_in_any_pieces(bytes in vec(any::<u8>(), 0..400)) {
        properties::websocket_codec(&bytes);
    }

    #[test]
    fn any_frames_decode_alike_in_any_pieces(bytes in stream()) {
        properties::websocket_codec(&bytes);
    }

    #[test]
    fn any_payload_is_inflated_or_refused(bytes in prop_oneof![vec(any::<u8>(), 0..600), compressed()]) {
        properties::deflate(&bytes);
    }

    #[test]
    fn a_compressed_payload_with_a_wrong_byte_is_inflated_or_refused(
        payload in compressed(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut payload = payload;
        let at = at.index(payload.len());
        payload[at] = byte;
        properties::deflate(&payload);
    }

    #[test]
    fn any_json_is_refused_or_read(bytes in json()) {
        properties::client_frame(&bytes);
        properties::send_message(&bytes);
        properties::create_conversation(&bytes);
    }
}
