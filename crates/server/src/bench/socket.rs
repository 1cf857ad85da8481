//! The client's side of a WebSocket, as cheap as it can be: the load must not cost more than what it measures.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use natter_protocol::limits;
use natter_realtime::codec::{Decoder, Message, OpCode, Role, encode};
use serde::Deserialize;
use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};

/// What one read can take.
const SCRATCH_BYTES: usize = 64 * 1024;
/// Bytes of the server's answer to the handshake.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice());
}

/// Where a connection goes, and whose it is.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) server: SocketAddr,
    /// The address of this machine to connect from; none: as the kernel chooses.
    pub(super) source: Option<IpAddr>,
    pub(super) token: String,
    /// What the kernel takes for it while nobody reads; none: as it likes.
    pub(super) receive_bytes: Option<u32>,
}

/// An open connection whose `ready` frame has come.
pub(super) struct Socket {
    stream: TcpStream,
    /// The epoch of the server's logs.
    pub(super) epoch: String,
    decoder: Decoder,
    /// Masked frames that are not written yet.
    unsent: Vec<u8>,
    mask: u32,
}

impl Socket {
    /// Connects.
    pub(super) async fn open(address: Address) -> Result<Self> {
        let Address { server, source, token, receive_bytes } = address;
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = receive_bytes {
            socket.set_recv_buffer_size(bytes)?;
        }
        if let Some(source) = source {
            // Ports of connections that ended a moment ago may be taken again.
            socket.set_reuseaddr(true)?;
            socket.bind(SocketAddr::new(source, 0))?;
        }
        let mut stream = socket.connect(server).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /api/v1/ws HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
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
        let mut early = answer.split_off(head);
        let answer = String::from_utf8_lossy(&answer);
        ensure!(answer.starts_with("HTTP/1.1 101 "), "the server refused the connection: {answer}");
        let decoder = Decoder::new(Role::Client, limits::FRAME_BYTES_MAX);
        let mut socket =
            Self { stream, epoch: String::new(), decoder, unsent: Vec::new(), mask: rand::random() };
        let mut epoch = None;
        take(&mut socket.decoder, &mut early, &mut |text| greeted(text, &mut epoch))?;
        loop {
            if let Some(epoch) = epoch {
                socket.epoch = epoch;
                return Ok(socket);
            }
            socket.read(|text| greeted(text, &mut epoch)).await?;
        }
    }

    /// Ends it as a network does that fails: without a word.
    pub(super) fn cut(self) -> Result<()> {
        Ok(self.stream.set_zero_linger()?)
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
            self.unsent.clear();
        }
        Ok(())
    }

    /// Waits for bytes and hands each text that they complete to `each`.
    pub(super) async fn read(&mut self, mut each: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let Self { stream, decoder, .. } = self;
        let pong = std::future::poll_fn(|cx| poll_read(stream, decoder, cx, &mut each)).await?;
        if let Some(payload) = pong {
            self.unsent.extend_from_slice(&encode(OpCode::Pong, &payload, Some(self.mask.to_le_bytes())));
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

/// Reads once. Answers what the last ping among it wants back.
fn poll_read(
    stream: &mut TcpStream,
    decoder: &mut Decoder,
    cx: &mut Context<'_>,
    each: &mut impl FnMut(&str) -> Result<()>,
) -> Poll<Result<Option<Vec<u8>>>> {
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
) -> Result<Option<Vec<u8>>> {
    let mut pong = None;
    while let Some(message) = decoder.decode(&mut bytes).context("from the server")? {
        match message {
            Message::Text(text) => each(&text)?,
            Message::Ping(payload) => pong = Some(payload.into_owned()),
            Message::Pong(_) => {}
            Message::Close { code, reason } => bail!("the server closed the connection: {code:?} {reason}"),
        }
    }
    Ok(pong)
}
