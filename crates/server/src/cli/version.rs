//! `natter version`

use super::output::Output;
use serde_json::json;

/// Print the version
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  natter version --json")]
pub(super) struct Version {
    #[command(flatten)]
    output: Output,
}

impl Version {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let version = env!("CARGO_PKG_VERSION");
        self.output.print(&json!({ "version": version }), || format!("natter {version}"))
    }
}
