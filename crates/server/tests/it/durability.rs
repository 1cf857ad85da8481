//! What was acknowledged is there, once and in order, whenever the process is killed.

use crate::natter;
use anyhow::{Result, bail, ensure};
use natter_protocol::{ConversationId, Event, EventBody, Message, Seq};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use natter_testkit::postgres;
use serde_json::json;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const KILLS: u32 = 100;
const SENDERS: usize = 4;
/// Messages that a sender has on the way.
const WINDOW: usize = 16;
/// The process is killed after at most so many acknowledgements.
const ACKS_MAX: u32 = 120;

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_what_it_acknowledged_through_a_hundred_kills() -> Result<()> {
    survive_kills(natter().start().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_what_it_acknowledged_through_a_hundred_kills() -> Result<()> {
    let database = postgres::database()?;
    survive_kills(natter().database(database.url()).start().await?).await
}

async fn survive_kills(mut natter: Natter) -> Result<()> {
    let mut senders = Vec::new();
    for number in 0..SENDERS {
        let person = natter.person(&format!("sender{number}")).await?;
        senders.push(Sender { person, written: Vec::new() });
    }
    let others: Vec<&Person> = senders[1..].iter().map(|sender| &sender.person).collect();
    let conversation = senders[0].person.group("Load", &others).await?.info.id;

    let mut dice = Dice(0x6e61_7474_6572);
    for _ in 0..KILLS {
        let acks = Arc::new(Semaphore::new(0));
        let mut running = JoinSet::new();
        for mut sender in senders {
            let acks = Arc::clone(&acks);
            running.spawn(async move { sender.talk(conversation, &acks).await.map(|()| sender) });
        }
        tokio::select! {
            enough = acks.acquire_many(dice.roll(ACKS_MAX)) => enough?.forget(),
            Some(early) = running.join_next() => bail!("a sender stopped before the kill: {:?}", early?.err()),
        }
        natter.kill().await?;
        senders = running.join_all().await.into_iter().collect::<Result<_>>()?;
        natter.start().await?;
    }
    for sender in &mut senders {
        sender.settle(conversation).await?;
    }
    check(&senders, &senders[0].person.log(conversation).await?)
}

/// Each message of each sender is in the log once, where its acknowledgement said, after those sent before it.
fn check(senders: &[Sender], log: &[Event]) -> Result<()> {
    let mut places: HashMap<&str, &Message> = HashMap::new();
    for (event, seq) in log.iter().zip(1..) {
        ensure!(event.seq == seq, "the log jumps to {} at {seq}", event.seq);
        if let EventBody::MessageNew(message) = &event.body {
            let Some(key) = message.client_message_id.as_deref() else { bail!("{message:?} has no key") };
            ensure!(places.insert(key, message).is_none(), "{key} is in the log twice");
        }
    }
    let written: usize = senders.iter().map(|sender| sender.written.len()).sum();
    ensure!(places.len() == written, "{} messages in the log, {written} written", places.len());
    for sender in senders {
        let mut before = 0;
        for letter in &sender.written {
            let message = places.get(letter.key.as_str());
            let Some(message) = message else { bail!("{} is not in the log", letter.key) };
            ensure!(letter.acked == Some(message.seq), "{letter:?} is at {}", message.seq);
            ensure!(message.content == letter.key, "{letter:?} reads {:?}", message.content);
            ensure!(before < message.seq, "{letter:?} overtook the one before it");
            before = message.seq;
        }
    }
    Ok(())
}

/// Sends messages and remembers which were acknowledged; brings those that were not again after a restart.
struct Sender {
    person: Person,
    written: Vec<Letter>,
}

#[derive(Debug)]
struct Letter {
    key: String,
    acked: Option<Seq>,
}

impl Sender {
    /// Sends until the connection breaks.
    async fn talk(&mut self, conversation: ConversationId, acks: &Semaphore) -> Result<()> {
        let Ok(mut socket) = self.person.socket().await else { return Ok(()) };
        let mut unsure: VecDeque<usize> = self.unacknowledged();
        let mut on_the_way = 0;
        loop {
            while on_the_way < WINDOW {
                let number = unsure.pop_front().unwrap_or_else(|| self.write());
                if socket.feed(&self.frame(number, conversation)).await.is_err() {
                    return Ok(());
                }
                on_the_way += 1;
            }
            if socket.flush().await.is_err() {
                return Ok(());
            }
            let Ok(frame) = socket.next().await else { return Ok(()) };
            if self.read(&frame)? {
                on_the_way -= 1;
                acks.add_permits(1);
            }
        }
    }

    /// Brings everything that was not acknowledged.
    async fn settle(&mut self, conversation: ConversationId) -> Result<()> {
        let mut socket = self.person.socket().await?;
        for number in self.unacknowledged() {
            socket.send(&self.frame(number, conversation)).await?;
            while !self.read(&socket.next().await?)? {}
        }
        Ok(())
    }

    fn unacknowledged(&self) -> VecDeque<usize> {
        (0..self.written.len()).filter(|number| self.written[*number].acked.is_none()).collect()
    }

    fn write(&mut self) -> usize {
        let key = format!("{}-{}", self.person.sign_in().user.username, self.written.len());
        self.written.push(Letter { key, acked: None });
        self.written.len() - 1
    }

    fn frame(&self, number: usize, conversation: ConversationId) -> serde_json::Value {
        let key = &self.written[number].key;
        json!({ "id": number.to_string(), "type": "message.send",
                "payload": { "conversationId": conversation, "content": key, "clientMessageId": key } })
    }

    /// Whether the frame acknowledged something.
    fn read(&mut self, frame: &serde_json::Value) -> Result<bool> {
        match frame["type"].as_str() {
            Some("ack") => {
                let number: usize = frame["id"].as_str().unwrap_or_default().parse()?;
                self.written[number].acked = frame["payload"]["seq"].as_u64();
                Ok(true)
            }
            Some("error") | None => bail!("unexpected: {frame}"),
            // An event, the news of the conversation itself among them.
            Some(_) => Ok(false),
        }
    }
}

/// Reproducible: the same kills in every run (xorshift64, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, max: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % u64::from(max + 1)).unwrap_or(max)
    }
}
