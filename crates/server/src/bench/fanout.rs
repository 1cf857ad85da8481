//! `natter bench fanout`: one message to many.

use super::figure::{Figures, Report, micros_each};
use super::load::{Job, Load, Pace, Seat, Trouble};
use super::machine::Machine;
use super::process::CpuTime;
use super::site::{Site, people, rooms};
use super::socket::Way;
use super::subject::Subject;
use crate::config::Config;
use anyhow::{Context as _, Result};
use serde_json::json;

/// How much goes to how many.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct FanOut {
    /// People in the room, each with a connection; one of them sends
    #[arg(long, default_value_t = 1_000, value_parser = super::between::<2, 15_000>)]
    pub(crate) receivers: usize,
    /// Messages in a second
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rate: u32,
    /// Characters of a message
    #[arg(long, default_value_t = 64, value_parser = super::between::<16, 16_000>)]
    pub(crate) content_chars: usize,
    /// Seconds of a run
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub(crate) seconds: u32,
    /// Runs
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) runs: u32,
}

impl FanOut {
    /// Measures on the kind of database that the configuration names.
    pub(crate) async fn run(&self, config: &Config) -> Result<Report> {
        let mut figures = Figures::default();
        for _ in 0..self.runs {
            Site::with(config, async |site| self.once(site, &mut figures).await).await?;
        }
        Ok(Report {
            scenario: "fanout",
            method: vec![format!(
                "One room, {} connections of as many people, all from one other process on the same machine; one of them \
                 sends {} messages a second. It is checked that every connection receives every message once and in order. \
                 The latency of a delivery is from the send until the receiving process, one thread for all \
                 connections, has read it. The server's time is divided by the deliveries, the sender's own included, \
                 and holds all that the server does for them, commits among it.",
                self.receivers, self.rate
            )],
            version: env!("CARGO_PKG_VERSION"),
            machine: Machine::here(),
            settings: json!({
                "database": config.database.url.to_string(), "receivers": self.receivers, "rate": self.rate,
                "contentChars": self.content_chars, "seconds": self.seconds, "runs": self.runs,
            }),
            figures: figures.finish(),
        })
    }

    async fn once(&self, site: &Site, figures: &mut Figures) -> Result<()> {
        let rooms = site
            .prepare(async |chat| {
                rooms(chat, "Room", &people(chat, self.receivers).await?, self.receivers).await
            })
            .await?;
        let room = rooms.first().context("there is no room")?;
        let seats = room.members.iter().enumerate().map(|(number, person)| Seat {
            token: person.token.clone(),
            conversation: Some(room.id),
            seq: 1,
            sends: number == 0,
        });
        let server = Subject::start(site).await?;
        let job = Job {
            server: server.address,
            source: None,
            seats: seats.collect(),
            pace: Pace::PerSecond(f64::from(self.rate)),
            seconds: self.seconds,
            content_chars: self.content_chars,
            trouble: Trouble::None,
            way: Way::default(),
        };
        let mut load = Load::connect(&[job]).await?;
        let before = server.cpu_time()?;
        let outcome = load.run(self.seconds).await?;
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
