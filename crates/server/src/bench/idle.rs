//! `natter bench idle`: what a server costs that has nothing to do.

use super::figure::{Figures, Limit};
use super::load::{Job, Load, Seat};
use super::scenario::Scenario;
use super::site::{Person, Site, people, rooms};
use super::socket::Way;
use super::subject::Subject;
use anyhow::Result;
use natter_chat::{Chat, Clock as _, ImportMessage, SystemClock};
use natter_store::DatabaseUrl;
use serde::Serialize;
use std::net::Ipv4Addr;
use std::time::Duration;

/// KiB of the server's memory for one connection, at the most.
const CONNECTION_KIB_MAX: f64 = 4.0;
/// The same, of one that speaks Socket.IO.
const SOCKET_IO_KIB_MAX: f64 = 32.0;
/// MB of memory of a server without connections, at the most.
const REST_MB_MAX: f64 = 40.0;
/// Until a server with an existing database has answered its first request, at the most.
const START_MS_MAX: f64 = 150.0;
/// Connections of one process: below the descriptors that a process usually may have.
const PROCESS_CONNECTIONS_MAX: usize = 18_000;
/// Between the last connection and the look at the memory, so that what is on its way is done.
const SETTLE: Duration = Duration::from_secs(3);
/// People in each of the conversations that the messages are in.
const ROOM_MEMBERS: usize = 10;

/// How many are idle.
#[derive(Debug, Serialize, clap::Args)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Idle {
    /// Connections, each of a user of its own
    #[arg(long, default_value_t = 15_000, value_parser = super::between::<1, 100_000>)]
    pub(crate) connections: usize,
    /// How the connections are made
    #[arg(long, value_enum, default_value_t)]
    pub(crate) way: Way,
    /// Speak TLS, which the server does itself
    #[arg(long)]
    pub(crate) tls: bool,
    /// Messages that the database holds beforehand
    #[arg(long, default_value_t = 1_000, value_parser = super::between::<0, 1_000_000>)]
    pub(crate) messages: usize,
    /// Starts of the server in a run
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) starts: u32,
}

impl Scenario for Idle {
    const NAME: &'static str = "idle";

    fn method(&self, _: &DatabaseUrl) -> Vec<String> {
        vec![
            format!(
                "Start: from before the server's process is created until the answer to GET /health/ready is read, \
                 with a database of {} messages and {} users; each of the {} starts of a run counts.",
                self.messages, self.connections, self.starts
            ),
            "At rest: resident memory of a server that has answered one request.".to_owned(),
            format!(
                "A connection: what the server's memory grew by, from rest until {} connections of as many users are \
                 open, over {} and all from other processes, divided by their number. It includes what \
                 accepting and authenticating them left behind. The kernel's memory is not in it.",
                self.connections,
                if self.tls { "TLS" } else { "plain TCP" }
            ),
        ]
    }

    async fn measure(&self, site: &mut Site, figures: &mut Figures) -> Result<()> {
        if self.tls {
            site.secure()?;
        }
        let people = site.prepare(async |chat| self.fill(chat).await).await?;
        self.start(site, figures).await?;
        self.connect(site, &people, figures).await
    }
}

impl Idle {
    async fn fill(&self, chat: &Chat) -> Result<Vec<Person>> {
        let people = people(chat, "person", self.connections).await?;
        let rooms = rooms(chat, "room", &people[..people.len().min(10 * ROOM_MEMBERS)], ROOM_MEMBERS).await?;
        let mut kept = Vec::with_capacity(self.messages);
        for number in 0..self.messages {
            let room = &rooms[number % rooms.len()];
            let new = ImportMessage {
                key: format!("bench/{number}"),
                conversation_id: room.id,
                sender: room.members[number % room.members.len()].user.clone(),
                content: format!("Message {number} of those that were here before"),
                created_at: SystemClock.now(),
            };
            kept.push(chat.import().message(new).await?);
        }
        for message in kept {
            message.await?;
        }
        Ok(people)
    }

    async fn start(&self, site: &Site, figures: &mut Figures) -> Result<()> {
        for _ in 0..self.starts {
            let server = Subject::start(site).await?;
            let started_ms = server.started_in.as_secs_f64() * 1e3;
            figures.require("start to first answer", "ms", Limit::AtMost(START_MS_MAX), started_ms);
            server.kill().await?;
        }
        Ok(())
    }

    async fn connect(&self, site: &Site, people: &[Person], figures: &mut Figures) -> Result<()> {
        let server = Subject::start(site).await?;
        tokio::time::sleep(SETTLE).await;
        let before = server.memory()?;
        figures.require("resident memory at rest", "MB", Limit::AtMost(REST_MB_MAX), before.resident / 1e6);
        figures.add("anonymous memory at rest", "MB", before.anonymous / 1e6);

        let seat =
            |person: &Person| Seat { token: person.token.clone(), conversation: None, seq: 0, sends: false };
        let jobs = people.chunks(PROCESS_CONNECTIONS_MAX).zip(1..).map(|(people, host)| Job {
            source: (host > 1).then(|| Ipv4Addr::new(127, 0, 0, host).into()),
            way: self.way,
            ..Job::new(&server, people.iter().map(seat).collect())
        });
        let begun = std::time::Instant::now();
        let load = Load::connect(&jobs.collect::<Vec<_>>()).await?;
        let seconds = begun.elapsed().as_secs_f64();
        tokio::time::sleep(SETTLE).await;
        let after = server.memory()?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let connections = people.len() as f64;
        let kib = |after: f64, before: f64| (after - before) / 1024.0 / connections;
        let (name, resident) = ("resident memory per connection", kib(after.resident, before.resident));
        match (self.tls, self.way) {
            (false, Way::Native) => figures.require(name, "KiB", Limit::AtMost(CONNECTION_KIB_MAX), resident),
            (false, _) => figures.require(name, "KiB", Limit::AtMost(SOCKET_IO_KIB_MAX), resident),
            (true, _) => figures.add(name, "KiB", resident),
        }
        figures.add(
            "proportional memory per connection",
            "KiB",
            kib(after.proportional, before.proportional),
        );
        figures.add("anonymous memory per connection", "KiB", kib(after.anonymous, before.anonymous));
        figures.add("resident memory with all connections", "MB", after.resident / 1e6);
        figures.add("connections opened", "1/s", connections / seconds);
        drop(load);
        server.kill().await
    }
}
