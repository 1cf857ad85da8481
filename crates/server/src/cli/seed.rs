//! `natter seed`

use super::output::Output;
use super::user::explain;
use crate::config::Config;
use crate::{data_dir, open, seed};
use natter_chat::Error;
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Fill the database: with sample people, or with a chat that happened elsewhere
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  natter seed --data-dir ./sample\n  natter seed --corpus chat.jsonl.xz --member ada\n\n\
                  Each line of a corpus is a JSON object: {\"conversation\": \"the channel's name\", \"sender\": \"a \
                  username\", \"sentAt\": Unix seconds, \"text\": \"…\"}. A repeat adds only what is missing."
)]
pub(super) struct Seed {
    /// File of messages to import instead: .jsonl, or .jsonl.xz
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
    /// User who is put into every imported channel, to look at it
    #[arg(long, value_name = "NAME", requires = "corpus")]
    member: Option<String>,
    #[command(flatten)]
    output: Output,
}

impl Seed {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let _lock = data_dir::lock(&config)?;
        // Dropping what is committed tells the pipeline that nobody is to be served.
        let chat = open::chat(&config).await?.chat;
        let begun = Instant::now();
        let (report, hint) = match &self.corpus {
            Some(path) => {
                let guest = match &self.member {
                    Some(name) => {
                        let user = chat.import().known_user(name).await?;
                        Some(user.ok_or_else(|| explain(Error::NotFound("user"), name))?)
                    }
                    None => None,
                };
                (seed::import_corpus(&chat, path, guest.as_ref()).await?, String::new())
            }
            None => (seed::sample(&chat).await?, seed::accounts().to_string()),
        };
        let took = begun.elapsed();
        let rate = per_second(report.messages.added, took);
        let seconds = took.as_secs_f64();
        let data = json!({ "report": report, "seconds": seconds, "messagesPerSecond": rate });
        self.output.print(&data, || format!("{report}\n{seconds:.1} s, {rate} messages/s.\n{hint}"))
    }
}

fn per_second(count: u64, took: Duration) -> u128 {
    u128::from(count) * 1_000_000 / took.as_micros().max(1)
}
