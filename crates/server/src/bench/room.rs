//! `natter bench room`: a very large room.

use super::figure::{Figures, Limit, micros_each};
use super::histogram::Histogram;
use super::load::{Job, Load, Pace};
use super::scenario::Scenario;
use super::site::{Person, Room, Site, people};
use super::subject::Subject;
use anyhow::{Context as _, Result, ensure};
use natter_protocol::{Conversation, Seq};
use natter_store::DatabaseUrl;
use serde::Serialize;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The 99th percentile of the deliveries, at the most.
const DELIVERY_MS_MAX: f64 = 500.0;
/// How much longer it may take to join the large room than a small one.
const JOIN_SLOWER_MAX: f64 = 2.0;
/// Members of the small room, the one that joins among them.
const SMALL_MEMBERS: usize = 10;
/// People who join each room.
const JOINS: usize = 100;

/// How large it is.
#[derive(Debug, Serialize, clap::Args)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LargeRoom {
    /// People in the room; as many as a conversation may have, less those who join meanwhile
    #[arg(long, default_value_t = 99_900, value_parser = super::between::<20, 99_900>)]
    pub(crate) members: usize,
    /// Those of them who are connected; one of them sends
    #[arg(long, default_value_t = 15_000, value_parser = super::between::<2, 17_000>)]
    pub(crate) online: usize,
    /// Messages in a second
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) rate: u32,
    /// Seconds of a run
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub(crate) seconds: u32,
}

impl Scenario for LargeRoom {
    const NAME: &'static str = "room";

    fn method(&self, _: &DatabaseUrl) -> Vec<String> {
        vec![
            format!(
                "One room of {} members, {} of whom are connected; one of them sends {} messages a second. Every \
                 connection must receive every message once and in order. The latency of a delivery is from the send \
                 until the receiving process, one thread for all connections, has read it.",
                self.members, self.online, self.rate
            ),
            format!(
                "Before that, {JOINS} people are added to that room, and as many to one of {SMALL_MEMBERS}, in turn, by \
                 REST: the time is until the answer is read, which is after the commit."
            ),
        ]
    }

    async fn measure(&self, site: &mut Site, figures: &mut Figures) -> Result<()> {
        let mut large = site.room("large", self.members).await?;
        let small = site.room("small", SMALL_MEMBERS).await?;
        let newcomers = site.prepare(async |chat| people(chat, "newcomer", JOINS).await).await?;
        let server = Subject::start(site).await?;
        let (mut to_large, mut to_small) = (Histogram::default(), Histogram::default());
        for newcomer in &newcomers {
            to_small.record(add(server.address, &small, newcomer).await?.elapsed());
            to_large.record(add(server.address, &large, newcomer).await?.elapsed());
        }
        large.seq = head(server.address, &large).await?;
        let job = Job {
            pace: Pace::PerSecond(f64::from(self.rate)),
            seconds: self.seconds,
            ..Job::new(&server, large.seats().take(self.online).collect())
        };
        let mut load = Load::connect(&[job]).await?;
        let before = server.cpu_time()?;
        let outcome = load.run().await?;
        let user = server.cpu_time()?.since(before).user;
        server.kill().await?;

        let delivery = |share| outcome.delivery_latency.percentile_ms(share);
        figures.add("deliveries", "1/s", outcome.deliveries_per_second());
        figures.add("server's user time per delivery", "µs", micros_each(user, outcome.deliveries));
        figures.add("delivery, p50", "ms", delivery(0.5));
        figures.require("delivery, p99", "ms", Limit::AtMost(DELIVERY_MS_MAX), delivery(0.99));
        let (small, large) = (to_small.percentile_ms(0.5), to_large.percentile_ms(0.5));
        figures.add("joining the small room, p50", "ms", small);
        figures.add("joining the large room, p50", "ms", large);
        figures.require(
            "joining the large room / the small one",
            "",
            Limit::AtMost(JOIN_SLOWER_MAX),
            large / small,
        );
        Ok(())
    }
}

/// The newest position in a room.
async fn head(server: SocketAddr, room: &Room) -> Result<Seq> {
    let answer = ask(server, room, "GET", "", "").await?;
    let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    Ok(serde_json::from_str::<Conversation>(body)?.last_seq)
}

/// Lets the owner of a room add somebody; when that began.
async fn add(server: SocketAddr, room: &Room, newcomer: &Person) -> Result<Instant> {
    let begun = Instant::now();
    let body = json!({ "userId": newcomer.user.id }).to_string();
    let answer = ask(server, room, "POST", "/members", &body).await?;
    ensure!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    Ok(begun)
}

/// Asks on behalf of the owner of a room.
async fn ask(server: SocketAddr, room: &Room, method: &str, path: &str, body: &str) -> Result<String> {
    let owner = room.members.first().context("an empty room")?;
    let request = format!(
        "{method} /api/v1/conversations/{}{path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\
         Authorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        room.id,
        owner.token,
        body.len()
    );
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
