//! The frames of RFC 6455 and RFC 7692, without I/O: bytes in, messages out, and back.
//!
//! One connection's [`Decoder`] takes bytes in whatever pieces the network made of them. A frame that arrives whole is
//! unmasked where it lies and lent out; memory is owned only while a frame or message is partial, so a silent
//! connection owns none. Natter speaks text, so a binary frame is refused at its header, and so is one that would make
//! its message longer than the limit: neither is ever buffered.

mod decode;
mod deflate;
mod encode;
mod header;
mod mask;
mod text;

pub use decode::Decoder;
pub use deflate::encode_deflated;
pub use encode::{encode, encode_close};

use natter_protocol::CloseCode;
use std::borrow::Cow;

/// Bytes of payload in a control frame (section 5.5).
pub const CONTROL_PAYLOAD_BYTES_MAX: usize = 125;

/// Which end of the connection decodes: a client's frames are masked, a server's are not (section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Decodes what clients send.
    Server,
    /// Decodes what servers send.
    Client,
}

/// What a frame is (section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum OpCode {
    /// A further fragment of the message that was begun.
    Continuation = 0x0,
    /// A text message, or its first fragment.
    Text = 0x1,
    /// A binary message, or its first fragment.
    Binary = 0x2,
    /// The last frame of its sender.
    Close = 0x8,
    /// Asks for a pong with the same payload.
    Ping = 0x9,
    /// Answers a ping, or just shows life.
    Pong = 0xA,
}

impl OpCode {
    const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    const fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

/// A whole message or control frame. Borrows the bytes it was decoded from, unless it had to be put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// Valid UTF-8, over all its fragments.
    Text(Cow<'a, str>),
    /// To be answered with a pong of the same payload.
    Ping(Cow<'a, [u8]>),
    /// Needs no answer.
    Pong(Cow<'a, [u8]>),
    /// The peer sends nothing after it; what arrives nevertheless is discarded.
    Close {
        /// Why, by number; none is allowed.
        code: Option<u16>,
        /// Why, in words; often empty.
        reason: Cow<'a, str>,
    },
}

/// How a peer broke the protocol or a limit. Nothing is decoded after it; what arrives is discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Section 5.1.
    #[error("frames from a client must be masked")]
    Unmasked,
    /// Section 5.1.
    #[error("frames from a server must not be masked")]
    Masked,
    /// Section 5.2: no extension was negotiated that would give them a meaning.
    #[error("reserved bits are set")]
    ReservedBits,
    /// Section 5.2.
    #[error("unknown opcode")]
    UnknownOpCode,
    /// Section 5.2: the shortest form must be used, and the topmost bit must be 0.
    #[error("the length is not in its shortest form")]
    Length,
    /// Section 5.5.
    #[error("a control frame must not be fragmented")]
    FragmentedControl,
    /// Section 5.5.
    #[error("a control frame carries at most 125 bytes")]
    LongControl,
    /// Section 5.4.
    #[error("a continuation without a message to continue")]
    UnexpectedContinuation,
    /// Section 5.4.
    #[error("a new message before the last fragment of the one before")]
    ExpectedContinuation,
    /// Section 5.5.1: a code of one byte, or one that must not be sent (section 7.4).
    #[error("invalid close code")]
    CloseCode,
    /// Natter speaks text only.
    #[error("only text is spoken here")]
    Binary,
    /// Section 8.1.
    #[error("text must be UTF-8")]
    Utf8,
    /// RFC 7692, section 7.2.2: not what a compressor makes, or cut short.
    #[error("the compressed data are invalid")]
    Deflate,
    /// Beyond the limit that the decoder was given.
    #[error("the message is too large")]
    TooLarge,
}

impl Violation {
    /// The code to close the connection with (section 7.4.1).
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::Binary => CloseCode::Unsupported,
            Self::Utf8 | Self::Deflate => CloseCode::InvalidPayload,
            Self::TooLarge => CloseCode::TooLarge,
            Self::Unmasked
            | Self::Masked
            | Self::ReservedBits
            | Self::UnknownOpCode
            | Self::Length
            | Self::FragmentedControl
            | Self::LongControl
            | Self::UnexpectedContinuation
            | Self::ExpectedContinuation
            | Self::CloseCode => CloseCode::ProtocolError,
        }
    }
}
