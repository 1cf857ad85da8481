//! `natter openapi`

use super::output::line;

/// Print the OpenAPI document of the API
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  natter openapi > openapi.json")]
pub(super) struct Openapi;

impl Openapi {
    pub(super) fn run() -> anyhow::Result<()> {
        line(&crate::rest::openapi().to_pretty_json()?)
    }
}
