//! RFC 6455, section by section.

use natter_protocol::CloseCode;
use natter_realtime::codec::{Decoder, Message, OpCode, Role, Violation, encode, encode_close};

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A masked frame whose first byte is given as it is, so that it can be wrong.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = encode(OpCode::Text, payload, Some(MASK)).to_vec();
    frame[0] = first;
    frame
}

/// Fragments and whole frames, one after the other.
fn frames(frames: &[(u8, &[u8])]) -> Vec<u8> {
    frames.iter().flat_map(|(first, payload)| masked(*first, payload)).collect()
}

/// What the server's decoder gives out for these bytes.
fn decode(bytes: &[u8]) -> Vec<Result<String, Violation>> {
    decode_as(Role::Server, bytes)
}

fn decode_as(role: Role, bytes: &[u8]) -> Vec<Result<String, Violation>> {
    let mut decoder = Decoder::new(role, 1024 * 1024);
    let mut bytes = bytes.to_vec();
    let mut rest = bytes.as_mut_slice();
    std::iter::from_fn(|| decoder.decode(&mut rest).transpose())
        .map(|decoded| {
            decoded.map(|message| match message {
                Message::Text(text) => format!("text {text}"),
                Message::Ping(payload) => format!("ping {}", payload.escape_ascii()),
                Message::Pong(payload) => format!("pong {}", payload.escape_ascii()),
                Message::Close { code, reason } => format!("close {code:?} {reason}"),
            })
        })
        .collect()
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

#[test]
fn section_5_7_the_examples() {
    gives(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58], &["text Hello"]);
    gives(&[0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58], &["pong Hello"]);
    let unmasked: &[(&[u8], &str)] = &[
        (&[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f], "text Hello"),
        (&[0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f], "text Hello"),
        (&[0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f], "ping Hello"),
    ];
    for (bytes, expected) in unmasked {
        assert_eq!(decode_as(Role::Client, bytes), [Ok((*expected).to_owned())]);
    }
    assert_eq!(&encode(OpCode::Text, b"Hello", None)[..], [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    assert_eq!(
        &encode(OpCode::Text, b"Hello", Some(MASK))[..],
        [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
    );
    assert_eq!(encode(OpCode::Text, &[b'x'; 256], None)[..4], [0x81, 0x7e, 0x01, 0x00]);
    assert_eq!(encode(OpCode::Text, &vec![b'x'; 65536], None)[..10], [0x81, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]);
}

#[test]
fn section_5_1_clients_mask_and_servers_do_not() {
    refuses(&[0x81, 0x00], Violation::Unmasked, CloseCode::ProtocolError);
    let masked = encode(OpCode::Text, b"", Some(MASK));
    assert_eq!(decode_as(Role::Client, &masked), [Err(Violation::Masked)]);
}

#[test]
fn section_5_2_reserved_bits_and_unknown_opcodes() {
    for bit in [0x40, 0x20, 0x10] {
        refuses(&masked(0x81 | bit, b"x"), Violation::ReservedBits, CloseCode::ProtocolError);
        refuses(&masked(0x89 | bit, b"x"), Violation::ReservedBits, CloseCode::ProtocolError);
    }
    for opcode in [0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF] {
        refuses(&masked(0x80 | opcode, b"x"), Violation::UnknownOpCode, CloseCode::ProtocolError);
    }
}

#[test]
fn section_5_2_every_form_of_length() {
    for length in [0, 1, 125, 126, 127, 65535, 65536, 1024 * 1024] {
        let text = "x".repeat(length);
        gives(&masked(0x81, text.as_bytes()), &[&format!("text {text}")]);
        let unmasked = encode(OpCode::Text, text.as_bytes(), None);
        assert_eq!(decode_as(Role::Client, &unmasked), [Ok(format!("text {text}"))]);
    }
}

#[test]
fn section_5_2_a_length_must_be_in_its_shortest_form() {
    let headers: &[&[u8]] = &[
        &[0x81, 0xFE, 0, 0],
        &[0x81, 0xFE, 0, 125],
        &[0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0, 126],
        &[0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF],
        &[0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0],
    ];
    for header in headers {
        refuses(header, Violation::Length, CloseCode::ProtocolError);
    }
}

#[test]
fn section_5_4_fragments_make_one_message_with_control_frames_between_them() {
    gives(&frames(&[(0x01, b"Hel"), (0x00, b"l"), (0x80, b"o")]), &["text Hello"]);
    gives(&frames(&[(0x01, b""), (0x00, b""), (0x80, b"")]), &["text "]);
    gives(
        &frames(&[(0x01, b"Hel"), (0x89, b"1"), (0x00, b"l"), (0x8A, b"2"), (0x80, b"o"), (0x81, b"!")]),
        &["ping 1", "pong 2", "text Hello", "text !"],
    );
    gives(&frames(&[(0x01, b"Hel"), (0x88, b"\x03\xe8bye"), (0x80, b"lo")]), &["close Some(1000) bye"]);
}

#[test]
fn section_5_4_fragments_in_the_wrong_place() {
    refuses(&masked(0x80, b"x"), Violation::UnexpectedContinuation, CloseCode::ProtocolError);
    refuses(&masked(0x00, b"x"), Violation::UnexpectedContinuation, CloseCode::ProtocolError);
    for second in [0x01, 0x81] {
        let bytes = frames(&[(0x01, b"x"), (second, b"y")]);
        refuses(&bytes, Violation::ExpectedContinuation, CloseCode::ProtocolError);
        let bytes = frames(&[(0x01, b""), (second, b"y")]);
        refuses(&bytes, Violation::ExpectedContinuation, CloseCode::ProtocolError);
    }
    let after_the_last = frames(&[(0x01, b"x"), (0x80, b"y"), (0x80, b"z")]);
    assert_eq!(decode(&after_the_last), [Ok("text xy".to_owned()), Err(Violation::UnexpectedContinuation)]);
}

#[test]
fn section_5_5_control_frames_are_whole_and_short() {
    for opcode in [0x8, 0x9, 0xA] {
        refuses(&masked(opcode, b""), Violation::FragmentedControl, CloseCode::ProtocolError);
        refuses(&masked(0x80 | opcode, &[0; 126]), Violation::LongControl, CloseCode::ProtocolError);
    }
    gives(&masked(0x89, &[b'x'; 125]), &[&format!("ping {}", "x".repeat(125))]);
    assert_eq!(encode(OpCode::Pong, &[b'x'; 200], None), encode(OpCode::Pong, &[b'x'; 125], None));
}

#[test]
fn section_5_5_1_close_frames() {
    gives(&masked(0x88, b""), &["close None "]);
    gives(&masked(0x88, &[0x03, 0xE8]), &["close Some(1000) "]);
    gives(&masked(0x88, b"\x0f\xa0sch\xc3\xb6n"), &["close Some(4000) schön"]);
    refuses(&masked(0x88, &[0x03]), Violation::CloseCode, CloseCode::ProtocolError);
    refuses(&masked(0x88, b"\x03\xe8\xff"), Violation::Utf8, CloseCode::InvalidPayload);
    refuses(&masked(0x88, b"\x03\xe8\xc3"), Violation::Utf8, CloseCode::InvalidPayload);
    let more = frames(&[(0x88, b"\x03\xe8"), (0x81, b"discarded"), (0xFF, b"")]);
    gives(&more, &["close Some(1000) "]);
}

#[test]
fn section_7_4_close_codes() {
    let good =
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
    let bad = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535];
    for code in good {
        gives(&masked(0x88, &u16::to_be_bytes(code)), &[&format!("close Some({code}) ")]);
    }
    for code in bad {
        refuses(&masked(0x88, &u16::to_be_bytes(code)), Violation::CloseCode, CloseCode::ProtocolError);
    }
}

#[test]
fn section_7_4_a_long_reason_is_cut_at_a_character() {
    let frame = encode_close(4008, &"ö".repeat(100), None);
    assert_eq!(decode_as(Role::Client, &frame), [Ok(format!("close Some(4008) {}", "ö".repeat(61)))]);
}

#[test]
fn section_8_1_text_is_utf_8() {
    gives(&masked(0x81, "κόσμε 💬".as_bytes()), &["text κόσμε 💬"]);
    let invalid: &[&[u8]] = &[
        b"\xff",
        b"\xc3",
        b"\xc3\x28",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf0\x9f\x92",
        b"ok \x80",
    ];
    for payload in invalid {
        refuses(&masked(0x81, payload), Violation::Utf8, CloseCode::InvalidPayload);
        let fragments = frames(&[(0x01, b"ok "), (0x80, payload)]);
        refuses(&fragments, Violation::Utf8, CloseCode::InvalidPayload);
    }
}

#[test]
fn section_8_1_a_character_may_be_split_over_fragments() {
    let text = "κ💬";
    for split in 0..=text.len() {
        let (left, right) = text.as_bytes().split_at(split);
        gives(&frames(&[(0x01, left), (0x00, b""), (0x80, right)]), &["text κ💬"]);
    }
}

#[test]
fn invalid_text_is_refused_before_the_message_ends() {
    let unfinished = frames(&[(0x01, b"valid so far \xf4"), (0x00, b"\x90")]);
    refuses(&unfinished, Violation::Utf8, CloseCode::InvalidPayload);
    let frame = masked(0x81, b"\xff and more to come");
    refuses(&frame[..10], Violation::Utf8, CloseCode::InvalidPayload);
}

#[test]
fn binary_messages_are_refused_at_their_header() {
    for first in [0x82, 0x02] {
        refuses(&masked(first, b"x")[..2], Violation::Binary, CloseCode::Unsupported);
    }
}

#[test]
fn a_message_beyond_the_limit_is_refused_at_its_header() {
    let hundred_megabytes = [0x81, 0xFF, 0, 0, 0, 0, 0x06, 0x40, 0, 0, 1, 2, 3, 4];
    refuses(&hundred_megabytes, Violation::TooLarge, CloseCode::TooLarge);
    let most = [0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4];
    refuses(&most, Violation::TooLarge, CloseCode::TooLarge);
}

#[test]
fn the_limit_counts_all_fragments() {
    let limited = |bytes: &mut [u8]| {
        let mut decoder = Decoder::new(Role::Server, 10);
        let mut rest = bytes;
        decoder.decode(&mut rest).map(|message| message.is_some())
    };
    assert_eq!(
        limited(&mut frames(&[(0x01, b"12345"), (0x89, b"does not count"), (0x80, b"67890")])),
        Ok(true)
    );
    assert_eq!(limited(&mut frames(&[(0x01, b"12345"), (0x80, b"67890")])), Ok(true));
    assert_eq!(limited(&mut frames(&[(0x01, b"12345"), (0x80, b"67890x")])), Err(Violation::TooLarge));
    let header_only = frames(&[(0x01, b"12345"), (0x80, b"67890x")]).len() - 6;
    let mut bytes = frames(&[(0x01, b"12345"), (0x80, b"67890x")]);
    assert_eq!(limited(&mut bytes[..header_only]), Err(Violation::TooLarge), "not a byte of it is awaited");
}

#[test]
fn memory_is_owned_only_for_what_has_arrived_of_a_partial_message() {
    let mut decoder = Decoder::new(Role::Server, 256 * 1024);
    let mut take = |mut bytes: Vec<u8>| {
        let mut rest = bytes.as_mut_slice();
        while decoder.decode(&mut rest).unwrap().is_some() {}
        decoder.buffered_bytes()
    };
    assert_eq!(take(masked(0x81, &vec![b'x'; 60_000])), 0, "a whole message is lent");
    let whole = masked(0x81, &vec![b'x'; 200_000]);
    assert_eq!(take(whole[..14].to_vec()), 0, "a header only announces");
    assert_eq!(take(whole[14..114].to_vec()), 100);
    assert_eq!(take(whole[114..].to_vec()), 0, "given out with the message");
    assert_eq!(take(masked(0x89, b"ping")[..7].to_vec()), 4);
    assert_eq!(take(masked(0x89, b"ping")[7..].to_vec()), 0);
}

#[test]
fn a_partial_message_never_owns_more_than_the_limit() {
    let mut decoder = Decoder::new(Role::Server, 1000);
    for byte in &mut masked(0x81, &[b'x'; 1000]) {
        decoder.decode(&mut std::slice::from_mut(byte)).unwrap();
        assert!(decoder.buffered_bytes() <= 1000, "{}", decoder.buffered_bytes());
    }
}
