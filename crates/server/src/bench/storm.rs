//! `natter bench storm`: everybody is gone at once, and comes back at once.

use super::figure::{Figures, Limit};
use super::load::{Job, Load, Pace, Trouble};
use super::scenario::Scenario;
use super::site::Site;
use super::subject::Subject;
use anyhow::Result;
use natter_store::DatabaseUrl;
use serde::Serialize;

/// Until the last of them is back and has everything, at the most.
const BACK_SECONDS_MAX: f64 = 20.0;
/// The 99th percentile of the deliveries to those who stayed, at the most.
const BYSTANDERS_MS_MAX: f64 = 250.0;
/// People in a conversation of those who go: each of them and one who stays and writes.
const ROOM_MEMBERS: usize = 20;
/// Seconds of sending before the cut.
const BEFORE_SECONDS: u32 = 3;

/// How many go.
#[derive(Debug, Serialize, clap::Args)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Storm {
    /// Connections that are cut at once; rounded up to whole conversations
    #[arg(long, default_value_t = 15_000, value_parser = super::between::<20, 100_000>)]
    pub(crate) connections: usize,
    /// Messages in a second meanwhile, to those who are gone and to those who stayed
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rate: u32,
    /// Seconds until they are cut again, and again
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub(crate) again: Option<u32>,
    /// Seconds of sending
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(4..=3_600))]
    pub(crate) seconds: u32,
}

impl Scenario for Storm {
    const NAME: &'static str = "storm";

    fn method(&self, _: &DatabaseUrl) -> Vec<String> {
        vec![format!(
            "{} connections of as many people, in conversations of {ROOM_MEMBERS}; in each, one more connection stays. Those \
             who stay send {} messages a second together. After {BEFORE_SECONDS} seconds all the others are cut at the same \
             moment, and every one of them connects again at once, and again after 0.1 s if it is refused, \
             resumes with sync.resume, and checks that it has every message, once and in order. The time to be back \
             is from the cut until sync.done is read. The figures of those who stay are of the {} seconds of sending, \
             most of which is the return of the others. Those who stay are one process and those who go another; both \
             share the processors with the server.",
            self.connections, self.rate, self.seconds
        )]
    }

    async fn measure(&self, site: &mut Site, figures: &mut Figures) -> Result<()> {
        let count = self.connections.div_ceil(ROOM_MEMBERS - 1);
        let rooms = site.rooms("room", count, ROOM_MEMBERS).await?;
        let server = Subject::start(site).await?;
        let (mut staying, mut going) = (Vec::new(), Vec::new());
        for room in &rooms {
            let mut seats = room.seats();
            staying.extend(seats.next());
            going.extend(seats);
        }
        let job = |seats, trouble| Job {
            pace: Pace::PerSecond(f64::from(self.rate)),
            seconds: self.seconds,
            trouble,
            ..Job::new(&server, seats)
        };
        let jobs = [
            job(staying, Trouble::None),
            job(going, Trouble::Cut { after_seconds: BEFORE_SECONDS, again_seconds: self.again }),
        ];
        let mut load = Load::connect(&jobs).await?;
        let outcomes = load.run_each().await?;
        let [stayed, came_back] = &outcomes[..] else { anyhow::bail!("there are two loads") };
        let memory = server.memory()?.resident / 1e6;
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
        figures.add(
            "delivery to those who stayed, the longest",
            "ms",
            stayed.delivery_latency.percentile_ms(1.0),
        );
        figures.add("acknowledgement meanwhile, p99", "ms", stayed.ack_latency.percentile_ms(0.99));
        figures.add("resident memory afterwards", "MB", memory);
        Ok(())
    }
}
