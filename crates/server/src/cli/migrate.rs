//! `natter migrate`

use super::output::Output;
use crate::config::Config;
use crate::{data_dir, open};
use clap::Subcommand;
use natter_store::MigrationStatus;

/// Bring the schema of the database up or down, or show where it is
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  natter migrate status --data-dir ./data")]
pub(super) struct Migrate {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Apply what the database misses; `natter serve` does it too
    #[command(after_help = "Example:\n  natter migrate up")]
    Up(Output),
    /// Take the newest step back; what is stored in its tables is lost
    #[command(after_help = "Example:\n  natter migrate down")]
    Down(Output),
    /// Show which steps are applied
    #[command(after_help = "Example:\n  natter migrate status --json")]
    Status(Output),
}

impl Migrate {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        data_dir::prepare(&config)?;
        let lock = || data_dir::lock(&config);
        let mut migrator = natter_store::migrator(&open::options(&config)).await?;
        match self.verb {
            Verb::Up(output) => {
                let _lock = lock()?;
                let applied = migrator.up().await?;
                output.print(&serde_json::json!({ "applied": applied }), || match applied.as_slice() {
                    [] => "The schema is up to date.".to_owned(),
                    applied => format!("Applied {}.", applied.join(", ")),
                })
            }
            Verb::Down(output) => {
                let _lock = lock()?;
                let reverted = migrator.down().await?;
                output.print(&serde_json::json!({ "reverted": reverted }), || match &reverted {
                    None => "No step is applied.".to_owned(),
                    Some(name) => format!("Took {name} back."),
                })
            }
            Verb::Status(output) => {
                let steps = migrator.status().await?;
                output.print(&serde_json::json!({ "migrations": steps }), || table(&steps))
            }
        }
    }
}

fn table(steps: &[MigrationStatus]) -> String {
    let line = |step: &MigrationStatus| {
        format!("{}  {}\n", if step.applied { "applied" } else { "missing" }, step.name)
    };
    steps.iter().map(line).collect()
}
