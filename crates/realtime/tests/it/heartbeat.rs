//! Silence and standstill, under a clock that only moves when everybody waits.

use crate::support::*;
use natter_protocol::{CloseCode, limits};
use natter_realtime::{Dialect, Hub, Limits, Newcomer, Wire};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

const HEARTBEAT: Duration = Duration::from_secs(limits::HEARTBEAT_SECONDS as u64);
const STALL: Duration = Duration::from_secs(limits::WRITE_STALL_SECONDS_MAX as u64);
const QUEUE: Duration = Duration::from_secs(limits::CONNECTION_QUEUE_SECONDS_MAX as u64);
const SOCKET_IO: Wire = Wire { dialect: Dialect::SocketIo, deflate: false };
/// The hub looks once a second.
const SWEEP: Duration = Duration::from_secs(1);

/// How far the paused clock moved.
async fn took<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    (future.await, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_pinged_and_then_closed() {
    let hub = Hub::start(Limits::default());
    let (mut client, task) = connect_in_memory(&hub, 1, 4096, echo()).await;
    let (message, elapsed) = took(client.next()).await;
    assert_eq!(message, "ping ");
    assert!(HEARTBEAT <= elapsed + SWEEP && elapsed <= HEARTBEAT, "{elapsed:?}");
    let (message, elapsed) = took(client.next()).await;
    assert_eq!(message, "close Some(4008) no answer to the ping");
    assert_eq!(elapsed, HEARTBEAT);
    assert_eq!(client.next().await, "end");
    drop(client);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_shows_life_stays() {
    let hub = Hub::start(Limits::default());
    let (mut client, task) = connect_in_memory(&hub, 1, 4096, echo()).await;
    for _ in 0..10 {
        assert_eq!(client.next().await, "ping ");
        client.send_pong().await;
    }
    for _ in 0..10 {
        tokio::time::advance(HEARTBEAT / 2).await;
        client.send("a message is as good as a pong").await;
        assert_eq!(client.next().await, "text a message is as good as a pong");
    }
    assert!(!task.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_write_that_stands_still_ends_the_connection() {
    let hub = Hub::start(Limits::default());
    let (client, task) = connect_in_memory(&hub, 1, 100, echo()).await;
    hub.deliver_to_user(user(1), &event(1, 1, &"x".repeat(1000))).await;
    let (result, elapsed) = took(task).await;
    result.unwrap();
    assert!(STALL <= elapsed && elapsed <= STALL + SWEEP, "{elapsed:?}");
    assert!(!hub.is_online(user(1)));
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_creeps_does_not() {
    let hub = Hub::start(Limits { heartbeat_seconds: 1_000_000, ..Limits::default() });
    let (mut client, _task) = connect_in_memory(&hub, 1, 100, echo()).await;
    let frame = event(1, 1, &"x".repeat(1000));
    hub.deliver_to_user(user(1), &frame).await;
    for _ in frame.bytes(NATIVE) {
        tokio::time::advance(STALL / 2).await;
        client.io.read_u8().await.unwrap();
    }
    hub.deliver_to_user(user(1), &ephemeral("still here")).await;
    assert_eq!(client.next().await, "text still here");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_say_goodbye_is_gone_within_two_seconds() {
    let hub = Hub::start(Limits::default());
    let (mut client, task) = connect_in_memory(&hub, 1, 4096, echo()).await;
    hub.close_user(user(1), CloseCode::SignedOut, "signed out");
    assert_eq!(client.next().await, "close Some(4003) signed out");
    let (result, elapsed) = took(task).await;
    result.unwrap();
    assert!(elapsed <= 2 * SWEEP, "{elapsed:?}");

    // Nor does it help not to read the close frame.
    let (stuck, task) = connect_in_memory(&hub, 1, 100, echo()).await;
    hub.deliver_to_user(user(1), &event(1, 1, &"x".repeat(1000))).await;
    hub.close_user(user(1), CloseCode::SignedOut, "signed out");
    let (result, elapsed) = took(task).await;
    result.unwrap();
    assert!(elapsed <= 2 * SWEEP, "{elapsed:?}");
    drop(stuck);
}

#[tokio::test(start_paused = true)]
async fn a_socket_io_client_is_pinged_whatever_it_does() {
    let hub = Hub::start(Limits::default());
    let registration = hub.register(Newcomer { wire: SOCKET_IO, ..newcomer(1, 1) }).unwrap();
    let (mut client, task) = serve_in_memory(registration, 4096, echo()).await;
    for _ in 0..3 {
        let (message, elapsed) = took(async {
            tokio::time::sleep(HEARTBEAT / 2).await;
            client.send("3").await;
            assert_eq!(client.next().await, "text 3");
            client.next().await
        })
        .await;
        assert_eq!(message, "text 2");
        assert!(HEARTBEAT <= elapsed + SWEEP && elapsed <= HEARTBEAT, "{elapsed:?}");
    }
    let (rest, elapsed) = took(client.rest()).await;
    assert_eq!(rest, ["text 2", "close Some(4008) no answer to the ping"]);
    assert!(elapsed <= 2 * HEARTBEAT, "{elapsed:?}");
    drop(client);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn events_wait_only_so_long_for_a_client_that_takes_nothing() {
    let hub = Hub::start(Limits::default());
    let (mut client, _task) = connect_in_memory(&hub, 1, 100, echo()).await;
    let long = "x".repeat(1000);
    // The first is being written, the second waits.
    hub.deliver_to_user(user(1), &event(1, 1, &long)).await;
    tokio::task::yield_now().await;
    hub.deliver_to_user(user(1), &event(1, 2, "2")).await;
    tokio::time::sleep(QUEUE + 2 * SWEEP).await;
    hub.deliver_to_user(user(1), &event(1, 3, "3")).await;
    assert_eq!(client.next().await, format!("text {long}"));
    let head = format!(r#"{{"id":"{}","seq":3}}"#, conversation(1));
    let lagging = format!(r#"text {{"type":"sync.lagging","payload":{{"conversations":[{head}]}}}}"#);
    assert_eq!(client.next().await, lagging);
    hub.deliver_to_user(user(1), &event(1, 4, "4")).await;
    assert_eq!(client.next().await, "text 4");
}

#[tokio::test(start_paused = true)]
async fn events_wait_for_as_long_as_the_client_takes_some() {
    let hub = Hub::start(Limits { heartbeat_seconds: 1_000_000, ..Limits::default() });
    let (mut client, _task) = connect_in_memory(&hub, 1, 100, echo()).await;
    // Each of them is written for itself.
    let long = "x".repeat(100_000);
    for seq in 1..=5 {
        hub.deliver_to_user(user(1), &event(1, seq, &long)).await;
    }
    for _ in 1..=5 {
        assert_eq!(client.next().await, format!("text {long}"));
        tokio::time::sleep(QUEUE / 2).await;
    }
}
