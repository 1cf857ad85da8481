//! `natter token`

use super::output::Output;
use super::user::explain;
use crate::config::Config;
use crate::open;
use clap::Subcommand;
use serde_json::json;

/// Seconds that a minted token may live: nobody can take it back.
const TTL_SECONDS_MAX: u32 = 365 * 24 * 60 * 60;

/// Make access tokens, also beside a running server
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  natter token mint --user ada")]
pub(super) struct Token {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print an access token that acts for a user and ends by itself
    #[command(after_help = "Example:\n  curl -H \"Authorization: Bearer $(natter token mint --user ada)\" \
                            http://127.0.0.1:8080/api/v1/users/me")]
    Mint {
        /// For whom
        #[arg(long, value_name = "NAME")]
        user: String,
        /// How long it lives, such as 90s, 15m, 1h or 7d; at most 365d
        #[arg(long, default_value = "1h", value_parser = seconds)]
        ttl: u32,
        #[command(flatten)]
        output: Output,
    },
}

impl Token {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let Verb::Mint { user, ttl, output } = self.verb;
        let chat = open::beside(&config).await?.chat;
        let token = chat.mint_token(&user, ttl).await.map_err(|error| explain(error, &user))?;
        output.print(&json!({ "accessToken": token, "expiresIn": ttl }), || token.clone())
    }
}

fn seconds(text: &str) -> Result<u32, String> {
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let unit_seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => 0,
    };
    let seconds = number.parse::<u32>().ok().and_then(|number| number.checked_mul(unit_seconds));
    seconds
        .filter(|seconds| (1..=TTL_SECONDS_MAX).contains(seconds))
        .ok_or_else(|| "expected a number with s, m, h or d behind it, such as 1h; at most 365d".to_owned())
}
