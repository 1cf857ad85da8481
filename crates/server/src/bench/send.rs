//! `natter bench send`: durable sends.

use super::figure::{Figures, Limit, micros_each, per_second};
use super::load::{Job, Load, Outcome, Pace, Seat};
use super::process::CpuTime;
use super::scenario::Scenario;
use super::site::{Room, Site};
use super::subject::Subject;
use crate::open;
use anyhow::Result;
use natter_chat::{Clock as _, SystemClock};
use natter_protocol::{ConversationId, MessageId, MessageKind, Seq, UserSummary};
use natter_store::bench::Baseline;
use natter_store::{Attachments, BATCH_WRITES_MAX, DatabaseUrl, Mentions, NewMessage, Write};
use serde::Serialize;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Of what bare inserts do, at the least.
const RATIO_MIN: f64 = 0.5;
/// The light load: so many connections send so many messages a second together.
const LIGHT: (usize, f64) = (10, 100.0);

/// How much is sent.
#[derive(Debug, Serialize, clap::Args)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Send {
    /// Connections, each of a user of its own, that all send; rounded up to whole conversations
    #[arg(long, default_value_t = 64, value_parser = super::between::<1, 10_000>)]
    pub(crate) connections: usize,
    /// Messages of each connection that are on their way
    #[arg(long, default_value_t = 32, value_parser = super::between::<1, 64>)]
    pub(crate) window: usize,
    /// People in each conversation; each of them receives every message
    #[arg(long, default_value_t = 4, value_parser = super::between::<1, 500>)]
    pub(crate) members: usize,
    /// Characters of a message
    #[arg(long, default_value_t = 64, value_parser = super::between::<16, 16_000>)]
    pub(crate) content_chars: usize,
    /// Processes that make the load
    #[arg(long, default_value_t = 1, value_parser = super::between::<1, 16>)]
    #[serde(rename = "loadProcesses")]
    pub(crate) processes: usize,
    /// Seconds of each measurement; a run has four
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub(crate) seconds: u32,
}

impl Scenario for Send {
    const NAME: &'static str = "send";

    fn method(&self, database: &DatabaseUrl) -> Vec<String> {
        vec![
            format!(
                "Durable sends, full path: {} connections from {} other process(es) on the same machine keep {} messages \
                 each on their way to a server; a send counts once its acknowledgement is read, which follows the \
                 commit. All {} members of a conversation are connected and receive every message, which is checked: \
                 once, and in order.",
                self.connections, self.processes, self.window, self.members
            ),
            format!("Bare batched inserts, in a fresh database of the same kind, batches of {BATCH_WRITES_MAX}: {}", Baseline::description(database)),
            "Commit pipeline alone: the same messages through natter's store, in one process without sockets, with as \
             many on their way."
                .to_owned(),
            format!(
                "Light load: {} connections send {} messages a second together.",
                LIGHT.0, LIGHT.1
            ),
        ]
    }

    async fn measure(&self, site: &mut Site, figures: &mut Figures) -> Result<()> {
        let bare = self.bare(site).await?;
        site.empty().await?;
        let pipeline = self.pipeline(site).await?;
        site.empty().await?;
        figures.add("bare batched inserts", "1/s", bare);
        figures.add("commit pipeline alone", "1/s", pipeline);
        self.whole(site, bare, figures).await?;
        figures.add("commit pipeline alone / bare inserts", "", pipeline / bare);
        Ok(())
    }
}

impl Send {
    /// Inserts per second with nothing around them.
    async fn bare(&self, site: &Site) -> Result<f64> {
        let rooms = self.rooms(site, 0).await?;
        let mut baseline = Baseline::open(&open::options(&site.config)).await?;
        let mut letters = Letters::new(&rooms, self);
        let mut heads: HashMap<ConversationId, Seq> = HashMap::new();
        let (mut inserted, mut busy) = (0, Duration::ZERO);
        while busy < self.time() {
            let batch: Vec<_> = std::iter::repeat_with(|| letters.write())
                .take(BATCH_WRITES_MAX)
                .map(|new| {
                    // The first entry of a log is the conversation's creation.
                    let head = heads.entry(new.conversation_id).or_insert(1);
                    *head += 1;
                    (new, *head)
                })
                .collect();
            let begun = Instant::now();
            baseline.insert(&batch).await?;
            busy += begun.elapsed();
            inserted += BATCH_WRITES_MAX as u64;
        }
        Ok(per_second(inserted, busy))
    }

    /// Commits per second without sockets.
    async fn pipeline(&self, site: &Site) -> Result<f64> {
        let rooms = self.rooms(site, 0).await?;
        let open::Open { store, chat, mut committed, .. } = open::chat(&site.config).await?;
        let drain = tokio::spawn(async move { while committed.recv().await.is_some() {} });
        let mut letters = Letters::new(&rooms, self);
        let mut on_the_way = VecDeque::new();
        let (mut done, begun) = (0, Instant::now());
        while begun.elapsed() < self.time() {
            on_the_way.push_back(store.queue(Write::SendMessage(Box::new(letters.write()))).await?);
            if on_the_way.len() >= self.connections * self.window
                && let Some(oldest) = on_the_way.pop_front()
            {
                oldest.await?;
                done += 1;
            }
        }
        let rate = per_second(done, begun.elapsed());
        for committing in on_the_way {
            committing.await?;
        }
        drop((store, chat));
        drain.await?;
        Ok(rate)
    }

    /// Sends per second from socket to disk and back.
    async fn whole(&self, site: &Site, bare: f64, figures: &mut Figures) -> Result<()> {
        let rooms = self.rooms(site, LIGHT.0).await?;
        let (busy, quiet) = rooms.split_at(self.connections.div_ceil(self.members));
        let server = Subject::start(site).await?;
        let before = server.cpu_time()?;
        let loaded = self.load(&server, busy, Pace::Window(self.window), self.processes).await?;
        let CpuTime { user, system } = server.cpu_time()?.since(before);
        let light = self.load(&server, quiet, Pace::PerSecond(LIGHT.1), 1).await?;
        server.kill().await?;

        let rate = loaded.acks_per_second();
        figures.add("durable sends, full path", "1/s", rate);
        figures.require("full path / bare inserts", "", Limit::AtLeast(RATIO_MIN), rate / bare);
        figures.add("deliveries meanwhile", "1/s", loaded.deliveries_per_second());
        figures.add("server's user time per send", "µs", micros_each(user, loaded.acks));
        figures.add("server's system time per send", "µs", micros_each(system, loaded.acks));
        figures.add("acknowledgement at this load, p50", "ms", loaded.ack_latency.percentile_ms(0.5));
        figures.add("acknowledgement at this load, p99", "ms", loaded.ack_latency.percentile_ms(0.99));
        figures.add("acknowledgement at light load, p50", "ms", light.ack_latency.percentile_ms(0.5));
        figures.add("acknowledgement at light load, p99", "ms", light.ack_latency.percentile_ms(0.99));
        Ok(())
    }

    async fn load(&self, server: &Subject, rooms: &[Room], pace: Pace, processes: usize) -> Result<Outcome> {
        // A conversation belongs to one process, which knows what its members must receive.
        let jobs = rooms.chunks(rooms.len().div_ceil(processes)).map(|rooms| Job {
            pace,
            seconds: self.seconds,
            content_chars: self.content_chars,
            ..Job::new(server, rooms.iter().flat_map(seats).collect())
        });
        Load::connect(&jobs.collect::<Vec<_>>()).await?.run().await
    }

    fn time(&self) -> Duration {
        Duration::from_secs(u64::from(self.seconds))
    }

    /// The conversations of the load, and behind them more for so many people.
    async fn rooms(&self, site: &Site, more: usize) -> Result<Vec<Room>> {
        let rooms = self.connections.div_ceil(self.members) + more.div_ceil(self.members);
        site.rooms("room", rooms, self.members).await
    }
}

/// Everybody sends.
fn seats(room: &Room) -> impl Iterator<Item = Seat> {
    room.seats().map(|seat| Seat { sends: true, ..seat })
}

/// Writes messages as they come from the connections: as many of one person in a row as its window holds, because that
/// many acknowledgements come at once. Rows of one person lie close together, so the order matters to the database.
struct Letters {
    people: Vec<(ConversationId, UserSummary)>,
    written: usize,
    in_a_row: usize,
    content: String,
}

impl Letters {
    fn new(rooms: &[Room], send: &Send) -> Self {
        let of = |room: &Room| {
            let id = room.id;
            room.members.iter().map(move |person| (id, person.user.clone())).collect::<Vec<_>>()
        };
        Self {
            people: rooms.iter().flat_map(of).collect(),
            written: 0,
            in_a_row: send.window,
            content: ".".repeat(send.content_chars),
        }
    }

    fn write(&mut self) -> NewMessage {
        let (conversation_id, sender) = self.people[self.written / self.in_a_row % self.people.len()].clone();
        self.written += 1;
        let now = SystemClock.now();
        let millis = u64::try_from(now.millis()).unwrap_or_default();
        NewMessage {
            id: MessageId::from_uuid(
                uuid::Builder::from_unix_timestamp_millis(millis, &rand::random()).into_uuid(),
            ),
            conversation_id,
            sender,
            kind: MessageKind::Text,
            content: self.content.clone(),
            client_message_id: Some(format!("{:032x}", rand::random::<u128>())),
            fingerprint: rand::random(),
            reply_to: None,
            thread_id: None,
            mentions: Mentions::default(),
            forwarded_from: None,
            system: None,
            attachments: Attachments::default(),
            created_at: now,
        }
    }
}
