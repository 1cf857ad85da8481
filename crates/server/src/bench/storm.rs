//! `natter bench storm`: everybody is gone at once, and comes back at once.

use super::figure::{Figures, Limit, Report};
use super::load::{Job, Load, Pace, Seat, Trouble};
use super::machine::Machine;
use super::site::{Person, Site, people, rooms};
use super::socket::Way;
use super::subject::Subject;
use crate::config::Config;
use anyhow::{Context as _, Result};
use serde_json::json;

/// Until the last of them is back and has everything, at the most.
const BACK_SECONDS_MAX: f64 = 20.0;
/// The 99th percentile of the deliveries to those who stayed, at the most.
const BYSTANDERS_MS_MAX: f64 = 250.0;
/// People in a conversation of those who go: each of them and one who stays and writes.
const ROOM_MEMBERS: usize = 20;
/// Seconds of sending before the cut.
const BEFORE_SECONDS: u32 = 3;
/// Connections besides those that are counted.
const OTHERS_MAX: usize = 100;

/// How many go.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)] // Its name is the verb's already.
pub(crate) struct Storm {
    /// Connections that are cut at once
    #[arg(long, default_value_t = 15_000, value_parser = super::between::<20, 100_000>)]
    pub(crate) connections: usize,
    /// Messages in a second meanwhile, to those who are gone and to those who stayed
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rate: u32,
    /// Seconds until they are cut again, and again
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub(crate) again: Option<u32>,
    /// Seconds of a run
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(10..=3_600))]
    pub(crate) seconds: u32,
    /// Runs
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) runs: u32,
}

impl Storm {
    /// Measures on the kind of database that the configuration names.
    pub(crate) async fn run(&self, config: &Config) -> Result<Report> {
        let mut figures = Figures::default();
        let mut config = config.clone();
        config.limits.connections_max =
            config.limits.connections_max.max(self.connections + OTHERS_MAX + self.rooms());
        for _ in 0..self.runs {
            Site::with(&config, async |site| self.once(site, &mut figures).await).await?;
        }
        Ok(Report {
            scenario: "storm",
            method: vec![format!(
                "{} connections of as many people, in conversations of {ROOM_MEMBERS}; in each, one more connection stays. Those \
                 who stay send {} messages a second together. After {BEFORE_SECONDS} seconds all the others are cut at the same \
                 moment, and every one of them connects again at once, and again after 0.1 s if it is refused, \
                 resumes with sync.resume, and checks that it has every message, once and in order. The time to be back \
                 is from the cut until sync.done is read. The load of all connections is one thread on the same two \
                 processors.",
                self.connections, self.rate
            )],
            version: env!("CARGO_PKG_VERSION"),
            machine: Machine::here(),
            settings: json!({
                "database": config.database.url.to_string(), "connections": self.connections, "rate": self.rate,
                "again": self.again, "seconds": self.seconds, "runs": self.runs,
            }),
            figures: figures.finish(),
        })
    }

    const fn rooms(&self) -> usize {
        self.connections.div_ceil(ROOM_MEMBERS - 1)
    }

    async fn once(&self, site: &Site, figures: &mut Figures) -> Result<()> {
        let rooms = site
            .prepare(async |chat| {
                let people = people(chat, self.connections + self.rooms()).await?;
                rooms(chat, "Room", &people, ROOM_MEMBERS).await
            })
            .await?;
        let server = Subject::start(site).await?;
        let seat = |person: &Person, conversation, sends| Seat {
            token: person.token.clone(),
            conversation,
            seq: 1,
            sends,
        };
        let (mut staying, mut going) = (Vec::new(), Vec::new());
        for room in &rooms {
            let (first, others) = room.members.split_first().context("an empty room")?;
            staying.push(seat(first, Some(room.id), true));
            going.extend(others.iter().map(|person| seat(person, Some(room.id), false)));
        }
        let job = |seats, trouble| Job {
            server: server.address,
            source: None,
            seats,
            pace: Pace::PerSecond(f64::from(self.rate)),
            seconds: self.seconds,
            content_chars: 64,
            trouble,
            way: Way::default(),
        };
        let jobs = [
            job(staying, Trouble::None),
            job(going, Trouble::Cut { after_seconds: BEFORE_SECONDS, again_seconds: self.again }),
        ];
        let mut load = Load::connect(&jobs).await?;
        let outcomes = load.run_each(self.seconds).await?;
        let [stayed, came_back] = &outcomes[..] else { anyhow::bail!("there are two loads") };
        let peak = server.memory()?.resident / 1e6;
        server.kill().await?;

        let back = |share| came_back.back_latency.percentile_ms(share) / 1e3;
        figures.add("back, p50", "s", back(0.5));
        figures.require("back, the last", "s", Limit::AtMost(BACK_SECONDS_MAX), back(1.0));
        let bystanders = stayed.delivery_latency.percentile_ms(0.99);
        figures.require(
            "delivery to those who stayed, p99",
            "ms",
            Limit::AtMost(BYSTANDERS_MS_MAX),
            bystanders,
        );
        figures.add("delivery to those who stayed, p50", "ms", stayed.delivery_latency.percentile_ms(0.5));
        figures.add("acknowledgement meanwhile, p99", "ms", stayed.ack_latency.percentile_ms(0.99));
        figures.add("resident memory afterwards", "MB", peak);
        Ok(())
    }
}
