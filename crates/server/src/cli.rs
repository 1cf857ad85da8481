//! The command line: one file for each verb.
//!
//! Exit codes are 0 done, 1 failed, 2 used wrongly; a wrong configuration counts as used wrongly. A failure is a
//! sentence on stderr that says what to do.

mod asyncapi;
mod bench;
mod config;
mod migrate;
mod openapi;
mod output;
mod password;
mod seed;
mod serve;
mod token;
mod user;
mod version;

use crate::config::{Config, ConfigError, Flags};
use crate::log;
use clap::{CommandFactory as _, Parser, Subcommand};
use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

const DONE: u8 = 0;
const FAILED: u8 = 1;
const USED_WRONGLY: u8 = 2;

/// Does what this process was started for.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // It is help on stdout or a complaint on stderr; when nobody reads it, there is nobody to tell.
            drop(usage.print());
            return ExitCode::from(if usage.use_stderr() { USED_WRONGLY } else { DONE });
        }
    };
    let Err(error) = cli.run(std::env::vars_os()) else { return ExitCode::from(DONE) };
    if output::is_closed_pipe(&error) {
        // As in `natter config print | head`: whoever read has read enough.
        return ExitCode::from(DONE);
    }
    drop(writeln!(std::io::stderr(), "natter: {error:#}"));
    ExitCode::from(if error.is::<ConfigError>() { USED_WRONGLY } else { FAILED })
}

/// The grammar of the command line.
pub fn command() -> clap::Command {
    Cli::command()
}

/// A chat server in one file.
#[derive(Debug, Parser)]
#[command(
    name = "natter",
    version,
    disable_help_subcommand = true,
    after_help = "Example:\n  natter serve --demo\n\nSettings come from flags, then from variables such as \
                  NATTER_LISTEN, then from the file of --config. `natter config print` shows them all."
)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    verb: Verb,
}

/// The settings that every verb understands.
#[derive(Debug, clap::Args)]
struct Settings {
    /// Configuration file, .toml or .yaml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory that holds everything that is kept in files
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    // No comment of Rust documentation, which would want brackets around the address.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help = "sqlite:, sqlite:PATH or postgres://user:password@host/database"
    )]
    database_url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Serve(serve::Serve),
    Migrate(migrate::Migrate),
    Seed(seed::Seed),
    User(user::User),
    Token(token::Token),
    Bench(bench::Bench),
    Config(config::ConfigVerb),
    Openapi(openapi::Openapi),
    Asyncapi(asyncapi::Asyncapi),
    Version(version::Version),
}

impl Cli {
    fn run(self, env: impl IntoIterator<Item = (OsString, OsString)>) -> anyhow::Result<()> {
        let mut flags = Flags { config: self.settings.config, settings: Vec::new() };
        let given = [("data_dir", self.settings.data_dir), ("database.url", self.settings.database_url)];
        flags.settings.extend(given.into_iter().filter_map(|(key, text)| Some((key, text?))));
        if let Verb::Serve(serve) = &self.verb {
            flags.settings.extend(serve.listen.clone().map(|text| ("listen", text)));
        }
        let config = move || -> anyhow::Result<Config> {
            let config = Config::load(&flags, env)?;
            log::start(&config.log);
            Ok(config)
        };
        match self.verb {
            Verb::Serve(serve) => serve.run(config()?),
            Verb::Migrate(migrate) => block_on(migrate.run(config()?)),
            Verb::Seed(seed) => block_on(seed.run(config()?)),
            Verb::User(user) => block_on(user.run(config()?)),
            Verb::Token(token) => block_on(token.run(config()?)),
            Verb::Bench(bench) => bench.run(config),
            Verb::Config(verb) => verb.run(config),
            Verb::Openapi(_) => openapi::Openapi::run(),
            Verb::Asyncapi(_) => asyncapi::Asyncapi::run(),
            Verb::Version(version) => version.run(),
        }
    }
}

fn block_on(verb: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(verb)
}
