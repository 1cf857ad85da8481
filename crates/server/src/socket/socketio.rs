//! The dialect of Socket.IO 5, in the default namespace: each type of the native dialect is the name of an event, and an
//! answer goes to the callback that the client passed along.
//!
//! The specification is that of `socketio/socket.io-protocol`. Binary arguments and other namespaces are refused.

mod enter;
mod packet;
mod room;

pub(super) use enter::{ENTER_TIME_MAX, serve};

use super::engineio;
use super::gateway::{Gateway, Handled, Outcome, Piece};
use super::request::Misunderstood;
use futures_util::stream::{self, StreamExt as _};
use natter_protocol::{CloseCode, ErrorCode, Pong, Problem};
use natter_realtime::{Frame, Received, Replayed, Session};
use packet::{DEFAULT_NAMESPACE, Event, Kind, Packet};
use serde::Serialize;
use std::borrow::Cow;

/// A connection that speaks Socket.IO.
pub(super) struct SocketIo(Gateway);

impl Session for SocketIo {
    async fn receive(&mut self, text: &str) -> Received {
        match engineio::Packet::read(text) {
            Some(engineio::Packet::Message(text)) => match Packet::read(text) {
                Some(packet) => self.take(packet).await,
                None => broken("this is no packet of Socket.IO 5"),
            },
            Some(engineio::Packet::Pong(_) | engineio::Packet::Noop) => self.unasked(),
            Some(engineio::Packet::Close) => Received::Close(CloseCode::Normal, Cow::Borrowed("")),
            _ => broken("this is no packet that a client of Engine.IO 4 sends"),
        }
    }

    async fn renew(&mut self) -> Result<(), (CloseCode, Cow<'static, str>)> {
        self.0.renew().await
    }
}

impl SocketIo {
    /// What asks for nothing has no answer, and counts all the same.
    fn unasked(&self) -> Received {
        match self.0.nothing() {
            Handled::Close(code, reason) => Received::Close(code, reason),
            _ => Received::Nothing,
        }
    }

    async fn take(&mut self, packet: Packet<'_>) -> Received {
        let Packet { kind, namespace, id, data } = packet;
        match kind {
            Kind::Connect if namespace != DEFAULT_NAMESPACE => Received::Reply(no_such_namespace(namespace)),
            _ if namespace != DEFAULT_NAMESPACE => broken("this namespace was not connected to"),
            Kind::Connect => broken("the namespace is connected to already"),
            Kind::Disconnect => Received::Close(CloseCode::Normal, Cow::Borrowed("")),
            Kind::Event => {
                let handled = match serde_json::from_str(data) {
                    Ok(Event { name, argument }) => self.handle(&name, argument).await,
                    Err(error) => self.0.misunderstood(Misunderstood::json(format!("the event: {error}"))),
                };
                received(id, handled)
            }
            // What follows is binary, which ends the connection; this says why.
            Kind::BinaryEvent => {
                let detail = "arguments of events are JSON; binary ones are not taken";
                let misunderstood =
                    Misunderstood { code: ErrorCode::UnsupportedMediaType, detail: detail.to_owned() };
                received(id, self.0.misunderstood(misunderstood))
            }
            Kind::Ack | Kind::BinaryAck => self.unasked(),
            Kind::ConnectError => broken("only a server refuses connections"),
        }
    }
}

fn received(id: Option<u64>, handled: Handled) -> Received {
    match handled {
        Handled::Now(outcome) => answer(id, &outcome).map_or(Received::Nothing, Received::Reply),
        Handled::Later(outcome) => Received::Later(Box::pin(async move { answer(id, &outcome.await) })),
        Handled::Replay(pieces) => Received::Replay(Box::pin(pieces.flat_map(move |piece| {
            stream::iter(match piece {
                Piece::Missed(missed) => [Some(missed), None],
                Piece::End(outcome) => {
                    [told(&outcome), answer(id, &outcome)].map(|frame| frame.map(Replayed::Frame))
                }
            })
            .filter_map(std::future::ready)
        }))),
        Handled::Close(code, reason) => Received::Close(code, reason),
    }
}

/// What is told to all of the client, besides the callback of the one event.
fn told(outcome: &Outcome) -> Option<Frame> {
    match outcome {
        Outcome::Synced(payload) => Some(Frame::notice("sync.done", payload)),
        Outcome::Done(_) | Outcome::Pong | Outcome::Refused(_) => None,
    }
}

/// To the callback, if there is one.
fn answer(id: Option<u64>, outcome: &Outcome) -> Option<Frame> {
    #[derive(Serialize)]
    struct Error<'a> {
        error: &'a Problem,
    }
    match (outcome, id) {
        (Outcome::Done(payload) | Outcome::Synced(payload), Some(id)) => Some(acknowledgement(id, payload)),
        (Outcome::Done(_) | Outcome::Synced(_), None) => None,
        (Outcome::Pong, Some(id)) => Some(acknowledgement(id, &Pong {})),
        (Outcome::Pong, None) => Some(Frame::notice("pong", &Pong {})),
        (Outcome::Refused(problem), Some(id)) => Some(acknowledgement(id, &Error { error: problem })),
        (Outcome::Refused(problem), None) => Some(Frame::notice("error", problem)),
    }
}

fn acknowledgement(id: u64, payload: &impl Serialize) -> Frame {
    reply(Kind::Ack, DEFAULT_NAMESPACE, Some(id), &[payload])
}

fn no_such_namespace(namespace: &str) -> Frame {
    let message = ConnectError { message: "Invalid namespace", data: None };
    reply(Kind::ConnectError, namespace, None, &message)
}

/// Why a namespace is not connected to.
#[derive(Serialize)]
struct ConnectError<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Problem>,
}

fn reply(kind: Kind, namespace: &str, id: Option<u64>, data: &impl Serialize) -> Frame {
    Frame::reply(&message(kind, namespace, id, data))
}

/// A packet as a message of the layer below.
fn message(kind: Kind, namespace: &str, id: Option<u64>, data: &impl Serialize) -> String {
    // These types always have JSON; should one fail, the client sees a packet without data and the log the reason.
    let data = serde_json::to_string(data).unwrap_or_else(|error| {
        tracing::error!(%error, ?kind, "a packet has no JSON");
        String::new()
    });
    let packet = Packet { kind, namespace, id, data: &data }.to_string();
    engineio::Packet::Message(&packet).to_string()
}

fn broken(reason: &'static str) -> Received {
    Received::Close(CloseCode::ProtocolError, Cow::Borrowed(reason))
}
