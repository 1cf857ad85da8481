//! From bytes to messages.
#![expect(
    clippy::mut_mut,
    reason = "the input is a slice that is consumed from its front, as `io::Read` does it"
)]

use super::header::{self, HEADER_BYTES_MAX, Header};
use super::text::{self, Form, PartialText};
use super::{Message, OpCode, Role, Violation, mask};
use std::borrow::Cow;
use std::mem;
use std::str;

/// Decodes one direction of one connection.
#[derive(Debug)]
pub struct Decoder {
    role: Role,
    message_bytes_max: usize,
    deflate: bool,
    /// The beginning of a header whose rest has not arrived.
    header: [u8; HEADER_BYTES_MAX],
    header_bytes: usize,
    /// The frame whose payload is arriving.
    frame: Option<Frame>,
    /// The text of the message that has begun; empty and without memory between messages.
    text: PartialText,
    /// Of the message that has begun.
    form: Form,
    /// Whether the next data frame must continue a message.
    fragmented: bool,
    /// The payload of a control frame that has begun.
    control: Vec<u8>,
    /// After a close frame or a violation.
    finished: bool,
}

#[derive(Debug)]
struct Frame {
    fin: bool,
    opcode: OpCode,
    mask: [u8; 4],
    /// What has not arrived yet.
    bytes_left: usize,
}

impl Decoder {
    /// A message of more than `message_bytes_max` bytes, over all its fragments, is a violation. A compressed one is
    /// bounded twice: before and after it is inflated.
    pub const fn new(role: Role, message_bytes_max: usize) -> Self {
        Self {
            role,
            message_bytes_max,
            deflate: false,
            header: [0; HEADER_BYTES_MAX],
            header_bytes: 0,
            frame: None,
            text: PartialText::new(),
            form: Form::Plain,
            fragmented: false,
            control: Vec::new(),
            finished: false,
        }
    }

    /// Understands compressed messages too, if permessage-deflate was negotiated.
    #[must_use]
    pub const fn with_deflate(mut self, negotiated: bool) -> Self {
        self.deflate = negotiated;
        self
    }

    /// Takes bytes off the front of `input` until they make a message; `None` when all are taken and none is whole.
    ///
    /// The bytes are unmasked in place, and a message that lies whole in `input` is lent from there unless it is
    /// compressed.
    pub fn decode<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Message<'a>>, Violation> {
        if self.finished {
            *input = &mut [];
            return Ok(None);
        }
        let decoded = self.advance(input);
        if matches!(decoded, Err(_) | Ok(Some(Message::Close { .. }))) {
            *self = Self { finished: true, ..Self::new(self.role, self.message_bytes_max) };
        }
        decoded
    }

    /// Bytes of memory that are owned because a frame or message is partial: none between messages.
    pub const fn buffered_bytes(&self) -> usize {
        self.text.capacity() + self.control.capacity()
    }

    fn advance<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Message<'a>>, Violation> {
        loop {
            let Some(mut frame) = self.begin_frame(input)? else { return Ok(None) };
            let arrived = frame.bytes_left.min(input.len());
            // Never empty-handed: `arrived` is at most the length.
            let piece = input.split_off_mut(..arrived).unwrap_or_default();
            mask::apply(piece, &mut frame.mask);
            frame.bytes_left -= arrived;
            if frame.bytes_left > 0 {
                self.keep(&frame, piece)?;
                self.frame = Some(frame);
                return Ok(None);
            }
            let message = match frame.opcode {
                OpCode::Close | OpCode::Ping | OpCode::Pong => Some(self.control(frame.opcode, piece)?),
                OpCode::Text | OpCode::Continuation | OpCode::Binary => self.data(&frame, piece)?,
            };
            if message.is_some() {
                return Ok(message);
            }
        }
    }

    /// The frame whose payload comes next: the one that has begun, or the one whose header `input` completes.
    fn begin_frame(&mut self, input: &mut &mut [u8]) -> Result<Option<Frame>, Violation> {
        if let Some(frame) = self.frame.take() {
            return Ok(Some(frame));
        }
        let had = self.header_bytes;
        let added = input.len().min(HEADER_BYTES_MAX - had);
        self.header[had..had + added].copy_from_slice(&input[..added]);
        let Some(header) = header::parse(&self.header[..had + added], self.role, self.deflate)? else {
            self.header_bytes += added;
            *input = &mut [];
            return Ok(None);
        };
        self.header_bytes = 0;
        // The earlier bytes did not make a header, so this one ends within the bytes that were added.
        let _ = input.split_off_mut(..header.bytes - had);
        self.admit(&header).map(Some)
    }

    /// Decides from the header alone whether the frame may come: before a byte of it is kept.
    fn admit(&mut self, header: &Header) -> Result<Frame, Violation> {
        let bytes_left = usize::try_from(header.payload_bytes).map_err(|_| Violation::TooLarge)?;
        if !header.opcode.is_control() {
            match (header.opcode, self.fragmented) {
                (OpCode::Continuation, false) => return Err(Violation::UnexpectedContinuation),
                (OpCode::Text, true) => return Err(Violation::ExpectedContinuation),
                (OpCode::Text, false) => self.form = header.form,
                _ => {}
            }
            if bytes_left > self.message_bytes_max - self.text.len() {
                return Err(Violation::TooLarge);
            }
        }
        Ok(Frame { fin: header.fin, opcode: header.opcode, mask: header.mask, bytes_left })
    }

    /// Keeps a piece of a frame that goes on in the next input.
    fn keep(&mut self, frame: &Frame, piece: &[u8]) -> Result<(), Violation> {
        if frame.opcode.is_control() {
            self.control.reserve_exact(piece.len() + frame.bytes_left);
            self.control.extend_from_slice(piece);
            Ok(())
        } else {
            self.text.push(piece, self.form, self.message_bytes_max)
        }
    }

    /// Ends a text or continuation frame with its last piece.
    fn data<'a>(&mut self, frame: &Frame, piece: &'a [u8]) -> Result<Option<Message<'a>>, Violation> {
        if frame.fin && self.text.len() == 0 {
            self.fragmented = false;
            return text::whole(piece, self.form, self.message_bytes_max)
                .map(|text| Some(Message::Text(text)));
        }
        self.text.push(piece, self.form, self.message_bytes_max)?;
        self.fragmented = !frame.fin;
        if self.fragmented {
            return Ok(None);
        }
        let text =
            mem::replace(&mut self.text, PartialText::new()).finish(self.form, self.message_bytes_max)?;
        Ok(Some(Message::Text(Cow::Owned(text))))
    }

    /// Ends a control frame with its last piece.
    fn control<'a>(&mut self, opcode: OpCode, piece: &'a [u8]) -> Result<Message<'a>, Violation> {
        let payload = if self.control.is_empty() {
            Cow::Borrowed(piece)
        } else {
            let mut payload = mem::take(&mut self.control);
            payload.extend_from_slice(piece);
            Cow::Owned(payload)
        };
        match opcode {
            OpCode::Ping => Ok(Message::Ping(payload)),
            OpCode::Pong => Ok(Message::Pong(payload)),
            _ => close(payload),
        }
    }
}

/// Reads the payload of a close frame (section 5.5.1).
fn close(payload: Cow<'_, [u8]>) -> Result<Message<'_>, Violation> {
    if payload.is_empty() {
        return Ok(Message::Close { code: None, reason: Cow::Borrowed("") });
    }
    let (code, _) = payload.split_first_chunk().ok_or(Violation::CloseCode)?;
    let code = u16::from_be_bytes(*code);
    if !may_be_sent(code) {
        return Err(Violation::CloseCode);
    }
    let reason = match payload {
        Cow::Borrowed(payload) => str::from_utf8(&payload[2..]).map(Cow::Borrowed),
        Cow::Owned(payload) => str::from_utf8(&payload[2..]).map(|reason| Cow::Owned(reason.to_owned())),
    };
    Ok(Message::Close { code: Some(code), reason: reason.map_err(|_| Violation::Utf8)? })
}

/// Whether a peer may name this code: those of RFC 6455, section 7.4.1, and of its registry, less the three that only
/// stand for what was never sent, and the ranges for libraries and applications (section 7.4.2).
const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
