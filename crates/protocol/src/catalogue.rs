//! Every frame as data: what the documentation of the sockets is made of, and what tests walk through.
//!
//! A type that is added to a socket is added here, or a test of the gateway fails.

use crate::{
    AuthRefresh, AuthState, BlocksChange, CloseCode, Conversation, ConversationChange, ConversationCreated,
    ConversationDeleted, ConversationRef, EditMessage, File, FileRejection, ForwardMessage, MarkRead,
    MeChange, MemberChange, MemberLeft, Message, MessageChange, MessageRef, Page, Pong, PresenceChange,
    PresenceState, PresenceUpdate, PresenceWatch, Problem, ReactionChange, ReactionRequest, ReadReceipt,
    ReadState, Ready, SendMessage, SyncDone, SyncEvents, SyncLagging, SyncRemoved, SyncReset, SyncResume,
    TypingIndicator, UnreadChange,
};
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Ref, RefOr};

/// The type of the frame that acknowledges another.
pub const ACK: &str = "ack";
/// The type of the frame that refuses another.
pub const ERROR: &str = "error";

/// What a client can send.
#[derive(Debug, Clone, Copy)]
pub struct ClientType {
    /// Its `type`, and the name of the event over Socket.IO.
    pub name: &'static str,
    /// What it asks for.
    pub summary: &'static str,
    /// What it needs; none: no payload.
    pub payload: Option<Payload>,
    /// What comes of it, unless it is refused.
    pub answer: Answer,
}

/// How the server answers a client.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// By an `ack`, if the frame has an `id`. None: an empty object.
    Ack(Option<Payload>),
    /// By a frame of another type, which is one of [`SERVER_TYPES`], whether the frame has an `id` or not.
    Frame(&'static str),
}

/// What the server sends, besides [`ACK`].
#[derive(Debug, Clone, Copy)]
pub struct ServerType {
    /// Its `type`, and the name of the event over Socket.IO.
    pub name: &'static str,
    /// What it says.
    pub summary: &'static str,
    /// Its payload.
    pub payload: Payload,
    /// What a client may rely on.
    pub delivery: Delivery,
}

/// What a client may rely on when the server sends something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// An entry of a conversation's log: nothing is missing, nothing comes twice, all of it in the order of `seq`.
    Log,
    /// To one connection, about that connection. It is not dropped.
    Connection,
    /// The latest state: nothing is replayed, and a slow connection may miss some.
    Latest,
}

/// Why a socket ends, and what its client should do then.
#[derive(Debug, Clone, Copy)]
pub struct Close {
    /// The code.
    pub code: CloseCode,
    /// What happened.
    pub meaning: &'static str,
    /// What to do.
    pub advice: &'static str,
}

/// The type of a payload.
#[derive(Debug, Clone, Copy)]
pub struct Payload {
    describe: fn(&mut Schemas) -> RefOr<Schema>,
    read: fn(&str) -> serde_json::Result<()>,
}

/// Types by their names.
pub type Schemas = Vec<(String, RefOr<Schema>)>;

impl Payload {
    const fn of<T: ToSchema + DeserializeOwned>() -> Self {
        Self { describe: describe::<T>, read: read::<T> }
    }

    const fn page_of<T: ToSchema + DeserializeOwned>() -> Self {
        // By the name that it has among the types of REST.
        let describe =
            |schemas: &mut _| named::<Page<T>>(format!("{}_{}", Page::<T>::name(), T::name()), schemas);
        Self { describe, read: read::<Page<T>> }
    }

    /// The schema of the type; adds all that it refers to.
    pub fn describe(&self, schemas: &mut Schemas) -> RefOr<Schema> {
        (self.describe)(schemas)
    }

    /// Whether this JSON is of the type.
    pub fn read(&self, json: &str) -> serde_json::Result<()> {
        (self.read)(json)
    }
}

fn describe<T: ToSchema>(schemas: &mut Schemas) -> RefOr<Schema> {
    named::<T>(T::name().into_owned(), schemas)
}

fn named<T: ToSchema>(name: String, schemas: &mut Schemas) -> RefOr<Schema> {
    let reference = Ref::from_schema_name(&name);
    schemas.push((name, T::schema()));
    T::schemas(schemas);
    reference.into()
}

fn read<T: DeserializeOwned>(json: &str) -> serde_json::Result<()> {
    serde_json::from_str::<T>(json).map(drop)
}

const fn asks(name: &'static str, summary: &'static str, payload: Payload, answer: Answer) -> ClientType {
    ClientType { name, summary, payload: Some(payload), answer }
}

const fn tells(
    name: &'static str,
    summary: &'static str,
    payload: Payload,
    delivery: Delivery,
) -> ServerType {
    ServerType { name, summary, payload, delivery }
}

const fn closes(code: CloseCode, meaning: &'static str, advice: &'static str) -> Close {
    Close { code, meaning, advice }
}

/// Every type that is in a frame, and all that they refer to.
pub fn schemas() -> Schemas {
    let mut schemas = Schemas::new();
    for kind in CLIENT_TYPES {
        let answered = match kind.answer {
            Answer::Ack(payload) => payload,
            Answer::Frame(_) => None,
        };
        for payload in [kind.payload, answered].into_iter().flatten() {
            payload.describe(&mut schemas);
        }
    }
    for kind in SERVER_TYPES {
        kind.payload.describe(&mut schemas);
    }
    schemas
}

const MESSAGE: Answer = Answer::Ack(Some(Payload::of::<Message>()));
const EMPTY: Answer = Answer::Ack(None);

/// Everything that a client can send.
pub const CLIENT_TYPES: &[ClientType] = &[
    asks("message.send", "Send a message", Payload::of::<SendMessage>(), MESSAGE),
    asks("message.edit", "Change the text of a message", Payload::of::<EditMessage>(), MESSAGE),
    asks("message.delete", "Delete a message", Payload::of::<MessageRef>(), MESSAGE),
    asks(
        "message.forward",
        "Send copies of a message to other conversations",
        Payload::of::<ForwardMessage>(),
        Answer::Ack(Some(Payload::page_of::<Message>())),
    ),
    asks(
        "message.read",
        "Mark a conversation as read",
        Payload::of::<MarkRead>(),
        Answer::Ack(Some(Payload::of::<ReadState>())),
    ),
    asks("reaction.add", "Choose an emoji under a message", Payload::of::<ReactionRequest>(), MESSAGE),
    asks("reaction.remove", "Take an emoji back", Payload::of::<ReactionRequest>(), MESSAGE),
    asks(
        "conversation.join",
        "Join a public channel",
        Payload::of::<ConversationRef>(),
        Answer::Ack(Some(Payload::of::<Conversation>())),
    ),
    asks("conversation.leave", "Leave a conversation", Payload::of::<ConversationRef>(), EMPTY),
    asks("typing.start", "Show the others that one is writing", Payload::of::<ConversationRef>(), EMPTY),
    asks("typing.stop", "Show it no longer", Payload::of::<ConversationRef>(), EMPTY),
    asks(
        "presence.update",
        "Say whether one can be reached at this connection",
        Payload::of::<PresenceUpdate>(),
        EMPTY,
    ),
    asks(
        "presence.watch",
        "Hear of the presence of these people, and of no others",
        Payload::of::<PresenceWatch>(),
        Answer::Ack(Some(Payload::of::<PresenceState>())),
    ),
    asks(
        "sync.resume",
        "Get what was missed: the answer is any number of sync.events, sync.reset and sync.removed before sync.done",
        Payload::of::<SyncResume>(),
        Answer::Frame("sync.done"),
    ),
    asks(
        "auth.refresh",
        "Keep the socket open with a newer token",
        Payload::of::<AuthRefresh>(),
        Answer::Ack(Some(Payload::of::<AuthState>())),
    ),
    ClientType {
        name: "ping",
        summary: "Ask whether anybody is there",
        payload: None,
        answer: Answer::Frame("pong"),
    },
];

/// Everything that the server sends, besides [`ACK`].
pub const SERVER_TYPES: &[ServerType] = &[
    tells("ready", "The first frame on each connection", Payload::of::<Ready>(), Delivery::Connection),
    tells(
        ERROR,
        "What was asked for was not done; with the id of the frame that asked for it, if it had one",
        Payload::of::<Problem>(),
        Delivery::Connection,
    ),
    tells("pong", "Somebody is there", Payload::of::<Pong>(), Delivery::Connection),
    tells("message.new", "A message was sent", Payload::of::<Message>(), Delivery::Log),
    tells(
        "message.updated",
        "A message's text changed, or it was pinned or unpinned",
        Payload::of::<MessageChange>(),
        Delivery::Log,
    ),
    tells("message.deleted", "A message was deleted", Payload::of::<MessageChange>(), Delivery::Log),
    tells("reaction.added", "Somebody chose an emoji", Payload::of::<ReactionChange>(), Delivery::Log),
    tells("reaction.removed", "Somebody took an emoji back", Payload::of::<ReactionChange>(), Delivery::Log),
    tells(
        "conversation.created",
        "The first entry of a log",
        Payload::of::<ConversationCreated>(),
        Delivery::Log,
    ),
    tells(
        "conversation.updated",
        "Its name, topic, visibility or status changed",
        Payload::of::<ConversationChange>(),
        Delivery::Log,
    ),
    tells(
        "conversation.deleted",
        "The last entry of a log",
        Payload::of::<ConversationDeleted>(),
        Delivery::Log,
    ),
    tells("member.joined", "Somebody came in", Payload::of::<MemberChange>(), Delivery::Log),
    tells(
        "member.left",
        "Somebody went, or was removed; for them it is the last event",
        Payload::of::<MemberLeft>(),
        Delivery::Log,
    ),
    tells(
        "member.updated",
        "Somebody may do more or less than before",
        Payload::of::<MemberChange>(),
        Delivery::Log,
    ),
    tells(
        "message.read_receipt",
        "Somebody has read up to a position",
        Payload::of::<ReadReceipt>(),
        Delivery::Latest,
    ),
    tells(
        "typing.indicator",
        "Somebody began or ceased to write",
        Payload::of::<TypingIndicator>(),
        Delivery::Latest,
    ),
    tells(
        "presence.changed",
        "Somebody who is watched came, went, or says so",
        Payload::of::<PresenceChange>(),
        Delivery::Latest,
    ),
    tells(
        "file.updated",
        "What is known of a file of one's own changed, such as that it can be fetched",
        Payload::of::<File>(),
        Delivery::Latest,
    ),
    tells(
        "file.rejected",
        "A virus was found in a file: for whoever uploaded it, and for the moderators of where it was sent",
        Payload::of::<FileRejection>(),
        Delivery::Latest,
    ),
    tells(
        "unread.changed",
        "What is left to read, after the user has read somewhere",
        Payload::of::<UnreadChange>(),
        Delivery::Connection,
    ),
    tells(
        "me.changed",
        "The user has muted, pinned or archived a conversation, or no longer",
        Payload::of::<MeChange>(),
        Delivery::Connection,
    ),
    tells(
        "blocks.changed",
        "The user has blocked somebody, or let them near again",
        Payload::of::<BlocksChange>(),
        Delivery::Connection,
    ),
    tells(
        "sync.events",
        "Events that were missed, without a gap",
        Payload::of::<SyncEvents>(),
        Delivery::Connection,
    ),
    tells(
        "sync.reset",
        "Load this conversation anew and go on from here",
        Payload::of::<SyncReset>(),
        Delivery::Connection,
    ),
    tells(
        "sync.removed",
        "The user is not in this conversation any more, or it is gone",
        Payload::of::<SyncRemoved>(),
        Delivery::Connection,
    ),
    tells(
        "sync.done",
        "All that was missed has been sent; what happens from now on follows by itself",
        Payload::of::<SyncDone>(),
        Delivery::Connection,
    ),
    tells(
        "sync.lagging",
        "The connection was too slow: events up to these positions were dropped and have to be pulled",
        Payload::of::<SyncLagging>(),
        Delivery::Connection,
    ),
];

/// Why a socket ends.
pub const CLOSES: &[Close] = &[
    closes(CloseCode::Normal, "The client asked for it.", "Nothing."),
    closes(
        CloseCode::GoingAway,
        "The server is stopping, or does not reach its database.",
        "Reconnect after the delay that the reason names, and resume.",
    ),
    closes(CloseCode::ProtocolError, "The frames break RFC 6455.", "Use another WebSocket library."),
    closes(CloseCode::Unsupported, "A binary frame came.", "Send text frames."),
    closes(CloseCode::InvalidPayload, "A text frame was not UTF-8.", "Send UTF-8."),
    closes(CloseCode::TooLarge, "A message was too large.", "Send less at once; the same would fail again."),
    closes(CloseCode::InternalError, "The server failed.", "Reconnect with a growing delay, and resume."),
    closes(
        CloseCode::Unauthenticated,
        "The token has ended.",
        "Get a newer token, reconnect with it, and resume.",
    ),
    closes(
        CloseCode::SignedOut,
        "The session was ended, the user disabled, or the address blocked.",
        "Do not reconnect by yourself: ask for a sign-in.",
    ),
    closes(
        CloseCode::TooSlow,
        "Too much waited for the client for too long.",
        "Reconnect with a growing delay, and resume.",
    ),
    closes(
        CloseCode::RateLimited,
        "The client went on although it was told that it was too fast.",
        "Reconnect after the delay that the reason names, and send less.",
    ),
];
