//! A client is told what it missed, and what happens meanwhile waits for that.

use crate::support::*;
use futures_util::stream::{self, StreamExt};
use natter_protocol::CloseCode;
use natter_realtime::{Frame, Hub, Limits, Received, Replay, Replayed, Session};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Nobody is pinged, and nobody has to answer.
fn hub() -> Hub {
    Hub::start(Limits { heartbeat_seconds: 1_000_000, ..Limits::default() })
}

fn told(text: &str) -> Replayed {
    Replayed::Frame(Frame::notice("text", &text))
}

fn floor(seq: u64) -> Replayed {
    Replayed::Floor(conversation(1), seq)
}

/// A session that answers `resume` with one replay after another, and anything else with itself.
fn resumes(replays: impl IntoIterator<Item = Replay>) -> impl Session {
    let mut replays: VecDeque<Replay> = replays.into_iter().collect();
    Script(move |text: &str| match text {
        "resume" => Received::Replay(replays.pop_front().expect("a replay for each request")),
        _ => Received::Reply(Frame::reply(text)),
    })
}

/// A replay whose pieces a test gives; its end is when the test drops the other end.
fn by_hand() -> (mpsc::UnboundedSender<Replayed>, Replay) {
    let (pieces, mut given) = mpsc::unbounded_channel();
    (pieces, Box::pin(stream::poll_fn(move |cx| given.poll_recv(cx))))
}

#[tokio::test]
async fn events_wait_for_the_end_of_a_replay_and_are_not_told_twice() {
    let hub = hub();
    let (pieces, replay) = by_hand();
    let (mut client, _task) = connect(&hub, 1, resumes([replay])).await;
    within_a_minute(async {
        client.send("resume").await;
        client.send("is taken").await;
        assert_eq!(client.next().await, "text is taken", "answers are not held back");
        for seq in 3..=6 {
            hub.deliver_to_user(user(1), &event(1, seq, &format!("live {seq}"))).await;
        }
        hub.deliver_to_user(user(1), &event(2, 1, "live elsewhere")).await;
        hub.deliver_to_user(user(1), &ephemeral("typing")).await;
        assert_eq!(client.next().await, "text typing", "nor is what nobody replays");
        pieces.send(told("missed 1 to 4")).unwrap();
        assert_eq!(client.next().await, "text missed 1 to 4");
        pieces.send(floor(4)).unwrap();
        pieces.send(told("done")).unwrap();
        drop(pieces);
        for expected in ["text done", "text live 5", "text live 6", "text live elsewhere"] {
            assert_eq!(client.next().await, expected);
        }
        // The relay is late with what the replay told already.
        hub.deliver_to_user(user(1), &event(1, 4, "live 4")).await;
        hub.deliver_to_user(user(1), &event(1, 7, "live 7")).await;
        assert_eq!(client.next().await, "text live 7");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_minute_after_a_replay_its_floors_are_forgotten() {
    let hub = hub();
    let replay = stream::iter([floor(4), told("done")]).boxed();
    let (mut client, _task) = connect_in_memory(&hub, 1, 4096, resumes([replay])).await;
    client.send("resume").await;
    assert_eq!(client.next().await, "text done");
    tokio::time::sleep(Duration::from_secs(50)).await;
    hub.deliver_to_user(user(1), &event(1, 4, "late")).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    hub.deliver_to_user(user(1), &event(1, 4, "of another log")).await;
    assert_eq!(client.next().await, "text of another log");
}

#[tokio::test]
async fn replays_follow_one_another_and_events_wait_for_the_last() {
    let hub = hub();
    let (first_pieces, first) = by_hand();
    let (second_pieces, second) = by_hand();
    let (mut client, _task) = connect(&hub, 1, resumes([first, second])).await;
    within_a_minute(async {
        client.send("resume").await;
        client.send("resume").await;
        client.send("both are taken").await;
        assert_eq!(client.next().await, "text both are taken");
        hub.deliver_to_user(user(1), &event(1, 5, "live 5")).await;
        second_pieces.send(told("second")).unwrap();
        second_pieces.send(floor(5)).unwrap();
        first_pieces.send(told("first")).unwrap();
        assert_eq!(client.next().await, "text first");
        drop(first_pieces);
        assert_eq!(client.next().await, "text second");
        hub.deliver_to_user(user(1), &event(1, 6, "live 6")).await;
        drop(second_pieces);
        assert_eq!(client.next().await, "text live 6");
    })
    .await;
}

#[tokio::test]
async fn a_replay_goes_no_faster_than_its_client_reads() {
    let hub = hub();
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    let pieces = stream::iter(0..1000).map(move |number| {
        count.fetch_add(1, SeqCst);
        told(&format!("{number} {}", "x".repeat(1000)))
    });
    // Room for less than one piece.
    let (mut client, _task) = connect_in_memory(&hub, 1, 500, resumes([pieces.boxed()])).await;
    client.send("resume").await;
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(taken.load(SeqCst), 1, "it waits for the client to read the first piece");
    within_a_minute(async {
        for number in 0..1000 {
            assert!(client.next().await.starts_with(&format!("text {number} ")));
            assert!(taken.load(SeqCst) <= number + 3, "what fits between the two, and no more");
        }
    })
    .await;
}

#[tokio::test]
async fn what_overflows_during_a_replay_is_named_after_it_unless_it_was_told() {
    let hub = Hub::start(Limits { queue_bytes_max: 200, ..Limits::default() });
    let (pieces, replay) = by_hand();
    let (mut client, _task) = connect(&hub, 1, resumes([replay])).await;
    within_a_minute(async {
        client.send("resume").await;
        client.send("is taken").await;
        assert_eq!(client.next().await, "text is taken");
        for seq in 1..=20 {
            hub.deliver_to_user(user(1), &event(1, seq, "live")).await;
            hub.deliver_to_user(user(1), &event(2, seq, "live")).await;
        }
        client.send("still here").await;
        assert_eq!(client.next().await, "text still here");
        pieces.send(Replayed::Floor(conversation(1), 20)).unwrap();
        pieces.send(Replayed::Floor(conversation(2), 19)).unwrap();
        pieces.send(told("done")).unwrap();
        drop(pieces);
        assert_eq!(client.next().await, "text done");
        let head = format!(r#"{{"id":"{}","seq":20}}"#, conversation(2));
        let lagging = format!(r#"text {{"type":"sync.lagging","payload":{{"conversations":[{head}]}}}}"#);
        assert_eq!(client.next().await, lagging);
    })
    .await;
}

#[tokio::test]
async fn who_resumes_too_often_at_once_is_not_read() {
    let hub = Hub::start(Limits { commands_max: 2, ..Limits::default() });
    let (first_pieces, first) = by_hand();
    let (second_pieces, second) = by_hand();
    let (mut client, _task) = connect(&hub, 1, resumes([first, second])).await;
    within_a_minute(async {
        client.send("resume").await;
        client.send("resume").await;
        client.send("not read yet").await;
        first_pieces.send(told("first")).unwrap();
        assert_eq!(client.next().await, "text first");
        drop(first_pieces);
        assert_eq!(client.next().await, "text not read yet", "there is room for it again");
        drop(second_pieces);
    })
    .await;
}

#[tokio::test]
async fn a_close_ends_a_replay() {
    let hub = hub();
    let (dropped, is_dropped) = oneshot::channel::<()>();
    let replay = stream::once(async move {
        std::future::pending::<()>().await;
        drop(dropped);
        floor(1)
    });
    let (mut client, task) = connect(&hub, 1, resumes([replay.boxed()])).await;
    within_a_minute(async {
        client.send("resume").await;
        client.send("is taken").await;
        assert_eq!(client.next().await, "text is taken");
        hub.deliver_to_user(user(1), &event(1, 5, "held")).await;
        hub.close_user(user(1), CloseCode::SignedOut, "signed out");
        assert_eq!(
            client.rest().await,
            ["close Some(4003) signed out"],
            "no event without what comes before"
        );
        drop(client);
        assert!(is_dropped.await.is_err());
        task.await.unwrap();
    })
    .await;
}
