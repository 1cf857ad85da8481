//! The JSON objects that travel over a socket, one in each text frame.

use crate::{ConnectionId, ConversationId, Seq, User};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a client sends. The payload is parsed once its type is known.
#[derive(Debug, Deserialize)]
pub struct ClientFrame<'a> {
    /// Chosen by the client, up to 128 characters; the answer repeats it. Without it nothing is acknowledged.
    #[serde(default, borrow)]
    pub id: Option<Cow<'a, str>>,
    /// What is wanted, such as `message.send`.
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    /// What the type needs.
    #[serde(default, borrow)]
    pub payload: Option<&'a RawValue>,
}

/// What the server sends.
#[derive(Debug, Serialize)]
pub struct ServerFrame<'a, T> {
    /// The id of the client frame that this one answers; absent on events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    /// `ack`, `error`, `ready`, `pong`, or the type of an event.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// What it says.
    pub payload: T,
}

/// Payload of `ready`, the first frame on each connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    /// Names this connection in logs.
    pub connection_id: ConnectionId,
    /// Who is connected.
    pub user: User,
    /// The server sends a WebSocket ping when it heard nothing for this long, and closes after twice as long.
    pub heartbeat_seconds: u32,
    /// The epoch of all logs; another one than before means that cached positions are worthless.
    pub epoch: String,
}

/// Payload of `pong`, the answer to a `ping`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pong {}

/// Payload of `sync.lagging`: the connection was too slow, its queue was dropped, the client must pull.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncLagging {
    /// Where events were dropped, and the newest position there.
    pub conversations: Vec<SyncHead>,
}

/// The newest position of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncHead {
    /// The conversation.
    pub id: ConversationId,
    /// The newest position.
    #[schema(value_type = u64, example = 17)]
    pub seq: Seq,
}

/// Why the server closes a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// 1000: the client asked for it.
    Normal,
    /// 1001: the server is going away; the reason carries a reconnect delay.
    GoingAway,
    /// 1002: the frames break RFC 6455.
    ProtocolError,
    /// 1003: a binary frame, where only text is spoken.
    Unsupported,
    /// 1007: text that is not UTF-8.
    InvalidPayload,
    /// 1009: a frame or message beyond the limit.
    TooLarge,
    /// 1011: the server failed.
    InternalError,
    /// 4001: not, or no longer, authenticated.
    Unauthenticated,
    /// 4003: banned or signed out.
    SignedOut,
    /// 4008: too slow; resume after reconnecting.
    TooSlow,
    /// 4009: too many messages.
    RateLimited,
}

impl CloseCode {
    /// The number on the wire (RFC 6455, section 7.4; 4000 to 4999 are the application's own).
    pub const fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::ProtocolError => 1002,
            Self::Unsupported => 1003,
            Self::InvalidPayload => 1007,
            Self::TooLarge => 1009,
            Self::InternalError => 1011,
            Self::Unauthenticated => 4001,
            Self::SignedOut => 4003,
            Self::TooSlow => 4008,
            Self::RateLimited => 4009,
        }
    }
}
