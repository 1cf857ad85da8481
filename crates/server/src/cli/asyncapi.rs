//! `natter asyncapi`

use super::output::line;

/// Print the AsyncAPI document of the sockets
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  natter asyncapi > asyncapi.json")]
pub(super) struct Asyncapi;

impl Asyncapi {
    pub(super) fn run() -> anyhow::Result<()> {
        line(&serde_json::to_string_pretty(&crate::rest::asyncapi())?)
    }
}
