//! `natter serve`

use crate::config::{self, Config};

/// Run the server until it is told to stop
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  natter serve --demo\n  natter serve --listen 0.0.0.0:8080 --data-dir /var/lib/natter"
)]
pub(super) struct Serve {
    /// Fill an empty database with sample people, and print how to sign in as them
    #[arg(long)]
    demo: bool,
    /// Address and port, such as 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS")]
    pub(super) listen: Option<String>,
}

impl Serve {
    pub(super) fn run(self, config: Config) -> anyhow::Result<()> {
        if let Some(advice) = config.auth.advice() {
            tracing::warn!("{advice}");
        }
        for name in config::not_yet(std::env::vars_os()) {
            tracing::warn!("{name} is set, but this version of natter does nothing with it");
        }
        crate::serve::run(config, self.demo)
    }
}
