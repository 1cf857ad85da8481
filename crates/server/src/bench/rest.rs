//! `natter bench rest`: what people do all day, by REST.

use super::figure::{Figures, Limit, per_second};
use super::histogram::Histogram;
use super::scenario::Scenario;
use super::site::{Person, Site, people};
use super::subject::Subject;
use crate::seed;
use crate::seed::rng::Rng;
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use natter_store::DatabaseUrl;
use serde::Serialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Between two questions for `/health`.
const HEALTH_MS: u64 = 50;
/// Channels that everybody joins.
const CHANNELS: usize = 10;
/// What is required of the slowest twentieth of all requests, in milliseconds.
const P95_MS_MAX: f64 = 20.0;

/// How many people do how much.
#[derive(Debug, Serialize, clap::Args)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestLoad {
    /// File of messages that are there before: .jsonl, or .jsonl.xz, as for natter seed
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) corpus: PathBuf,
    /// People, each with a connection of their own
    #[arg(long, default_value_t = 200, value_parser = super::between::<1, 5_000>)]
    pub(crate) users: usize,
    /// Requests of one person in a minute, at random times
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=6_000))]
    #[serde(rename = "requestsPerMinute")]
    pub(crate) rate: u32,
    /// Seconds of a run
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub(crate) seconds: u32,
}

impl Scenario for RestLoad {
    const NAME: &'static str = "rest";

    fn method(&self, _: &DatabaseUrl) -> Vec<String> {
        vec![format!(
            "{} people, each in {CHANNELS} channels of the corpus, do what people do, {} times a minute each at random \
             times: read lists and histories, send, mark as read, react, search. All run in one other process on \
             the same machine. A request counts from when it was due, so that waiting for the one before it \
             counts too. Every answer must be a success. GET /health is asked every {HEALTH_MS} ms meanwhile.",
            self.users, self.rate
        )]
    }

    async fn measure(&self, site: &mut Site, figures: &mut Figures) -> Result<()> {
        let people = site
            .prepare(async |chat| {
                seed::import_corpus(chat, &self.corpus, None).await?;
                people(chat, "person", self.users).await
            })
            .await?;
        let server = Subject::start(site).await?;
        let mut users = Vec::with_capacity(people.len());
        for (number, person) in people.into_iter().enumerate() {
            users.push(User::settle(server.address, person, number as u64).await?);
        }

        let begun = Instant::now();
        let end = begun + Duration::from_secs(u64::from(self.seconds));
        let health = tokio::spawn(watch(server.address, end));
        let mean = Duration::from_mins(1) / self.rate;
        let mut running: JoinSet<_> = users.into_iter().map(|user| user.work(mean, end)).collect();
        let (mut all, mut by_deed) = (Histogram::default(), vec![Histogram::default(); DEEDS.len()]);
        let mut requests = 0;
        while let Some(done) = running.join_next().await {
            for (deed, histogram) in done??.into_iter().enumerate() {
                requests += histogram.count();
                all.merge(&histogram);
                by_deed[deed].merge(&histogram);
            }
        }
        let time = begun.elapsed();
        let health = health.await??;
        server.kill().await?;

        figures.add("requests", "1/s", per_second(requests, time));
        figures.add("all, p50", "ms", all.percentile_ms(0.5));
        figures.require("all, p95", "ms", Limit::AtMost(P95_MS_MAX), all.percentile_ms(0.95));
        figures.add("all, p99", "ms", all.percentile_ms(0.99));
        for (deed, histogram) in DEEDS.iter().zip(&by_deed) {
            figures.add(deed.name, "ms", histogram.percentile_ms(0.95));
        }
        figures.add("GET /health, p50", "ms", health.percentile_ms(0.5));
        figures.add("GET /health, p95", "ms", health.percentile_ms(0.95));
        Ok(())
    }
}

/// Something that people do, and how often of a hundred times.
struct Deed {
    name: &'static str,
    share: usize,
    /// Method, path under the API's base, and body.
    request: fn(&mut User) -> (Method, String, Option<Value>),
}

const DEEDS: [Deed; 12] = [
    Deed { name: "list conversations, p95", share: 12, request: |_| get("/conversations?limit=50") },
    Deed {
        name: "newest messages, p95",
        share: 20,
        request: |user| get(&format!("/conversations/{}/messages?limit=50", user.channel())),
    },
    Deed {
        name: "older messages, p95",
        share: 8,
        request: |user| match user.message() {
            Some((channel, message)) => get(&format!("/conversations/{channel}/messages?before={message}")),
            None => get("/conversations?limit=50"),
        },
    },
    Deed {
        name: "send, p95",
        share: 20,
        request: |user| {
            let content = *user.rng.pick(&["on my way", "see `main.rs`, line 12", "thanks @person1", "👍"]);
            (
                Method::POST,
                format!("/conversations/{}/messages", user.channel()),
                Some(json!({ "content": content })),
            )
        },
    },
    Deed {
        name: "mark as read, p95",
        share: 14,
        request: |user| (Method::POST, format!("/conversations/{}/read", user.channel()), Some(json!({}))),
    },
    Deed { name: "unread total, p95", share: 8, request: |_| get("/conversations/unread-count") },
    Deed {
        name: "react, p95",
        share: 4,
        request: |user| match user.message() {
            Some((_, message)) => {
                (Method::POST, format!("/messages/{message}/reactions"), Some(json!({ "emoji": "👍" })))
            }
            None => get("/users/me"),
        },
    },
    Deed {
        name: "search, p95",
        share: 4,
        request: |user| {
            let word = *user.rng.pick(&["error", "thanks", "function", "install", "\"how do\"", "version"]);
            get(&format!("/search/messages?q={}", word.replace('"', "%22").replace(' ', "%20")))
        },
    },
    Deed {
        name: "events since, p95",
        share: 4,
        request: |user| get(&format!("/conversations/{}/events?after=10", user.channel())),
    },
    Deed {
        name: "members, p95",
        share: 2,
        request: |user| get(&format!("/conversations/{}/members", user.channel())),
    },
    Deed { name: "look a user up, p95", share: 2, request: |_| get("/users/person0") },
    Deed { name: "find users, p95", share: 2, request: |_| get("/users?query=per") },
];

fn get(path: &str) -> (Method, String, Option<Value>) {
    (Method::GET, path.to_owned(), None)
}

/// Somebody with a connection.
struct User {
    http: Client<HttpConnector, Full<Bytes>>,
    server: SocketAddr,
    token: String,
    rng: Rng,
    channels: Vec<String>,
    /// The newest messages that this user has seen, with their channels.
    messages: Vec<(String, String)>,
}

impl User {
    /// Joins channels, and looks at each.
    async fn settle(server: SocketAddr, person: Person, number: u64) -> Result<Self> {
        let mut user = Self {
            http: Client::builder(TokioExecutor::new()).build_http(),
            server,
            token: person.token,
            rng: Rng::new(number),
            channels: Vec::new(),
            messages: Vec::new(),
        };
        let found = user.ask(get("/conversations/public?limit=100")).await?;
        let mut channels: Vec<String> = texts(&found["data"], "id");
        user.rng.shuffle(&mut channels);
        channels.truncate(CHANNELS);
        for channel in channels {
            user.ask((Method::POST, format!("/conversations/{channel}/join"), None)).await?;
            let page = user.ask(get(&format!("/conversations/{channel}/messages?limit=20"))).await?;
            user.messages.extend(texts(&page["data"], "id").into_iter().map(|id| (channel.clone(), id)));
            user.channels.push(channel);
        }
        ensure!(!user.channels.is_empty(), "the corpus has no channel");
        Ok(user)
    }

    fn channel(&mut self) -> String {
        self.rng.pick(&self.channels).clone()
    }

    fn message(&mut self) -> Option<(String, String)> {
        if self.messages.is_empty() { None } else { Some(self.rng.pick(&self.messages).clone()) }
    }

    /// Does things at random times until the end; how long each kind of thing took.
    async fn work(mut self, mean: Duration, end: Instant) -> Result<Vec<Histogram>> {
        let mut histograms = vec![Histogram::default(); DEEDS.len()];
        let mut due = Instant::now();
        loop {
            // Exponentially distributed, so that the requests of all are a Poisson process.
            #[expect(clippy::cast_precision_loss, reason = "a random number of 20 bits")]
            let share = (self.rng.below(1 << 20) as f64 + 1.0) / f64::from(1 << 20);
            due += mean.mul_f64(-share.ln());
            if due >= end {
                return Ok(histograms);
            }
            tokio::time::sleep_until(due).await;
            let deed = self.pick();
            let request = (DEEDS[deed].request)(&mut self);
            self.ask(request).await.with_context(|| DEEDS[deed].name)?;
            histograms[deed].record(due.elapsed());
        }
    }

    fn pick(&mut self) -> usize {
        let mut at = self.rng.below(DEEDS.iter().map(|deed| deed.share).sum());
        DEEDS
            .iter()
            .position(|deed| match at.checked_sub(deed.share) {
                Some(rest) => {
                    at = rest;
                    false
                }
                None => true,
            })
            .unwrap_or_default()
    }

    async fn ask(&self, (method, path, body): (Method, String, Option<Value>)) -> Result<Value> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}/api/v1{path}", self.server))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        let mut bytes = Bytes::new();
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json");
            bytes = serde_json::to_vec(&body)?.into();
        }
        let answer = self.http.request(request.body(Full::new(bytes))?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&body));
        Ok(if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? })
    }
}

fn texts(entries: &Value, field: &str) -> Vec<String> {
    let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(|entry| entry[field].as_str().map(str::to_owned)).collect()
}

/// How long the least that the server can answer takes meanwhile.
async fn watch(server: SocketAddr, end: Instant) -> Result<Histogram> {
    let http: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut histogram = Histogram::default();
    let mut due = Instant::now();
    while due < end {
        tokio::time::sleep_until(due).await;
        let answer = http.get(format!("http://{server}/health").parse()?).await?;
        ensure!(answer.status().is_success(), "GET /health: {}", answer.status());
        answer.into_body().collect().await?;
        histogram.record(due.elapsed());
        due += Duration::from_millis(HEALTH_MS);
    }
    Ok(histogram)
}
