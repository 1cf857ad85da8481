//! `natter bench fanout`: one message to many.

use super::figure::{Figures, micros_each};
use super::load::{Job, Load, Pace};
use super::process::CpuTime;
use super::scenario::Scenario;
use super::site::Site;
use super::subject::Subject;
use anyhow::Result;
use natter_store::DatabaseUrl;
use serde::Serialize;

/// How much goes to how many.
#[derive(Debug, Serialize, clap::Args)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FanOut {
    /// People in the room, each with a connection; one of them sends
    #[arg(long, default_value_t = 1_000, value_parser = super::between::<2, 15_000>)]
    pub(crate) receivers: usize,
    /// Speak TLS, which the server does itself
    #[arg(long)]
    pub(crate) tls: bool,
    /// Messages in a second
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rate: u32,
    /// Characters of a message
    #[arg(long, default_value_t = 64, value_parser = super::between::<16, 16_000>)]
    pub(crate) content_chars: usize,
    /// Seconds of a run
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub(crate) seconds: u32,
}

impl Scenario for FanOut {
    const NAME: &'static str = "fanout";

    fn method(&self, _: &DatabaseUrl) -> Vec<String> {
        vec![format!(
            "One room, {} connections of as many people, all from one other process on the same machine; one of them \
             sends {} messages a second. It is checked that every connection receives every message once and in order. \
             The latency of a delivery is from the send until the receiving process, one thread for all \
             connections, has read it. The server's time is divided by the deliveries, the sender's own included, \
             and holds all that the server does for them, commits among it.",
            self.receivers, self.rate
        )]
    }

    async fn measure(&self, site: &mut Site, figures: &mut Figures) -> Result<()> {
        if self.tls {
            site.secure()?;
        }
        let room = site.room("room", self.receivers).await?;
        let server = Subject::start(site).await?;
        let job = Job {
            pace: Pace::PerSecond(f64::from(self.rate)),
            seconds: self.seconds,
            content_chars: self.content_chars,
            ..Job::new(&server, room.seats().collect())
        };
        let mut load = Load::connect(&[job]).await?;
        let before = server.cpu_time()?;
        let outcome = load.run().await?;
        let CpuTime { user, system } = server.cpu_time()?.since(before);
        server.kill().await?;

        figures.add("deliveries", "1/s", outcome.deliveries_per_second());
        figures.add("server's user time per delivery", "µs", micros_each(user, outcome.deliveries));
        figures.add("server's system time per delivery", "µs", micros_each(system, outcome.deliveries));
        figures.add("delivery, p50", "ms", outcome.delivery_latency.percentile_ms(0.5));
        figures.add("delivery, p99", "ms", outcome.delivery_latency.percentile_ms(0.99));
        figures.add("acknowledgement, p50", "ms", outcome.ack_latency.percentile_ms(0.5));
        figures.add("acknowledgement, p99", "ms", outcome.ack_latency.percentile_ms(0.99));
        Ok(())
    }
}
