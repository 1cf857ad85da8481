//! `natter bench`

use super::output::Output;
use crate::bench::{self, Runs};
use crate::config::Config;
use clap::Subcommand;

/// Measure this program on this machine, in a database of its own
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  natter bench send --runs 5\n\nThe database is made for the measurement and removed after it: \
                  a directory in --data-dir, so choose one on the disk that matters; or with --database-url \
                  postgres://…, a database called natter_bench on the same server."
)]
pub(super) struct Bench {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Durable sends per second, beside what the same database does with bare inserts
    #[command(after_help = "Example:\n  natter bench send --connections 64 --window 32 --json")]
    Send(Measurement<bench::Send>),
    /// Messages from one to many: deliveries per second, their latency, and what each costs
    #[command(after_help = "Example:\n  natter bench fanout --receivers 1000 --rate 20")]
    Fanout(Measurement<bench::FanOut>),
    /// Start, memory at rest, memory of an idle connection
    #[command(after_help = "Example:\n  natter bench idle --connections 15000")]
    Idle(Measurement<bench::Idle>),
    /// What people do all day by REST, on a corpus: how long each kind of request takes
    #[command(after_help = "Example:\n  natter bench rest --corpus chat.jsonl.xz --users 200")]
    Rest(Measurement<bench::RestLoad>),
    /// Finding messages by what they say, in a corpus many times over, and making the index for it
    #[command(after_help = "Example:\n  natter bench search --corpus chat.jsonl.xz")]
    Search(Measurement<bench::Search>),
    /// Everybody is gone at once, and comes back at once
    #[command(after_help = "Example:\n  natter bench storm --connections 15000")]
    Storm(Measurement<bench::Storm>),
    /// Many connections that do not read, among some that do
    #[command(after_help = "Example:\n  natter bench stalled --stalled 1000")]
    Stalled(Measurement<bench::Stalled>),
    /// A very large room: deliveries to those who are connected, and joining it
    #[command(after_help = "Example:\n  natter bench room --members 99900 --online 15000")]
    Room(Measurement<bench::LargeRoom>),
    /// Many uploads beside a conversation, and a large one: throughput, memory, and what messages feel of it
    #[command(after_help = "Example:\n  natter bench upload --uploads 50 --mib 10 --large-mib 2048")]
    Upload(Measurement<bench::Upload>),
    /// The processes that make the load; started by the scenarios
    #[command(hide = true, after_help = "Example:\n  natter bench send")]
    Load,
}

/// A scenario, and how its report is printed.
#[derive(Debug, clap::Args)]
struct Measurement<S: bench::Scenario> {
    #[command(flatten)]
    runs: Runs<S>,
    #[command(flatten)]
    output: Output,
}

impl Bench {
    pub(super) fn run(self, config: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<()> {
        match self.scenario {
            Scenario::Send(send) => send.run(&config()?),
            Scenario::Fanout(fan_out) => fan_out.run(&config()?),
            Scenario::Idle(idle) => idle.run(&config()?),
            Scenario::Rest(rest) => rest.run(&config()?),
            Scenario::Search(search) => search.run(&config()?),
            Scenario::Storm(storm) => storm.run(&config()?),
            Scenario::Stalled(stalled) => stalled.run(&config()?),
            Scenario::Room(room) => room.run(&config()?),
            Scenario::Upload(upload) => upload.run(&config()?),
            Scenario::Load => bench::run_load(),
        }
    }
}

impl<S: bench::Scenario> Measurement<S> {
    fn run(self, config: &Config) -> anyhow::Result<()> {
        super::block_on(async {
            let report = self.runs.measure(config).await?;
            self.output.print(&report, || report.to_string())
        })
    }
}
