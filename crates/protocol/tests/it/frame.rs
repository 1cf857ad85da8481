//! The frames on a socket: what the server writes is pinned, what clients write is read for ever.

use crate::sample::{self, id, time};
use crate::wire::written;
use natter_protocol::catalogue::{ACK, Answer, CLIENT_TYPES, CLOSES, Payload, SERVER_TYPES, ServerType};
use natter_protocol::{
    AuthState, BlocksChange, ClientFrame, ConnectionId, ConversationId, ErrorCode, Event, EventBody,
    MeChange, Page, Pong, Presence, PresenceChange, PresenceState, Problem, ReadReceipt, ReadState, Ready,
    ServerFrame, SyncDone, SyncEvents, SyncHead, SyncLagging, SyncRemoved, SyncReset, TypingIndicator,
    UnreadChange, UserId,
};
use serde::Serialize;
use serde_json::json;
use std::collections::HashSet;
use std::path::Path;

#[test]
fn every_frame_of_the_server_is_pinned() {
    for kind in SERVER_TYPES {
        frame(kind);
    }
}

#[test]
fn every_acknowledgement_is_pinned() {
    for kind in CLIENT_TYPES {
        if let Answer::Ack(payload) = kind.answer {
            acknowledgement(kind.name, payload);
        }
    }
}

/// What is relayed is the body of the event, as it is in the log.
#[test]
fn an_event_is_the_same_on_a_socket_and_in_the_log() {
    let body = EventBody::MessageNew(Box::new(sample::message()));
    let frame = ServerFrame { id: None, kind: "message.new", payload: sample::message() };
    assert_eq!(serde_json::to_value(body).unwrap(), serde_json::to_value(frame).unwrap());
}

/// Each file is a frame as a client has once sent it. They are added to, and never changed.
#[test]
fn what_clients_have_once_sent_is_read_for_ever() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut seen = HashSet::new();
    for file in std::fs::read_dir(golden).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let frame: ClientFrame<'_> = serde_json::from_str(&text).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(name.split('+').next(), Some(&*frame.kind), "{name}");
        let kind = CLIENT_TYPES.iter().find(|kind| kind.name == frame.kind).unwrap();
        match kind.payload {
            Some(payload) => payload.read(frame.payload.unwrap().get()).unwrap(),
            None => assert!(frame.payload.is_none_or(|payload| payload.get() == "{}"), "{name}"),
        }
        seen.insert(kind.name);
    }
    for kind in CLIENT_TYPES {
        assert!(seen.contains(kind.name), "no client has sent {}", kind.name);
    }
}

#[test]
fn the_catalogue_names_everything_once() {
    let mut names = HashSet::from([ACK]);
    for name in CLIENT_TYPES.iter().map(|kind| kind.name).chain(SERVER_TYPES.iter().map(|kind| kind.name)) {
        assert!(names.insert(name), "{name} twice");
    }
    for kind in CLIENT_TYPES {
        if let Answer::Frame(name) = kind.answer {
            assert!(SERVER_TYPES.iter().any(|answer| answer.name == name), "nothing is called {name}");
        }
    }
    let codes: HashSet<u16> = CLOSES.iter().map(|close| close.code.code()).collect();
    assert_eq!(codes.len(), CLOSES.len());
}

/// A frame of this type.
fn frame(kind: &ServerType) {
    let (conversation_id, user_id) = (id(ConversationId::from_uuid, 2), id(UserId::from_uuid, 1));
    let epoch = "0123456789abcdef".to_owned();
    match kind.name {
        "ready" => {
            let ready = Ready {
                connection_id: id(ConnectionId::from_uuid, 8),
                user: sample::user(),
                heartbeat_seconds: 25,
                epoch,
                expires_at: Some(time(900_000)),
            };
            told(kind, &ready);
        }
        "error" => told(kind, &Problem::new(ErrorCode::UnknownType, "there is no type \"shout\"", "r-1")),
        "pong" => told(kind, &Pong {}),
        "message.new" => told(kind, &sample::message()),
        "message.updated" | "message.deleted" => told(kind, &sample::message_change()),
        "reaction.added" | "reaction.removed" => told(kind, &sample::reaction_change()),
        "conversation.created" => told(kind, &sample::conversation_created()),
        "conversation.updated" => told(kind, &sample::conversation_change()),
        "conversation.deleted" => told(kind, &sample::conversation_deleted()),
        "member.joined" | "member.updated" => told(kind, &sample::member_change()),
        "member.left" => told(kind, &sample::member_left()),
        "message.read_receipt" => {
            told(kind, &ReadReceipt { conversation_id, user_id, last_read_seq: 17, read_at: time(120) });
        }
        "typing.indicator" => told(kind, &TypingIndicator { conversation_id, user_id, active: true }),
        "presence.changed" => told(kind, &presence()),
        "file.updated" => told(kind, &sample::file()),
        "file.rejected" => told(kind, &sample::file_rejection()),
        "unread.changed" => {
            let counts =
                UnreadChange { conversation_id, last_read_seq: 14, unread_count: 3, mention_count: 1 };
            told(kind, &counts);
        }
        "me.changed" => told(kind, &MeChange { conversation_id, me: sample::conversation().me }),
        "blocks.changed" => told(kind, &BlocksChange { user_id, blocked: true }),
        "sync.events" => {
            let body = EventBody::ReactionAdded(Box::new(sample::reaction_change()));
            let events = vec![Event { conversation_id, seq: 18, created_at: time(120), body }];
            told(kind, &SyncEvents { conversation_id, events });
        }
        "sync.reset" => told(kind, &SyncReset { conversation_id, epoch, seq: 17 }),
        "sync.removed" => told(kind, &SyncRemoved { conversation_id }),
        "sync.done" => told(kind, &SyncDone { events: 12 }),
        "sync.lagging" => {
            told(kind, &SyncLagging { conversations: vec![SyncHead { id: conversation_id, seq: 17 }] });
        }
        unknown => panic!("there is no sample of {unknown}"),
    }
}

fn told(kind: &ServerType, payload: &impl Serialize) {
    kind.payload.read(&serde_json::to_string(payload).unwrap()).unwrap();
    let name = format!("frame_{}", kind.name.replace('.', "_"));
    written(&name, &ServerFrame { id: None, kind: kind.name, payload });
}

/// The acknowledgement of a frame of this type.
fn acknowledgement(kind: &str, described: Option<Payload>) {
    match kind {
        "message.send" | "message.edit" | "message.delete" | "reaction.add" | "reaction.remove" => {
            acknowledged(kind, described, &sample::plain_message());
        }
        "message.forward" => acknowledged(kind, described, &Page::new(vec![sample::plain_message()], None)),
        "message.read" => {
            let conversation_id = id(ConversationId::from_uuid, 2);
            let state = ReadState { conversation_id, last_read_seq: 17, unread_count: 3, mention_count: 1 };
            acknowledged(kind, described, &state);
        }
        "conversation.join" => acknowledged(kind, described, &sample::conversation()),
        "presence.watch" => acknowledged(kind, described, &PresenceState { users: vec![presence()] }),
        "auth.refresh" => acknowledged(kind, described, &AuthState { expires_at: Some(time(900_000)) }),
        _ => {
            assert!(described.is_none(), "there is no sample of what acknowledges {kind}");
            acknowledged(kind, None, &json!({}));
        }
    }
}

fn acknowledged(kind: &str, described: Option<Payload>, payload: &impl Serialize) {
    if let Some(described) = described {
        described.read(&serde_json::to_string(payload).unwrap()).unwrap();
    }
    let name = format!("ack_{}", kind.replace('.', "_"));
    written(&name, &ServerFrame { id: Some("c1"), kind: ACK, payload });
}

fn presence() -> PresenceChange {
    let user_id = id(UserId::from_uuid, 1);
    PresenceChange { user_id, status: Presence::Offline, last_seen: Some(time(7)) }
}
