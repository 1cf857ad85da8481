//! One connection of a load.

use super::{Job, Pace, Phase, Shared, Trouble};
use crate::bench::socket::{Address, Socket};
use anyhow::{Context as _, Result, bail, ensure};
use natter_protocol::{ConversationId, Seq, SyncEvents};
use std::cell::Cell;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::sleep_until;

/// The beginnings of the frames that may come, as the server writes them.
const MESSAGE_NEW: &str = r#"{"type":"message.new","payload":{"#;
const ACK: &str = r#"","type":"ack","payload":{"#;
const SYNC_EVENTS: &str = r#"{"type":"sync.events","payload":"#;
const SYNC_LAGGING: &str = r#"{"type":"sync.lagging","#;
const SYNC_DONE: &str = r#"{"id":"resume","type":"sync.done","#;

/// Between two attempts to come back.
const RETRY: Duration = Duration::from_millis(100);
/// Until a connection that was cut must be back.
const BACK_TIME_MAX: Duration = Duration::from_mins(1);

/// Sends, if it has a pace, and checks what it receives.
pub(super) struct Talker {
    socket: Socket,
    address: Address,
    room: Option<ConversationId>,
    trouble: Trouble,
    voice: Option<Voice>,
    content_chars: usize,
    seen: Rc<Seen>,
    shared: Rc<Shared>,
}

/// What a connection has received.
pub(super) struct Seen {
    /// The newest position.
    seq: Cell<Seq>,
    /// The newest position in its conversation that anybody here has an acknowledgement for.
    head: Rc<Cell<Seq>>,
    unacknowledged: Cell<usize>,
    /// Whether what it lacks is on its way, so that what is further ahead comes once more.
    resume: Cell<Resume>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Resume {
    /// It has everything up to its position, and the next event is the next one.
    Off,
    /// Events are missing, and have to be asked for.
    Wanted,
    /// They were asked for.
    Asked,
}

impl Seen {
    pub(super) fn is_complete(&self) -> bool {
        let complete = self.unacknowledged.get() == 0 && self.seq.get() == self.head.get();
        // Whose conversation was silent meanwhile lacks nothing, but may not be back.
        complete && self.resume.get() == Resume::Off
    }
}

struct Voice {
    conversation: ConversationId,
    pace: Pace,
    /// Until its first message, and from each to the next, when it sends at times.
    delay: Duration,
    interval: Duration,
    /// When each message that is on its way was sent; its index is the id of its frame.
    sent: Vec<Instant>,
    /// Indices that are free.
    free: Vec<usize>,
    json: String,
}

impl Talker {
    pub(super) fn new(
        socket: Socket,
        address: Address,
        room: Option<(ConversationId, Rc<Cell<Seq>>)>,
        pace: Option<(Pace, usize, usize)>,
        job: &Job,
        shared: Rc<Shared>,
    ) -> Self {
        let conversation = room.as_ref().map(|(id, _)| *id);
        let voice =
            conversation.zip(pace).map(|(id, (pace, number, senders))| Voice::new(id, pace, number, senders));
        let id = conversation;
        let seen = Seen {
            seq: Cell::new(room.as_ref().map_or(0, |(_, head)| head.get())),
            head: room.map(|(_, head)| head).unwrap_or_default(),
            unacknowledged: Cell::new(0),
            resume: Cell::new(Resume::Off),
        };
        let Job { trouble, content_chars, .. } = *job;
        Self { socket, address, room: id, trouble, voice, content_chars, seen: Rc::new(seen), shared }
    }

    pub(super) fn seat(&self) -> Rc<Seen> {
        Rc::clone(&self.seen)
    }

    /// Goes on until the connection ends, which is a failure, or the program.
    pub(super) async fn talk(mut self, mut phases: watch::Receiver<Phase>) -> Result<()> {
        let mut next = None;
        let mut cuts = 0;
        loop {
            let phase = *phases.borrow_and_update();
            if phase == Phase::Sending && self.trouble == Trouble::Stall {
                phases.changed().await?;
                continue;
            }
            if let Phase::Cut { times } = phase
                && times > cuts
            {
                cuts = times;
                self = self.come_back().await?;
            }
            if self.seen.resume.get() == Resume::Wanted {
                self.ask_for_the_rest();
            }
            if let Some(voice) = &mut self.voice
                && phase == Phase::Sending
            {
                let due = next.get_or_insert_with(|| Instant::now() + voice.delay);
                while voice.may_send(due) {
                    voice.send(&mut self.socket, &self.shared, self.content_chars)?;
                }
                self.seen.unacknowledged.set(voice.on_the_way());
            }
            self.socket.flush().await?;
            let timer =
                next.filter(|_| phase == Phase::Sending && self.voice.as_ref().is_some_and(Voice::is_timed));
            let Self { socket, voice, seen, shared, .. } = &mut self;
            tokio::select! {
                biased;
                changed = phases.changed() => changed?,
                read = socket.read(|text| hear(text, voice.as_mut(), seen, shared)) => read?,
                () = sleep_until(timer.unwrap_or_else(Instant::now).into()), if timer.is_some() => {}
            }
        }
    }
}

impl Talker {
    /// Loses the connection, opens another one, and gets what it missed meanwhile.
    async fn come_back(self) -> Result<Self> {
        self.seen.resume.set(Resume::Wanted);
        let Self { socket, address, .. } = self;
        drop(socket);
        let begun = Instant::now();
        let socket = loop {
            match Socket::open(address.clone()).await {
                Ok(socket) => break socket,
                Err(error) => ensure!(begun.elapsed() < BACK_TIME_MAX, "not back in time: {error:#}"),
            }
            tokio::time::sleep(RETRY).await;
        };
        let mut back = Self { socket, address, ..self };
        back.ask_for_the_rest();
        back.socket.flush().await?;
        while back.seen.resume.get() != Resume::Off {
            let Self { socket, seen, shared, .. } = &mut back;
            socket.read(|text| hear(text, None, seen, shared)).await?;
        }
        back.shared.back_latency.borrow_mut().record(begun.elapsed());
        Ok(back)
    }

    fn ask_for_the_rest(&mut self) {
        let Some(room) = self.room else { return self.seen.resume.set(Resume::Off) };
        let (epoch, seq) = (&self.socket.epoch, self.seen.seq.get());
        let conversations = format!(r#"[{{"id":"{room}","epoch":"{epoch}","seq":{seq}}}]"#);
        let frame = format!(
            r#"{{"id":"resume","type":"sync.resume","payload":{{"conversations":{conversations}}}}}"#
        );
        self.socket.push(&frame);
        self.seen.resume.set(Resume::Asked);
    }
}

impl Voice {
    #[expect(clippy::cast_precision_loss, reason = "there are few senders")]
    fn new(conversation: ConversationId, pace: Pace, number: usize, senders: usize) -> Self {
        let interval = match pace {
            Pace::Window(_) => Duration::ZERO,
            Pace::PerSecond(rate) => Duration::from_secs_f64(senders as f64 / rate),
        };
        let delay = interval.mul_f64(number as f64 / senders as f64);
        Self { conversation, pace, delay, interval, sent: Vec::new(), free: Vec::new(), json: String::new() }
    }

    fn is_timed(&self) -> bool {
        matches!(self.pace, Pace::PerSecond(_))
    }

    fn on_the_way(&self) -> usize {
        self.sent.len() - self.free.len()
    }

    fn may_send(&self, due: &mut Instant) -> bool {
        match self.pace {
            Pace::Window(window) => self.on_the_way() < window,
            Pace::PerSecond(_) => {
                let may = *due <= Instant::now();
                if may {
                    *due += self.interval;
                }
                may
            }
        }
    }

    /// The message begins with the time of its sending. The key is random, as a client's is.
    fn send(&mut self, socket: &mut Socket, shared: &Shared, content_chars: usize) -> Result<()> {
        let now = Instant::now();
        let number = self.free.pop().unwrap_or_else(|| {
            self.sent.push(now);
            self.sent.len() - 1
        });
        self.sent[number] = now;
        let micros = now.duration_since(shared.epoch).as_micros();
        let (conversation, key) = (self.conversation, rand::random::<u128>());
        self.json.clear();
        write!(
            self.json,
            r#"{{"id":"{number}","type":"message.send","payload":{{"conversationId":"{conversation}","content":"{micros:.<content_chars$}","clientMessageId":"{key:032x}"}}}}"#
        )?;
        socket.push(&self.json);
        Ok(())
    }

    fn acknowledged(&mut self, text: &str, shared: &Shared) -> Result<()> {
        let number = number_at(text, 0)?;
        let sent = usize::try_from(number).ok().and_then(|number| self.sent.get(number));
        let sent = sent.with_context(|| format!("an acknowledgement for nothing: {text}"))?;
        shared.ack_latency.borrow_mut().record(sent.elapsed());
        self.free.push(usize::try_from(number)?);
        Ok(())
    }
}

/// Takes one frame.
fn hear(text: &str, voice: Option<&mut Voice>, seen: &Seen, shared: &Shared) -> Result<()> {
    if let Some(message) = text.strip_prefix(MESSAGE_NEW) {
        let seq = number_after(message, r#""seq":"#)?;
        let expected = seen.seq.get() + 1;
        if seq != expected && seen.resume.get() != Resume::Off {
            // It was sent before the server knew what is missing, and is among that.
            return Ok(());
        }
        ensure!(seq == expected, "expected message {expected}, got {seq}");
        seen.seq.set(seq);
        shared.deliveries.set(shared.deliveries.get() + 1);
        let sent = Duration::from_micros(number_after(message, r#""content":""#)?);
        shared.delivery_latency.borrow_mut().record(shared.epoch.elapsed().saturating_sub(sent));
        return Ok(());
    }
    if let Some(events) = text.strip_prefix(SYNC_EVENTS) {
        return catch_up(events.strip_suffix('}').unwrap_or(events), seen, shared);
    }
    if text.starts_with(SYNC_DONE) {
        seen.resume.set(Resume::Off);
        return Ok(());
    }
    if text.starts_with(SYNC_LAGGING) {
        shared.laggings.set(shared.laggings.get() + 1);
        seen.resume.set(Resume::Wanted);
        return Ok(());
    }
    match (text.strip_prefix(r#"{"id":""#), voice) {
        (Some(answer), Some(voice))
            if answer.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(ACK) =>
        {
            voice.acknowledged(answer, shared)?;
            seen.unacknowledged.set(voice.on_the_way());
            seen.head.set(seen.head.get().max(number_after(answer, r#""seq":"#)?));
            shared.acks.set(shared.acks.get() + 1);
            Ok(())
        }
        _ => bail!("unexpected: {text}"),
    }
}

/// Takes what was missing.
fn catch_up(payload: &str, seen: &Seen, shared: &Shared) -> Result<()> {
    for event in serde_json::from_str::<SyncEvents>(payload)?.events {
        let expected = seen.seq.get() + 1;
        if event.seq < expected {
            // It was on its way already when it was asked for.
            continue;
        }
        ensure!(event.seq == expected, "expected event {expected}, got {}", event.seq);
        seen.seq.set(event.seq);
        shared.deliveries.set(shared.deliveries.get() + 1);
    }
    Ok(())
}

fn number_after(text: &str, mark: &str) -> Result<u64> {
    let place = text.find(mark).with_context(|| format!("{mark} is missing in {text}"))?;
    number_at(text, place + mark.len())
}

fn number_at(text: &str, place: usize) -> Result<u64> {
    let digits = &text[place..];
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().with_context(|| format!("no number at {place} of {text}"))
}
