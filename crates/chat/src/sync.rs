//! `sync.resume`: telling a client what it missed, however long it was away.
//!
//! The heads of the logs are read first of all, and by then the connection holds events back (see
//! [`natter_realtime::Replay`]). What is up to a head comes from the log, what is beyond it from the hub, so that
//! nothing falls between the two, and nothing comes twice.

use crate::{Actor, Chat, Error, Result};
use futures_util::{Stream, stream};
use natter_protocol::{
    ConversationId, Event, Seq, SyncDone, SyncRemoved, SyncReset, SyncResume, UserId, limits,
};
use natter_realtime::{Frame, Replayed};
use natter_store::Range;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::{HashMap, HashSet, VecDeque};
use std::iter::Peekable;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Clients whose events are being read at one time: when all come back at once, the others wait for their turn.
const READING_MAX: usize = 16;
/// Events that are made ready at one time for one client, however many conversations they are of.
const READ_EVENTS_MAX: u64 = 100;
/// Bytes of events that wait for one client to take them, unless the first alone is longer. What was read beyond that
/// is forgotten, and read again when its time has come.
const READY_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of the events in one `sync.events`, unless the first alone is longer: many WebSocket libraries take messages of
/// up to a mebibyte.
const SYNC_BYTES_MAX: usize = 256 * 1024;

/// A piece of the answer to `sync.resume`.
#[derive(Debug)]
pub enum Resumed {
    /// Events that were missed, and how many.
    Events(Frame, u64),
    /// What else there is to know, and up to where all is told.
    Piece(Replayed),
    /// That was all.
    Done(SyncDone),
}

/// The answer, piece by piece. It ends with [`Resumed::Done`] or with an error.
pub type Resume = Pin<Box<dyn Stream<Item = Result<Resumed>> + Send>>;

/// Bounds what is read for clients that resume.
pub(crate) struct Resumes(Semaphore);

impl Default for Resumes {
    fn default() -> Self {
        Self(Semaphore::new(READING_MAX))
    }
}

impl Chat {
    /// What the actor missed since these positions. Nothing is read before the first piece is asked for.
    pub fn resume(self: &Arc<Self>, actor: &Actor, request: SyncResume) -> Result<Resume> {
        check(&request)?;
        let resuming = Resuming {
            chat: Arc::clone(self),
            viewer: actor.id(),
            request: Some(request),
            todo: VecDeque::new(),
            ready: VecDeque::new(),
            ready_bytes: 0,
            events: 0,
        };
        Ok(Box::pin(stream::try_unfold(Some(resuming), async |resuming| {
            let Some(mut resuming) = resuming else { return Ok(None) };
            Ok(Some(match resuming.next().await? {
                Some(piece) => (piece, Some(resuming)),
                None => (Resumed::Done(SyncDone { events: resuming.events }), None),
            }))
        })))
    }
}

fn check(request: &SyncResume) -> Result<()> {
    let named = &request.conversations;
    if named.len() > limits::RESUME_CONVERSATIONS_MAX {
        let max = limits::RESUME_CONVERSATIONS_MAX;
        return Err(Error::field("conversations", format!("has more than {max} entries")));
    }
    let mut seen = HashSet::with_capacity(named.len());
    if !named.iter().all(|position| seen.insert(position.id)) {
        return Err(Error::field("conversations", "names a conversation twice"));
    }
    Ok(())
}

/// A client on its way back.
struct Resuming {
    chat: Arc<Chat>,
    viewer: UserId,
    /// What was asked for, until the heads are read.
    request: Option<SyncResume>,
    /// What is to be told of each conversation, in order.
    todo: VecDeque<Todo>,
    /// What is ready to be told, and the bytes of its events.
    ready: VecDeque<Resumed>,
    ready_bytes: usize,
    /// Events told so far.
    events: u64,
}

/// What is to be told of a conversation.
enum Todo {
    /// The client has everything.
    Nothing(ConversationId, Seq),
    /// These events.
    Events(Range),
    /// To load it anew.
    Reset(ConversationId, Seq),
    /// That the viewer is not in it.
    Removed(ConversationId),
}

impl Resuming {
    /// The next piece; none when all is told.
    async fn next(&mut self) -> Result<Option<Resumed>> {
        if let Some(request) = self.request.take() {
            self.plan(request).await?;
        }
        while self.ready.is_empty() && !self.todo.is_empty() {
            self.read().await?;
        }
        Ok(self.ready.pop_front())
    }

    /// Compares what the client has with the heads of the logs.
    async fn plan(&mut self, SyncResume { conversations: named, all }: SyncResume) -> Result<()> {
        let ids: Vec<_> = named.iter().map(|position| position.id).collect();
        let turn = self.turn().await?;
        let heads = self.chat.store.heads(self.viewer, if all { None } else { Some(&ids) }).await?;
        drop(turn);
        let mut heads: HashMap<_, _> = heads.into_iter().map(|head| (head.id, head.seq)).collect();
        for position in named {
            let (id, after) = (position.id, position.seq);
            self.todo.push_back(match heads.remove(&id) {
                None => Todo::Removed(id),
                Some(head) if position.epoch != self.chat.epoch() || after > head => Todo::Reset(id, head),
                Some(head) if head - after > limits::RESUME_EVENTS_MAX => Todo::Reset(id, head),
                Some(head) if head == after => Todo::Nothing(id, head),
                Some(head) => Todo::Events(Range { conversation_id: id, after, upto: head }),
            });
        }
        if all {
            self.todo.extend(heads.into_iter().map(|(id, head)| Todo::Reset(id, head)));
        }
        Ok(())
    }

    /// Makes the next pieces ready, of as many conversations as there are in as many events as are read at one time.
    async fn read(&mut self) -> Result<()> {
        let mut group = Vec::new();
        let mut ranges = Vec::new();
        let mut room = READ_EVENTS_MAX;
        while room > 0
            && let Some(todo) = self.todo.pop_front()
        {
            let range = match todo {
                Todo::Events(range) => range,
                other => {
                    // What takes a frame takes as much room as an event: a client that reads slowly owns no more of them.
                    room -= u64::from(!matches!(other, Todo::Nothing(..)));
                    group.push(other);
                    continue;
                }
            };
            let upto = range.upto.min(range.after + room);
            room -= upto - range.after;
            let part = Range { upto, ..range };
            ranges.push(part);
            group.push(Todo::Events(part));
            if upto < range.upto {
                self.todo.push_front(Todo::Events(Range { after: upto, ..range }));
            }
        }
        let events = if ranges.is_empty() {
            Vec::new()
        } else {
            let _turn = self.turn().await?;
            self.chat.store.replay(self.viewer, &ranges).await?
        };
        let mut events = events.into_iter().peekable();
        let mut group = group.into_iter();
        self.ready_bytes = 0;
        while let Some(todo) = group.next() {
            match todo {
                Todo::Nothing(id, head) => self.push(Replayed::Floor(id, head)),
                Todo::Events(range) => {
                    let told = self.tell(range, &mut events)?;
                    if told < range.upto {
                        group.rev().for_each(|todo| self.put_back(todo));
                        self.put_back(Todo::Events(Range { after: told, ..range }));
                        break;
                    }
                }
                Todo::Reset(id, head) => {
                    let epoch = self.chat.epoch().to_owned();
                    let reset = SyncReset { conversation_id: id, epoch, seq: head };
                    self.push(Replayed::Frame(Frame::notice("sync.reset", &reset)));
                    self.push(Replayed::Floor(id, head));
                }
                Todo::Removed(id) => self.tell_removed(id),
            }
        }
        Ok(())
    }

    /// The events of a range, in as many frames as it takes; up to where they are told. The rest has to wait until these
    /// are taken.
    fn tell(&mut self, range: Range, events: &mut Peekable<impl Iterator<Item = Event>>) -> Result<Seq> {
        let id = range.conversation_id;
        let mut told = range.after;
        let mut chunk = SyncEvents { conversation_id: id, events: Vec::new() };
        let mut bytes = 0;
        while let Some(event) = events.next_if(|event| event.conversation_id == id && event.seq == told + 1) {
            let json = to_raw_value(&event).map_err(|error| {
                Error::Internal(format!("event {} of {id} has no JSON: {error}", event.seq))
            })?;
            let event_bytes = json.get().len();
            if self.ready_bytes > 0 && self.ready_bytes + event_bytes > READY_BYTES_MAX {
                self.ready.extend(chunk.take());
                self.push(Replayed::Floor(id, told));
                return Ok(told);
            }
            if chunk.events.len() == limits::SYNC_EVENTS_MAX || bytes + event_bytes > SYNC_BYTES_MAX {
                self.ready.extend(chunk.take());
                bytes = 0;
            }
            bytes += event_bytes;
            self.ready_bytes += event_bytes;
            chunk.events.push(json);
            told += 1;
            self.events += 1;
        }
        self.ready.extend(chunk.take());
        if told == range.upto {
            self.push(Replayed::Floor(id, told));
        } else {
            // The viewer was a member when the heads were read, and is none any more.
            self.tell_removed(id);
            self.todo.retain(|todo| !matches!(todo, Todo::Events(rest) if rest.conversation_id == id));
        }
        Ok(range.upto)
    }

    /// Leaves something for the next time, as one with the rest of the same conversation.
    fn put_back(&mut self, todo: Todo) {
        if let (Todo::Events(range), Some(Todo::Events(rest))) = (&todo, self.todo.front_mut())
            && (range.conversation_id, range.upto) == (rest.conversation_id, rest.after)
        {
            rest.after = range.after;
            return;
        }
        self.todo.push_front(todo);
    }

    fn tell_removed(&mut self, conversation_id: ConversationId) {
        let removed = Frame::notice("sync.removed", &SyncRemoved { conversation_id });
        self.push(Replayed::Frame(removed));
    }

    fn push(&mut self, piece: Replayed) {
        self.ready.push_back(Resumed::Piece(piece));
    }

    /// Waits until it is this client's turn to read. It is given back before anything is sent, because a client may take
    /// its time.
    async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        let turn = self.chat.resumes.0.acquire().await;
        turn.map_err(|_| Error::Internal("nobody can resume any more".to_owned()))
    }
}

/// [`natter_protocol::SyncEvents`], with events whose size is known because they are JSON already.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SyncEvents {
    conversation_id: ConversationId,
    events: Vec<Box<RawValue>>,
}

impl SyncEvents {
    /// The frame, if there is something in it; empty again.
    fn take(&mut self) -> Option<Resumed> {
        let events = self.events.len() as u64;
        let frame = (events > 0).then(|| Frame::notice("sync.events", self))?;
        self.events.clear();
        Some(Resumed::Events(frame, events))
    }
}
