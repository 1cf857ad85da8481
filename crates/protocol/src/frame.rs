//! The JSON objects that travel over a socket, one in each text frame.

use crate::{ConnectionId, ConversationId, Event, Me, MessageId, Presence, Seq, Timestamp, User, UserId};
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
    #[schema(example = 25)]
    pub heartbeat_seconds: u32,
    /// The epoch of all logs; another one than before means that cached positions are worthless.
    #[schema(example = "0123456789abcdef")]
    pub epoch: String,
    /// When the token ends that opened the socket, which closes it unless `auth.refresh` brings a newer one; null for never.
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
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

/// Payload of `message.delete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageRef {
    /// Which message.
    pub message_id: MessageId,
}

/// Payload of `conversation.join`, `conversation.leave`, `typing.start` and `typing.stop`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationRef {
    /// Which conversation.
    pub conversation_id: ConversationId,
}

/// Payload of `presence.update`: what this connection says of its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceUpdate {
    /// Over all connections of a user, the one that asks for most counts: `offline` (do not show me), then `busy`, then
    /// `online`, then `away`.
    pub status: Presence,
}

/// Payload of `presence.watch`: of whom this connection wants to hear. It replaces what was watched before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceWatch {
    /// Up to 1,000 people; those whom the caller may not see are left out without a word.
    #[schema(max_items = 1000)]
    pub user_ids: Vec<UserId>,
}

/// Payload of `presence.changed`: the latest state, never replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceChange {
    /// Whose.
    pub user_id: UserId,
    /// Whether they can be reached now.
    pub status: Presence,
    /// When they were last connected; null if that is not known.
    #[schema(required)]
    pub last_seen: Option<Timestamp>,
}

/// Answer to `presence.watch`: how those are now who are watched from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceState {
    /// Everybody who is watched.
    pub users: Vec<PresenceChange>,
}

/// Payload of `typing.indicator`: somebody began or ceased to write. It ends by itself after 5 seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypingIndicator {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub user_id: UserId,
    /// Whether they write.
    pub active: bool,
}

/// Payload of `blocks.changed`, for all connections of one user: the user has blocked somebody or let them near again, on
/// whichever device. The other one is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlocksChange {
    /// Whom.
    pub user_id: UserId,
    /// Whether they are blocked now.
    pub blocked: bool,
}

/// Payload of `me.changed`, for all connections of one user: what a conversation is to the user, after it was muted, pinned
/// or archived, or is no longer, on whichever device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeChange {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// How it is now.
    pub me: Me,
}

/// Payload of `unread.changed`, for all connections of one user: what is left to read in a conversation, after the user
/// read or was kept apart from somebody, on whichever device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnreadChange {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Everything up to here is read.
    #[schema(value_type = u64, example = 17)]
    pub last_read_seq: Seq,
    /// Messages of others beyond it.
    #[schema(example = 3)]
    pub unread_count: u64,
    /// Those of them that mention the user.
    #[schema(example = 1)]
    pub mention_count: u64,
}

/// Payload of `auth.refresh`: a newer token of the same user, so that the socket stays open when the older one ends.
// No Debug: a secret must not get into a log by a slip.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthRefresh {
    /// The token.
    #[schema(example = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl")]
    pub token: String,
}

/// Answer to `auth.refresh`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthState {
    /// When the socket closes unless there is a newer token by then; null for never.
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
}

/// Payload of `sync.resume`: what the client has, so that it gets what it lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncResume {
    /// Up to 5,000 conversations.
    #[schema(max_items = 5000)]
    pub conversations: Vec<SyncPosition>,
    /// Whether these are all that the client knows. Then it is told of the others that its user is in, by `sync.reset`.
    #[serde(default)]
    pub all: bool,
}

/// How far a client has followed a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncPosition {
    /// The conversation.
    pub id: ConversationId,
    /// The epoch of the log that the position is in.
    #[schema(example = "0123456789abcdef")]
    pub epoch: String,
    /// Everything up to here is there.
    #[schema(value_type = u64, example = 17)]
    pub seq: Seq,
}

/// Payload of `sync.events`: events that the client lacks, in order, without a gap to what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncEvents {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Up to 100 of them; more follow in the next frame.
    pub events: Vec<Event>,
}

/// Payload of `sync.reset`: what the client has of this conversation is of no use, or too old to be made up for event by
/// event. It loads the conversation anew and goes on from this position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncReset {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The epoch of its log.
    #[schema(example = "0123456789abcdef")]
    pub epoch: String,
    /// The newest position.
    #[schema(value_type = u64, example = 17)]
    pub seq: Seq,
}

/// Payload of `sync.removed`: the user is not in this conversation any more, or it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncRemoved {
    /// The conversation.
    pub conversation_id: ConversationId,
}

/// Payload of `sync.done`: everything that was asked for has been sent; what happens from now on follows by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncDone {
    /// Events that were replayed.
    #[schema(example = 12)]
    pub events: u64,
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
    /// 4009: too many messages; the reason carries a reconnect delay.
    RateLimited,
}

/// The reason of a close that says after how many milliseconds to come back: `{"reconnectAfterMs":1200}`. It goes with
/// [`CloseCode::GoingAway`] and [`CloseCode::RateLimited`].
pub fn reconnect_hint(after_ms: u64) -> String {
    format!(r#"{{"reconnectAfterMs":{after_ms}}}"#)
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
