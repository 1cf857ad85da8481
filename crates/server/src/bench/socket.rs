//! The client's side of a WebSocket, as cheap as it can be: the load must not cost more than what it measures.

mod polling;

use super::tls::{Security, Stream};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use natter_protocol::limits;
use natter_realtime::codec::{Decoder, Message, OpCode, Role, encode};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpSocket;

/// What one read can take.
const SCRATCH_BYTES: usize = 64 * 1024;
/// Bytes of the server's answer to the handshake.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice());
}

/// Where a connection goes, and whose it is.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) server: SocketAddr,
    pub(super) security: Security,
    /// The address of this machine to connect from; none: as the kernel chooses.
    pub(super) source: Option<IpAddr>,
    pub(super) token: String,
    pub(super) way: Way,
}

/// How a connection is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub(crate) enum Way {
    /// By WebSocket, in the native dialect.
    #[default]
    Native,
    /// By WebSocket, in that of Socket.IO.
    SocketIo,
    /// The same, but by polling first.
    SocketIoUpgrade,
}

/// An open connection whose `ready` frame has come.
pub(super) struct Socket {
    stream: Stream,
    /// The epoch of the server's logs.
    pub(super) epoch: String,
    decoder: Decoder,
    /// What came with the answer to the handshake.
    early: Vec<u8>,
    /// Masked frames that are not written yet.
    unsent: Vec<u8>,
    mask: u32,
}

impl Address {
    async fn dial(&self) -> Result<Stream> {
        let socket = TcpSocket::new_v4()?;
        if let Some(source) = self.source {
            // Ports of connections that ended a moment ago may be taken again.
            socket.set_reuseaddr(true)?;
            socket.bind(SocketAddr::new(source, 0))?;
        }
        let stream = socket.connect(self.server).await?;
        stream.set_nodelay(true)?;
        // Whoever drops it ends it as a network does that fails: without a word.
        stream.set_zero_linger()?;
        self.security.secure(stream).await
    }
}

impl Socket {
    /// Connects.
    pub(super) async fn open(address: Address) -> Result<Self> {
        let way = address.way;
        if way == Way::SocketIoUpgrade {
            let sid = polling::enter(&address).await?;
            let mut socket =
                Self::handshake(&address, &format!("{}&sid={sid}", polling::BY_WEBSOCKET)).await?;
            socket.converse(&[(Some("2probe"), "3probe")]).await?;
            socket.push("5");
            socket.flush().await?;
            return Ok(socket);
        }
        if way == Way::SocketIo {
            let mut socket = Self::handshake(&address, polling::BY_WEBSOCKET).await?;
            let connect = polling::connect(&address.token);
            socket.converse(&[(None, "0{"), (Some(&connect), "40{"), (None, "42[\"ready\",")]).await?;
            return Ok(socket);
        }
        let mut socket = Self::handshake(&address, "/api/v1/ws").await?;
        let mut epoch = None;
        loop {
            if let Some(epoch) = epoch {
                socket.epoch = epoch;
                return Ok(socket);
            }
            socket.read(|text| greeted(text, &mut epoch)).await?;
        }
    }

    /// Says each of these, and waits for what begins like that.
    async fn converse(&mut self, turns: &[(Option<&str>, &str)]) -> Result<()> {
        let mut heard = VecDeque::new();
        for (say, expected) in turns {
            if let Some(packet) = say {
                self.push(packet);
                self.flush().await?;
            }
            while heard.is_empty() {
                self.read(|text| {
                    heard.push_back(text.to_owned());
                    Ok(())
                })
                .await?;
            }
            let packet = heard.pop_front().unwrap_or_default();
            ensure!(packet.starts_with(expected), "expected {expected}, got {packet}");
        }
        Ok(())
    }

    /// A WebSocket of which nothing has been read.
    async fn handshake(address: &Address, path: &str) -> Result<Self> {
        let Address { server, token, .. } = address;
        let mut stream = address.dial().await?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        let mut answer = Vec::new();
        let head = loop {
            if let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            ensure!(answer.len() < ANSWER_BYTES_MAX, "the answer to the handshake does not end");
            ensure!(
                stream.read_buf(&mut answer).await? > 0,
                "the server closed the connection during the handshake"
            );
        };
        let early = answer.split_off(head);
        let answer = String::from_utf8_lossy(&answer);
        ensure!(answer.starts_with("HTTP/1.1 101 "), "the server refused the connection: {answer}");
        let decoder = Decoder::new(Role::Client, limits::FRAME_BYTES_MAX);
        Ok(Self { stream, epoch: String::new(), decoder, early, unsent: Vec::new(), mask: rand::random() })
    }

    /// Puts a text frame into the buffer.
    pub(super) fn push(&mut self, json: &str) {
        // A generator of full period (Knuth); the mask need not be secret here, only different.
        self.mask = self.mask.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let frame = encode(OpCode::Text, json.as_bytes(), Some(self.mask.to_le_bytes()));
        self.unsent.extend_from_slice(&frame);
    }

    /// Writes what is in the buffer with as few system calls as possible.
    pub(super) async fn flush(&mut self) -> Result<()> {
        if !self.unsent.is_empty() {
            self.stream.write_all(&self.unsent).await?;
            self.stream.flush().await?;
            self.unsent.clear();
        }
        Ok(())
    }

    /// Waits for bytes and hands each text that they complete to `each`.
    pub(super) async fn read(&mut self, mut each: impl FnMut(&str) -> Result<()>) -> Result<()> {
        if !self.early.is_empty() {
            // No ping comes so early.
            return take(&mut self.decoder, &mut mem::take(&mut self.early), &mut each).map(drop);
        }
        let Self { stream, decoder, .. } = self;
        let pong = std::future::poll_fn(|cx| poll_read(stream, decoder, cx, &mut each)).await?;
        if let Some((opcode, payload)) = pong {
            self.unsent.extend_from_slice(&encode(opcode, &payload, Some(self.mask.to_le_bytes())));
            self.flush().await?;
        }
        Ok(())
    }
}

/// The first frame must be `ready`. What comes with it in the same read is only live events of before the resume.
fn greeted(text: &str, epoch: &mut Option<String>) -> Result<()> {
    #[derive(Deserialize)]
    struct Greeting {
        payload: Epoch,
    }
    #[derive(Deserialize)]
    struct Epoch {
        epoch: String,
    }
    if epoch.is_some() {
        return Ok(());
    }
    ensure!(text.starts_with(r#"{"type":"ready""#), "expected ready, got {text}");
    *epoch = Some(serde_json::from_str::<Greeting>(text)?.payload.epoch);
    Ok(())
}

/// What a ping wants back, which Engine.IO says in a text.
type Pong = (OpCode, Vec<u8>);

/// Reads once. Answers what the last ping among it wants back.
fn poll_read(
    stream: &mut Stream,
    decoder: &mut Decoder,
    cx: &mut Context<'_>,
    each: &mut impl FnMut(&str) -> Result<()>,
) -> Poll<Result<Option<Pong>>> {
    SCRATCH.with_borrow_mut(|scratch| {
        let mut buffer = ReadBuf::new(scratch);
        ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
        if buffer.filled().is_empty() {
            return Poll::Ready(Err(anyhow!("the server closed the connection")));
        }
        Poll::Ready(take(decoder, buffer.filled_mut(), each))
    })
}

fn take(
    decoder: &mut Decoder,
    mut bytes: &mut [u8],
    each: &mut impl FnMut(&str) -> Result<()>,
) -> Result<Option<Pong>> {
    let mut pong = None;
    while let Some(message) = decoder.decode(&mut bytes).context("from the server")? {
        match message {
            Message::Text(text) if text == "2" => pong = Some((OpCode::Text, b"3".to_vec())),
            Message::Text(text) => each(&text)?,
            Message::Ping(payload) => pong = Some((OpCode::Pong, payload.into_owned())),
            Message::Pong(_) => {}
            Message::Close { code, reason } => bail!("the server closed the connection: {code:?} {reason}"),
        }
    }
    Ok(pong)
}
