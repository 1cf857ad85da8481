//! What a connection's right to be there rests on: a token that ends, and a user who changes.

use crate::support::*;
use natter_protocol::CloseCode;
use natter_realtime::{Frame, Hub, Limits, Newcomer, Received, Session};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Says how often it was renewed.
struct Renewed {
    times: u32,
    outcomes: VecDeque<Result<(), (CloseCode, Cow<'static, str>)>>,
}

impl Session for Renewed {
    async fn receive(&mut self, text: &str) -> Received {
        Received::Reply(Frame::reply(&format!("{text} {}", self.times)))
    }

    async fn renew(&mut self) -> Result<(), (CloseCode, Cow<'static, str>)> {
        self.times += 1;
        tokio::task::yield_now().await;
        self.outcomes.pop_front().expect("as many as the test says")
    }
}

#[tokio::test]
async fn a_changed_user_is_asked_for_before_the_next_message_and_once() {
    let hub = Hub::start(Limits::default());
    let outcomes = [Ok(()), Err((CloseCode::SignedOut, "disabled".into()))];
    let session = Renewed { times: 0, outcomes: outcomes.into() };
    let (mut client, task) = connect(&hub, 1, session).await;
    let (mut other, _task) = connect(&hub, 2, Renewed { times: 0, outcomes: VecDeque::new() }).await;
    within_a_minute(async {
        client.send("before").await;
        assert_eq!(client.next().await, "text before 0");
        hub.user_changed(user(1));
        hub.user_changed(user(1));
        client.send("first").await;
        client.send("second").await;
        assert_eq!(client.next().await, "text first 1");
        assert_eq!(client.next().await, "text second 1");
        hub.user_changed(user(1));
        client.send("never taken").await;
        assert_eq!(client.rest().await, ["close Some(4003) disabled"]);
        drop(client);
        task.await.unwrap();
        other.send("somebody else").await;
        assert_eq!(other.next().await, "text somebody else 0");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_with_its_token_and_not_before() {
    let hub = Hub::start(Limits { heartbeat_seconds: 1_000_000, ..Limits::default() });
    let registration = hub.register(Newcomer { expires_in_seconds: Some(10), ..newcomer(1, 1) }).unwrap();
    let handle = registration.handle();
    assert_eq!(handle.user_id(), user(1));
    let start = Instant::now();
    let (mut client, _task) = serve_in_memory(registration, 4096, echo()).await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    handle.expire_in(Some(100));
    assert_eq!(client.next().await, "close Some(4001) the token has ended");
    let seconds = start.elapsed().as_secs();
    assert!((109..=111).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_token_never_ends_stays() {
    let hub = Hub::start(Limits { heartbeat_seconds: 1_000_000, ..Limits::default() });
    let registration = hub.register(Newcomer { expires_in_seconds: Some(10), ..newcomer(1, 1) }).unwrap();
    registration.handle().expire_in(None);
    let (mut client, _task) = serve_in_memory(registration, 4096, echo()).await;
    tokio::time::sleep(Duration::from_hours(24)).await;
    client.send("still here").await;
    assert_eq!(client.next().await, "text still here");
}
