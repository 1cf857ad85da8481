//! One connection of a load.

use super::{Pace, Phase, Shared};
use crate::bench::socket::Socket;
use anyhow::{Context as _, Result, bail, ensure};
use natter_protocol::{ConversationId, Seq};
use std::cell::Cell;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::sleep_until;

/// The beginnings of the frames that may come, as the server writes them.
const MESSAGE_NEW: &str = r#"{"type":"message.new","payload":{"#;
const ACK: &str = r#"","type":"ack","payload":{"#;

/// Sends, if it has a pace, and checks what it receives.
pub(super) struct Talker {
    socket: Socket,
    voice: Option<Voice>,
    content_chars: usize,
    seen: Rc<Seen>,
    shared: Rc<Shared>,
}

/// What a connection has received.
pub(super) struct Seen {
    /// The newest position. The first entry of a log is the conversation's creation, which was before.
    seq: Cell<Seq>,
    /// The newest position in its conversation that anybody here has an acknowledgement for.
    head: Rc<Cell<Seq>>,
    unacknowledged: Cell<usize>,
}

impl Seen {
    pub(super) fn is_complete(&self) -> bool {
        self.unacknowledged.get() == 0 && self.seq.get() == self.head.get().max(1)
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
        room: Option<(ConversationId, Rc<Cell<Seq>>)>,
        pace: Option<(Pace, usize, usize)>,
        content_chars: usize,
        shared: Rc<Shared>,
    ) -> Self {
        let conversation = room.as_ref().map(|(id, _)| *id);
        let voice =
            conversation.zip(pace).map(|(id, (pace, number, senders))| Voice::new(id, pace, number, senders));
        let seen = Seen {
            seq: Cell::new(1),
            head: room.map(|(_, head)| head).unwrap_or_default(),
            unacknowledged: Cell::new(0),
        };
        Self { socket, voice, content_chars, seen: Rc::new(seen), shared }
    }

    pub(super) fn seat(&self) -> Rc<Seen> {
        Rc::clone(&self.seen)
    }

    /// Goes on until the connection ends, which is a failure, or the program.
    pub(super) async fn talk(mut self, mut phases: watch::Receiver<Phase>) -> Result<()> {
        let mut next = None;
        loop {
            let phase = *phases.borrow_and_update();
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
        ensure!(seq == expected, "expected message {expected}, got {seq}");
        seen.seq.set(seq);
        shared.deliveries.set(shared.deliveries.get() + 1);
        let sent = Duration::from_micros(number_after(message, r#""content":""#)?);
        shared.delivery_latency.borrow_mut().record(shared.epoch.elapsed().saturating_sub(sent));
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

fn number_after(text: &str, mark: &str) -> Result<u64> {
    let place = text.find(mark).with_context(|| format!("{mark} is missing in {text}"))?;
    number_at(text, place + mark.len())
}

fn number_at(text: &str, place: usize) -> Result<u64> {
    let digits = &text[place..];
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().with_context(|| format!("no number at {place} of {text}"))
}
