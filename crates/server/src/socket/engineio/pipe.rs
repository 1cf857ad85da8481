//! A connection that is made of requests. At one end it is read and written like any stream; at the other, requests put
//! in what the client says and take out what it is told. Once the client has a real stream, this becomes that one.
//!
//! The bytes are the same in both cases, whole WebSocket frames, so nothing is lost, doubled or reordered when the one
//! takes over from the other.

use super::packet::{Packet, SEPARATOR};
use crate::serve::ConnectionPermit;
use bytes::Bytes;
use natter_realtime::Io;
use natter_realtime::codec::{Decoder, Message, OpCode, Role, encode};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::task::coop::poll_proceed;
use tokio::time::Instant;

/// Frames of a client are masked, so that no proxy takes them for something else (RFC 6455, section 10.3). These never
/// leave the process, and this mask changes nothing.
const NO_MASK: [u8; 4] = [0; 4];

/// Packets in one answer: the client for Python takes a longer one for an attack.
const PAYLOAD_PACKETS_MAX: usize = 16;
/// Bytes that wait for the client before nothing more is taken for it.
const OUTBOUND_BYTES_MAX: usize = 64 * 1024;
/// For the client to ask again; then nothing more is taken for it until it does. So a client that has ceased to ask is one
/// whose connection does not get rid of what it writes, which ends it.
const OUTBOUND_TIME_MAX: Duration = Duration::from_secs(5);

/// The client's end.
#[derive(Default)]
pub(super) struct Pipe(Mutex<State>);

#[derive(Default)]
struct State {
    phase: Phase,
    /// Frames of the client that are not read yet.
    inbound: Bytes,
    /// Frames for the client that it did not ask for yet.
    outbound: Vec<u8>,
    /// Since when they wait.
    waiting: Option<Instant>,
    /// What the next request is answered with if there is nothing to tell.
    otherwise: Option<Packet<'static>>,
    /// Whether a request waits for what there is to tell.
    polled: bool,
    /// Whether a request waits to put in what it brought.
    posted: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    poll: Option<Waker>,
    post: Option<Waker>,
}

#[derive(Default)]
enum Phase {
    /// Requests come and go.
    #[default]
    Open,
    /// The client has a stream, to which is written what waited here. Nothing new is taken meanwhile.
    Switching,
    /// The stream, until the other end takes it over.
    Switched(Option<Box<Successor>>),
    /// The server has nothing more to say.
    ShutDown,
    /// One of the two has left.
    Ended,
}

/// What takes over from a pipe.
struct Successor {
    transport: Io,
    /// What was read from it already.
    early: Bytes,
    /// Held as long as the transport.
    _permit: Option<ConnectionPermit>,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Another one of its kind is there already, so that one of them is not the client's. The connection ends.
    Overlap,
    /// The connection has ended, or is no longer made of requests.
    Gone,
}

impl Pipe {
    /// The packets that the client has not been told, or one that tells nothing; waits until there are any.
    ///
    /// Whoever drops this before it is ready ends the connection, because then the client has left.
    pub(super) async fn take(&self) -> Result<String, Refused> {
        let turn = Turn::begin(self, |state| &mut state.polled)?;
        let payload = poll_fn(|cx| {
            let mut state = self.lock();
            if !state.outbound.is_empty() {
                let payload = state.next_payload();
                wake([state.writer.take(), state.reader.take()]);
                return Poll::Ready(payload);
            }
            if let Some(packet) = state.otherwise.take() {
                return Poll::Ready(Ok(packet.to_string()));
            }
            match state.phase {
                Phase::Open => {}
                Phase::Switching | Phase::Switched(_) => return Poll::Ready(Ok(Packet::Noop.to_string())),
                Phase::ShutDown | Phase::Ended => return Poll::Ready(Err(Refused::Gone)),
            }
            state.poll = Some(cx.waker().clone());
            Poll::Pending
        });
        let payload = payload.await;
        turn.end();
        payload
    }

    /// Puts in what the client says, after what it said before was read. Dropping this before ends the connection, too.
    pub(super) async fn put(&self, packets: &[Packet<'_>]) -> Result<(), Refused> {
        let turn = Turn::begin(self, |state| &mut state.posted)?;
        let left = packets.iter().position(|packet| *packet == Packet::Close);
        let frames = packets[..left.unwrap_or(packets.len())]
            .iter()
            .map(|packet| encode(OpCode::Text, packet.to_string().as_bytes(), Some(NO_MASK)));
        let mut frames = Some(Bytes::from(frames.collect::<Vec<_>>().concat()));
        let put = poll_fn(|cx| {
            let mut state = self.lock();
            match state.phase {
                Phase::Open => {}
                // To leave is no mistake, as the server may have been faster.
                Phase::ShutDown | Phase::Ended if left == Some(0) => return Poll::Ready(Ok(())),
                _ => return Poll::Ready(Err(Refused::Gone)),
            }
            if !state.inbound.is_empty() {
                state.post = Some(cx.waker().clone());
                return Poll::Pending;
            }
            state.inbound = frames.take().unwrap_or_default();
            wake([state.reader.take()]);
            Poll::Ready(Ok(()))
        });
        let put = put.await;
        turn.end();
        if put.is_ok() && left.is_some() {
            self.leave();
        }
        put
    }

    /// Answers the request that waits, so that the client sees that it can stop to ask.
    pub(super) fn nudge(&self) {
        let mut state = self.lock();
        if state.polled {
            state.otherwise = Some(Packet::Noop);
            wake([state.poll.take()]);
        }
    }

    /// Makes a stream of it. What waits for the client is written there first.
    pub(super) async fn switch(
        &self,
        mut transport: Io,
        early: Bytes,
        permit: Option<ConnectionPermit>,
    ) -> Result<(), Refused> {
        let waiting = {
            let mut state = self.lock();
            if !matches!(state.phase, Phase::Open) {
                return Err(Refused::Gone);
            }
            state.phase = Phase::Switching;
            wake([state.poll.take(), state.post.take()]);
            state.take_outbound()
        };
        let turn = Turn { pipe: self, flag: None, over: false };
        if transport.write_all(&waiting).await.is_err() {
            return Err(Refused::Gone);
        }
        turn.end();
        let mut state = self.lock();
        if !matches!(state.phase, Phase::Switching) {
            return Err(Refused::Gone);
        }
        state.phase = Phase::Switched(Some(Box::new(Successor { transport, early, _permit: permit })));
        wake([state.reader.take(), state.writer.take()]);
        Ok(())
    }

    /// Ends the connection. What was said before is still read at the other end.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.phase = Phase::Ended;
        wake([state.reader.take(), state.writer.take(), state.poll.take(), state.post.take()]);
    }

    /// The client has left: its other request, if one waits, has no more to wait for.
    fn leave(&self) {
        if self.lock().polled {
            self.end_with(Packet::Noop);
        } else {
            self.end();
        }
    }

    /// Ends the connection, and tells so to a request that waits.
    fn end_with(&self, packet: Packet<'static>) {
        self.lock().otherwise = Some(packet);
        self.end();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_outbound(&mut self) -> Vec<u8> {
        self.waiting = None;
        std::mem::take(&mut self.outbound)
    }

    /// The packets of the next answer, of what waits.
    ///
    /// That it is the end is not among them: an official client acts on that before it acts on what comes with it, and the
    /// one for Python would not come back, as it does when it finds the connection gone.
    fn next_payload(&mut self) -> Result<String, Refused> {
        let mut frames = self.take_outbound();
        let mut decoder = Decoder::new(Role::Client, frames.len());
        let mut packets = Vec::new();
        let mut rest = frames.as_mut_slice();
        while packets.len() < PAYLOAD_PACKETS_MAX {
            match decoder.decode(&mut rest) {
                Ok(Some(Message::Text(packet))) => packets.push(packet),
                // Of the transport that this one only looks like.
                Ok(Some(Message::Ping(_) | Message::Pong(_) | Message::Close { .. })) => {}
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "what a connection wrote cannot be read");
                    return Err(Refused::Gone);
                }
            }
        }
        let payload = if packets.is_empty() { Err(Refused::Gone) } else { Ok(packets.join(SEPARATOR)) };
        let left = rest.len();
        if left > 0 {
            self.outbound = frames.split_off(frames.len() - left);
            self.waiting = Some(Instant::now());
        }
        payload
    }

    fn takes_more(&self) -> bool {
        let in_time = self.waiting.is_none_or(|since| since.elapsed() < OUTBOUND_TIME_MAX);
        matches!(self.phase, Phase::Open) && in_time && self.outbound.len() < OUTBOUND_BYTES_MAX
    }
}

/// A request that waits. If it goes before it had its turn, the client has left.
struct Turn<'a> {
    pipe: &'a Pipe,
    flag: Option<fn(&mut State) -> &mut bool>,
    over: bool,
}

impl<'a> Turn<'a> {
    fn begin(pipe: &'a Pipe, flag: fn(&mut State) -> &mut bool) -> Result<Self, Refused> {
        if std::mem::replace(flag(&mut pipe.lock()), true) {
            pipe.end_with(Packet::Close);
            return Err(Refused::Overlap);
        }
        Ok(Self { pipe, flag: Some(flag), over: false })
    }

    fn end(mut self) {
        self.over = true;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(flag) = self.flag {
            *flag(&mut self.pipe.lock()) = false;
        }
        if !self.over {
            self.pipe.end();
        }
    }
}

fn take_from(bytes: &mut Bytes, buffer: &mut ReadBuf<'_>) {
    let fitting = bytes.len().min(buffer.remaining());
    buffer.put_slice(&bytes.split_to(fitting));
}

fn wake<const N: usize>(wakers: [Option<Waker>; N]) {
    wakers.into_iter().flatten().for_each(Waker::wake);
}

/// The server's end.
pub(super) struct Stream {
    pipe: Arc<Pipe>,
    /// What has taken over from the pipe.
    successor: Option<Box<Successor>>,
}

impl From<Stream> for Io {
    fn from(stream: Stream) -> Self {
        Self::other(stream)
    }
}

impl Stream {
    pub(super) const fn new(pipe: Arc<Pipe>) -> Self {
        Self { pipe, successor: None }
    }

    /// The transport, once there is one; until then, the pipe's end.
    fn either(&mut self) -> Result<&mut Successor, MutexGuard<'_, State>> {
        if self.successor.is_none()
            && let Phase::Switched(successor) = &mut self.pipe.lock().phase
        {
            self.successor = successor.take();
        }
        match &mut self.successor {
            Some(successor) => Ok(successor),
            None => Err(self.pipe.lock()),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.pipe.end();
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = &mut *self;
        let mut state = stream.pipe.lock();
        if !state.inbound.is_empty() {
            // Memory is always ready, and whoever says much in one request must not have the thread to itself.
            ready!(poll_proceed(cx)).made_progress();
            take_from(&mut state.inbound, buffer);
            if state.inbound.is_empty() {
                wake([state.post.take()]);
            }
            return Poll::Ready(Ok(()));
        }
        drop(state);
        match stream.either() {
            Ok(successor) if successor.early.is_empty() => {
                Pin::new(&mut successor.transport).poll_read(cx, buffer)
            }
            Ok(successor) => {
                take_from(&mut successor.early, buffer);
                Poll::Ready(Ok(()))
            }
            Err(mut state) => {
                let last_words_taken = matches!(state.phase, Phase::ShutDown) && state.outbound.is_empty();
                if last_words_taken || matches!(state.phase, Phase::Ended) {
                    return Poll::Ready(Ok(()));
                }
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.either() {
            Ok(successor) => Pin::new(&mut successor.transport).poll_write_vectored(cx, slices),
            Err(state) if matches!(state.phase, Phase::ShutDown | Phase::Ended) => {
                Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
            }
            Err(mut state) if !state.takes_more() => {
                state.writer = Some(cx.waker().clone());
                Poll::Pending
            }
            // All of it, so that what waits is always whole frames.
            Err(mut state) => {
                let before = state.outbound.len();
                for slice in slices {
                    state.outbound.extend_from_slice(slice);
                }
                state.waiting.get_or_insert_with(Instant::now);
                wake([state.poll.take()]);
                Poll::Ready(Ok(state.outbound.len() - before))
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.either() {
            Ok(successor) => Pin::new(&mut successor.transport).poll_flush(cx),
            // What the client has not asked for is none of a writer's concern.
            Err(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.either() {
            Ok(successor) => Pin::new(&mut successor.transport).poll_shutdown(cx),
            Err(mut state) => match state.phase {
                Phase::Open => {
                    state.phase = Phase::ShutDown;
                    wake([state.poll.take()]);
                    Poll::Ready(Ok(()))
                }
                Phase::Switching | Phase::Switched(_) => {
                    state.writer = Some(cx.waker().clone());
                    Poll::Pending
                }
                Phase::ShutDown | Phase::Ended => Poll::Ready(Ok(())),
            },
        }
    }
}

#[cfg(test)]
mod tests;
