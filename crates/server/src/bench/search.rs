//! `natter bench search`: finding messages among a million.

mod queries;

use super::figure::{Figures, Limit, per_second};
use super::histogram::Histogram;
use super::scenario::Scenario;
use super::site::Site;
use super::subject::Subject;
use crate::seed::corpus::summary;
use crate::{open, seed};
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use natter_chat::ImportMessage;
use natter_store::bench::index_bytes;
use natter_store::{DatabaseUrl, ListFilter};
use queries::{CLASSES, LAST_MAX, Queries};
use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What is required of the slowest twentieth of all searches, in milliseconds.
const P95_MS_MAX: f64 = 50.0;
/// Pages of one search that are read.
const PAGES_MAX: usize = 3;
/// Channels that messages are sent to after the index was made.
const CHANNELS_MAX: u32 = 500;
/// Seconds that a token lives: longer than a run.
const TOKEN_SECONDS: u32 = 6 * 60 * 60;
/// Who is in every channel.
const OBSERVER: &str = "observer";

/// How much is searched.
#[derive(Debug, Serialize, clap::Args)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Search {
    /// File of messages to search: .jsonl, or .jsonl.xz, as for natter seed
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) corpus: PathBuf,
    /// How often the file is imported, each time a little later
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) copies: u32,
    /// Searches of each kind by each of two people
    #[arg(long, default_value_t = 100, value_parser = super::between::<1, 10_000>)]
    pub(crate) queries: usize,
}

impl Scenario for Search {
    const NAME: &'static str = "search";

    fn method(&self, _: &DatabaseUrl) -> Vec<String> {
        vec![
            format!(
                "The corpus is imported {} times over, into the same channels. Then it is indexed in one go, and {} more \
                 messages are sent, which are not.",
                self.copies, LAST_MAX
            ),
            format!(
                "Searches go over REST from one other process on the same machine, one at a time. Each of {} of every \
                 kind, made of the corpus's own words, is made by a member of every channel and by an ordinary \
                 member; of each, up to {PAGES_MAX} pages of 50 are read. Words are frequent in 1 of 20 messages, \
                 common in 1 of 200, uncommon in 1 of 2,000.",
                self.queries
            ),
        ]
    }

    async fn measure(&self, site: &mut Site, figures: &mut Figures) -> Result<()> {
        let queries = Queries::of(&self.corpus, self.queries)?;
        let (messages, tokens) = site
            .prepare(async |chat| {
                let (observer, _) = chat.import().user(OBSERVER).await?;
                let report = seed::import_copies(chat, &self.corpus, Some(&observer), self.copies).await?;
                let mut tokens = Vec::new();
                for name in [OBSERVER, &queries.member] {
                    tokens.push(chat.mint_token(name, TOKEN_SECONDS).await?);
                }
                Ok((report.messages.added, tokens))
            })
            .await?;
        let (indexed, time) = index(site, &queries.last).await?;
        #[expect(clippy::cast_precision_loss, reason = "messages and bytes that fit on a disk")]
        let (count, bytes) = (messages as f64, index_bytes(&open::options(&site.config)).await? as f64);
        figures.add("messages", "", count);
        figures.add("messages indexed", "1/s", per_second(indexed, time));
        figures.add("index, for each message", "B", bytes / count);

        let server = Subject::start(site).await?;
        let (mut all, mut next_pages) = (Histogram::default(), Histogram::default());
        let mut of_class = vec![Histogram::default(); CLASSES.len()];
        for token in tokens {
            let person = Person { http: Client::builder(TokioExecutor::new()).build_http(), token };
            let mut of_person = Histogram::default();
            for (class, typed) in &queries.typed {
                let mut cursor = None;
                for page in 0..PAGES_MAX {
                    let (took, next) = person.search(server.address, typed, cursor.as_deref()).await?;
                    of_person.record(took);
                    if page == 0 { &mut of_class[*class] } else { &mut next_pages }.record(took);
                    cursor = next;
                    if cursor.is_none() {
                        break;
                    }
                }
            }
            all.merge(&of_person);
        }
        server.kill().await?;
        figures.add("all, p50", "ms", all.percentile_ms(0.5));
        figures.require("all, p95", "ms", Limit::AtMost(P95_MS_MAX), all.percentile_ms(0.95));
        figures.add("all, p99", "ms", all.percentile_ms(0.99));
        for (name, histogram) in CLASSES.into_iter().zip(&of_class) {
            figures.add(name, "ms", histogram.percentile_ms(0.95));
        }
        figures.add("second and third pages, p95", "ms", next_pages.percentile_ms(0.95));
        Ok(())
    }
}

/// Indexes everything; how many messages it were, and how long it took. Then some more are sent, which are not indexed.
async fn index(site: &Site, more: &VecDeque<String>) -> Result<(u64, Duration)> {
    let open::Open { store, chat, hub, mut committed } = open::chat(&site.config).await?;
    let drain = tokio::spawn(async move { while committed.recv().await.is_some() {} });
    let begun = Instant::now();
    let mut indexed = 0;
    loop {
        let messages = store.index_messages(1).await?;
        if messages == 0 {
            break;
        }
        indexed += messages as u64;
    }
    let took = begun.elapsed();
    let observer = chat.import().known_user(OBSERVER).await?.context("nobody observes")?;
    let channels = store.conversations(observer.id, ListFilter::default(), None, CHANNELS_MAX).await?;
    let created_at = chat.import().began("bench").await?;
    for (number, (content, channel)) in more.iter().zip(channels.iter().cycle()).enumerate() {
        let new = ImportMessage {
            key: format!("more/{number}"),
            conversation_id: channel.info.id,
            sender: summary(observer.clone()),
            content: content.clone(),
            created_at,
        };
        chat.import().message(new).await?.await?;
    }
    drop((store, chat, hub));
    drain.await?;
    Ok((indexed, took))
}

/// Somebody who searches.
struct Person {
    http: Client<HttpConnector, Full<Bytes>>,
    token: String,
}

impl Person {
    /// How long it took until the page was there, and the cursor of the next one.
    async fn search(
        &self,
        server: SocketAddr,
        typed: &str,
        cursor: Option<&str>,
    ) -> Result<(Duration, Option<String>)> {
        let query = serde_urlencoded::to_string([("q", Some(typed)), ("cursor", cursor)])?;
        let request = Request::get(format!("http://{server}/api/v1/search/messages?{query}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Full::new(Bytes::new()))?;
        let begun = Instant::now();
        let answer = self.http.request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        let took = begun.elapsed();
        ensure!(status.is_success(), "{typed}: {status} {}", String::from_utf8_lossy(&body));
        let page: Value = serde_json::from_slice(&body).context("a page of found messages")?;
        Ok((took, page["meta"]["nextCursor"].as_str().map(str::to_owned)))
    }
}
