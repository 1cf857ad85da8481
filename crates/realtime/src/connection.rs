//! One client's connection: reads its commands, answers them, and writes what the hub delivers.

mod scratch;

use crate::codec::{Decoder, Message, Role};
use crate::hub::Registration;
use crate::outbox::Stop;
use crate::{Frame, Io};
use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt};
use natter_protocol::{CloseCode, ConversationId, Seq};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::future::{self, Future};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;

/// Replays that a connection may have; each keeps what it was asked for. Then the socket is not read.
const REPLAYS_MAX: usize = 3;

/// Understands what a client says.
pub trait Session: Send + 'static {
    /// Decodes and submits one text message. It is awaited before the next message is read, so that one connection's
    /// commands keep their order; what takes longer goes into [`Received::Later`].
    ///
    /// It is always awaited to its end, even if the client goes away meanwhile.
    fn receive(&mut self, text: &str) -> impl Future<Output = Received> + Send;

    /// Asks anew what is known of the user, because [`Hub::user_changed`](crate::Hub::user_changed) said so; it is
    /// awaited before the next message is read. An error closes the connection.
    fn renew(&mut self) -> impl Future<Output = Result<(), (CloseCode, Cow<'static, str>)>> + Send {
        future::ready(Ok(()))
    }
}

/// What a message led to.
pub enum Received {
    /// No answer.
    Nothing,
    /// An answer.
    Reply(Frame),
    /// An answer, or none, once something is done, such as a commit. It is awaited to its end, even if the client goes
    /// away.
    Later(Later),
    /// What the client missed. Events are held back until it was told, see [`Replay`].
    Replay(Replay),
    /// The end of the connection, after the answers to what came before.
    Close(CloseCode, Cow<'static, str>),
}

/// A command on its way, and the answer that it will have.
type Later = Pin<Box<dyn Future<Output = Option<Frame>> + Send>>;

/// What a client missed, piece by piece, and up to where.
///
/// It is asked for the next piece only when the client has taken all of those before, so it is read from the log no
/// faster than the client reads. It must not look at the log before it is first polled: by then events are held back,
/// so that none falls between the two. Several replays of a connection follow one another.
pub type Replay = Pin<Box<dyn Stream<Item = Replayed> + Send>>;

/// A piece of a replay.
#[derive(Debug)]
pub enum Replayed {
    /// To be sent.
    Frame(Frame),
    /// The client has been told everything of this conversation up to here, or to load it anew from here: events up to
    /// here that come late are not sent to it any more. Follows the frames that tell.
    Floor(ConversationId, Seq),
}

/// Serves one connection, whose opening handshake is done, until it ends.
///
/// A TCP socket should have `TCP_NODELAY` set. `early` is what was read from it beyond the
/// handshake. Commands that are on their way when the client goes are finished before this returns.
///
/// At rest a connection owns no buffer: bytes are read into one that all connections of a thread share.
pub fn serve<S: Session>(
    io: Io,
    early: Bytes,
    registration: Registration,
    mut session: S,
) -> impl Future<Output = ()> + Send {
    registration.subscriber().outbox.connect(io);
    let mut connection = Connection {
        decoder: Decoder::new(Role::Server, registration.limits().message_bytes_max)
            .with_deflate(registration.subscriber().wire.deflate),
        registration,
        commands: None,
        replays: VecDeque::new(),
    };
    // A block rather than an `async fn`, which would be larger: it keeps its arguments and what it makes of them.
    async move {
        let stop = connection.converse(early.into(), &mut session).await;
        if stop == Stop::CloseSent {
            connection.say_goodbye().await;
        }
        connection.finish_commands().await;
        let subscriber = connection.registration.subscriber();
        let code = subscriber.outbox.close_code();
        tracing::debug!(connection_id = %subscriber.connection_id, ?code, ?stop, "connection ended");
        // 1006 stands for an end without a close frame (RFC 6455, section 7.4.1).
        let code = code.unwrap_or(1006).to_string();
        metrics::counter!("natter_connections_closed_total", "code" => code).increment(1);
    }
}

struct Connection {
    decoder: Decoder,
    registration: Registration,
    /// Commands on their way. Absent while there are none, because even an empty set owns memory.
    commands: Option<FuturesUnordered<Later>>,
    /// What the client asked to be told, the first of which is under way.
    replays: VecDeque<Replay>,
}

impl Connection {
    /// Reads and carries out messages until nothing can be written any more.
    async fn converse(&mut self, early: Vec<u8>, session: &mut impl Session) -> Stop {
        let mut chunk = early;
        loop {
            let mut rest = chunk.as_mut_slice();
            loop {
                if let Err(stop) = self.room().await {
                    return stop;
                }
                let subscriber = self.registration.subscriber();
                match self.decoder.decode(&mut rest) {
                    Ok(Some(Message::Text(text))) => self.carry_out(session, &text).await,
                    Ok(Some(Message::Ping(payload))) => _ = subscriber.outbox.push(Frame::pong(&payload)),
                    Ok(Some(Message::Pong(_))) => {}
                    Ok(Some(Message::Close { code, .. })) => subscriber.outbox.echo_close(code),
                    Ok(None) => break,
                    Err(violation) => subscriber.close(violation.close_code(), &violation.to_string()),
                }
            }
            // Freed before the wait, which may be long.
            drop(chunk);
            match self.read().await {
                Ok(bytes) => chunk = bytes,
                Err(stop) => return stop,
            }
        }
    }

    async fn carry_out(&mut self, session: &mut impl Session, text: &str) {
        if self.registration.subscriber().take_outdated()
            && let Err((code, reason)) = self.attend(Box::pin(session.renew())).await
        {
            return self.registration.subscriber().close(code, &reason);
        }
        let received = self.attend(Box::pin(session.receive(text))).await;
        let subscriber = self.registration.subscriber();
        match received {
            Received::Nothing => {}
            Received::Reply(frame) => _ = subscriber.outbox.push(frame),
            Received::Later(command) => self.commands.get_or_insert_default().push(command),
            Received::Replay(replay) => {
                subscriber.outbox.hold();
                self.replays.push_back(replay);
            }
            Received::Close(code, reason) => subscriber.close(code, &reason),
        }
    }

    /// Awaits what the session does, while everything else goes on. It comes on the heap: otherwise a connection at rest
    /// would be as large as the largest command.
    async fn attend<T>(&mut self, mut doing: Pin<Box<impl Future<Output = T>>>) -> T {
        future::poll_fn(|cx| {
            // An end is remembered, and seen after this command.
            let _ = self.poll_io(cx);
            doing.as_mut().poll(cx)
        })
        .await
    }

    /// Waits until a further command may be taken: its client must read the answers to those before.
    async fn room(&mut self) -> Result<(), Stop> {
        future::poll_fn(|cx| {
            if let Poll::Ready(stop) = self.poll_io(cx) {
                return Poll::Ready(Err(stop));
            }
            let outbox = &self.registration.subscriber().outbox;
            let on_their_way = self.commands.as_ref().map_or(0, FuturesUnordered::len) + self.replays.len();
            if outbox.closing.is_running()
                || self.replays.len() >= REPLAYS_MAX
                || on_their_way + outbox.kept() >= self.registration.limits().commands_max
            {
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Waits for bytes from the client.
    async fn read(&mut self) -> Result<Vec<u8>, Stop> {
        future::poll_fn(|cx| {
            if let Poll::Ready(stop) = self.poll_io(cx) {
                return Poll::Ready(Err(stop));
            }
            let subscriber = self.registration.subscriber();
            if subscriber.outbox.closing.is_running() {
                return Poll::Pending;
            }
            match ready!(subscriber.outbox.with_io(|io| scratch::poll_read(io, cx, <[u8]>::to_vec))) {
                Ok(bytes) if !bytes.is_empty() => {
                    subscriber.silent.restart();
                    Poll::Ready(Ok(bytes))
                }
                _ => Poll::Ready(Err(Stop::Gone)),
            }
        })
        .await
    }

    /// Everything that goes on while something else is waited for. Ready when nothing can be written any more.
    fn poll_io(&mut self, cx: &mut Context<'_>) -> Poll<Stop> {
        let _ = self.poll_commands(cx);
        loop {
            let outbox = &self.registration.subscriber().outbox;
            if let Poll::Ready(stop) = outbox.poll_write(cx, self.commands.is_some()) {
                return Poll::Ready(stop);
            }
            if self.replays.is_empty() || !outbox.is_idle() {
                return Poll::Pending;
            }
            ready!(self.poll_replays(cx));
        }
    }

    /// Gives the writer, which has nothing to do, the next piece of what the client missed. Ready when there may be
    /// something to write.
    fn poll_replays(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let outbox = &self.registration.subscriber().outbox;
        while let Some(replay) = self.replays.front_mut() {
            if outbox.closing.is_running() {
                self.replays = VecDeque::new();
                break;
            }
            match ready!(replay.as_mut().poll_next(cx)) {
                Some(Replayed::Frame(frame)) => {
                    outbox.write_next(frame);
                    return Poll::Ready(());
                }
                Some(Replayed::Floor(conversation_id, seq)) => outbox.raise_floor(conversation_id, seq),
                None => {
                    self.replays.pop_front();
                    if self.replays.is_empty() {
                        self.replays = VecDeque::new();
                        outbox.release();
                        return Poll::Ready(());
                    }
                }
            }
        }
        Poll::Pending
    }

    /// Queues the replies of the commands that are done; ready when none is on its way any more.
    fn poll_commands(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(commands) = &mut self.commands {
            match ready!(commands.poll_next_unpin(cx)) {
                Some(Some(reply)) => _ = self.registration.subscriber().outbox.push(reply),
                Some(None) => {}
                None => self.commands = None,
            }
        }
        Poll::Ready(())
    }

    /// Ends our direction and waits for the peer to end its own. Closing at once could destroy our last frames on
    /// their way, when something of the peer's arrives at a closed socket. The hub bounds the wait.
    async fn say_goodbye(&mut self) {
        future::poll_fn(|cx| {
            let outbox = &self.registration.subscriber().outbox;
            if outbox.poll_abort(cx).is_ready() {
                return Poll::Ready(());
            }
            if let Err(_gone) = ready!(outbox.with_io(|io| Pin::new(io).poll_shutdown(cx))) {
                return Poll::Ready(());
            }
            while let Ok(1..) = ready!(outbox.with_io(|io| scratch::poll_read(io, cx, <[u8]>::len))) {}
            Poll::Ready(())
        })
        .await;
    }

    /// Sees the commands on their way through; there is nobody left to tell about them.
    async fn finish_commands(&mut self) {
        self.replays = VecDeque::new();
        self.registration.subscriber().outbox.abort();
        future::poll_fn(|cx| self.poll_commands(cx)).await;
    }
}
