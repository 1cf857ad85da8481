//! A client that was away, and everything that can happen while it catches up, in any order.

use crate::codec::{Decoder, Message, Role};
use crate::frame::Kind;
use crate::outbox::{FLOOR_SECONDS, Next, Outbox};
use crate::{Dialect, Frame, Wire};
use natter_protocol::{ConversationId, Seq, ServerFrame, SyncLagging};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::task::Poll;
use uuid::Uuid;

const CONVERSATIONS: usize = 3;
const WIRE: Wire = Wire { dialect: Dialect::Native, deflate: false };
const QUEUE_SECONDS_MAX: u32 = 2;
/// Events in a piece of a replay.
const PIECE_EVENTS: usize = 2;

#[derive(Debug, Clone)]
enum Step {
    /// Somebody writes; the event is in the log.
    Commit(usize),
    /// The relay, which may be late, hands the next event of a log to the outbox.
    Relay(usize),
    /// So does somebody with an event of the moment.
    Ephemeral,
    /// An answer that the client asked for.
    Answer,
    /// The writer takes what waits, or the next piece of a replay if nothing does.
    Write,
    /// The client asks for what it missed.
    Resume,
    /// A second in which the client may have read nothing.
    Second,
    /// A time in which the relay catches up, as it does within [`FLOOR_SECONDS`].
    Minute,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..CONVERSATIONS).prop_map(Step::Commit),
        8 => (0..CONVERSATIONS).prop_map(Step::Relay),
        1 => Just(Step::Ephemeral),
        1 => Just(Step::Answer),
        6 => Just(Step::Write),
        1 => Just(Step::Resume),
        1 => Just(Step::Second),
        1 => Just(Step::Minute),
    ]
}

/// One conversation, as everybody sees it.
#[derive(Debug, Clone, Copy, Default)]
struct Log {
    committed: Seq,
    relayed: Seq,
    /// Up to where the client has it.
    known: Seq,
    /// Whether the client was told that it lacks something. What comes live meanwhile it cannot use.
    lagging: bool,
}

/// A replay that waits or is under way.
struct Replay {
    /// Where the logs ended when it was polled first.
    heads: Option<[Seq; CONVERSATIONS]>,
    /// How far it came; at first, what the client asked from.
    told: [Seq; CONVERSATIONS],
}

struct World {
    outbox: Outbox,
    bytes_max: usize,
    logs: [Log; CONVERSATIONS],
    replays: VecDeque<Replay>,
}

impl World {
    /// A client comes back to logs that went on without it, and asks at once.
    fn new(bytes_max: usize, missed: [Seq; CONVERSATIONS]) -> Self {
        let logs = missed.map(|missed| Log { committed: missed, lagging: missed > 0, ..Log::default() });
        let mut world =
            Self { outbox: Outbox::new(bytes_max, WIRE), bytes_max, logs, replays: VecDeque::new() };
        world.resume();
        world
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Commit(conversation) => self.logs[*conversation].committed += 1,
            Step::Relay(conversation) => _ = self.relay(*conversation),
            Step::Ephemeral => _ = self.outbox.push(Frame::ephemeral("typing", &())),
            Step::Answer => _ = self.outbox.push(Frame::reply("ack")),
            Step::Write => self.write(),
            Step::Resume => self.resume(),
            Step::Second => self.outbox.tick(QUEUE_SECONDS_MAX),
            Step::Minute => {
                (0..CONVERSATIONS).for_each(|conversation| while self.relay(conversation) {});
                (0..=FLOOR_SECONDS).for_each(|_| self.outbox.tick(QUEUE_SECONDS_MAX));
            }
        }
        self.check_bytes();
    }

    /// False when everything is relayed.
    fn relay(&mut self, conversation: usize) -> bool {
        let log = &mut self.logs[conversation];
        if log.relayed == log.committed {
            return false;
        }
        log.relayed += 1;
        let body = ServerFrame { id: None, kind: "event", payload: (conversation, log.relayed) };
        self.outbox.push(Frame::event(id(conversation), log.relayed, &body));
        true
    }

    /// What the connection does when the client asks.
    fn resume(&mut self) {
        self.outbox.hold();
        let told = self.logs.map(|log| log.known);
        self.replays.push_back(Replay { heads: None, told });
    }

    /// What the connection does when the socket takes something.
    fn write(&mut self) {
        let next = self.outbox.next(&mut self.outbox.lock(), false);
        match next {
            Poll::Ready(Next::Frames(frames)) => frames.iter().for_each(|frame| self.read(frame)),
            Poll::Ready(next) => panic!("nobody closed, and yet {next:?}"),
            Poll::Pending => self.replay(),
        }
    }

    /// The next piece; the client reads it at once.
    fn replay(&mut self) {
        let Some(replay) = self.replays.front_mut() else { return };
        let heads = *replay.heads.get_or_insert(self.logs.map(|log| log.committed));
        for (conversation, (log, told)) in self.logs.iter_mut().zip(&mut replay.told).enumerate() {
            let head = heads[conversation];
            if *told == head {
                self.outbox.raise_floor(id(conversation), head);
                continue;
            }
            for seq in (*told + 1..=head).take(PIECE_EVENTS) {
                // What was on its way while the client asked comes again.
                assert!(seq <= log.known + 1, "the replay leaves nothing out");
                log.known = log.known.max(seq);
                *told = seq;
            }
            return;
        }
        self.logs.iter_mut().for_each(|log| log.lagging = false);
        self.replays.pop_front();
        if self.replays.is_empty() {
            self.outbox.release();
        }
    }

    /// What the client makes of a frame.
    fn read(&mut self, frame: &Frame) {
        let mut bytes = frame.bytes(WIRE).to_vec();
        let mut rest = bytes.as_mut_slice();
        let text = match Decoder::new(Role::Client, usize::MAX).decode(&mut rest).unwrap().unwrap() {
            Message::Text(text) if text != "ack" => text.into_owned(),
            _ => return,
        };
        let Said { kind, payload } = serde_json::from_str(&text).unwrap();
        match kind.as_str() {
            "event" => {
                let (conversation, seq): (usize, Seq) = serde_json::from_str(payload.get()).unwrap();
                let log = &mut self.logs[conversation];
                if !log.lagging {
                    assert_eq!(seq, log.known + 1, "conversation {conversation}: once, and in order");
                    log.known = seq;
                }
            }
            "sync.lagging" => {
                assert!(self.replays.is_empty(), "who is being told is not told to ask");
                let lagging: SyncLagging = serde_json::from_str(payload.get()).unwrap();
                for head in lagging.conversations {
                    let conversation = (0..CONVERSATIONS).find(|number| id(*number) == head.id).unwrap();
                    let log = &mut self.logs[conversation];
                    assert!(log.lagging || head.seq > log.known, "nothing is missed that was told");
                    assert!(head.seq <= log.relayed);
                    log.lagging = true;
                }
            }
            _ => {}
        }
    }

    /// Everything is committed, relayed, written; and the client asks until it lacks nothing.
    fn come_to_rest(&mut self) {
        for _ in 0..2 {
            (0..CONVERSATIONS).for_each(|conversation| while self.relay(conversation) {});
            while !self.is_at_rest() {
                self.write();
            }
            if self.logs.iter().any(|log| log.lagging) {
                self.resume();
            }
        }
        for log in &self.logs {
            assert_eq!((log.known, log.lagging), (log.committed, false), "{:?}", self.logs);
        }
    }

    fn is_at_rest(&self) -> bool {
        self.replays.is_empty() && !self.outbox.lock().has_work()
    }

    fn check_bytes(&self) {
        let state = self.outbox.lock();
        let queued_bytes: usize = state.queue.iter().map(Frame::queued_bytes).sum();
        let waiting_bytes = queued_bytes + state.resume.as_ref().map_or(0, |resume| resume.held_bytes());
        assert_eq!(state.bytes, waiting_bytes);
        let kept = state.queue.iter().filter(|frame| frame.kind() == Kind::Kept);
        let kept_bytes: usize = kept.map(Frame::queued_bytes).sum();
        assert!(waiting_bytes <= self.bytes_max.max(kept_bytes), "{waiting_bytes} bytes wait");
    }
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    payload: &'a RawValue,
}

fn id(conversation: usize) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(conversation as u128))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// What the client reads, and what it pulls because it was told to, is the whole log, once and in order.
    #[test]
    fn a_client_that_resumes_misses_nothing_and_reads_nothing_twice(
        bytes_max in 150..2000_usize,
        missed in prop::array::uniform3(0..10_u64),
        steps in vec(step(), 0..200),
    ) {
        let mut world = World::new(bytes_max, missed);
        for step in &steps {
            world.take(step);
        }
        world.come_to_rest();
    }
}
