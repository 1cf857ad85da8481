//! What is sent, encoded once for everybody.

use crate::codec::{self, OpCode};
use bytes::Bytes;
use natter_protocol::{ConversationId, Seq};
use std::sync::Arc;

/// One encoded message. A clone shares it and costs a reference count, however many connections it goes to.
#[derive(Debug, Clone)]
pub struct Frame(Arc<Encoded>);

#[derive(Debug)]
struct Encoded {
    kind: Kind,
    websocket: Bytes,
}

/// What may become of a frame when its connection is too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Never dropped: nothing would make up for it.
    Reply,
    /// Dropped, and the client is told to pull up to this position.
    Event(ConversationId, Seq),
    /// Dropped.
    Ephemeral,
}

impl Frame {
    /// An answer to what the client sent: `ack`, `error`, `ready` and the like.
    pub fn reply(json: &str) -> Self {
        Self::new(Kind::Reply, codec::encode(OpCode::Text, json.as_bytes(), None))
    }

    /// A durable event: entry `seq` of a conversation's log. A connection too slow to get it is told where to pull.
    pub fn event(conversation_id: ConversationId, seq: Seq, json: &str) -> Self {
        Self::new(Kind::Event(conversation_id, seq), codec::encode(OpCode::Text, json.as_bytes(), None))
    }

    /// An event of the moment, such as `typing.indicator`: nobody misses it when it is dropped.
    pub fn ephemeral(json: &str) -> Self {
        Self::new(Kind::Ephemeral, codec::encode(OpCode::Text, json.as_bytes(), None))
    }

    /// The complete WebSocket frame, header included.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.websocket
    }

    pub(crate) fn ping() -> Self {
        Self::new(Kind::Reply, codec::encode(OpCode::Ping, &[], None))
    }

    pub(crate) fn pong(payload: &[u8]) -> Self {
        Self::new(Kind::Reply, codec::encode(OpCode::Pong, payload, None))
    }

    /// Without a code when the peer gave none either.
    pub(crate) fn close(code: Option<u16>, reason: &str) -> Self {
        let bytes = match code {
            Some(code) => codec::encode_close(code, reason, None),
            None => codec::encode(OpCode::Close, &[], None),
        };
        Self::new(Kind::Reply, bytes)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    fn new(kind: Kind, websocket: Bytes) -> Self {
        Self(Arc::new(Encoded { kind, websocket }))
    }
}
