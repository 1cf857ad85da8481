//! The native dialect: one JSON object in each text message, answers known by the `id` of their frame.

use super::gateway::{Gateway, Handled, Outcome, Piece};
use super::request::Misunderstood;
use crate::json;
use futures_util::StreamExt as _;
use natter_protocol::{ClientFrame, CloseCode, Pong, ServerFrame, limits};
use natter_realtime::{Frame, Received, Replayed, Session};
use serde::Serialize;
use std::borrow::Cow;
use std::future;

/// A connection that speaks the native dialect.
pub(super) struct WebSocket(pub(super) Gateway);

impl Session for WebSocket {
    async fn receive(&mut self, text: &str) -> Received {
        let (id, handled) = match read(text) {
            Ok(frame) => (frame.id, self.0.handle(&frame.kind, frame.payload).await),
            Err(misunderstood) => (None, self.0.misunderstood(misunderstood)),
        };
        let id = id.map(Cow::into_owned);
        match handled {
            Handled::Now(outcome) => {
                answer(id.as_deref(), &outcome).map_or(Received::Nothing, Received::Reply)
            }
            Handled::Later(outcome) => {
                Received::Later(Box::pin(async move { answer(id.as_deref(), &outcome.await) }))
            }
            Handled::Replay(pieces) => Received::Replay(Box::pin(pieces.filter_map(move |piece| {
                future::ready(match piece {
                    Piece::Missed(missed) => Some(missed),
                    Piece::End(outcome) => answer(id.as_deref(), &outcome).map(Replayed::Frame),
                })
            }))),
            Handled::Close(code, reason) => Received::Close(code, reason),
        }
    }

    async fn renew(&mut self) -> Result<(), (CloseCode, Cow<'static, str>)> {
        self.0.renew().await
    }
}

fn read(text: &str) -> Result<ClientFrame<'_>, Misunderstood> {
    let frame: ClientFrame<'_> = json::object(text)
        .map_err(|error| Misunderstood::json(format!("the frame must be an object with a type: {error}")))?;
    if frame.id.as_ref().is_some_and(|id| id.chars().count() > limits::FRAME_ID_CHARS_MAX) {
        return Err(Misunderstood::json(format!(
            "the id has more than {} characters",
            limits::FRAME_ID_CHARS_MAX
        )));
    }
    Ok(frame)
}

/// Without an id there is nothing by which an acknowledgement could be known.
fn answer(id: Option<&str>, outcome: &Outcome) -> Option<Frame> {
    match outcome {
        Outcome::Done(payload) => id.map(|id| frame(Some(id), "ack", payload)),
        Outcome::Pong => Some(frame(id, "pong", &Pong {})),
        Outcome::Synced(payload) => Some(frame(id, "sync.done", payload)),
        Outcome::Refused(problem) => Some(frame(id, "error", problem)),
    }
}

fn frame(id: Option<&str>, kind: &str, payload: &impl Serialize) -> Frame {
    // These types always have JSON; should one fail, the client sees an empty frame and the log the reason.
    let json = serde_json::to_string(&ServerFrame { id, kind, payload }).unwrap_or_else(|error| {
        tracing::error!(%error, kind, "a frame has no JSON");
        String::new()
    });
    Frame::reply(&json)
}
