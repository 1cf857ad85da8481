//! What is sent, encoded once for everybody.

mod dialect;

pub use dialect::{Dialect, Wire};

use crate::codec::{self, OpCode};
use bytes::Bytes;
use natter_protocol::{CloseCode, ConnectionId, ConversationId, Seq, ServerFrame};
use serde::Serialize;
use std::sync::{Arc, OnceLock};

/// One message, whose clones share its encoded forms: a clone costs a reference count, however many connections it goes
/// to.
///
/// The plain native form is made at once. The others are made when the first connection that wants one is written to,
/// and then shared by all of its kind.
#[derive(Debug, Clone)]
pub struct Frame(Arc<Encoded>);

/// It begins a cache line of its own. The one before it has the count of clones, which the thread that delivers and those
/// that write change all the time: what they read would go back and forth between their cores with it.
#[derive(Debug)]
#[repr(align(64))]
struct Encoded {
    kind: Kind,
    content: Content,
    /// A complete WebSocket frame; or two of them, where the second closes.
    websocket: Bytes,
    socket_io: OnceLock<Bytes>,
    /// For each dialect; none where compressing does not pay.
    deflated: [OnceLock<Option<Bytes>>; Dialect::COUNT],
}

/// What may become of a frame when its connection is too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Never dropped: nothing would make up for it.
    Kept,
    /// Dropped, and the client is told to pull up to this position.
    Event(ConversationId, Seq),
    /// Dropped.
    Ephemeral,
}

/// Whom a frame can be sent to as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Connections that speak the native dialect: `{"type": …, "payload": …}`.
    Message,
    /// The one connection for which it was made, in the dialect of that one.
    Answer,
    /// Anybody: it carries no text that would be said otherwise, or shorter.
    Control,
}

impl Frame {
    /// A durable event: entry `seq` of a conversation's log. A connection too slow to get it is told where to pull.
    ///
    /// `body` becomes `type` and `payload`, as an [`EventBody`](natter_protocol::EventBody) does.
    pub fn event(conversation_id: ConversationId, seq: Seq, body: &impl Serialize) -> Self {
        Self::message(Kind::Event(conversation_id, seq), body)
    }

    /// An event of the moment, such as `typing.indicator`: nobody misses it when it is dropped.
    pub fn ephemeral(kind: &str, payload: &impl Serialize) -> Self {
        Self::message(Kind::Ephemeral, &ServerFrame { id: None, kind, payload })
    }

    /// What is told once and never made up for, such as `ready` or `sync.done`.
    pub fn notice(kind: &str, payload: &impl Serialize) -> Self {
        Self::message(Kind::Kept, &ServerFrame { id: None, kind, payload })
    }

    /// An answer to what a client sent, all of it, in the dialect of that client's connection.
    pub fn reply(text: &str) -> Self {
        Self::new(Kind::Kept, Content::Answer, codec::encode(OpCode::Text, text.as_bytes(), None))
    }

    /// What goes over the wire: a complete WebSocket frame, header included.
    pub fn bytes(&self, wire: Wire) -> &[u8] {
        let Encoded { content, websocket, socket_io, deflated, .. } = &*self.0;
        let plain = match (wire.dialect, content) {
            (Dialect::SocketIo, Content::Message) => socket_io.get_or_init(|| dialect::socket_io(websocket)),
            _ => websocket,
        };
        if !wire.deflate || *content == Content::Control {
            return plain;
        }
        let deflated = &deflated[wire.dialect as usize];
        deflated.get_or_init(|| codec::encode_deflated(dialect::text(plain))).as_ref().unwrap_or(plain)
    }

    /// Asks whether the client is still there.
    pub(crate) fn ping(dialect: Dialect) -> Self {
        let ping = match dialect {
            Dialect::Native => codec::encode(OpCode::Ping, &[], None),
            Dialect::SocketIo => codec::encode(OpCode::Text, dialect::ENGINE_PING, None),
        };
        Self::new(Kind::Kept, Content::Control, ping)
    }

    pub(crate) fn pong(payload: &[u8]) -> Self {
        Self::new(Kind::Kept, Content::Control, codec::encode(OpCode::Pong, payload, None))
    }

    /// Without a code when the peer gave none either.
    pub(crate) fn close(code: Option<u16>, reason: &str) -> Self {
        let close = match code {
            Some(code) => codec::encode_close(code, reason, None),
            None => codec::encode(OpCode::Close, &[], None),
        };
        Self::new(Kind::Kept, Content::Control, close)
    }

    /// Whatever is to be said at the end, and the close frame.
    pub(crate) fn farewell(
        dialect: Dialect,
        connection_id: ConnectionId,
        code: CloseCode,
        reason: &str,
    ) -> Self {
        let last_words = match dialect {
            Dialect::Native => Vec::new(),
            Dialect::SocketIo => dialect::last_words(code, reason, connection_id),
        };
        let last_words = last_words.iter().map(|text| codec::encode(OpCode::Text, text.as_bytes(), None));
        let close = codec::encode_close(code.code(), reason, None);
        Self::new(Kind::Kept, Content::Control, last_words.chain([close]).flatten().collect())
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What it counts while it waits. Its plain native form, for everybody: the others differ by little, or are shorter.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.0.websocket.len()
    }

    fn message(kind: Kind, body: &impl Serialize) -> Self {
        // These types always have JSON; should one fail, the client sees an empty frame and the log the reason.
        let json = serde_json::to_vec(body).unwrap_or_else(|error| {
            tracing::error!(%error, ?kind, "a frame has no JSON");
            Vec::new()
        });
        Self::new(kind, Content::Message, codec::encode(OpCode::Text, &json, None))
    }

    fn new(kind: Kind, content: Content, websocket: Bytes) -> Self {
        Self(Arc::new(Encoded {
            kind,
            content,
            websocket,
            socket_io: OnceLock::new(),
            deflated: Default::default(),
        }))
    }
}
