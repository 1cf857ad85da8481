//! A database for one measurement, and the people in it.

use crate::config::{self, Config};
use crate::open;
use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use natter_chat::{Chat, ImportConversation};
use natter_protocol::{ConversationId, ConversationKind, UserSummary};
use natter_store::bench::{create_scratch, drop_scratch};
use std::path::PathBuf;

/// The directory under the data directory, and the database beside the given one.
const NAME: &str = "natter_bench";
/// Seconds that a token lives: longer than any scenario.
const TOKEN_SECONDS: u32 = 6 * 60 * 60;
/// Questions to the database at the same time.
const CONCURRENCY: usize = 256;

/// An empty database of the kind that the configuration names, on the same disk or server.
pub(super) struct Site {
    pub(super) config: Config,
    /// Removed with this value.
    directory: PathBuf,
}

/// Somebody who can connect.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) user: UserSummary,
    pub(super) token: String,
}

/// A conversation and who is in it.
#[derive(Debug, Clone)]
pub(super) struct Room {
    pub(super) id: ConversationId,
    pub(super) members: Vec<Person>,
}

impl Site {
    /// Does something with a new database, and removes it.
    pub(super) async fn with<T>(config: &Config, body: impl AsyncFnOnce(&Self) -> Result<T>) -> Result<T> {
        let directory = config.data_dir.join(NAME);
        if directory.exists() {
            // An earlier run was interrupted.
            std::fs::remove_dir_all(&directory).with_context(|| directory.display().to_string())?;
        }
        let limits = config.limits.clone().without_rates();
        let mut scratch = Config { data_dir: directory.clone(), limits, ..config.clone() };
        scratch.database.url = create_scratch(&config.database.url, NAME).await?;
        std::fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
        let outcome = body(&Self { config: scratch, directory }).await;
        drop_scratch(&config.database.url, NAME).await?;
        outcome
    }

    /// Writes the configuration down for a server.
    pub(super) fn configuration(&self) -> Result<PathBuf> {
        let path = self.directory.join("natter.toml");
        std::fs::write(&path, config::toml(&self.config)).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// Does something with the domain, and closes the database to the last connection.
    pub(super) async fn prepare<T>(&self, body: impl AsyncFnOnce(&Chat) -> Result<T>) -> Result<T> {
        let open::Open { chat, store, hub, mut committed } = open::chat(&self.config).await?;
        let drain = tokio::spawn(async move { while committed.recv().await.is_some() {} });
        let outcome = body(&chat).await;
        drop((chat, store, hub));
        // Nothing more is committed once the writer is gone.
        drain.await?;
        outcome
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            tracing::warn!(%error, directory = %self.directory.display(), "what was measured with is still there");
        }
    }
}

/// Creates people who have no password, with tokens.
pub(super) async fn people(chat: &Chat, count: usize) -> Result<Vec<Person>> {
    stream::iter(0..count)
        .map(async |number| {
            let (user, _) = chat.import().user(&format!("person{number}")).await?;
            let token = chat.mint_token(&user.username, TOKEN_SECONDS).await?;
            let user = UserSummary {
                id: user.id,
                username: user.username,
                display_name: user.display_name,
                avatar_url: user.avatar_url,
            };
            anyhow::Ok(Person { user, token })
        })
        .buffered(CONCURRENCY)
        .try_collect()
        .await
}

/// Puts people into groups of a size, which share a name.
pub(super) async fn rooms(chat: &Chat, name: &str, people: &[Person], members: usize) -> Result<Vec<Room>> {
    let now = chat.import().began("bench").await?;
    stream::iter(people.chunks(members).enumerate())
        .map(async |(number, members)| {
            let ids: Vec<_> = members.iter().map(|person| person.user.id).collect();
            let new = ImportConversation {
                key: format!("{name}/{number}"),
                kind: ConversationKind::Group,
                name: Some(format!("{name} {number}")),
                topic: None,
                owner: ids[0],
                members: ids[1..].to_vec(),
                created_at: now,
            };
            let (id, _) = chat.import().conversation(new).await?;
            anyhow::Ok(Room { id, members: members.to_vec() })
        })
        .buffered(CONCURRENCY)
        .try_collect()
        .await
}
