//! A connection's bytes, with the patience that HTTP lacks.

use natter_realtime::Io;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Bytes that a client must take within its time, if so many wait for it. A link of 64 kbit/s takes them in two seconds.
const PROGRESS_BYTES_MIN: usize = 16 * 1024;

/// How long a client may let the server wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For the head of a request, from its first byte on; on a new connection, from the beginning.
    pub(crate) head: Duration,
    /// For some of an answer to be taken.
    pub(crate) write: Duration,
}

/// A transport that fails once its client lets the server wait for too long.
///
/// hyper alone times a request's head from the moment when the connection became idle, which cannot be right for both a
/// proxy that keeps connections open and a client that sends a byte now and then, and never times its writes at all.
pub(crate) struct Stream {
    transport: Io,
    patience: Patience,
    phase: Phase,
    /// What the phase was when it was last looked at.
    phase_seen: usize,
    /// Runs from the first byte of a request's head until it is complete.
    head: Timer,
    /// Runs while the client does not take what is to be written.
    stall: Timer,
    /// What the client has taken since the timer was started.
    taken_bytes: usize,
}

/// What a connection is about: even while a request is waited for, odd while one is answered. A clone is the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phase(Arc<AtomicUsize>);

impl Stream {
    /// A stream that is waiting for the head of its first request.
    pub(crate) fn new(transport: Io, patience: Patience, phase: Phase) -> Self {
        let mut head = Timer::default();
        head.start(patience.head);
        Self { transport, patience, phase, phase_seen: 0, head, stall: Timer::default(), taken_bytes: 0 }
    }

    /// The bare transport, for those who keep time themselves.
    pub(crate) fn into_transport(self) -> Io {
        self.transport
    }

    /// Waits for the client to take more, for as long as there is patience.
    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if !self.stall.is_running() {
            self.taken_bytes = 0;
            self.stall.start(self.patience.write);
        }
        while self.stall.poll(cx).is_ready() {
            if self.taken_bytes < PROGRESS_BYTES_MIN {
                return Poll::Ready(Err(timed_out("the client does not take its answer")));
            }
            self.taken_bytes = 0;
            self.stall.start(self.patience.write);
        }
        Poll::Pending
    }

    fn wrote(&mut self, written: io::Result<usize>) -> Poll<io::Result<usize>> {
        if let Ok(bytes) = written {
            self.taken_bytes = self.taken_bytes.saturating_add(bytes);
        }
        Poll::Ready(written)
    }
}

impl Phase {
    /// A request's head was read, or its answer is there.
    pub(crate) fn turn(&self) {
        self.0.fetch_add(1, Relaxed);
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let phase = self.phase.0.load(Relaxed);
        if phase != self.phase_seen {
            self.phase_seen = phase;
            self.head.stop();
        }
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.transport).poll_read(cx, buffer) {
            // While a request is answered, what comes is its body, which is timed with the request.
            let of_a_head = phase.is_multiple_of(2) && buffer.filled().len() > before;
            if of_a_head && !self.head.is_running() {
                let patience = self.patience.head;
                self.head.start(patience);
            }
            return Poll::Ready(read);
        }
        ready!(self.head.poll(cx));
        Poll::Ready(Err(timed_out("the head of a request does not come")))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.transport).poll_write(cx, bytes) {
            Poll::Ready(written) => self.wrote(written),
            Poll::Pending => self.poll_stalled(cx),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.transport).poll_write_vectored(cx, slices) {
            Poll::Ready(written) => self.wrote(written),
            Poll::Pending => self.poll_stalled(cx),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    /// All that there was to write has been taken.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stall.stop();
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}

/// Without memory while it does not run.
#[derive(Default)]
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    fn start(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        match &mut self.0 {
            Some(sleep) => sleep.as_mut().reset(deadline),
            none => *none = Some(Box::pin(sleep_until(deadline))),
        }
    }

    fn stop(&mut self) {
        self.0 = None;
    }

    const fn is_running(&self) -> bool {
        self.0.is_some()
    }

    /// Ready once its time is over; never while it does not run.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().map_or(Poll::Pending, |sleep| sleep.as_mut().poll(cx))
    }
}

fn timed_out(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

#[cfg(test)]
mod tests;
