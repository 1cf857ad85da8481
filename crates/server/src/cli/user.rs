//! `natter user`

use super::output::Output;
use super::password::PasswordSource;
use crate::config::Config;
use crate::open;
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use natter_chat::Error;
use natter_protocol::{PlatformRole, RegisterRequest};
use serde_json::json;

/// Manage accounts, also beside a running server
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  natter user create ada --role admin")]
pub(super) struct User {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Create an account
    #[command(
        after_help = "Example:\n  natter user create ada --display-name 'Ada L.' --password-file ./password"
    )]
    Create {
        /// 2 to 32 characters: a to z, digits, '_', '-' and '.'
        name: String,
        /// Name to show
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,
        /// E-mail address; never shown to others
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// What the user may do on the whole installation
        #[arg(long, default_value = "user", value_parser = role_parser())]
        role: PlatformRole,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        output: Output,
    },
    /// Replace a password and end all sessions of the user
    #[command(after_help = "Example:\n  natter user passwd ada < ./password")]
    Passwd {
        /// Whose
        name: String,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        output: Output,
    },
    /// Change what a user may do on the whole installation
    #[command(after_help = "Example:\n  natter user role ada moderator")]
    Role {
        /// Whose
        name: String,
        /// The new role
        #[arg(value_parser = role_parser())]
        role: PlatformRole,
        #[command(flatten)]
        output: Output,
    },
    /// Keep a user out and end all their sessions; what they wrote stays
    #[command(after_help = "Example:\n  natter user disable ada")]
    Disable {
        /// Whom
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// Let a disabled user in again
    #[command(after_help = "Example:\n  natter user enable ada")]
    Enable {
        /// Whom
        name: String,
        #[command(flatten)]
        output: Output,
    },
}

impl User {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let chat = open::beside(&config).await?.chat;
        match self.verb {
            Verb::Create { name, display_name, email, role, password, output } => {
                let password = password.read()?;
                let request =
                    RegisterRequest { username: name, password: password.text.clone(), display_name, email };
                let user = chat.create_user(request, role).await?;
                output.print(&json!({ "user": user, "password": password.to_show() }), || {
                    tell(&format!("Created {}.", user.username), password.to_show())
                })
            }
            Verb::Passwd { name, password, output } => {
                let password = password.read()?;
                chat.set_password(&name, &password.text).await.map_err(|error| explain(error, &name))?;
                output.print(&json!({ "username": name, "password": password.to_show() }), || {
                    tell(
                        &format!("Replaced the password of {name} and ended all sessions."),
                        password.to_show(),
                    )
                })
            }
            Verb::Role { name, role, output } => {
                chat.set_role(&name, role).await.map_err(|error| explain(error, &name))?;
                output.print(&json!({ "username": name, "role": role }), || {
                    format!("Changed the role of {name}.")
                })
            }
            Verb::Disable { name, output } => {
                chat.set_disabled(&name, true).await.map_err(|error| explain(error, &name))?;
                output.print(&json!({ "username": name, "disabled": true }), || {
                    format!("Disabled {name} and ended all sessions.")
                })
            }
            Verb::Enable { name, output } => {
                chat.set_disabled(&name, false).await.map_err(|error| explain(error, &name))?;
                output.print(&json!({ "username": name, "disabled": false }), || format!("Enabled {name}."))
            }
        }
    }
}

/// Says of whom there is no such user.
pub(super) fn explain(error: Error, name: &str) -> anyhow::Error {
    match error {
        Error::NotFound(_) => anyhow::anyhow!("there is no user {name}; try: natter user create {name}"),
        error => error.into(),
    }
}

fn tell(what: &str, password: Option<&str>) -> String {
    match password {
        Some(password) => format!("{what}\nPassword: {password}"),
        None => what.to_owned(),
    }
}

fn role_parser() -> impl clap::builder::TypedValueParser<Value = PlatformRole> {
    PossibleValuesParser::new(["user", "moderator", "admin"])
        .try_map(|text| serde_json::from_value::<PlatformRole>(text.into()))
}
