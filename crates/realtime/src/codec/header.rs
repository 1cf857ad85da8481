//! The two to fourteen bytes before each payload (RFC 6455, section 5.2).

use super::text::Form;
use super::{CONTROL_PAYLOAD_BYTES_MAX, OpCode, Role, Violation};

/// Bytes of the longest header: two, eight of length, four of mask.
pub(super) const HEADER_BYTES_MAX: usize = 14;

/// The bit of the last frame of a message.
pub(super) const FIN: u8 = 0x80;
/// The bit that permessage-deflate gives a meaning: on the first frame of a message, it is compressed (RFC 7692,
/// section 6).
pub(super) const RSV1: u8 = 0x40;

pub(super) struct Header {
    pub(super) fin: bool,
    pub(super) opcode: OpCode,
    /// Of the message that it begins; plain when it begins none.
    pub(super) form: Form,
    /// All zeros when the frame is not masked, which changes nothing.
    pub(super) mask: [u8; 4],
    pub(super) payload_bytes: u64,
    /// Of the header itself.
    pub(super) bytes: usize,
}

/// Reads the header that `bytes` begins with; `None` when there is not enough of it yet.
///
/// A violation is seen as soon as its bytes are there, and a longer input never changes the answer, so it does not
/// matter in what pieces the header arrives. `deflate` says whether a message may be compressed.
pub(super) fn parse(bytes: &[u8], role: Role, deflate: bool) -> Result<Option<Header>, Violation> {
    let [first, second, ..] = *bytes else { return Ok(None) };
    let opcode = OpCode::from_bits(first & 0x0F);
    let begins_message = matches!(opcode, Some(OpCode::Text | OpCode::Binary));
    let form = match first & 0x70 {
        0 => Form::Plain,
        RSV1 if deflate && begins_message => Form::Deflated,
        _ => return Err(Violation::ReservedBits),
    };
    let opcode = opcode.ok_or(Violation::UnknownOpCode)?;
    let fin = first & FIN != 0;
    let masked = second & 0x80 != 0;
    match role {
        Role::Server if !masked => return Err(Violation::Unmasked),
        Role::Client if masked => return Err(Violation::Masked),
        Role::Server | Role::Client => {}
    }
    let short = second & 0x7F;
    if opcode.is_control() {
        if !fin {
            return Err(Violation::FragmentedControl);
        }
        if usize::from(short) > CONTROL_PAYLOAD_BYTES_MAX {
            return Err(Violation::LongControl);
        }
    }
    if opcode == OpCode::Binary {
        return Err(Violation::Binary);
    }

    let rest = &bytes[2..];
    let (payload_bytes, rest) = match short {
        126 => {
            let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
            let length = u64::from(u16::from_be_bytes(*length));
            if length < 126 {
                return Err(Violation::Length);
            }
            (length, rest)
        }
        127 => {
            let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
            let length = u64::from_be_bytes(*length);
            if u16::try_from(length).is_ok() || length >> 63 != 0 {
                return Err(Violation::Length);
            }
            (length, rest)
        }
        _ => (u64::from(short), rest),
    };
    let (mask, rest) = if masked {
        let Some((mask, rest)) = rest.split_first_chunk() else { return Ok(None) };
        (*mask, rest)
    } else {
        ([0; 4], rest)
    };
    Ok(Some(Header { fin, opcode, form, mask, payload_bytes, bytes: bytes.len() - rest.len() }))
}
