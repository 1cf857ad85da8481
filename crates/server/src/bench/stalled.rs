//! `natter bench stalled`: many who do not read, among some who do.

use super::figure::{Figures, Limit};
use super::load::{Job, Load, Pace, Trouble};
use super::scenario::Scenario;
use super::site::{Room, Site};
use super::subject::Subject;
use anyhow::{Result, bail};
use natter_store::DatabaseUrl;
use serde::Serialize;
use std::time::Duration;

/// How much longer deliveries to the others may take because of them: less than twice as long.
const SLOWER_MAX: f64 = 2.0;

/// What may wait for each connection: less than by default, so that less has to be sent until it is full.
const QUEUE_BYTES_MAX: usize = 128 * 1024;

/// How many do not read.
#[derive(Debug, Serialize, clap::Args)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stalled {
    /// Connections that do not read while messages are sent
    #[expect(clippy::struct_field_names, reason = "it is also the name of the flag")]
    #[arg(long, default_value_t = 1_000, value_parser = super::between::<1, 15_000>)]
    pub(crate) stalled: usize,
    /// Connections that do; one of them sends
    #[arg(long, default_value_t = 100, value_parser = super::between::<2, 1_000>)]
    pub(crate) others: usize,
    /// Messages in a second
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(crate) rate: u32,
    /// Characters of a message
    #[arg(long, default_value_t = 4_000, value_parser = super::between::<16, 16_000>)]
    pub(crate) content_chars: usize,
    /// Seconds of a run: less than it takes until a stalled connection is closed
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=18))]
    pub(crate) seconds: u32,
}

impl Scenario for Stalled {
    const NAME: &'static str = "stalled";

    fn method(&self, _: &DatabaseUrl) -> Vec<String> {
        vec![format!(
            "One room with {} connections that read, one of which sends {} messages of {} characters a second, and {} \
             that do not read for as long as messages are sent. Then they do: each must end with every message once and \
             in order, whether it was still queued or is pulled with sync.resume after sync.lagging. It is held against \
             the same room in the same run in which all of them read. The queues' bound is the number of those who do not \
             read times limits.connection_queue_bytes_max, which is {} KiB here.",
            self.others,
            self.rate,
            self.content_chars,
            self.stalled,
            QUEUE_BYTES_MAX / 1024
        )]
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    async fn measure(&self, site: &mut Site, figures: &mut Figures) -> Result<()> {
        site.config.limits.connection_queue_bytes_max = QUEUE_BYTES_MAX;
        let members = self.others + self.stalled;
        let (first, second) = (site.room("reader", members).await?, site.room("sleeper", members).await?);
        let undisturbed = self.talk(site, &first, Trouble::None).await?;
        let Talk { others_p99_ms, queues_dropped, stalled_bytes, grown_bytes } =
            self.talk(site, &second, Trouble::Stall).await?;
        let stalled = self.stalled as f64;
        let dropped = queues_dropped as f64 / stalled;
        figures.require("queues that were dropped / stalled connections", "", Limit::AtLeast(1.0), dropped);
        let grown = grown_bytes / (stalled * QUEUE_BYTES_MAX as f64);
        figures.require("memory that it grew by / the queues' bound", "", Limit::AtMost(1.0), grown);
        figures.add("memory that it grew by, while they did not read", "MB", stalled_bytes / 1e6);
        figures.add("memory that it grew by, until they had everything", "MB", grown_bytes / 1e6);
        figures.add("delivery to the others, all read, p99", "ms", undisturbed.others_p99_ms);
        figures.add("delivery to the others, p99", "ms", others_p99_ms);
        let slower = others_p99_ms / undisturbed.others_p99_ms;
        figures.require("delivery to the others, p99 / all read", "", Limit::AtMost(SLOWER_MAX), slower);
        Ok(())
    }
}

/// What came of a room in which some may be stalled.
struct Talk {
    others_p99_ms: f64,
    queues_dropped: u64,
    /// By how much the server was larger than before when the last message was sent.
    stalled_bytes: f64,
    /// The same, at the most, while those who were stalled got what they missed.
    grown_bytes: f64,
}

impl Stalled {
    async fn talk(&self, site: &Site, room: &Room, trouble: Trouble) -> Result<Talk> {
        let server = Subject::start(site).await?;
        let mut seats: Vec<_> = room.seats().collect();
        let stalled = seats.split_off(self.others);
        let job = |seats, trouble| Job {
            pace: Pace::PerSecond(f64::from(self.rate)),
            seconds: self.seconds,
            content_chars: self.content_chars,
            trouble,
            ..Job::new(&server, seats)
        };
        let jobs = [job(seats, Trouble::None), job(stalled, trouble)];
        let mut load = Load::connect(&jobs).await?;
        let before = server.memory()?.resident;
        let at_the_end = async {
            tokio::time::sleep(Duration::from_secs(u64::from(self.seconds))).await;
            server.memory()
        };
        let (outcomes, at_the_end) = tokio::join!(load.run_each(), at_the_end);
        let (outcomes, stalled_bytes) = (outcomes?, at_the_end?.resident - before);
        let grown_bytes = server.peak()? - before;
        server.kill().await?;
        let [others, stalled] = &outcomes[..] else { bail!("there are two loads") };
        Ok(Talk {
            others_p99_ms: others.delivery_latency.percentile_ms(0.99),
            queues_dropped: stalled.laggings,
            stalled_bytes,
            grown_bytes,
        })
    }
}
