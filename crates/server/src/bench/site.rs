//! A database for one measurement, and the people in it.

use super::load::Seat;
use super::tls::certify;
use crate::config::{self, Config, Limits, LinkPreviews};
use crate::open;
use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use natter_chat::{Chat, ImportConversation};
use natter_protocol::{ConversationId, ConversationKind, Seq, UserSummary};
use natter_store::DatabaseUrl;
use natter_store::bench::{create_scratch, drop_scratch};
use std::path::PathBuf;

/// The directory under the data directory, and the database beside the given one.
const NAME: &str = "natter_bench";
/// Seconds that a token lives: longer than any scenario.
const TOKEN_SECONDS: u32 = 6 * 60 * 60;
/// Connections that a server admits here: more than any scenario has.
const CONNECTIONS_MAX: usize = 1_000_000;
/// Questions to the database at the same time.
const CONCURRENCY: usize = 256;

/// An empty database of the kind that the configuration names, on the same disk or server.
pub(crate) struct Site {
    /// Its directory is removed with this value.
    pub(super) config: Config,
    /// The database that is not touched.
    given: DatabaseUrl,
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
    /// The newest position in it, which is that of its creation at first.
    pub(super) seq: Seq,
    pub(super) members: Vec<Person>,
}

impl Room {
    /// A seat for each member, the first of whom sends.
    pub(super) fn seats(&self) -> impl Iterator<Item = Seat> {
        self.members.iter().enumerate().map(|(number, person)| Seat {
            token: person.token.clone(),
            conversation: Some(self.id),
            seq: self.seq,
            sends: number == 0,
        })
    }
}

impl Site {
    /// Does something with a new database, and removes it.
    pub(super) async fn with<T>(
        config: &Config,
        body: impl AsyncFnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let limits = Limits { connections_max: CONNECTIONS_MAX, ..config.limits.clone().without_rates() };
        // What is sent may hold links, and what is measured is not the web.
        let link_previews = LinkPreviews { enabled: false, ..config.link_previews.clone() };
        let data_dir = config.data_dir.join(NAME);
        let config_here = Config { data_dir, link_previews, limits, ..config.clone() };
        let mut site = Self { config: config_here, given: config.database.url.clone() };
        site.empty().await?;
        let outcome = body(&mut site).await;
        drop_scratch(&site.given, NAME).await?;
        outcome
    }

    /// Makes the database, and removes what is there: of this run, or of one that was interrupted.
    pub(super) async fn empty(&mut self) -> Result<()> {
        let directory = &self.config.data_dir;
        if directory.exists() {
            std::fs::remove_dir_all(directory).with_context(|| directory.display().to_string())?;
        }
        std::fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
        self.config.database.url = create_scratch(&self.given, NAME).await?;
        Ok(())
    }

    /// Has servers speak TLS, with a certificate of this database's own.
    pub(super) fn secure(&mut self) -> Result<()> {
        self.config.tls = certify(&self.config.data_dir)?;
        Ok(())
    }

    /// Writes the configuration down for a server.
    pub(super) fn configuration(&self) -> Result<PathBuf> {
        let path = self.config.data_dir.join("natter.toml");
        std::fs::write(&path, config::toml(&self.config)).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// Creates a group of so many people.
    pub(super) async fn room(&self, name: &str, members: usize) -> Result<Room> {
        self.rooms(name, 1, members).await?.pop().context("no room was made")
    }

    /// Creates groups of so many people each, none of whom is in two.
    pub(super) async fn rooms(&self, name: &str, count: usize, members: usize) -> Result<Vec<Room>> {
        self.prepare(async |chat| {
            rooms(chat, name, &people(chat, name, count * members).await?, members).await
        })
        .await
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
        let directory = &self.config.data_dir;
        if let Err(error) = std::fs::remove_dir_all(directory) {
            tracing::warn!(%error, directory = %directory.display(), "what was measured with is still there");
        }
    }
}

/// Creates people who have no password, with tokens; their names begin alike.
pub(super) async fn people(chat: &Chat, name: &str, count: usize) -> Result<Vec<Person>> {
    stream::iter(0..count)
        .map(async |number| {
            let (user, _) = chat.import().user(&format!("{name}{number}")).await?;
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
            anyhow::Ok(Room { id, seq: 1, members: members.to_vec() })
        })
        .buffered(CONCURRENCY)
        .try_collect()
        .await
}
