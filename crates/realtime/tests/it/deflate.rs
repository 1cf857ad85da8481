//! RFC 7692, section by section, and the bounds that it leaves to us.

use flate2::{Compress, Compression, FlushCompress};
use natter_protocol::{CloseCode, limits};
use natter_realtime::codec::{Decoder, Message, OpCode, Role, Violation, encode, encode_deflated};

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Text with RSV1 set; with FIN, the whole message.
const WHOLE: u8 = 0xC1;
const FIRST: u8 = 0x41;
const MORE: u8 = 0x00;
const LAST: u8 = 0x80;
const PING: u8 = 0x89;

/// The compressed form of "Hello" (section 7.2.3.1).
const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = encode(OpCode::Text, payload, Some(MASK)).to_vec();
    frame[0] = first;
    frame
}

fn frames(frames: &[(u8, &[u8])]) -> Vec<u8> {
    frames.iter().flat_map(|(first, payload)| frame(*first, payload)).collect()
}

fn decode_as(role: Role, deflate: bool, bytes: &[u8]) -> Vec<Result<String, Violation>> {
    let mut decoder = Decoder::new(role, MESSAGE_BYTES_MAX).with_deflate(deflate);
    let mut bytes = bytes.to_vec();
    let mut rest = bytes.as_mut_slice();
    let messages = std::iter::from_fn(|| decoder.decode(&mut rest).transpose());
    let messages = messages.map(|decoded| {
        decoded.map(|message| match message {
            Message::Text(text) => format!("text {text}"),
            Message::Ping(payload) => format!("ping {}", payload.escape_ascii()),
            other => panic!("{other:?} was not sent"),
        })
    });
    messages.collect()
}

fn decode(bytes: &[u8]) -> Vec<Result<String, Violation>> {
    decode_as(Role::Server, true, bytes)
}

#[track_caller]
fn gives(bytes: &[u8], expected: &[&str]) {
    assert_eq!(decode(bytes), expected.iter().map(|text| Ok((*text).to_owned())).collect::<Vec<_>>());
}

#[track_caller]
fn refuses(bytes: &[u8], violation: Violation, code: CloseCode) {
    assert_eq!(decode(bytes), [Err(violation)]);
    assert_eq!(violation.close_code(), code);
}

/// What a client sends for a message, by the steps of section 7.2.1.
fn compressed(message: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(2 * message.len() + 64);
    Compress::new(Compression::best(), false)
        .compress_vec(message, &mut payload, FlushCompress::Sync)
        .unwrap();
    assert!(payload.ends_with(&[0x00, 0x00, 0xff, 0xff]));
    payload.truncate(payload.len() - 4);
    payload
}

/// Bytes that no compressor makes shorter, as text.
fn noise(bytes: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let chars = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b' ' + u8::try_from(state % 95).unwrap())
    });
    chars.take(bytes).collect()
}

#[test]
fn section_6_only_the_first_frame_of_a_message_says_that_it_is_compressed() {
    assert_eq!(decode_as(Role::Server, false, &frame(WHOLE, HELLO)), [Err(Violation::ReservedBits)]);
    gives(&frame(0x81, b"Hello"), &["text Hello"]);
    for (first, payload) in [(0xC9, HELLO), (0xCA, HELLO), (0xC8, HELLO), (0xA1, HELLO), (0x91, HELLO)] {
        refuses(&frame(first, payload), Violation::ReservedBits, CloseCode::ProtocolError);
    }
    for second in [0x40, 0xC0] {
        let bytes = frames(&[(FIRST, HELLO), (second, HELLO)]);
        refuses(&bytes, Violation::ReservedBits, CloseCode::ProtocolError);
    }
    refuses(&frame(0xC2, HELLO), Violation::Binary, CloseCode::Unsupported);
}

#[test]
fn section_7_2_3_1_one_block() {
    gives(&frame(WHOLE, HELLO), &["text Hello"]);
    gives(&frames(&[(FIRST, &HELLO[..3]), (LAST, &HELLO[3..])]), &["text Hello"]);
    let unmasked = [0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(decode_as(Role::Client, true, &unmasked), [Ok("text Hello".to_owned())]);
}

#[test]
fn section_7_2_3_2_nothing_is_taken_over_from_the_message_before() {
    gives(&frames(&[(WHOLE, HELLO), (WHOLE, HELLO)]), &["text Hello", "text Hello"]);
    // The second "Hello" of the example refers to the first, which a client that we answered must not do.
    let taken_over = &[0xf2, 0x00, 0x11, 0x00, 0x00];
    let decoded = decode(&frames(&[(WHOLE, HELLO), (WHOLE, taken_over)]));
    assert_eq!(decoded, [Ok("text Hello".to_owned()), Err(Violation::Deflate)]);
}

#[test]
fn section_7_2_3_3_a_block_without_compression() {
    gives(
        &frame(WHOLE, &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]),
        &["text Hello"],
    );
}

#[test]
fn section_7_2_3_4_a_block_that_says_it_is_the_last() {
    gives(&frame(WHOLE, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]), &["text Hello"]);
    let twice = [&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..], HELLO].concat();
    gives(&frame(WHOLE, &twice), &["text HelloHello"]);
}

#[test]
fn section_7_2_3_5_two_blocks() {
    let two = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    gives(&frame(WHOLE, &two), &["text Hello"]);
}

#[test]
fn section_7_2_3_6_an_empty_message() {
    gives(&frame(WHOLE, &[0x00]), &["text "]);
    gives(&frames(&[(FIRST, &[]), (MORE, &[0x00]), (LAST, &[])]), &["text "]);
}

#[test]
fn fragments_may_end_anywhere_with_control_frames_between_them() {
    let text = format!("κόσμε 💬 {}", noise(300));
    let payload = compressed(text.as_bytes());
    for split in 0..=payload.len() {
        let (left, right) = payload.split_at(split);
        gives(
            &frames(&[(FIRST, left), (PING, b"1"), (MORE, b""), (LAST, right), (0x81, b"plain")]),
            &["ping 1", &format!("text {text}"), "text plain"],
        );
    }
}

#[test]
fn what_no_compressor_makes_is_refused() {
    let whole = compressed(noise(1000).as_bytes());
    let cut_short = (0..whole.len()).map(|bytes| &whole[..bytes]);
    // A block of an unknown kind, a stored block with a wrong length, and a distance beyond the start.
    let invalid: [&[u8]; 3] = [&[0x06], &[0x00, 0x05, 0x00, 0xfa, 0xfe, 0x48], &[0xf2, 0x00, 0x11, 0x00]];
    for payload in invalid.into_iter().chain(cut_short) {
        refuses(&frame(WHOLE, payload), Violation::Deflate, CloseCode::InvalidPayload);
        refuses(&frames(&[(FIRST, payload), (LAST, b"")]), Violation::Deflate, CloseCode::InvalidPayload);
    }
}

#[test]
fn inflated_text_is_utf_8() {
    for text in [&b"\xff"[..], b"\xc3", b"ok \xed\xa0\x80"] {
        refuses(&frame(WHOLE, &compressed(text)), Violation::Utf8, CloseCode::InvalidPayload);
    }
}

#[test]
fn a_message_is_bounded_before_and_after_it_is_inflated() {
    let longest = "x".repeat(MESSAGE_BYTES_MAX);
    gives(&frame(WHOLE, &compressed(longest.as_bytes())), &[&format!("text {longest}")]);
    for bytes in [MESSAGE_BYTES_MAX + 1, 2 * MESSAGE_BYTES_MAX, 4 * 1024 * 1024] {
        let bomb = compressed(&vec![b'x'; bytes]);
        refuses(&frame(WHOLE, &bomb), Violation::TooLarge, CloseCode::TooLarge);
        refuses(&frames(&[(FIRST, &bomb), (LAST, b"")]), Violation::TooLarge, CloseCode::TooLarge);
    }
    let compressed_too_long = frame(WHOLE, &vec![0; MESSAGE_BYTES_MAX + 1]);
    refuses(&compressed_too_long[..14], Violation::TooLarge, CloseCode::TooLarge);
}

#[test]
fn memory_is_owned_only_for_what_has_arrived_of_a_compressed_message() {
    let payload = compressed(noise(1000).as_bytes());
    let mut decoder = Decoder::new(Role::Server, MESSAGE_BYTES_MAX).with_deflate(true);
    let mut take = |mut bytes: Vec<u8>| {
        let mut rest = bytes.as_mut_slice();
        while decoder.decode(&mut rest).unwrap().is_some() {}
        decoder.buffered_bytes()
    };
    assert_eq!(take(frame(WHOLE, &payload)), 0);
    assert_eq!(take(frame(FIRST, &payload[..100])), 100, "it is not inflated before it is whole");
    assert_eq!(take(frame(LAST, &payload[100..])), 0);
}

#[test]
fn what_is_compressed_is_found_again() {
    for bytes in [limits::DEFLATE_BYTES_MIN, 1000, 10_000, MESSAGE_BYTES_MAX] {
        let text = format!("{}{}", noise(bytes / 2), "x".repeat(bytes - bytes / 2));
        let frame = encode_deflated(text.as_bytes()).expect("half of it is the same letter");
        assert!(frame.len() < text.len());
        assert_eq!(decode_as(Role::Client, true, &frame), [Ok(format!("text {text}"))]);
        assert_eq!(
            encode_deflated(text.as_bytes()),
            Some(frame),
            "the compressor has forgotten the text before"
        );
    }
}

#[test]
fn what_does_not_get_shorter_is_not_compressed() {
    assert_eq!(encode_deflated(b""), None);
    assert_eq!(encode_deflated(&vec![b'x'; limits::DEFLATE_BYTES_MIN - 1]), None);
    let mut state = 1_u32;
    let random: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(100_000)
    .collect();
    for bytes in [limits::DEFLATE_BYTES_MIN, 5_000, random.len()] {
        assert_eq!(encode_deflated(&random[..bytes]), None);
    }
}
