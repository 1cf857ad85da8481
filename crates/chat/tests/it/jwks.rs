//! The host application's published keys: when they are fetched, and for how long they hold.

use crate::harness::{World, code};
use crate::host_token::claim_names;
use async_trait::async_trait;
use natter_chat::{Actor, Clock as _, Error, HostKeys, HostTokens, KeySource, TokenFault};
use natter_protocol::ErrorCode;
use natter_testkit::host::{RSA_BITS, SigningKey};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Until something happens that a test waits for.
const TIME_MAX: Duration = Duration::from_secs(30);

/// Publishes keys in memory, counts how often they are fetched, and can make whoever fetches them wait.
struct Site {
    document: Mutex<Result<String, String>>,
    fetches: AtomicUsize,
    open: Semaphore,
}

#[async_trait]
impl KeySource for Site {
    async fn fetch(&self) -> Result<String, String> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let _open = self.open.acquire().await.unwrap();
        self.document.lock().unwrap().clone()
    }
}

impl Site {
    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    fn publish(&self, keys: &[&SigningKey]) {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk().unwrap()).collect();
        self.publish_document(&json!({ "keys": keys }));
    }

    fn publish_document(&self, document: &Value) {
        *self.document.lock().unwrap() = Ok(document.to_string());
    }

    fn fail(&self) {
        *self.document.lock().unwrap() = Err("it is down".to_owned());
    }
}

async fn world() -> (World, Arc<Site>) {
    let site = Arc::new(Site {
        document: Mutex::new(Err("nothing is published yet".to_owned())),
        fetches: AtomicUsize::new(0),
        open: Semaphore::new(Semaphore::MAX_PERMITS),
    });
    let keys = HostKeys::Published(Arc::clone(&site) as Arc<dyn KeySource>);
    let tokens = HostTokens { keys, issuer: None, audience: None, claims: claim_names() };
    (World::with_host(tokens).await, site)
}

/// A token that holds through all of these tests.
fn token(world: &World, key: &SigningKey) -> String {
    key.token(&json!({ "sub": "42", "exp": world.clock.now().seconds() + 86_400 })).unwrap()
}

async fn enter(world: &World, key: &SigningKey) -> Result<Actor, Error> {
    world.chat.authenticate(&token(world, key)).await
}

/// Waits for what nothing announces.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TIME_MAX, waiting).await.unwrap();
}

#[track_caller]
fn fault(result: Result<Actor, Error>) -> TokenFault {
    match result {
        Err(Error::Token(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn keys_are_fetched_once_however_many_wait_for_them() {
    let (world, site) = world().await;
    let key = SigningKey::ed25519("a").unwrap();
    site.publish(&[&key]);
    assert_eq!(site.fetches(), 0, "nobody needs them yet");
    let all_permits = site.open.forget_permits(Semaphore::MAX_PERMITS);
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let (chat, token) = (Arc::clone(&world.chat), token(&world, &key));
            tokio::spawn(async move { chat.authenticate(&token).await.map(|actor| actor.id()) })
        })
        .collect();
    // Whoever began the fetch hangs up; the others get the keys all the same.
    until(async || site.fetches() == 1).await;
    waiting[0].abort();
    site.open.add_permits(all_permits);
    for waiting in waiting.into_iter().skip(1) {
        waiting.await.unwrap().unwrap();
    }
    assert_eq!(site.fetches(), 1);
    for _ in 0..20 {
        enter(&world, &key).await.unwrap();
    }
    assert_eq!(site.fetches(), 1);
}

#[tokio::test]
async fn a_new_key_works_with_the_first_token_that_it_signs() {
    let (world, site) = world().await;
    let (old, new, newest) = (
        SigningKey::ed25519("old").unwrap(),
        SigningKey::p256("new").unwrap(),
        SigningKey::ed25519("newest").unwrap(),
    );
    site.publish(&[&old]);
    enter(&world, &old).await.unwrap();
    site.publish(&[&old, &new]);
    enter(&world, &new).await.unwrap();
    assert_eq!(site.fetches(), 2);
    // Who comes with `kid`s that there are not does not have them fetched again and again.
    for _ in 0..20 {
        assert_eq!(fault(enter(&world, &newest).await), TokenFault::UnknownKey);
    }
    assert_eq!(site.fetches(), 2);
    site.publish(&[&newest]);
    world.clock.advance_seconds(5);
    enter(&world, &newest).await.unwrap();
    assert_eq!(site.fetches(), 3);
    assert_eq!(fault(enter(&world, &old).await), TokenFault::UnknownKey, "it was withdrawn");
}

#[tokio::test]
async fn keys_are_refreshed_behind_the_back_of_those_who_use_them() {
    let (world, site) = world().await;
    let (old, new) = (SigningKey::ed25519("old").unwrap(), SigningKey::ed25519("new").unwrap());
    site.publish(&[&old]);
    enter(&world, &old).await.unwrap();
    world.clock.advance_seconds(8 * 60 - 1);
    enter(&world, &old).await.unwrap();
    assert_eq!(site.fetches(), 1);
    site.publish(&[&new]);
    world.clock.advance_seconds(1);
    let all_permits = site.open.forget_permits(Semaphore::MAX_PERMITS);
    // Nobody waits for the fetch, which does not end.
    enter(&world, &old).await.unwrap();
    until(async || site.fetches() == 2).await;
    enter(&world, &old).await.unwrap();
    site.open.add_permits(all_permits);
    until(async || enter(&world, &old).await.is_err()).await;
    enter(&world, &new).await.unwrap();
}

#[tokio::test]
async fn a_withdrawn_key_ends_within_ten_minutes() {
    let (world, site) = world().await;
    let (old, new) = (SigningKey::ed25519("old").unwrap(), SigningKey::ed25519("new").unwrap());
    site.publish(&[&old]);
    enter(&world, &old).await.unwrap();
    site.publish(&[&new]);
    world.clock.advance_seconds(10 * 60);
    assert_eq!(fault(enter(&world, &old).await), TokenFault::UnknownKey);
    site.publish_document(&json!({ "keys": [] }));
    world.clock.advance_seconds(10 * 60);
    assert_eq!(fault(enter(&world, &new).await), TokenFault::UnknownKey, "an empty set is taken at its word");
}

#[tokio::test]
async fn old_keys_hold_for_an_hour_while_newer_ones_cannot_be_had() {
    let (world, site) = world().await;
    let key = SigningKey::ed25519("a").unwrap();
    assert_eq!(code(enter(&world, &key).await), ErrorCode::Unavailable, "there never was a key");
    assert_eq!(site.fetches(), 1);
    for _ in 0..20 {
        assert_eq!(code(enter(&world, &key).await), ErrorCode::Unavailable);
    }
    assert_eq!(site.fetches(), 1, "a fetch that failed is not repeated at once");
    site.publish(&[&key]);
    world.clock.advance_seconds(5);
    enter(&world, &key).await.unwrap();
    assert_eq!(site.fetches(), 2);

    for failure in [None, Some("{"), Some("[]"), Some("[[]]"), Some("{\"keys\":{}}")] {
        match failure {
            None => site.fail(),
            Some(text) => *site.document.lock().unwrap() = Ok(text.to_owned()),
        }
        world.clock.advance_seconds(11 * 60);
        let before = site.fetches();
        for _ in 0..20 {
            enter(&world, &key).await.unwrap();
        }
        assert_eq!(site.fetches(), before + 1, "{failure:?}");
    }
    world.clock.advance_seconds(5 * 60);
    assert_eq!(code(enter(&world, &key).await), ErrorCode::Unavailable);
    site.publish(&[&key]);
    world.clock.advance_seconds(5);
    enter(&world, &key).await.unwrap();
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_make_keys_young() {
    let (world, site) = world().await;
    let (old, new) = (SigningKey::ed25519("old").unwrap(), SigningKey::ed25519("new").unwrap());
    site.publish(&[&old]);
    enter(&world, &old).await.unwrap();
    site.publish(&[&new]);
    world.clock.advance_seconds(-7_200);
    assert_eq!(fault(enter(&world, &old).await), TokenFault::UnknownKey);
}

#[tokio::test]
async fn without_a_kid_there_must_be_one_key() {
    let (world, site) = world().await;
    let (one, other) = (SigningKey::ed25519("one").unwrap(), SigningKey::ed25519("other").unwrap());
    let anonymous = |key: &SigningKey| {
        let header = json!({ "alg": "EdDSA" });
        key.token_with(&header, &json!({ "sub": "42", "exp": world.clock.now().seconds() + 86_400 })).unwrap()
    };
    let mut without_id = one.jwk().unwrap();
    drop(without_id.as_object_mut().unwrap().remove("kid"));
    site.publish_document(&json!({ "keys": [without_id] }));
    world.chat.authenticate(&anonymous(&one)).await.unwrap();
    site.publish(&[&one, &other]);
    world.clock.advance_seconds(600);
    assert_eq!(fault(world.chat.authenticate(&anonymous(&one)).await), TokenFault::NoKeyId);
}

#[tokio::test]
async fn what_is_of_no_use_in_a_set_is_passed_over() {
    let (world, site) = world().await;
    let good = SigningKey::p256("good").unwrap();
    // Of the same name: whoever takes it does not find the right one.
    let bad = SigningKey::p256("good").unwrap();
    let rsa = SigningKey::rsa("rsa", RSA_BITS).unwrap();
    let with = |key: &SigningKey, name: &str, value: Value| {
        let mut jwk = key.jwk().unwrap();
        jwk[name] = value;
        jwk
    };
    let useless = [
        json!(null),
        json!("key"),
        json!({ "kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA", "kid": "a" }),
        json!({ "kty": "OKP", "crv": "X25519", "x": "AA", "kid": "b" }),
        json!({ "kty": "lattice", "kid": "c" }),
        // A secret that everybody can read is none.
        json!({ "kty": "oct", "k": "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA", "kid": "good", "alg": "HS256" }),
        // Keys that a careless library falls over: too short, too long, beside the curve.
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "", "kid": "good" }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "good" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "good" }),
        json!({ "kty": "RSA", "n": "", "e": "", "kid": "good" }),
        json!({ "kty": "RSA", "n": "AAAA", "e": "AQAB", "kid": "good" }),
        with(&SigningKey::rsa("good", 1_024).unwrap(), "use", json!("sig")),
        with(&bad, "use", json!("enc")),
        with(&bad, "key_ops", json!(["encrypt"])),
        with(&bad, "alg", json!("RS256")),
        with(&bad, "alg", json!("ES384")),
        with(&rsa, "alg", json!("RSA-OAEP")),
    ];
    let declared = with(&rsa, "alg", json!("PS256"));
    let keys: Vec<_> = useless.into_iter().chain([declared, good.jwk().unwrap()]).collect();
    site.publish_document(&json!({ "keys": keys }));
    enter(&world, &good).await.unwrap();
    // The key says what it is for, and holds its tokens to it.
    assert_eq!(fault(enter(&world, &rsa).await), TokenFault::Algorithm);
}
