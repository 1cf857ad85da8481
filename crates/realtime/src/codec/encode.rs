//! From messages to bytes.

use super::header::{FIN, RSV1};
use super::{CONTROL_PAYLOAD_BYTES_MAX, OpCode, mask};
use bytes::Bytes;

/// One unfragmented frame. A server passes no mask; a client passes a fresh one for each frame (section 5.3).
///
/// The payload of a control frame is cut off after 125 bytes, since a longer one cannot be sent.
pub fn encode(opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) -> Bytes {
    let payload = match payload.get(..CONTROL_PAYLOAD_BYTES_MAX) {
        Some(cut) if opcode.is_control() => cut,
        _ => payload,
    };
    frame(0, opcode, payload, mask)
}

/// An unfragmented text frame of a server, whose payload is compressed.
pub(super) fn deflated_text(payload: &[u8]) -> Bytes {
    frame(RSV1, OpCode::Text, payload, None)
}

/// A close frame. The reason is cut off at a character's boundary so that it fits into 123 bytes.
pub fn encode_close(code: u16, reason: &str, mask: Option<[u8; 4]>) -> Bytes {
    let end = reason.floor_char_boundary(CONTROL_PAYLOAD_BYTES_MAX - 2);
    let payload: Vec<u8> = code.to_be_bytes().into_iter().chain(reason[..end].bytes()).collect();
    encode(OpCode::Close, &payload, mask)
}

fn frame(reserved: u8, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) -> Bytes {
    let mask_bit = if mask.is_some() { 0x80 } else { 0 };
    let mut header = [FIN | reserved | opcode as u8, mask_bit, 0, 0, 0, 0, 0, 0, 0, 0];
    let header: &[u8] = match payload.len() {
        #[expect(clippy::cast_possible_truncation, reason = "at most 125")]
        length @ 0..=125 => {
            header[1] += length as u8;
            &header[..2]
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 0xFFFF")]
        length @ 126..=0xFFFF => {
            header[1] += 126;
            header[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            &header[..4]
        }
        length => {
            header[1] += 127;
            header[2..].copy_from_slice(&(length as u64).to_be_bytes());
            &header
        }
    };
    // The exact capacity lets `Bytes` take the memory over as it is.
    let mask_bytes = mask.map_or(0, |mask| mask.len());
    let mut frame = Vec::with_capacity(header.len() + mask_bytes + payload.len());
    frame.extend_from_slice(header);
    frame.extend(mask.into_iter().flatten());
    let payload_start = frame.len();
    frame.extend_from_slice(payload);
    if let Some(mut mask) = mask {
        mask::apply(&mut frame[payload_start..], &mut mask);
    }
    Bytes::from(frame)
}
