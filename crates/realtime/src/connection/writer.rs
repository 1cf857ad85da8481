//! Writes what the outbox holds, as much at once as the socket takes.

use crate::hub::Subscriber;
use crate::outbox::{BATCH_FRAMES_MAX, Batch, Next};
use crate::{Frame, Wire};
use smallvec::smallvec;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;

pub(super) struct Writer<Io> {
    pub(super) io: Io,
    /// What is being written; without memory while nothing is.
    batch: Batch,
    /// How much of its first frame is written.
    written_bytes: usize,
    /// Whether the batch is, or was, the close frame.
    close_taken: bool,
}

/// Why nothing is written any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Our close frame is.
    CloseSent,
    /// The peer left, or the socket failed.
    Gone,
    /// The hub said so.
    Aborted,
}

impl<Io: AsyncWrite + Unpin> Writer<Io> {
    pub(super) fn new(io: Io) -> Self {
        Self { io, batch: Batch::new(), written_bytes: 0, close_taken: false }
    }

    /// Whether there is nothing that it waits for the socket to take.
    pub(super) fn is_idle(&self) -> bool {
        self.batch.is_empty()
    }

    /// Has it write this next. For one that is idle.
    pub(super) fn write(&mut self, frame: Frame) {
        self.batch.push(frame);
    }

    /// Writes until nothing is left or the socket is full; ready when nothing can be written any more.
    ///
    /// A close frame waits while `replies_coming`.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        subscriber: &Subscriber,
        replies_coming: bool,
    ) -> Poll<End> {
        loop {
            if self.batch.is_empty() {
                // What lies above TCP, such as TLS, may keep what the socket does not take, and nobody else asks for it.
                match Pin::new(&mut self.io).poll_flush(cx) {
                    Poll::Ready(Ok(())) => subscriber.stalled.stop(),
                    Poll::Ready(Err(_)) => return Poll::Ready(End::Gone),
                    Poll::Pending => return stalled(cx, subscriber),
                }
                if self.close_taken {
                    return Poll::Ready(End::CloseSent);
                }
                self.batch = Batch::new();
                self.batch = match ready!(subscriber.outbox.poll_next(cx, replies_coming)) {
                    Next::Frames(frames) => frames,
                    Next::Close(frame) => {
                        self.close_taken = true;
                        smallvec![frame]
                    }
                    Next::Abort => return Poll::Ready(End::Aborted),
                };
            }
            match self.poll_write_batch(cx, subscriber.wire) {
                Poll::Ready(Ok(1..)) => subscriber.stalled.stop(),
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(End::Gone),
                Poll::Pending => return stalled(cx, subscriber),
            }
        }
    }

    fn poll_write_batch(&mut self, cx: &mut Context<'_>, wire: Wire) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); BATCH_FRAMES_MAX];
        for (slice, frame) in slices.iter_mut().zip(&self.batch) {
            *slice = IoSlice::new(frame.bytes(wire));
        }
        let mut slices = &mut slices[..self.batch.len().min(BATCH_FRAMES_MAX)];
        IoSlice::advance_slices(&mut slices, self.written_bytes);
        let written = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, slices))?;
        self.written_bytes += written;
        let mut done = 0;
        while let Some(first) = self.batch.get(done)
            && self.written_bytes >= first.bytes(wire).len()
        {
            self.written_bytes -= first.bytes(wire).len();
            done += 1;
        }
        self.batch.drain(..done);
        Poll::Ready(Ok(written))
    }
}

/// Waits for the socket, for as long as the hub has patience.
fn stalled(cx: &Context<'_>, subscriber: &Subscriber) -> Poll<End> {
    subscriber.stalled.start();
    subscriber.outbox.poll_abort(cx).map(|()| End::Aborted)
}
