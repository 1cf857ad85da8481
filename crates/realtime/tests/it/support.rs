//! A client that is small enough to be trusted, and sessions that do as a test says.

use natter_protocol::{ConnectionId, ConversationId, Seq, ServerFrame, SessionId, UserId};
use natter_realtime::codec::{Decoder, Message, OpCode, Role, encode, encode_close};
use natter_realtime::{Dialect, Frame, Hub, Io, Newcomer, Received, Registration, Session, Wire, serve};
use std::future::Future;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use uuid::Uuid;

const MASK: [u8; 4] = [0xA5, 0x5A, 0x0F, 0xF0];

pub(crate) fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn session(number: u128) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn conversation(number: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(number))
}

pub(crate) const NATIVE: Wire = Wire { dialect: Dialect::Native, deflate: false };

/// An entry of a log that a [`Client`] reads as `text …`.
pub(crate) fn event(conversation_number: u128, seq: Seq, text: &str) -> Frame {
    let body = ServerFrame { id: None, kind: "text", payload: text };
    Frame::event(conversation(conversation_number), seq, &body)
}

/// An event of the moment that a [`Client`] reads as `text …`.
pub(crate) fn ephemeral(text: &str) -> Frame {
    Frame::ephemeral("text", &text)
}

/// Fails a test that would otherwise hang; nothing is measured with it.
pub(crate) async fn within_a_minute<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), future).await.expect("what was awaited happens")
}

/// A session made of a function.
pub(crate) struct Script<F>(pub(crate) F);

impl<F: FnMut(&str) -> Received + Send + 'static> Session for Script<F> {
    fn receive(&mut self, text: &str) -> impl Future<Output = Received> + Send {
        std::future::ready((self.0)(text))
    }
}

/// Answers each message with itself.
pub(crate) fn echo() -> impl Session {
    Script(|text: &str| Received::Reply(Frame::reply(text)))
}

pub(crate) fn register(hub: &Hub, user_number: u128) -> Registration {
    register_session(hub, user_number, user_number)
}

pub(crate) fn register_session(hub: &Hub, user_number: u128, session_number: u128) -> Registration {
    hub.register(newcomer(user_number, session_number)).expect("the hub takes it in")
}

pub(crate) fn newcomer(user_number: u128, session_number: u128) -> Newcomer {
    Newcomer {
        user_id: user(user_number),
        session_id: session(session_number),
        connection_id: ConnectionId::from_uuid(Uuid::nil()),
        wire: NATIVE,
        expires_in_seconds: None,
        first: Some(Frame::reply("ready")),
    }
}

/// Both ends of a connection over the loopback device: the client's and the server's.
pub(crate) async fn loopback() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (client, (server, _)) = (client.unwrap(), accepted.unwrap());
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    (client, server)
}

/// Connects a user over TCP, past the `ready` frame.
pub(crate) async fn connect(
    hub: &Hub,
    user_number: u128,
    session: impl Session,
) -> (Client<TcpStream>, JoinHandle<()>) {
    let (client, server) = loopback().await;
    let task = tokio::spawn(serve(Io::Tcp(server), bytes::Bytes::new(), register(hub, user_number), session));
    let mut client = Client::new(client);
    assert_eq!(client.next().await, "text ready");
    (client, task)
}

/// Connects a user over memory, where nothing depends on the kernel; `buffer_bytes` fit in between.
pub(crate) async fn connect_in_memory(
    hub: &Hub,
    user_number: u128,
    buffer_bytes: usize,
    session: impl Session,
) -> (Client<DuplexStream>, JoinHandle<()>) {
    serve_in_memory(register(hub, user_number), buffer_bytes, session).await
}

/// Serves a connection over memory, and gives the client's end of it, past the `ready` frame.
pub(crate) async fn serve_in_memory(
    registration: Registration,
    buffer_bytes: usize,
    session: impl Session,
) -> (Client<DuplexStream>, JoinHandle<()>) {
    let (client, server) = tokio::io::duplex(buffer_bytes);
    let task = tokio::spawn(serve(Io::other(server), bytes::Bytes::new(), registration, session));
    let mut client = Client::new(client);
    assert_eq!(client.next().await, "text ready");
    (client, task)
}

pub(crate) struct Client<Io> {
    pub(crate) io: Io,
    decoder: Decoder,
    received: Vec<u8>,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Client<Io> {
    pub(crate) fn new(io: Io) -> Self {
        Self { io, decoder: Decoder::new(Role::Client, usize::MAX), received: Vec::new() }
    }

    /// Understands compressed frames too.
    pub(crate) fn with_deflate(mut self, deflate: bool) -> Self {
        self.decoder = self.decoder.with_deflate(deflate);
        self
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.send_bytes(&encode(OpCode::Text, text.as_bytes(), Some(MASK))).await;
    }

    pub(crate) async fn send_ping(&mut self, payload: &[u8]) {
        self.send_bytes(&encode(OpCode::Ping, payload, Some(MASK))).await;
    }

    pub(crate) async fn send_pong(&mut self) {
        self.send_bytes(&encode(OpCode::Pong, b"", Some(MASK))).await;
    }

    pub(crate) async fn send_close(&mut self, code: u16) {
        self.send_bytes(&encode_close(code, "", Some(MASK))).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.io.write_all(bytes).await.unwrap();
    }

    /// The next message in words; `end` when the server sends no more.
    pub(crate) async fn next(&mut self) -> String {
        loop {
            let mut rest = self.received.as_mut_slice();
            let message = self.decoder.decode(&mut rest).expect("the server keeps to the protocol");
            let message = message.map(|message| match message {
                Message::Text(text) => format!("text {}", plain(&text)),
                Message::Ping(payload) => format!("ping {}", payload.escape_ascii()),
                Message::Pong(payload) => format!("pong {}", payload.escape_ascii()),
                Message::Close { code, reason } => format!("close {code:?} {reason}"),
            });
            let left = rest.len();
            self.received.drain(..self.received.len() - left);
            if let Some(message) = message {
                return message;
            }
            // A reset takes the place of an end when the server stopped without reading everything.
            if !matches!(self.io.read_buf(&mut self.received).await, Ok(1..)) {
                return "end".to_owned();
            }
        }
    }

    /// All messages up to the end.
    pub(crate) async fn rest(&mut self) -> Vec<String> {
        let mut messages = Vec::new();
        loop {
            match self.next().await {
                end if end == "end" => return messages,
                message => messages.push(message),
            }
        }
    }
}

fn plain(text: &str) -> &str {
    let payload = text.strip_prefix(r#"{"type":"text","payload":""#);
    payload.and_then(|payload| payload.strip_suffix(r#""}"#)).unwrap_or(text)
}
