//! What must hold for every payload of Socket.IO, as it comes in the body of a request: Engine.IO packets, Socket.IO
//! packets in those that are messages, and events in those.

#[path = "../../crates/server/src/socket/engineio/packet.rs"]
#[expect(dead_code, reason = "the server uses the rest of it")]
mod engineio;
#[path = "../../crates/server/src/socket/socketio/packet.rs"]
mod socketio;

use engineio::{Packet, SEPARATOR, read_payload};
use socketio::{Event, Kind};

/// What is read is written the same again, and so are the packets inside.
pub fn payload(text: &str) {
    let Some(packets) = read_payload(text) else { return };
    let written: Vec<_> = packets.iter().map(ToString::to_string).collect();
    assert_eq!(written.join(SEPARATOR), text);
    for packet in packets {
        if let Packet::Message(text) = packet {
            message(text);
        }
    }
}

/// A packet means the same after it was written and read again. An event's argument is a part of what came.
fn message(text: &str) {
    let Some(packet) = socketio::Packet::read(text) else { return };
    assert!(text.ends_with(packet.data));
    let is_binary = matches!(packet.kind, Kind::BinaryEvent | Kind::BinaryAck);
    // Other data are no JSON that anybody writes, and binary packets are only read.
    if !is_binary && (packet.data.is_empty() || packet.data.starts_with(['[', '{'])) {
        assert_eq!(socketio::Packet::read(&packet.to_string()), Some(packet));
    }
    if let Ok(Event { argument: Some(argument), .. }) = serde_json::from_str(packet.data) {
        assert!(packet.data.contains(argument.get()));
        assert_ne!(argument.get(), "null");
    }
}
