//! A connection of somebody, and what they are told on it; and time that stands still.

use crate::harness::World;
use natter_chat::Actor;
use natter_protocol::{ConnectionId, SessionId};
use natter_realtime::codec::{Decoder, Message, Role};
use natter_realtime::{Dialect, Frame, Handle, Io, Newcomer, Received, Session, Wire, serve};
use serde_json::{Value, json};
use std::sync::mpsc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, DuplexStream};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Bytes between the two ends of a connection: more than any test says.
const BUFFER_BYTES: usize = 1 << 20;

/// A connection of somebody.
pub(crate) struct Device {
    pub(crate) handle: Handle,
    actor: Actor,
    io: DuplexStream,
    decoder: Decoder,
    received: Vec<u8>,
    task: JoinHandle<()>,
}

/// A client that only listens.
struct Silent;

impl Session for Silent {
    async fn receive(&mut self, _text: &str) -> Received {
        Received::Nothing
    }
}

impl Device {
    pub(crate) fn connect(world: &World, actor: &Actor) -> Self {
        let newcomer = Newcomer {
            user_id: actor.id(),
            session_id: SessionId::from_uuid(Uuid::nil()),
            connection_id: ConnectionId::from_uuid(Uuid::nil()),
            wire: Wire { dialect: Dialect::Native, deflate: false },
            expires_in_seconds: None,
            first: None,
        };
        let registration = world.hub.register(newcomer).unwrap();
        let handle = registration.handle();
        let (io, server) = tokio::io::duplex(BUFFER_BYTES);
        let task = tokio::spawn(serve(Io::other(server), Vec::new().into(), registration, Silent));
        let decoder = Decoder::new(Role::Client, usize::MAX);
        Self { handle, actor: actor.clone(), io, decoder, received: Vec::new(), task }
    }

    /// What is told next.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let mut rest = self.received.as_mut_slice();
            let message = self.decoder.decode(&mut rest).unwrap();
            let message = message.map(|message| match message {
                Message::Text(text) => serde_json::from_str(&text).unwrap(),
                other => panic!("the server says {other:?}"),
            });
            let left = rest.len();
            self.received.drain(..self.received.len() - left);
            match message {
                Some(message) => return message,
                None => assert_ne!(self.io.read_buf(&mut self.received).await.unwrap(), 0, "it was closed"),
            }
        }
    }

    /// What is told next of this kind.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let mut frame = self.next().await;
            if frame["type"] == kind {
                return frame["payload"].take();
            }
        }
    }

    /// What has been told of this kind up to now.
    pub(crate) async fn heard(&mut self, world: &World, kind: &str) -> Vec<Value> {
        self.heard_any(world, &[kind]).await
    }

    /// What has been told of these kinds up to now.
    pub(crate) async fn heard_any(&mut self, world: &World, kinds: &[&str]) -> Vec<Value> {
        world.hub.deliver_to_user(self.actor.id(), &Frame::notice("mark", &json!({}))).await;
        let mut heard = Vec::new();
        loop {
            let mut frame = self.next().await;
            if frame["type"] == "mark" {
                return heard;
            }
            if kinds.iter().any(|kind| frame["type"] == *kind) {
                heard.push(frame["payload"].take());
            }
        }
    }

    /// Goes away, and is gone when this returns.
    pub(crate) async fn disconnect(self) {
        drop(self.io);
        self.task.await.unwrap();
    }
}

/// Time that passes only when a test says so, whatever the test waits for.
pub(crate) struct StandStill(#[expect(dead_code, reason = "held, not sent on")] mpsc::Sender<()>);

impl StandStill {
    pub(crate) fn begin() -> Self {
        tokio::time::pause();
        let (held, release) = mpsc::channel::<()>();
        // Time that is paused goes on by itself when there is nothing to do, unless a thread is at work.
        tokio::task::spawn_blocking(move || release.recv());
        Self(held)
    }

    /// Lets time pass, once everybody has done what there was to do, and lets them do what there is to do then.
    pub(crate) async fn pass(&self, millis: u64) {
        settle().await;
        // Timers count whole milliseconds: one that began within one ends with the next.
        tokio::time::advance(Duration::from_millis(millis + 1)).await;
        settle().await;
    }

    /// The same, second by second, as the hub counts them.
    pub(crate) async fn pass_seconds(&self, seconds: u64) {
        for _ in 0..seconds {
            self.pass(1_000).await;
        }
    }
}

/// Lets all tasks run that can.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
