//! Writes what the outbox holds, as much at once as the socket takes.
//!
//! All of it happens under the outbox's lock, so there is one order in which frames leave, whoever writes them; and with
//! the waker of the connection's task, so it is this task that a full socket wakes, whoever found it full.

use super::{BATCH_FRAMES_MAX, Batch, End, Next, Outbox, State};
use crate::{Frame, Io, Wire};
use smallvec::smallvec;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::MutexGuard;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;

/// Why nothing is written any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Our close frame is.
    CloseSent,
    /// The peer left, or the socket failed.
    Gone,
    /// The hub said so.
    Aborted,
}

#[derive(Debug)]
pub(super) struct Writer {
    /// None before the connection is served, and after.
    pub(super) io: Option<Io>,
    wire: Wire,
    /// What is being written; without memory while nothing is.
    batch: Batch,
    /// How much of its first frame is written.
    written_bytes: usize,
    /// Whether the stream has taken, and passed on, all that it was given.
    idle: bool,
    /// Whether the batch is, or was, the close frame.
    close_taken: bool,
    stopped: Option<Stop>,
}

impl Outbox {
    /// Writes until nothing is left or the socket is full; ready when nothing can be written any more. For the
    /// connection's task, which is woken when there is more to do.
    ///
    /// A close frame waits while `replies_coming`.
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, replies_coming: bool) -> Poll<Stop> {
        loop {
            // Locked anew each time: whoever delivers waits for one system call at the most.
            let mut state = self.lock();
            match self.poll_piece(&mut state, cx, replies_coming) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(stop)) => return Poll::Ready(stop),
                Poll::Pending => {
                    state.wait(cx);
                    return Poll::Pending;
                }
            }
        }
    }

    /// Whether there is nothing that the writer waits for the socket to take.
    pub(crate) fn is_idle(&self) -> bool {
        self.lock().writer.idle
    }

    /// Has the writer write this after what it is at, before all that is queued. It is not dropped.
    pub(crate) fn write_next(&self, frame: Frame) {
        let mut state = self.lock();
        state.writer.batch.push(frame);
        state.writer.idle = false;
    }

    /// Queues a frame and writes it in place of the connection's task; false when it was dropped, or the connection is
    /// closing.
    pub(crate) fn deliver(&self, frame: &Frame) -> bool {
        let mut state = self.lock();
        if state.is_at_rest() {
            if !state.writer.pass(frame) {
                self.write_now(state);
            }
            return true;
        }
        drop(state);
        let queued = self.queue(frame.clone());
        if queued.unwritten {
            self.write();
        }
        queued.taken
    }

    /// Writes what is queued in place of the connection's task, if all that this waits for is work: it need not run for
    /// what the socket takes at once. It is woken for the rest, once the socket takes more.
    pub(crate) fn write(&self) {
        let state = self.lock();
        if state.has_work() && state.waits_for_work() {
            self.write_now(state);
        }
    }

    /// Writes what there is.
    fn write_now(&self, mut state: MutexGuard<'_, State>) {
        let Some(waker) = state.waker.take() else { return };
        let mut cx = Context::from_waker(&waker);
        loop {
            // The close frame is left to the task, which knows whether replies are coming.
            match self.poll_piece(&mut state, &mut cx, true) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_stop)) => {
                    // It is remembered, and what the task will see.
                    drop(state);
                    return waker.wake();
                }
                Poll::Pending => return state.waker = Some(waker),
            }
        }
    }

    /// Writes once. Pending when the socket is full, or there is nothing to write.
    fn poll_piece(
        &self,
        state: &mut State,
        cx: &mut Context<'_>,
        replies_coming: bool,
    ) -> Poll<Result<(), Stop>> {
        let polled = match state.writer.stopped {
            Some(stop) => Poll::Ready(Err(stop)),
            None => self.poll_next_piece(state, cx, replies_coming),
        };
        if let Poll::Ready(Err(stop)) = polled {
            state.writer.stopped = Some(stop);
        }
        polled
    }

    fn poll_next_piece(
        &self,
        state: &mut State,
        cx: &mut Context<'_>,
        replies_coming: bool,
    ) -> Poll<Result<(), Stop>> {
        if state.writer.batch.is_empty() {
            // What lies above TCP, such as TLS, may keep what the socket does not take, and nobody else asks for it.
            let flushed = state.writer.poll_flush(cx);
            ready!(self.outcome(state, flushed))?;
            if state.writer.close_taken {
                return Poll::Ready(Err(Stop::CloseSent));
            }
            state.writer.batch = match ready!(self.next(state, replies_coming)) {
                Next::Frames(frames) => frames,
                Next::Close(frame) => {
                    state.writer.close_taken = true;
                    smallvec![frame]
                }
                Next::Abort => return Poll::Ready(Err(Stop::Aborted)),
            };
        }
        let written = state.writer.poll_batch(cx);
        self.outcome(state, written)
    }

    /// What an answer of the stream means for the connection; counts how long the socket takes nothing.
    fn outcome(&self, state: &State, polled: Poll<io::Result<()>>) -> Poll<Result<(), Stop>> {
        if polled.is_ready() {
            self.stalled.stop();
            return polled.map_err(|_gone| Stop::Gone);
        }
        if state.is_aborted() {
            return Poll::Ready(Err(Stop::Aborted));
        }
        self.stalled.start();
        Poll::Pending
    }
}

impl State {
    /// Whether nothing waits or is held back, and nobody writes.
    fn is_at_rest(&self) -> bool {
        matches!(self.end, End::Open)
            && self.queue.is_empty()
            && self.dropped.is_none()
            && self.resume.is_none()
            && self.waits_for_work()
    }

    /// Whether the connection's task is done with all that it knew of, and will only come when it is woken.
    pub(super) fn waits_for_work(&self) -> bool {
        let Writer { io, idle, stopped, .. } = &self.writer;
        *idle && self.waker.is_some() && io.is_some() && stopped.is_none()
    }
}

impl Writer {
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            io: None,
            wire,
            batch: Batch::new(),
            written_bytes: 0,
            idle: true,
            close_taken: false,
            stopped: None,
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(io) = &mut self.io else { return gone() };
        let flushed = Pin::new(io).poll_flush(cx);
        self.idle = matches!(flushed, Poll::Ready(Ok(())));
        flushed
    }

    /// Writes a frame that nothing waits before, and keeps it if the stream does not take all of it; true if it did, as
    /// it almost always does. Then the frame need not be cloned, which would be counted in one place by all threads that
    /// deliver it, and nothing else is to be looked at.
    fn pass(&mut self, frame: &Frame) -> bool {
        let bytes = frame.bytes(self.wire);
        let written_bytes = self.io.as_mut().map_or(0, |io| io.write_at_once(bytes));
        if written_bytes == bytes.len() {
            return true;
        }
        self.written_bytes = written_bytes;
        self.batch.push(frame.clone());
        self.idle = false;
        false
    }

    /// Writes as much of the batch as one call takes.
    fn poll_batch(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(io) = &mut self.io else { return gone() };
        self.idle = false;
        let written = match self.batch.as_slice() {
            // Almost always it is one, and setting up the slices costs more than looking.
            [frame] => Pin::new(io).poll_write(cx, &frame.bytes(self.wire)[self.written_bytes..]),
            frames => {
                let mut slices = [IoSlice::new(&[]); BATCH_FRAMES_MAX];
                for (slice, frame) in slices.iter_mut().zip(frames) {
                    *slice = IoSlice::new(frame.bytes(self.wire));
                }
                let mut slices = &mut slices[..frames.len().min(BATCH_FRAMES_MAX)];
                IoSlice::advance_slices(&mut slices, self.written_bytes);
                Pin::new(io).poll_write_vectored(cx, slices)
            }
        };
        let written = ready!(written)?;
        if written == 0 {
            return gone();
        }
        self.written_bytes += written;
        let mut done = 0;
        while let Some(first) = self.batch.get(done)
            && self.written_bytes >= first.bytes(self.wire).len()
        {
            self.written_bytes -= first.bytes(self.wire).len();
            done += 1;
        }
        self.batch.drain(..done);
        if self.batch.is_empty() {
            self.batch = Batch::new();
        }
        Poll::Ready(Ok(()))
    }
}

fn gone() -> Poll<io::Result<()>> {
    Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
}
