//! What a verb prints.

use serde::Serialize;
use std::io::{ErrorKind, Write as _};

/// How a verb prints its result.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Output {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Output {
    /// Prints a result: as JSON for programs if they asked, as text for people otherwise.
    pub(super) fn print(self, data: &impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.json { line(&serde_json::to_string(data)?) } else { line(&text()) }
    }
}

/// Prints a text and ends its line.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", text.trim_end_matches('\n'))?;
    Ok(stdout.flush()?)
}

/// Whether a verb failed only because nobody reads what it prints any more.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
