//! `natter bench`

use super::output::Output;
use crate::bench::{self, FanOut, Idle, LargeRoom, RestLoad, Search, Send, Stalled, Storm};
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
    Send {
        #[command(flatten)]
        send: Send,
        #[command(flatten)]
        output: Output,
    },
    /// Messages from one to many: deliveries per second, their latency, and what each costs
    #[command(after_help = "Example:\n  natter bench fanout --receivers 1000 --rate 20")]
    Fanout {
        #[command(flatten)]
        fan_out: FanOut,
        #[command(flatten)]
        output: Output,
    },
    /// Start, memory at rest, memory of an idle connection
    #[command(after_help = "Example:\n  natter bench idle --connections 15000")]
    Idle {
        #[command(flatten)]
        idle: Idle,
        #[command(flatten)]
        output: Output,
    },
    /// What people do all day by REST, on a corpus: how long each kind of request takes
    #[command(after_help = "Example:\n  natter bench rest --corpus chat.jsonl.xz --users 200")]
    Rest {
        #[command(flatten)]
        rest: RestLoad,
        #[command(flatten)]
        output: Output,
    },
    /// Finding messages by what they say, in a corpus many times over, and making the index for it
    #[command(after_help = "Example:\n  natter bench search --corpus chat.jsonl.xz")]
    Search {
        #[command(flatten)]
        search: Search,
        #[command(flatten)]
        output: Output,
    },
    /// Everybody is gone at once, and comes back at once
    #[command(after_help = "Example:\n  natter bench storm --connections 15000")]
    Storm {
        #[command(flatten)]
        storm: Storm,
        #[command(flatten)]
        output: Output,
    },
    /// Many connections that do not read, among some that do
    #[command(after_help = "Example:\n  natter bench stalled --stalled 1000")]
    Stalled {
        #[command(flatten)]
        stalled: Stalled,
        #[command(flatten)]
        output: Output,
    },
    /// A very large room: deliveries to those who are connected, and joining it
    #[command(after_help = "Example:\n  natter bench room --members 99900 --online 15000")]
    Room {
        #[command(flatten)]
        room: LargeRoom,
        #[command(flatten)]
        output: Output,
    },
    /// The processes that make the load; started by the scenarios
    #[command(hide = true, after_help = "Example:\n  natter bench send")]
    Load,
}

impl Bench {
    pub(super) fn run(self, config: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<()> {
        if let Scenario::Load = self.scenario {
            return bench::run_load();
        }
        let config = config()?;
        super::block_on(async {
            let (report, output) = match self.scenario {
                Scenario::Send { send, output } => (send.run(&config).await?, output),
                Scenario::Fanout { fan_out, output } => (fan_out.run(&config).await?, output),
                Scenario::Idle { idle, output } => (idle.run(&config).await?, output),
                Scenario::Rest { rest, output } => (rest.run(&config).await?, output),
                Scenario::Search { search, output } => (search.run(&config).await?, output),
                Scenario::Storm { storm, output } => (storm.run(&config).await?, output),
                Scenario::Stalled { stalled, output } => (stalled.run(&config).await?, output),
                Scenario::Room { room, output } => (room.run(&config).await?, output),
                Scenario::Load => return Ok(()),
            };
            output.print(&report, || report.to_string())
        })
    }
}
