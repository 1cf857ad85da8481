//! What waits to be written to one connection.

use crate::Frame;
use crate::frame::Kind;
use crate::stopwatch::Stopwatch;
use natter_protocol::{CloseCode, ConversationId, Seq, ServerFrame, SyncHead, SyncLagging};
use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Frames that the writer takes at once: as many slices as one vectored write can use well.
pub(crate) const BATCH_FRAMES_MAX: usize = 64;
/// Bytes that the writer takes at once, unless the first frame alone is longer. They no longer count as queued.
pub(crate) const BATCH_BYTES_MAX: usize = 64 * 1024;
/// Conversations that one `sync.lagging` can name. Who lags in more is closed, and resumes.
const LAGGING_CONVERSATIONS_MAX: usize = 4096;

/// A queue bounded in bytes. Pushing never waits.
///
/// When it would grow beyond the bound, the events in it are dropped, durable ones not without trace: the newest
/// dropped position of each conversation is kept, and until the writer comes for it further events only move these
/// positions. The writer then gets one `sync.lagging` with all of them, and the client pulls from the log. Replies are
/// never dropped, because nothing would make up for them; if they alone exceed the bound, the peer does not read what
/// it asked for, and is closed with 4008.
///
/// Empty, it owns no memory.
#[derive(Debug)]
pub(crate) struct Outbox {
    bytes_max: usize,
    state: Mutex<State>,
    /// Runs from the request to close on.
    pub(crate) closing: Stopwatch,
}

#[derive(Debug)]
struct State {
    queue: VecDeque<Frame>,
    /// Of the frames in the queue.
    bytes: usize,
    /// How many of them are replies.
    replies: usize,
    /// The newest dropped positions, from the overflow until the writer takes them.
    dropped: Option<BTreeMap<ConversationId, Seq>>,
    end: End,
    /// The writer's task, while it waits.
    waker: Option<Waker>,
    /// Whether it waits for frames, rather than for the socket to take those it has.
    writer_idle: bool,
}

#[derive(Debug)]
enum End {
    Open,
    /// After what is queued; for [`CloseCode::TooSlow`], instead of it. No code answers a close frame without one.
    Close {
        code: Option<u16>,
        frame: Frame,
    },
    /// Whatever is queued; the code of the close frame that had been asked for.
    Abort {
        code: Option<u16>,
    },
}

impl End {
    const fn code(&self) -> Option<u16> {
        match self {
            Self::Open => None,
            Self::Close { code, .. } | Self::Abort { code } => *code,
        }
    }
}

/// What the writer has to do next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Write these.
    Frames(VecDeque<Frame>),
    /// Write this, and nothing after it.
    Close(Frame),
    /// Stop at once.
    Abort,
}

impl Outbox {
    /// At most `bytes_max` bytes of frames wait in it.
    pub(crate) const fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            state: Mutex::new(State {
                queue: VecDeque::new(),
                bytes: 0,
                replies: 0,
                dropped: None,
                end: End::Open,
                waker: None,
                writer_idle: false,
            }),
            closing: Stopwatch::stopped(),
        }
    }

    /// Queues a frame; false when it was dropped, or the connection is closing.
    ///
    /// Replies are still taken after a request to close: they answer what came before it.
    pub(crate) fn push(&self, frame: Frame) -> bool {
        let mut state = self.lock();
        match (&state.end, frame.kind()) {
            (End::Open, _) => {}
            (End::Close { code, .. }, Kind::Reply) if !is_too_slow(*code) => {}
            _ => return false,
        }
        let queued = match state.admit(&frame, self.bytes_max) {
            Ok(queued) => queued,
            Err(reason) => {
                self.end(state, Some(CloseCode::TooSlow.code()), reason);
                return false;
            }
        };
        if queued {
            state.push(frame);
        }
        if state.writer_idle {
            wake(state);
        }
        queued
    }

    /// Replies that wait for the writer.
    pub(crate) fn replies(&self) -> usize {
        self.lock().replies
    }

    /// Asks the writer to close the connection after what is queued; for [`CloseCode::TooSlow`], instead of it. Only
    /// the first request counts.
    pub(crate) fn close(&self, code: CloseCode, reason: &str) {
        self.end(self.lock(), Some(code.code()), reason);
    }

    /// Answers the peer's close frame, after what is queued.
    pub(crate) fn echo_close(&self, code: Option<u16>) {
        self.end(self.lock(), code, "");
    }

    /// The code that the connection is closed with, if any.
    pub(crate) fn close_code(&self) -> Option<u16> {
        self.lock().end.code()
    }

    /// Drops everything, and asks the writer to stop without a further word.
    pub(crate) fn abort(&self) {
        let mut state = self.lock();
        state.clear();
        state.end = End::Abort { code: state.end.code() };
        wake(state);
    }

    /// What to write next. Pending while there is nothing; then the next push wakes the task.
    ///
    /// While `replies_coming`, closing waits for them.
    pub(crate) fn poll_next(&self, cx: &Context<'_>, replies_coming: bool) -> Poll<Next> {
        let mut state = self.lock();
        if let Some(frames) = state.take_batch() {
            return Poll::Ready(Next::Frames(frames));
        }
        match &state.end {
            End::Close { code, frame } if !replies_coming || is_too_slow(*code) => {
                return Poll::Ready(Next::Close(frame.clone()));
            }
            End::Abort { .. } => return Poll::Ready(Next::Abort),
            End::Open | End::Close { .. } => {}
        }
        state.wait(cx, true);
        Poll::Pending
    }

    /// Ready once the connection is to be dropped. For a writer that waits for the socket.
    pub(crate) fn poll_abort(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if matches!(state.end, End::Abort { .. }) {
            return Poll::Ready(());
        }
        state.wait(cx, false);
        Poll::Pending
    }

    fn end(&self, mut state: MutexGuard<'_, State>, code: Option<u16>, reason: &str) {
        if matches!(state.end, End::Open) {
            if is_too_slow(code) {
                state.clear();
            }
            state.end = End::Close { code, frame: Frame::close(code, reason) };
            self.closing.start();
            wake(state);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Makes room for a frame; false when it is not to be queued, and the reason to close when nothing helps.
    fn admit(&mut self, frame: &Frame, bytes_max: usize) -> Result<bool, &'static str> {
        let bytes = frame.as_bytes().len();
        if self.dropped.is_none() && self.bytes + bytes > bytes_max {
            self.drop_events();
        }
        match (frame.kind(), &mut self.dropped) {
            // One reply always fits, however long: nothing else could ever answer that command.
            (Kind::Reply, _) if self.replies == 0 || self.bytes + bytes <= bytes_max => Ok(true),
            (Kind::Reply, _) => Err("the replies were not read"),
            (_, None) => Ok(true),
            (Kind::Event(conversation_id, seq), Some(dropped)) => {
                note(dropped, conversation_id, seq);
                if dropped.len() > LAGGING_CONVERSATIONS_MAX {
                    return Err("too far behind in too many conversations");
                }
                Ok(false)
            }
            (Kind::Ephemeral, Some(_)) => Ok(false),
        }
    }

    /// The overflow: only replies stay, and of the events what the client needs to know to pull them.
    fn drop_events(&mut self) {
        let mut dropped = BTreeMap::new();
        self.queue.retain(|frame| {
            if let Kind::Event(conversation_id, seq) = frame.kind() {
                note(&mut dropped, conversation_id, seq);
            }
            frame.kind() == Kind::Reply
        });
        self.queue.shrink_to_fit();
        self.bytes = self.queue.iter().map(|frame| frame.as_bytes().len()).sum();
        self.dropped = Some(dropped);
        metrics::counter!("natter_queue_overflows_total").increment(1);
    }

    fn push(&mut self, frame: Frame) {
        self.bytes += frame.as_bytes().len();
        self.replies += usize::from(frame.kind() == Kind::Reply);
        self.queue.push_back(frame);
    }

    /// The oldest frames; once there are none, the notice of those that were dropped.
    fn take_batch(&mut self) -> Option<VecDeque<Frame>> {
        if self.queue.is_empty() {
            let dropped = self.dropped.take()?;
            return (!dropped.is_empty()).then(|| VecDeque::from([lagging(&dropped)]));
        }
        let mut bytes = 0;
        let fitting = self.queue.iter().take(BATCH_FRAMES_MAX).take_while(|frame| {
            bytes += frame.as_bytes().len();
            bytes <= BATCH_BYTES_MAX
        });
        let fitting = fitting.count().max(1);
        let batch = if fitting == self.queue.len() {
            mem::take(&mut self.queue)
        } else {
            self.queue.drain(..fitting).collect()
        };
        for frame in &batch {
            self.bytes -= frame.as_bytes().len();
            self.replies -= usize::from(frame.kind() == Kind::Reply);
        }
        Some(batch)
    }

    fn clear(&mut self) {
        self.queue = VecDeque::new();
        self.bytes = 0;
        self.replies = 0;
        self.dropped = None;
    }

    fn wait(&mut self, cx: &Context<'_>, writer_idle: bool) {
        self.writer_idle = writer_idle;
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }
}

fn note(dropped: &mut BTreeMap<ConversationId, Seq>, conversation_id: ConversationId, seq: Seq) {
    let newest = dropped.entry(conversation_id).or_insert(seq);
    *newest = seq.max(*newest);
}

fn lagging(dropped: &BTreeMap<ConversationId, Seq>) -> Frame {
    let conversations = dropped.iter().map(|(&id, &seq)| SyncHead { id, seq }).collect();
    let frame = ServerFrame { id: None, kind: "sync.lagging", payload: SyncLagging { conversations } };
    #[expect(clippy::expect_used, reason = "strings and numbers in structs always make JSON")]
    let json = serde_json::to_string(&frame).expect("a list of positions is JSON");
    Frame::reply(&json)
}

fn is_too_slow(code: Option<u16>) -> bool {
    code == Some(CloseCode::TooSlow.code())
}

/// Wakes the writer, after the lock is given back that it will want at once.
fn wake(mut state: MutexGuard<'_, State>) {
    state.writer_idle = false;
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests;
