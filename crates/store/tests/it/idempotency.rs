//! Keys under which a request is carried out once.

use crate::harness::{Db, World, now};
use crate::variants::new_claim;
use natter_protocol::{Timestamp, User};
use natter_store::{ClaimKey, KeepAnswer, KeyHolder, Write, Written};

async fn claim(world: &World, claim: ClaimKey) -> Result<Timestamp, KeyHolder> {
    match world.done(Write::ClaimKey(Box::new(claim))).await {
        Written::KeyClaimed { since } => Ok(since),
        Written::KeyTaken(holder) => Err(holder),
        other => panic!("{other:?}"),
    }
}

async fn keep(world: &World, user: &User, answer: Option<(u16, Vec<u8>)>) {
    let keep = KeepAnswer { user_id: user.id, key: "key".to_owned(), answer };
    assert!(matches!(world.done(Write::KeepAnswer(Box::new(keep))).await, Written::Done));
}

pub(crate) async fn a_key_has_one_answer(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let first = new_claim(&alice, "key");
    assert_eq!(claim(&world, first.clone()).await, Ok(first.at));
    // Under way: neither the same request nor another gets the key. Somebody else's key is another.
    let waiting = KeyHolder { fingerprint: [7; 32], answer: None };
    assert_eq!(claim(&world, new_claim(&alice, "key")).await, Err(waiting.clone()));
    let other = ClaimKey { fingerprint: [8; 32], ..new_claim(&alice, "key") };
    assert_eq!(
        claim(&world, ClaimKey { stale_before: Timestamp::from_millis(0), ..other.clone() }).await,
        Err(waiting)
    );
    assert!(claim(&world, new_claim(&bob, "key")).await.is_ok());

    let body = vec![0, 255, b'"', b'\''];
    keep(&world, &alice, Some((201, body.clone()))).await;
    let answered = KeyHolder { fingerprint: [7; 32], answer: Some((201, body)) };
    assert_eq!(claim(&world, new_claim(&alice, "key")).await, Err(answered.clone()));
    assert_eq!(claim(&world, other).await, Err(answered));
}

pub(crate) async fn a_key_that_is_given_back_is_free(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    claim(&world, new_claim(&alice, "key")).await.unwrap();
    keep(&world, &alice, None).await;
    let other = ClaimKey { fingerprint: [8; 32], ..new_claim(&alice, "key") };
    assert_eq!(claim(&world, other.clone()).await, Ok(other.at));
}

/// Its request died with the process that carried it out: the same request may go on, as of the same time.
pub(crate) async fn a_claim_that_was_given_up_is_taken_over(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let first = new_claim(&alice, "key");
    claim(&world, first.clone()).await.unwrap();
    let later = now();
    let patient = ClaimKey { at: later, stale_before: first.at, ..first.clone() };
    assert!(claim(&world, patient).await.is_err());
    let stale_before = Timestamp::from_millis(first.at.millis() + 1);
    let other = ClaimKey { at: later, stale_before, fingerprint: [8; 32], ..first.clone() };
    assert!(claim(&world, other).await.is_err());
    let same = ClaimKey { at: later, stale_before, ..first.clone() };
    assert_eq!(claim(&world, same.clone()).await, Ok(first.at));
    // Another that waited for the same moment comes too late.
    let second = ClaimKey { at: Timestamp::from_millis(later.millis() + 1), ..same.clone() };
    assert!(claim(&world, second).await.is_err());
    keep(&world, &alice, Some((200, Vec::new()))).await;
    assert!(claim(&world, same).await.is_err(), "an answer is for ever");
}

pub(crate) async fn of_many_at_once_one_gets_the_key(db: Db) {
    let (one, two) = (db.open().await, db.open().await);
    let alice = one.user("alice").await;
    for round in 0..10 {
        // Also in the same millisecond.
        let new = new_claim(&alice, &format!("key {round}"));
        let (first, second) = tokio::join!(claim(&one, new.clone()), claim(&two, new));
        assert!(first.is_ok() != second.is_ok(), "{first:?}, {second:?}");
    }
}
