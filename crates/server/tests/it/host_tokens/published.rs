//! Keys that the host application publishes, on a real server that can be slow, wrong, or away.

use super::{AUDIENCE, ask, claims, me, refused};
use crate::natter;
use crate::support::{client, eventually};
use anyhow::{Result, ensure};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{StatusCode, header};
use natter_protocol::{ErrorCode, User};
use natter_testkit::host::{RSA_BITS, SigningKey};
use natter_testkit::natter::Natter;
use reqwest::Method;
use serde_json::json;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// A web server that publishes keys.
pub(super) struct Site {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    mode: Mutex<Mode>,
    fetches: AtomicUsize,
    /// Closed while an answer is held back.
    gate: Semaphore,
}

#[derive(Clone)]
enum Mode {
    Keys(String),
    Status(StatusCode),
    Redirect(String),
    Endless,
    Silent,
}

impl Site {
    pub(super) async fn start(keys: &[&SigningKey]) -> Result<Self> {
        let shared = Arc::new(Shared {
            mode: Mutex::new(Mode::keys(keys)?),
            fetches: AtomicUsize::new(0),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, serving: serve(listener, &shared), shared })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/.well-known/jwks.json", self.address)
    }

    pub(super) fn fetches(&self) -> usize {
        self.shared.fetches.load(Ordering::SeqCst)
    }

    fn set(&self, mode: Mode) {
        *self.shared.mode.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }

    async fn stop(&mut self) {
        self.serving.abort();
        // It ends by being aborted, and then nothing listens any more.
        drop((&mut self.serving).await);
    }

    async fn restart(&mut self) -> Result<()> {
        self.serving = serve(TcpListener::bind(self.address).await?, &self.shared);
        Ok(())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Mode {
    fn keys(keys: &[&SigningKey]) -> Result<Self> {
        let keys = keys.iter().map(|key| key.jwk()).collect::<Result<Vec<_>>>()?;
        Ok(Self::Keys(json!({ "keys": keys }).to_string()))
    }
}

fn serve(listener: TcpListener, shared: &Arc<Shared>) -> JoinHandle<()> {
    let router = Router::new().fallback(answer).with_state(Arc::clone(shared));
    tokio::spawn(async move { drop(axum::serve(listener, router).await) })
}

async fn answer(State(shared): State<Arc<Shared>>) -> Response {
    shared.fetches.fetch_add(1, Ordering::SeqCst);
    drop(shared.gate.acquire().await);
    let mode = shared.mode.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match mode {
        Mode::Keys(keys) => keys.into_response(),
        Mode::Status(status) => status.into_response(),
        Mode::Redirect(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Mode::Endless => {
            let spaces = stream::repeat(Ok::<_, Infallible>(Bytes::from_static(&[b' '; 4_096])));
            Body::from_stream(spaces).into_response()
        }
        Mode::Silent => std::future::pending().await,
    }
}

pub(super) async fn natter_of(site: &Site) -> Result<Natter> {
    natter().env("NATTER_AUTH_JWKS_URL", &site.url()).env("NATTER_AUTH_JWT_AUDIENCE", AUDIENCE).start().await
}

fn token(key: &SigningKey) -> Result<String> {
    key.token(&claims(&json!({}))?)
}

/// It cannot be told whether the token is right.
async fn undecided(natter: &Natter, key: &SigningKey) -> Result<()> {
    let answer = ask(natter, Method::GET, "/api/v1/users/me", &token(key)?).await?;
    let problem = answer.problem(ErrorCode::Unavailable)?;
    ensure!(problem.detail == "the keys of the host application cannot be fetched right now", "{problem:?}");
    Ok(())
}

/// Asks until the token is taken: after a fetch that failed, the server pauses.
async fn until_in(natter: &Natter, key: &SigningKey) -> Result<User> {
    eventually(async || Ok(me(natter, &token(key)?).await.ok())).await
}

#[tokio::test]
async fn keys_of_every_kind_verify_tokens() -> Result<()> {
    let keys = [SigningKey::rsa("r", RSA_BITS)?, SigningKey::p256("p")?, SigningKey::ed25519("e")?];
    let site = Site::start(&keys.each_ref()).await?;
    let natter = natter_of(&site).await?;
    for key in &keys {
        me(&natter, &token(key)?).await?;
    }
    ensure!(site.fetches() == 1, "{}", site.fetches());
    Ok(())
}

#[tokio::test]
async fn keys_rotate() -> Result<()> {
    let (old, new) = (SigningKey::p256("old")?, SigningKey::ed25519("new")?);
    let site = Site::start(&[&old]).await?;
    let natter = natter_of(&site).await?;
    me(&natter, &token(&old)?).await?;
    site.set(Mode::keys(&[&old, &new])?);
    me(&natter, &token(&new)?).await?;
    me(&natter, &token(&old)?).await?;
    ensure!(site.fetches() == 2, "{}", site.fetches());
    let unknown = SigningKey::ed25519("unknown")?;
    for _ in 0..10 {
        let detail = refused(&natter, &token(&unknown)?).await?;
        ensure!(detail == "the token's `kid` is of none of the host application's keys", "{detail}");
    }
    ensure!(site.fetches() <= 3, "made-up key ids had the keys fetched {} times", site.fetches());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_fetched_once_for_all_who_wait() -> Result<()> {
    let key = SigningKey::ed25519("k")?;
    let site = Site::start(&[&key]).await?;
    let natter = natter_of(&site).await?;
    site.shared.gate.forget_permits(Semaphore::MAX_PERMITS);
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let (client, url, token) = (client(), natter.url("/api/v1/users/me"), token(&key));
            tokio::spawn(
                async move { anyhow::Ok(client?.get(url).bearer_auth(token?).send().await?.status()) },
            )
        })
        .collect();
    eventually(async || Ok((site.fetches() > 0).then_some(()))).await?;
    site.shared.gate.add_permits(Semaphore::MAX_PERMITS);
    for waiting in waiting {
        let status = waiting.await??;
        ensure!(status == StatusCode::OK, "{status}");
    }
    ensure!(site.fetches() == 1, "{}", site.fetches());
    Ok(())
}

#[tokio::test]
async fn a_site_that_is_away_when_the_server_starts_is_asked_again() -> Result<()> {
    let key = SigningKey::ed25519("k")?;
    let mut site = Site::start(&[&key]).await?;
    site.stop().await;
    let natter = natter_of(&site).await?;
    undecided(&natter, &key).await?;
    natter.person("ada").await?;
    site.restart().await?;
    until_in(&natter, &key).await?;
    // Once the keys are known, they do not go with the site.
    site.stop().await;
    me(&natter, &token(&key)?).await?;
    Ok(())
}

#[tokio::test]
async fn a_site_that_never_answers_keeps_nobody_for_ever() -> Result<()> {
    let key = SigningKey::ed25519("k")?;
    let site = Site::start(&[&key]).await?;
    site.set(Mode::Silent);
    let natter = natter_of(&site).await?;
    let (waiting, others) = tokio::join!(undecided(&natter, &key), natter.person("ada"));
    waiting?;
    others?;
    site.set(Mode::keys(&[&key])?);
    until_in(&natter, &key).await?;
    Ok(())
}

#[tokio::test]
async fn a_redirect_is_not_followed() -> Result<()> {
    let (key, evil) = (SigningKey::ed25519("k")?, SigningKey::ed25519("k")?);
    let (site, elsewhere) = (Site::start(&[&key]).await?, Site::start(&[&evil]).await?);
    site.set(Mode::Redirect(elsewhere.url()));
    let natter = natter_of(&site).await?;
    undecided(&natter, &evil).await?;
    undecided(&natter, &key).await?;
    ensure!(elsewhere.fetches() == 0, "the server went elsewhere for its keys");
    Ok(())
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() -> Result<()> {
    let key = SigningKey::ed25519("k")?;
    let site = Site::start(&[&key]).await?;
    site.set(Mode::Endless);
    let natter = natter_of(&site).await?;
    undecided(&natter, &key).await?;
    ensure!(natter.peak_bytes()? < 256 * 1024 * 1024, "{} bytes", natter.peak_bytes()?);
    Ok(())
}

#[tokio::test]
async fn what_is_no_set_of_keys_is_not_taken() -> Result<()> {
    let key = SigningKey::ed25519("k")?;
    let site = Site::start(&[&key]).await?;
    for mode in [
        Mode::Status(StatusCode::INTERNAL_SERVER_ERROR),
        Mode::Status(StatusCode::NO_CONTENT),
        Mode::Keys("<html>".to_owned()),
        Mode::Keys(String::new()),
        Mode::Keys("[]".to_owned()),
    ] {
        site.set(mode);
        undecided(&natter_of(&site).await?, &key).await?;
    }
    Ok(())
}
