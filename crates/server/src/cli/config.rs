//! `natter config`

use super::output::{Output, line};
use crate::config::{self, Config};
use clap::Subcommand;
use serde_json::json;

/// Check or show the configuration
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  natter config print --config natter.toml")]
pub(super) struct ConfigVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Tell whether the configuration is right
    #[command(after_help = "Example:\n  natter config check --config natter.toml")]
    Check(Output),
    /// Show what came out of flags, environment, file and defaults; passwords are left out
    #[command(after_help = "Example:\n  natter config print --json")]
    Print {
        /// Print the default configuration as a file to start from
        #[arg(long, conflicts_with_all = ["docs", "json"])]
        example: bool,
        /// Print what every setting means, as Markdown
        #[arg(long, conflicts_with = "json")]
        docs: bool,
        #[command(flatten)]
        output: Output,
    },
}

impl ConfigVerb {
    pub(super) fn run(self, load: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<()> {
        match self.verb {
            Verb::Check(output) => {
                load()?;
                output.print(&json!({ "valid": true }), || "The configuration is right.".to_owned())
            }
            Verb::Print { example: true, .. } => line(&config::example()),
            Verb::Print { docs: true, .. } => line(&config::markdown()),
            Verb::Print { output, .. } => {
                let config = load()?;
                output.print(&config, || config::toml(&config))
            }
        }
    }
}
