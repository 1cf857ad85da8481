//! What waits to be written to one connection, and the writing of it.

mod resume;
mod writer;

pub(crate) use writer::Stop;

use crate::frame::Kind;
use crate::stopwatch::Stopwatch;
use crate::{Frame, Io, Wire};
use natter_protocol::{CloseCode, ConversationId, Seq, SyncHead, SyncLagging};
use resume::Resume;
use smallvec::{SmallVec, smallvec};
use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use writer::Writer;

/// Frames that the writer takes at once: as many slices as one vectored write can use well.
const BATCH_FRAMES_MAX: usize = 64;
/// Bytes that the writer takes at once, unless the first frame alone is longer. They no longer count as queued.
const BATCH_BYTES_MAX: usize = 64 * 1024;
/// What the writer takes at once. One frame or two, which is what usually waits, take no memory besides; a `VecDeque`
/// without any is larger.
type Batch = SmallVec<[Frame; 2]>;

/// Conversations that one `sync.lagging` can name. Who lags in more is closed, and resumes.
const LAGGING_CONVERSATIONS_MAX: usize = 4096;

/// Seconds for which events are still compared with what a replay told. The relay may be late with them, by what waits
/// before it; a minute is a lot more than that has ever been.
const FLOOR_SECONDS: u32 = 60;

/// A connection's outgoing side: its stream, and before it a queue bounded in bytes and in time. Pushing waits for no socket.
///
/// The connection's task writes it, or whoever delivers to many at once, as long as the socket takes it. One lock holds
/// both queue and stream, so nothing overtakes what was queued, or begun, before it.
///
/// When it would grow beyond the bound, or nothing of it was taken for too long, the events in it are dropped, durable
/// ones not without trace: the newest dropped position of each conversation is kept, and until the writer comes for it
/// further events only move these positions. The writer then gets one `sync.lagging` with all of them, and the client
/// pulls from the log. Ephemeral events are the first to go: they get only half of the room. Answers and notices are
/// never dropped, because nothing would make up for them; if they alone exceed the bound, the peer does not read what
/// it asked for, and is closed with 4008.
///
/// While a client is told what it missed, events are held back ([`Outbox::hold`]), and when it has been
/// ([`Outbox::release`]) those go on that were not part of it.
///
/// Empty, it owns no memory.
#[derive(Debug)]
pub(crate) struct Outbox {
    bytes_max: usize,
    state: Mutex<State>,
    /// Runs while something waits, and restarts when something is taken.
    waiting: Stopwatch,
    /// Runs from the end of a replay on.
    resumed: Stopwatch,
    /// Runs from the request to close on.
    pub(crate) closing: Stopwatch,
    /// Runs while the socket does not take what is to be written.
    pub(crate) stalled: Stopwatch,
}

#[derive(Debug)]
struct State {
    queue: Batch,
    /// Of the frames in the queue, and of those that are held back.
    bytes: usize,
    /// How many frames in the queue can not be dropped.
    kept: usize,
    /// The newest dropped positions, from the overflow until the writer takes them.
    dropped: Option<BTreeMap<ConversationId, Seq>>,
    /// During a replay, and for a while after it.
    resume: Option<Box<Resume>>,
    end: End,
    writer: Writer,
    /// The connection's task, from when it has written what there was until it is woken.
    waker: Option<Waker>,
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

/// What became of a frame.
#[derive(Debug, Default)]
pub(crate) struct Queued {
    /// Whether it was queued, or held back.
    pub(crate) taken: bool,
    /// Whether it is up to the caller that it is written, with [`Outbox::write`] or [`Outbox::wake`]: the connection's
    /// task does not know of it, and nobody who queued something before has to do it.
    pub(crate) unwritten: bool,
}

/// What the writer has to do next.
#[derive(Debug)]
enum Next {
    /// Write these.
    Frames(Batch),
    /// Write this, and nothing after it.
    Close(Frame),
    /// Stop at once.
    Abort,
}

impl Outbox {
    /// At most `bytes_max` bytes of frames wait in it.
    pub(crate) fn new(bytes_max: usize, wire: Wire) -> Self {
        Self {
            bytes_max,
            state: Mutex::new(State {
                queue: Batch::new(),
                bytes: 0,
                kept: 0,
                dropped: None,
                resume: None,
                end: End::Open,
                writer: Writer::new(wire),
                waker: None,
            }),
            waiting: Stopwatch::stopped(),
            resumed: Stopwatch::stopped(),
            closing: Stopwatch::stopped(),
            stalled: Stopwatch::stopped(),
        }
    }

    /// Gives it the stream that it writes to.
    pub(crate) fn connect(&self, io: Io) {
        self.lock().writer.io = Some(io);
    }

    /// Has the stream do something other than write. It is gone after [`Outbox::disconnect`].
    pub(crate) fn with_io<T>(
        &self,
        call: impl FnOnce(&mut Io) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match &mut self.lock().writer.io {
            Some(io) => call(io),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    /// Drops everything, the stream too.
    pub(crate) fn disconnect(&self) {
        self.abort();
        // Dropped after the lock is given back: closing a socket takes its time.
        let _io = self.lock().writer.io.take();
    }

    /// Queues a frame for the connection's task, or holds it back; false when it was dropped, or the connection is
    /// closing.
    ///
    /// Answers are still taken after a request to close: they are to what came before it.
    pub(crate) fn push(&self, frame: Frame) -> bool {
        let queued = self.queue(frame);
        if queued.unwritten {
            self.wake();
        }
        queued.taken
    }

    /// As [`Outbox::push`], but leaves the writing to the caller.
    pub(crate) fn queue(&self, frame: Frame) -> Queued {
        let mut state = self.lock();
        match (&state.end, frame.kind()) {
            (End::Open, _) => {}
            (End::Close { code, .. }, Kind::Kept) if !is_too_slow(*code) => {}
            _ => return Queued::default(),
        }
        let (was_empty, had_work) = (state.queue.is_empty(), state.has_work());
        let taken = match state.take_in(frame, self.bytes_max) {
            Ok(taken) => taken,
            Err(reason) => {
                let code = Some(CloseCode::TooSlow.code());
                self.end(state, code, Frame::close(code, reason));
                return Queued::default();
            }
        };
        if was_empty && !state.queue.is_empty() {
            self.waiting.restart();
        }
        Queued { taken, unwritten: !had_work && state.has_work() && state.waits_for_work() }
    }

    /// Has the connection's task write, together with whatever else it has by then.
    pub(crate) fn wake(&self) {
        wake(self.lock());
    }

    /// Answers and notices that wait for the writer.
    pub(crate) fn kept(&self) -> usize {
        self.lock().kept
    }

    /// Counts one second.
    pub(crate) fn tick(&self, queue_seconds_max: u32) {
        if self.waiting.tick() > queue_seconds_max {
            self.lock().drop_events();
        }
        if self.resumed.tick() > FLOOR_SECONDS {
            self.forget_floors();
        }
    }

    /// Asks the writer to close the connection with this frame, after what is queued; for [`CloseCode::TooSlow`],
    /// instead of it. Only the first request counts.
    pub(crate) fn close(&self, code: Option<u16>, frame: Frame) {
        self.end(self.lock(), code, frame);
    }

    /// Answers the peer's close frame, after what is queued.
    pub(crate) fn echo_close(&self, code: Option<u16>) {
        self.close(code, Frame::close(code, ""));
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

    /// Ready once the connection is to be dropped.
    pub(crate) fn poll_abort(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.is_aborted() {
            return Poll::Ready(());
        }
        state.wait(cx);
        Poll::Pending
    }

    /// What to write next. While `replies_coming`, closing waits for them.
    fn next(&self, state: &mut State, replies_coming: bool) -> Poll<Next> {
        if let Some(frames) = state.take_batch() {
            if state.queue.is_empty() {
                self.waiting.stop();
            } else {
                self.waiting.restart();
            }
            return Poll::Ready(Next::Frames(frames));
        }
        match &state.end {
            End::Close { code, frame } if !replies_coming || is_too_slow(*code) => {
                Poll::Ready(Next::Close(frame.clone()))
            }
            End::Abort { .. } => Poll::Ready(Next::Abort),
            End::Open | End::Close { .. } => Poll::Pending,
        }
    }

    fn end(&self, mut state: MutexGuard<'_, State>, code: Option<u16>, frame: Frame) {
        if matches!(state.end, End::Open) {
            if is_too_slow(code) {
                state.clear();
            }
            state.end_replay();
            state.end = End::Close { code, frame };
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
    /// Queues a frame or holds it back; false when it is dropped, and the reason to close when nothing helps.
    fn take_in(&mut self, frame: Frame, bytes_max: usize) -> Result<bool, &'static str> {
        let bytes = frame.queued_bytes();
        match frame.kind() {
            Kind::Kept => {
                self.make_room(bytes, bytes_max);
                // One always fits, however long: nothing else could ever answer that command.
                if self.kept > 0 && self.bytes + bytes > bytes_max {
                    return Err("the answers were not read");
                }
            }
            Kind::Event(conversation_id, seq) => {
                if self.resume.as_ref().is_some_and(|resume| resume.was_told(conversation_id, seq)) {
                    return Ok(false);
                }
                self.make_room(bytes, bytes_max);
                if let Some(dropped) = &mut self.dropped {
                    note(dropped, conversation_id, seq);
                    if dropped.len() > LAGGING_CONVERSATIONS_MAX {
                        return Err("too far behind in too many conversations");
                    }
                    return Ok(false);
                }
                if let Some(resume) = self.resume.as_mut().filter(|resume| resume.is_replaying()) {
                    self.bytes += bytes;
                    resume.hold(frame);
                    return Ok(true);
                }
            }
            Kind::Ephemeral => {
                if self.dropped.is_some() || self.bytes + bytes > bytes_max / 2 {
                    return Ok(false);
                }
            }
        }
        self.bytes += bytes;
        self.kept += usize::from(frame.kind() == Kind::Kept);
        self.queue.push(frame);
        Ok(true)
    }

    fn make_room(&mut self, bytes: usize, bytes_max: usize) {
        if self.bytes + bytes > bytes_max {
            self.drop_events();
        }
    }

    /// The overflow: only what is kept stays, and of the events what the client needs to know to pull them.
    fn drop_events(&mut self) {
        if self.dropped.is_some() {
            return;
        }
        let mut dropped = BTreeMap::new();
        let held = self.resume.as_mut().map(|resume| resume.take_held()).unwrap_or_default();
        for frame in self.queue.iter().chain(&held) {
            if let Kind::Event(conversation_id, seq) = frame.kind() {
                note(&mut dropped, conversation_id, seq);
            }
        }
        self.queue.retain(|frame| frame.kind() == Kind::Kept);
        self.queue.shrink_to_fit();
        self.bytes = self.queue.iter().map(Frame::queued_bytes).sum();
        self.dropped = Some(dropped);
        metrics::counter!("natter_queue_overflows_total").increment(1);
    }

    /// Whether the writer has something to do.
    fn has_work(&self) -> bool {
        !self.queue.is_empty() || self.dropped.is_some() && !self.is_replaying()
    }

    fn is_replaying(&self) -> bool {
        self.resume.as_ref().is_some_and(|resume| resume.is_replaying())
    }

    /// The oldest frames; once there are none, the notice of those that were dropped. During a replay that waits: the
    /// client would ask again for what it is about to be told.
    fn take_batch(&mut self) -> Option<Batch> {
        if self.queue.is_empty() {
            if self.is_replaying() {
                return None;
            }
            let dropped = self.dropped.take()?;
            return (!dropped.is_empty()).then(|| smallvec![lagging(&dropped)]);
        }
        if self.queue.len() <= BATCH_FRAMES_MAX && self.bytes <= BATCH_BYTES_MAX {
            // All of it, and without a look at each frame: it would be fetched from the core that counts its clones.
            self.bytes = self.resume.as_ref().map_or(0, |resume| resume.held_bytes());
            self.kept = 0;
            return Some(mem::take(&mut self.queue));
        }
        let mut bytes = 0;
        let fitting = self.queue.iter().take(BATCH_FRAMES_MAX).take_while(|frame| {
            bytes += frame.queued_bytes();
            bytes <= BATCH_BYTES_MAX
        });
        let fitting = fitting.count().max(1);
        let batch = if fitting == self.queue.len() {
            mem::take(&mut self.queue)
        } else {
            self.queue.drain(..fitting).collect()
        };
        for frame in &batch {
            self.bytes -= frame.queued_bytes();
            self.kept -= usize::from(frame.kind() == Kind::Kept);
        }
        Some(batch)
    }

    fn clear(&mut self) {
        self.queue = Batch::new();
        self.bytes = 0;
        self.kept = 0;
        self.dropped = None;
        self.resume = None;
    }

    fn is_aborted(&self) -> bool {
        matches!(self.end, End::Abort { .. })
    }

    fn wait(&mut self, cx: &Context<'_>) {
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
    Frame::notice("sync.lagging", &SyncLagging { conversations })
}

fn is_too_slow(code: Option<u16>) -> bool {
    code == Some(CloseCode::TooSlow.code())
}

/// Wakes the connection's task, after the lock is given back that it will want at once.
fn wake(mut state: MutexGuard<'_, State>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests;
