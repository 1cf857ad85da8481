//! The two ways to say the same thing.

use crate::codec::{self, OpCode};
use bytes::Bytes;
use natter_protocol::{CloseCode, ConnectionId, ErrorCode, Problem};

/// How a connection's messages are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Natter's own: `{"type": KIND, "payload": P}`.
    Native,
    /// Socket.IO 5 over Engine.IO 4, in the default namespace: `42["KIND",P]`.
    SocketIo,
}

impl Dialect {
    pub(super) const COUNT: usize = 2;
}

/// What was agreed on with a client when its connection was opened, for as long as it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wire {
    /// How messages are written down.
    pub dialect: Dialect,
    /// Whether the client understands compressed frames (RFC 7692).
    pub deflate: bool,
}

/// An Engine.IO packet: ping.
pub(super) const ENGINE_PING: &[u8] = b"2";
/// An Engine.IO message that is a Socket.IO packet: disconnect, without a namespace.
const DISCONNECT: &str = "41";

/// A native message, given as its WebSocket frame, as Socket.IO says it. Its payload is not encoded again.
pub(super) fn socket_io(native: &[u8]) -> Bytes {
    let text = text(native);
    let parts = text
        .strip_prefix(br#"{"type":"#)
        .and_then(|rest| rest.strip_suffix(b"}"))
        .and_then(|rest| split_once(rest, br#","payload":"#));
    let packet = match parts {
        Some((kind, payload)) => [b"42[", kind, b",", payload, b"]"].concat(),
        // Only the empty one, which took the place of what has no JSON.
        None => text.to_vec(),
    };
    codec::encode(OpCode::Text, &packet, None)
}

/// What precedes the close frame. Official clients come back by themselves after any end but a disconnect packet, so
/// those who are not wanted back get one, and before it the reason, for which that packet has no room.
pub(super) fn last_words(code: CloseCode, reason: &str, connection_id: ConnectionId) -> Vec<String> {
    let error = match code {
        CloseCode::Unauthenticated => ErrorCode::Unauthenticated,
        CloseCode::SignedOut => ErrorCode::SessionEnded,
        CloseCode::RateLimited => ErrorCode::RateLimited,
        _ => return Vec::new(),
    };
    let problem = Problem::new(error, reason, connection_id.to_string());
    // Strings and numbers always have JSON; without it, the disconnect alone has to do.
    let error = serde_json::to_string(&("error", problem)).map(|json| format!("42{json}"));
    error.into_iter().chain([DISCONNECT.to_owned()]).collect()
}

/// The text in a server's frame, whose header is as long as its second byte says (RFC 6455, section 5.2).
pub(super) fn text(frame: &[u8]) -> &[u8] {
    let header_bytes = match frame.get(1) {
        Some(126) => 4,
        Some(127) => 10,
        _ => 2,
    };
    frame.get(header_bytes..).unwrap_or_default()
}

fn split_once<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(separator.len()).position(|window| window == separator)?;
    Some((&text[..at], &text[at + separator.len()..]))
}
