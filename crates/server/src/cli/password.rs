//! Where a password on the command line comes from: never from an argument, which others on the machine can read.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use natter_chat::{Random as _, SystemRandom};
use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

/// Random bytes in a password that is drawn.
const DRAWN_BYTES: usize = 15;

#[derive(Debug, clap::Args)]
pub(super) struct PasswordSource {
    /// File whose first line is the password; without it, the first line of stdin unless that is a terminal; without
    /// either, one is drawn and printed
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// A password, and whether nobody knows it yet.
pub(super) struct Password {
    pub(super) text: String,
    drawn: bool,
}

impl Password {
    /// What has to be shown, once.
    pub(super) fn to_show(&self) -> Option<&str> {
        self.drawn.then_some(self.text.as_str())
    }
}

impl PasswordSource {
    pub(super) fn read(&self) -> anyhow::Result<Password> {
        let stdin = std::io::stdin();
        let given = match &self.password_file {
            Some(path) => {
                let text = std::fs::read_to_string(path);
                let text =
                    text.with_context(|| format!("cannot read the password file {}", path.display()))?;
                let line = text.lines().next().unwrap_or_default().to_owned();
                anyhow::ensure!(!line.is_empty(), "the first line of {} is empty", path.display());
                line
            }
            None if stdin.is_terminal() => String::new(),
            None => {
                let mut line = String::new();
                stdin.lock().read_line(&mut line).context("cannot read the password from stdin")?;
                line.trim_end_matches(['\n', '\r']).to_owned()
            }
        };
        if given.is_empty() { Ok(draw()) } else { Ok(Password { text: given, drawn: false }) }
    }
}

fn draw() -> Password {
    let mut bytes = [0; DRAWN_BYTES];
    SystemRandom.fill(&mut bytes);
    Password { text: URL_SAFE_NO_PAD.encode(bytes), drawn: true }
}
