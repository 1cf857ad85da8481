//! The published keys of a host application (JWKS, RFC 7517), fetched when they are needed and kept for a while.
//!
//! - Keys hold for [`FRESH_SECONDS`]. When most of that is over, the next token has them fetched again behind its
//!   back; when all of it is over, the next token waits for them.
//! - A `kid` that is not among them has them fetched at once: that is how a rotation is noticed.
//! - Whoever needs keys while they are being fetched waits for that fetch. There is never a second one.
//! - While they cannot be fetched, the old ones hold for [`STALE_SECONDS_MAX`].

use crate::account::jwt::{Jwk, TokenFault, TokenKey};
use crate::{Clock, Error, Result};
use async_trait::async_trait;
use natter_protocol::Timestamp;
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Age at which keys are fetched again before anybody has to wait for them.
const REFRESH_SECONDS: i64 = 8 * 60;
/// Age up to which keys are used without asking.
const FRESH_SECONDS: i64 = 10 * 60;
/// Age up to which keys are used when newer ones cannot be had.
const STALE_SECONDS_MAX: i64 = 60 * 60;
/// Seconds between two fetches for unknown `kid`s, and after one that failed: anybody can make up a `kid`.
const PAUSE_SECONDS: i64 = 5;
/// Keys of a set; those behind are not looked at.
const KEYS_MAX: usize = 64;

/// Fetches the JWKS of a host application.
#[async_trait]
pub trait KeySource: Send + Sync + 'static {
    /// The document as it is published now, or why it cannot be had, for the log. It must end by itself, and soon.
    async fn fetch(&self) -> Result<String, String>;
}

/// The keys as they are known.
pub(super) struct Jwks {
    source: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    keys: Vec<Published>,
    fetched_at: Option<Timestamp>,
    /// The last fetch that failed, unless one succeeded since.
    failed_at: Option<Timestamp>,
    /// The last fetch on account of an unknown `kid`.
    searched_at: Option<Timestamp>,
    /// Closes when the fetch that is on its way has ended.
    fetching: Option<watch::Receiver<()>>,
}

struct Published {
    id: Option<String>,
    key: Arc<TokenKey>,
}

/// What keys are fetched for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Newer,
    Another,
}

impl Jwks {
    pub(super) fn new(source: Arc<dyn KeySource>, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock, state: Arc::default() }
    }

    /// The key of this `kid`; of a token that names none, the only one.
    pub(super) async fn key(&self, id: Option<&str>) -> Result<Arc<TokenKey>> {
        let now = self.clock.now();
        let fetch = {
            let mut state = self.state();
            match (state.age(now), state.find(id)) {
                (Some(0..REFRESH_SECONDS), Ok(key)) => return Ok(key),
                (Some(0..FRESH_SECONDS), Ok(key)) => {
                    // Nobody waits for it.
                    drop(self.fetch(&mut state, now, Need::Newer));
                    return Ok(key);
                }
                (Some(0..FRESH_SECONDS), Err(_)) => self.fetch(&mut state, now, Need::Another),
                _ => self.fetch(&mut state, now, Need::Newer),
            }
        };
        if let Some(mut fetch) = fetch {
            // It only ever closes.
            drop(fetch.changed().await);
        }
        let state = self.state();
        match state.age(self.clock.now()) {
            Some(..STALE_SECONDS_MAX) => Ok(state.find(id)?),
            _ => Err(Error::KeysUnavailable),
        }
    }

    /// The fetch that is on its way, or a new one, unless it is too early for that.
    fn fetch(&self, state: &mut State, now: Timestamp, need: Need) -> Option<watch::Receiver<()>> {
        if let Some(fetching) = state.fetching.as_ref().filter(|fetching| fetching.has_changed().is_ok()) {
            return Some(fetching.clone());
        }
        let recent =
            |at: Option<Timestamp>| at.is_some_and(|at| (0..PAUSE_SECONDS).contains(&seconds(at, now)));
        if recent(state.failed_at) || (need == Need::Another && recent(state.searched_at)) {
            return None;
        }
        if need == Need::Another {
            state.searched_at = Some(now);
        }
        let (done, fetching) = watch::channel(());
        state.fetching = Some(fetching.clone());
        let (source, clock, state) =
            (Arc::clone(&self.source), Arc::clone(&self.clock), Arc::clone(&self.state));
        // A task of its own: whoever began it may hang up.
        tokio::spawn(async move {
            let keys = source.fetch().await.and_then(|json| parse(&json));
            lock(&state).take(keys, clock.now());
            drop(done);
        });
        Some(fetching)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From one time to another; negative if the clock was set back.
const fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.seconds() - from.seconds()
}

impl State {
    fn age(&self, now: Timestamp) -> Option<i64> {
        self.fetched_at.map(|at| seconds(at, now))
    }

    fn find(&self, id: Option<&str>) -> Result<Arc<TokenKey>, TokenFault> {
        let found = match (id, &*self.keys) {
            (None, [_, _, ..]) => return Err(TokenFault::NoKeyId),
            (None, keys) => keys.first(),
            (Some(id), keys) => keys.iter().find(|published| published.id.as_deref() == Some(id)),
        };
        found.map(|published| Arc::clone(&published.key)).ok_or(TokenFault::UnknownKey)
    }

    fn take(&mut self, keys: Result<Vec<Published>, String>, now: Timestamp) {
        match keys {
            Ok(keys) => {
                self.keys = keys;
                self.fetched_at = Some(now);
                self.failed_at = None;
            }
            Err(reason) => {
                tracing::warn!(reason, "the host application's keys could not be fetched");
                self.failed_at = Some(now);
            }
        }
    }
}

/// The keys of a set that are of use here. Others may be in it, now or later: for encryption, of other kinds.
fn parse(json: &str) -> Result<Vec<Published>, String> {
    let mut set: Map<String, Value> =
        serde_json::from_str(json).map_err(|error| format!("it is no JWKS: {error}"))?;
    let Some(Value::Array(keys)) = set.remove("keys") else {
        return Err("it is no JWKS: it has no list of keys".to_owned());
    };
    let known = |key: Value| {
        let jwk: Jwk = serde_json::from_value(key).ok()?;
        Some(Published { key: Arc::new(TokenKey::from_jwk(&jwk)?), id: jwk.kid })
    };
    let keys: Vec<_> = keys.into_iter().take(KEYS_MAX).filter_map(known).collect();
    if keys.is_empty() {
        // It is taken at its word all the same: whoever withdraws all keys wants no token to be taken.
        tracing::warn!("the host application publishes no key that is of use here");
    }
    Ok(keys)
}
