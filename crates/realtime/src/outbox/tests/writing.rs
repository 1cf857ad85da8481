//! Who writes what, and in which order, whatever the socket takes and whenever the task comes.

use super::{WIRE, close, event, text};
use crate::codec::{Decoder, Message, Role};
use crate::outbox::{Outbox, Stop};
use crate::{Frame, Io};
use natter_protocol::{CloseCode, ConversationId, Seq};
use proptest::collection::vec;
use proptest::prelude::*;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use uuid::Uuid;

const CONVERSATION: ConversationId = ConversationId::from_uuid(Uuid::from_u128(1));

/// A stream whose far end takes bytes when the test says so. What it keeps back, as TLS does, goes on when it is flushed.
#[derive(Clone, Default)]
struct Socket(Arc<Mutex<FarEnd>>);

#[derive(Default)]
struct FarEnd {
    taken: Vec<u8>,
    room_bytes: usize,
    kept: Vec<u8>,
    kept_bytes_max: usize,
    broken: bool,
    waker: Option<Waker>,
}

impl Socket {
    fn with_room(room_bytes: usize) -> Self {
        let socket = Self::default();
        socket.far_end().room_bytes = room_bytes;
        socket
    }

    fn far_end(&self) -> MutexGuard<'_, FarEnd> {
        self.0.lock().unwrap()
    }

    /// The far end takes so many bytes more.
    fn make_room(&self, bytes: usize) {
        self.far_end().room_bytes += bytes;
        let waker = self.far_end().waker.take();
        waker.into_iter().for_each(Waker::wake);
    }

    /// The complete frames that the far end has, and whether a part of another one comes after them.
    fn frames(&self) -> (Vec<String>, bool) {
        let mut bytes = self.far_end().taken.clone();
        let mut rest = bytes.as_mut_slice();
        let mut decoder = Decoder::new(Role::Client, usize::MAX);
        let mut frames = Vec::new();
        loop {
            let before = rest.len();
            match decoder.decode(&mut rest).expect("frames are whole and one after the other") {
                Some(Message::Text(text)) => frames.push(words(&text)),
                Some(Message::Close { code, .. }) => frames.push(format!("close {code:?}")),
                Some(other) => panic!("nobody wrote {other:?}"),
                None => return (frames, before > 0),
            }
        }
    }
}

impl FarEnd {
    fn pass_on(&mut self, bytes: &[u8], waker: &Waker) -> Poll<io::Result<usize>> {
        if self.broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let fitting = bytes.len().min(self.room_bytes);
        if fitting == 0 {
            self.waker = Some(waker.clone());
            return Poll::Pending;
        }
        self.room_bytes -= fitting;
        self.taken.extend_from_slice(&bytes[..fitting]);
        Poll::Ready(Ok(fitting))
    }

    fn pass_on_kept(&mut self, waker: &Waker) -> Poll<io::Result<()>> {
        while !self.kept.is_empty() {
            let kept = mem::take(&mut self.kept);
            let passed = self.pass_on(&kept, waker);
            let passed_bytes = if let Poll::Ready(Ok(bytes)) = passed { bytes } else { 0 };
            self.kept = kept[passed_bytes..].to_vec();
            ready!(passed)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut far_end = self.far_end();
        if far_end.kept_bytes_max == 0 {
            return far_end.pass_on(bytes, cx.waker());
        }
        let passed = far_end.pass_on_kept(cx.waker());
        let fitting = bytes.len().min(far_end.kept_bytes_max - far_end.kept.len());
        if fitting == 0 {
            return passed.map_ok(|()| 0);
        }
        far_end.kept.extend_from_slice(&bytes[..fitting]);
        Poll::Ready(Ok(fitting))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.far_end().pass_on_kept(cx.waker())
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

/// The connection's task: how often it was woken, and not polled since.
#[derive(Default)]
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Task {
    fn poll(self: &Arc<Self>, outbox: &Outbox) -> Poll<Stop> {
        self.0.store(0, SeqCst);
        let waker = Waker::from(Arc::clone(self));
        outbox.poll_write(&mut Context::from_waker(&waker), false)
    }

    fn wakes(&self) -> usize {
        self.0.load(SeqCst)
    }
}

/// A connection that is served, and whose task waits for frames.
fn served(socket: &Socket) -> (Outbox, Arc<Task>) {
    let outbox = Outbox::new(1024 * 1024, WIRE);
    outbox.connect(Io::other(socket.clone()));
    let task = Arc::new(Task::default());
    assert!(task.poll(&outbox).is_pending());
    (outbox, task)
}

/// Delivers as those do who have one frame for many; false when it was dropped.
fn deliver(outbox: &Outbox, frame: Frame) -> bool {
    let taken = outbox.deliver(&frame);
    drop(frame);
    taken
}

fn frame_bytes() -> usize {
    event(CONVERSATION, 1).bytes(WIRE).len()
}

fn whole(frames: &[&str]) -> (Vec<String>, bool) {
    (frames.iter().map(|frame| (*frame).to_owned()).collect(), false)
}

fn words(text: &str) -> String {
    super::text(&Frame::reply(text))
}

#[test]
fn what_the_socket_takes_is_written_at_once_and_the_task_sleeps_on() {
    let socket = Socket::with_room(1000);
    let (outbox, task) = served(&socket);
    deliver(&outbox, event(CONVERSATION, 1));
    deliver(&outbox, Frame::reply("ack"));
    deliver(&outbox, event(CONVERSATION, 2));
    assert_eq!(socket.frames(), whole(&["event 0001", "ack", "event 0002"]));
    assert_eq!((task.wakes(), outbox.kept()), (0, 0));
    assert!(!outbox.stalled.is_running());
}

#[test]
fn what_is_pushed_to_one_wakes_its_task_once() {
    let socket = Socket::with_room(1000);
    let (outbox, task) = served(&socket);
    outbox.push(event(CONVERSATION, 1));
    outbox.push(Frame::reply("ack"));
    assert_eq!((socket.frames(), task.wakes()), (whole(&[]), 1));
    assert!(task.poll(&outbox).is_pending());
    assert_eq!(socket.frames(), whole(&["event 0001", "ack"]));
}

#[test]
fn one_of_those_who_deliver_is_asked_to_write_what_all_of_them_queued() {
    let socket = Socket::with_room(1000);
    let (outbox, task) = served(&socket);
    let asked: Vec<_> = (1..=3).map(|seq| outbox.queue(event(CONVERSATION, seq)).unwritten).collect();
    assert_eq!(asked, [true, false, false]);
    assert_eq!(socket.frames(), whole(&[]));
    outbox.write();
    assert_eq!(socket.frames(), whole(&["event 0001", "event 0002", "event 0003"]));
    assert!(outbox.queue(event(CONVERSATION, 4)).unwritten, "asked again, since the others are written");
    assert_eq!(task.wakes(), 0);
}

#[test]
fn a_frame_that_is_written_in_part_is_finished_before_anything_else_is_written() {
    let socket = Socket::with_room(frame_bytes() + 3);
    let (outbox, task) = served(&socket);
    deliver(&outbox, event(CONVERSATION, 1));
    deliver(&outbox, event(CONVERSATION, 2));
    let (frames, part) = socket.frames();
    assert_eq!((frames.as_slice(), part), (&["event 0001".to_owned()][..], true));
    assert!(outbox.stalled.is_running());

    deliver(&outbox, Frame::reply("ack"));
    assert_eq!(task.wakes(), 0, "there is nothing that it could do");
    socket.make_room(1);
    assert_eq!(task.wakes(), 1, "the socket wakes it, though it was not the task that found it full");
    deliver(&outbox, event(CONVERSATION, 3));
    assert!(socket.frames().1, "whoever pushes meanwhile leaves it to the task");
    socket.make_room(1000);
    assert!(task.poll(&outbox).is_pending());
    assert_eq!(socket.frames(), whole(&["event 0001", "event 0002", "ack", "event 0003"]));
    assert!(!outbox.stalled.is_running());
}

#[test]
fn what_the_stream_keeps_back_is_written_before_what_comes_next() {
    let socket = Socket::with_room(3);
    socket.far_end().kept_bytes_max = 10 * frame_bytes();
    let (outbox, task) = served(&socket);
    deliver(&outbox, event(CONVERSATION, 1));
    assert!(outbox.stalled.is_running() && !outbox.is_idle());
    deliver(&outbox, event(CONVERSATION, 2));
    socket.make_room(1000);
    assert_eq!(task.wakes(), 1);
    assert!(task.poll(&outbox).is_pending());
    assert_eq!(socket.frames(), whole(&["event 0001", "event 0002"]));
    assert!(outbox.is_idle());
}

#[test]
fn before_the_task_was_there_and_once_it_is_woken_frames_wait_for_it() {
    let socket = Socket::with_room(1000);
    let outbox = Outbox::new(1024, WIRE);
    deliver(&outbox, Frame::reply("ready"));
    outbox.connect(Io::other(socket.clone()));
    deliver(&outbox, event(CONVERSATION, 1));
    assert_eq!(socket.frames(), whole(&[]));
    let task = Arc::new(Task::default());
    assert!(task.poll(&outbox).is_pending());
    assert_eq!(socket.frames(), whole(&["ready", "event 0001"]));
}

#[test]
fn closing_is_left_to_the_task_and_comes_after_all_that_was_begun() {
    let socket = Socket::with_room(3);
    let (outbox, task) = served(&socket);
    deliver(&outbox, event(CONVERSATION, 1));
    close(&outbox, CloseCode::GoingAway);
    assert_eq!(task.wakes(), 1);
    assert!(deliver(&outbox, Frame::reply("ack")), "it answers what came before the request");
    assert!(!deliver(&outbox, event(CONVERSATION, 2)));
    socket.make_room(1000);
    assert_eq!(task.poll(&outbox), Poll::Ready(Stop::CloseSent));
    assert!(deliver(&outbox, Frame::reply("late")));
    assert_eq!(task.poll(&outbox), Poll::Ready(Stop::CloseSent));
    assert_eq!(socket.frames(), whole(&["event 0001", "ack", "close Some(1001)"]));
}

#[test]
fn closing_as_too_slow_finishes_the_frame_that_was_begun() {
    let socket = Socket::with_room(3);
    let (outbox, task) = served(&socket);
    deliver(&outbox, event(CONVERSATION, 1));
    deliver(&outbox, event(CONVERSATION, 2));
    close(&outbox, CloseCode::TooSlow);
    socket.make_room(1000);
    assert_eq!(task.poll(&outbox), Poll::Ready(Stop::CloseSent));
    assert_eq!(socket.frames(), whole(&["event 0001", "close Some(4008)"]));
}

#[test]
fn a_replay_and_what_is_pushed_meanwhile_do_not_mix() {
    let socket = Socket::with_room(3);
    let (outbox, task) = served(&socket);
    outbox.hold();
    deliver(&outbox, event(CONVERSATION, 3));
    deliver(&outbox, Frame::reply("ack"));
    outbox.write_next(event(CONVERSATION, 1));
    assert!(!outbox.is_idle(), "the next piece waits until this one is taken");
    socket.make_room(1000);
    assert!(task.poll(&outbox).is_pending());
    outbox.write_next(event(CONVERSATION, 2));
    deliver(&outbox, Frame::reply("ack 2"));
    assert!(task.poll(&outbox).is_pending());
    outbox.release();
    assert!(task.poll(&outbox).is_pending());
    assert_eq!(socket.frames(), whole(&["ack", "event 0001", "event 0002", "ack 2", "event 0003"]));
}

#[test]
fn whoever_finds_the_peer_gone_tells_the_task() {
    let socket = Socket::with_room(1000);
    let (outbox, task) = served(&socket);
    socket.far_end().broken = true;
    deliver(&outbox, event(CONVERSATION, 1));
    assert_eq!(task.wakes(), 1);
    deliver(&outbox, event(CONVERSATION, 2));
    assert_eq!(task.poll(&outbox), Poll::Ready(Stop::Gone));
}

#[test]
fn aborting_ends_a_write_that_stands_still() {
    let socket = Socket::with_room(3);
    let (outbox, task) = served(&socket);
    deliver(&outbox, event(CONVERSATION, 1));
    outbox.abort();
    assert_eq!(task.wakes(), 1);
    assert_eq!(task.poll(&outbox), Poll::Ready(Stop::Aborted));
    assert!(!deliver(&outbox, event(CONVERSATION, 2)));
}

#[test]
fn a_connection_that_left_has_no_stream_and_takes_nothing() {
    let socket = Socket::with_room(1000);
    let (outbox, _task) = served(&socket);
    outbox.disconnect();
    assert_eq!(Arc::strong_count(&socket.0), 1, "the stream is dropped");
    assert!(!deliver(&outbox, event(CONVERSATION, 1)));
    assert_eq!(socket.frames(), whole(&[]));
}

#[derive(Debug, Clone)]
enum Step {
    Event,
    Answer,
    /// An event whose writing is left to another thread.
    Delivery,
    /// That thread comes to it.
    Help,
    /// The far end takes so many bytes.
    Take(usize),
    /// The task runs, if it was woken.
    Run,
    /// The task runs for another reason, such as a message from the client.
    RunAnyway,
    /// The client asks for what it missed, which is so many pieces.
    Resume(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Event),
        6 => Just(Step::Delivery),
        3 => Just(Step::Help),
        2 => Just(Step::Answer),
        4 => (1..200_usize).prop_map(Step::Take),
        3 => Just(Step::Run),
        1 => Just(Step::RunAnyway),
        1 => (0..4_usize).prop_map(Step::Resume),
    ]
}

/// A connection, and all that it has to write.
struct World {
    outbox: Outbox,
    task: Arc<Task>,
    socket: Socket,
    events: Vec<String>,
    answers: Vec<String>,
    pieces: Vec<String>,
    /// In the order in which they were pushed.
    pushed: Vec<String>,
    /// How often another thread was asked to write, and has not yet.
    helps: usize,
    /// Pieces that the task has not handed to the writer yet; none while there is no replay.
    replay: Option<usize>,
    /// Whether somebody pushes between the task's look and the piece that it hands over.
    racing: bool,
}

impl World {
    fn new(kept_bytes_max: usize, racing: bool) -> Self {
        let socket = Socket::default();
        socket.far_end().kept_bytes_max = kept_bytes_max;
        let (outbox, task) = served(&socket);
        let (events, answers, pieces, pushed) = <_>::default();
        Self { outbox, task, socket, events, answers, pieces, pushed, helps: 0, replay: None, racing }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Event => {
                let frame = self.event();
                self.push(frame);
            }
            Step::Delivery => {
                let frame = self.event();
                self.pushed.push(text(&frame));
                let queued = self.outbox.queue(frame);
                assert!(queued.taken, "there is room");
                self.helps += usize::from(queued.unwritten);
            }
            Step::Help if self.helps > 0 => self.help(),
            Step::Answer => self.push_answer(),
            Step::Take(bytes) => self.socket.make_room(*bytes),
            Step::Run if self.task.wakes() > 0 => self.run(),
            Step::Help | Step::Run => {}
            Step::RunAnyway => self.run(),
            Step::Resume(pieces) => {
                // As a message of the client, for which the task runs.
                self.outbox.hold();
                self.replay = Some(self.replay.unwrap_or(0) + pieces);
                self.run();
            }
        }
    }

    fn event(&mut self) -> Frame {
        let frame = event(CONVERSATION, self.events.len() as Seq + 1);
        self.events.push(text(&frame));
        frame
    }

    fn push_answer(&mut self) {
        let frame = Frame::reply(&format!("ack {}", self.answers.len()));
        self.answers.push(text(&frame));
        self.push(frame);
    }

    fn help(&mut self) {
        self.helps -= 1;
        self.outbox.write();
    }

    fn push(&mut self, frame: Frame) {
        self.pushed.push(text(&frame));
        assert!(deliver(&self.outbox, frame), "there is room");
    }

    /// What a connection does when it is polled.
    fn run(&mut self) {
        loop {
            assert!(self.task.poll(&self.outbox).is_pending(), "nobody closed");
            let Some(left) = self.replay.filter(|_| self.outbox.is_idle()) else { return };
            if left == 0 {
                self.replay = None;
                self.outbox.release();
            } else {
                if self.racing {
                    self.push_answer();
                }
                self.replay = Some(left - 1);
                let frame = Frame::reply(&format!("piece {}", self.pieces.len()));
                self.pieces.push(text(&frame));
                self.outbox.write_next(frame);
            }
        }
    }

    /// Who was asked to write does, the far end takes everything, and the task runs when it is woken, not otherwise.
    fn come_to_rest(&mut self) {
        while self.helps > 0 {
            self.help();
        }
        while self.socket.far_end().waker.is_some() || self.task.wakes() > 0 {
            self.socket.make_room(50);
            if self.task.wakes() > 0 {
                self.run();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Short writes anywhere, others who write at any time, and a task that comes only when it is woken: everything is
    /// written, once, whole and in order.
    #[test]
    fn nothing_overtakes_and_nothing_stays(
        kept_bytes_max in prop_oneof![Just(0_usize), 1..100_usize],
        racing: bool,
        steps in vec(step(), 0..100),
    ) {
        let mut world = World::new(kept_bytes_max, racing);
        for step in &steps {
            world.take(step);
        }
        world.come_to_rest();
        let (frames, part) = world.socket.frames();
        prop_assert!(!part, "the last frame is whole");
        let of = |kind: &str| -> Vec<String> {
            frames.iter().filter(|frame| frame.starts_with(kind)).cloned().collect()
        };
        prop_assert_eq!(of("event"), world.events);
        prop_assert_eq!(of("ack"), world.answers);
        prop_assert_eq!(of("piece"), world.pieces);
        if !steps.iter().any(|step| matches!(step, Step::Resume(_))) {
            prop_assert_eq!(frames, world.pushed);
        }
    }
}
