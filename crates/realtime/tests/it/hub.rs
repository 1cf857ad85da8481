//! Who gets what, and how everybody leaves.

use crate::support::*;
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use natter_protocol::CloseCode;
use natter_realtime::{Frame, Hub, Io, Limits, Received, Refused, serve};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

fn numbered(seq: u64) -> Frame {
    event(1, seq, &format!("event {seq}"))
}

#[tokio::test]
async fn every_connection_of_every_member_gets_an_event_and_nobody_else() {
    let hub = Hub::start(Limits::default());
    let (mut first, _task) = connect(&hub, 1, echo()).await;
    let (mut second, _task) = connect(&hub, 1, echo()).await;
    let (mut other, _task) = connect(&hub, 2, echo()).await;
    let (mut stranger, _task) = connect(&hub, 3, echo()).await;

    // Fewer members than people online, and more: the two ways to go through them.
    hub.deliver(&Arc::new(HashSet::from([user(1), user(2)])), &numbered(1)).await;
    hub.deliver(&Arc::new((1..=2).chain(100..200).map(user).collect::<HashSet<_>>()), &numbered(2)).await;
    hub.deliver_to_user(user(1), &ephemeral("for one user")).await;
    hub.deliver_to_user(user(3), &ephemeral("for the stranger")).await;
    within_a_minute(async {
        for client in [&mut first, &mut second, &mut other] {
            assert_eq!(client.next().await, "text event 1");
            assert_eq!(client.next().await, "text event 2");
        }
        for client in [&mut first, &mut second] {
            assert_eq!(client.next().await, "text for one user");
        }
        assert_eq!(stranger.next().await, "text for the stranger");
    })
    .await;
}

/// Far more than one thread takes at a time, with buffers that take less than a frame.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_large_room_gets_events_in_order_whoever_writes_and_however_slowly_somebody_reads() {
    const MEMBERS: u128 = 500;
    const EVENTS: u64 = 40;
    let hub = Hub::start(Limits::default());
    let mut connections = Vec::new();
    for number in 1..=MEMBERS {
        let buffer_bytes = if number % 2 == 0 { 16 } else { 4096 };
        connections.push(connect_in_memory(&hub, number, buffer_bytes, echo()).await);
    }
    // Every third begins to read when everything is delivered: nobody waits for it.
    let (all_delivered, begin) = watch::channel(false);
    let mut readers = JoinSet::new();
    for (number, (mut client, _task)) in connections.into_iter().enumerate() {
        let mut begin = begin.clone();
        readers.spawn(async move {
            begin.wait_for(|delivered| *delivered || number % 3 > 0).await.unwrap();
            client.send("ask").await;
            let mut answered = false;
            let mut seq = 0;
            while seq < EVENTS || !answered {
                match client.next().await {
                    answer if answer == "text ask" => answered = true,
                    text => {
                        seq += 1;
                        assert_eq!(text, format!("text event {seq}"));
                    }
                }
            }
        });
    }
    let members = Arc::new((1..=MEMBERS).map(user).collect());
    within_a_minute(async {
        for seq in 1..=EVENTS {
            hub.deliver(&members, &numbered(seq)).await;
        }
        all_delivered.send_replace(true);
        while let Some(reader) = readers.join_next().await {
            reader.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_goes_to_few_does_not_overtake_what_went_to_many() {
    const EVENTS: u64 = 200;
    let hub = Hub::start(Limits::default());
    let mut connections = Vec::new();
    for number in 1..=100 {
        connections.push(connect_in_memory(&hub, number, 64 * 1024, echo()).await);
    }
    let everybody = Arc::new((1..=100).map(user).collect());
    let few = Arc::new(HashSet::from([user(1), user(100)]));
    within_a_minute(async {
        for seq in (1..=EVENTS).step_by(4) {
            hub.deliver(&everybody, &numbered(seq)).await;
            hub.deliver(&few, &numbered(seq + 1)).await;
            hub.deliver_to_user(user(1), &numbered(seq + 2)).await;
            hub.deliver_to_user(user(100), &numbered(seq + 2)).await;
            hub.deliver(&few, &numbered(seq + 3)).await;
        }
        for number in [0, 99] {
            let (client, _task) = &mut connections[number];
            for seq in 1..=EVENTS {
                assert_eq!(client.next().await, format!("text event {seq}"));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn ready_comes_before_any_event() {
    let hub = Hub::start(Limits::default());
    let registration = register(&hub, 1);
    hub.deliver_to_user(user(1), &numbered(1)).await;
    let (client, server) = loopback().await;
    tokio::spawn(serve(Io::Tcp(server), bytes::Bytes::new(), registration, echo()));
    let mut client = Client::new(client);
    assert_eq!(client.next().await, "text ready");
    assert_eq!(client.next().await, "text event 1");
}

#[tokio::test]
async fn a_user_is_online_while_any_connection_is() {
    let hub = Hub::start(Limits::default());
    assert!(!hub.is_online(user(1)));
    let first = register(&hub, 1);
    let second = register(&hub, 1);
    assert_eq!((hub.is_online(user(1)), hub.is_online(user(2)), hub.connections()), (true, false, 2));
    drop(first);
    assert_eq!((hub.is_online(user(1)), hub.connections()), (true, 1));
    drop(second);
    assert_eq!((hub.is_online(user(1)), hub.connections()), (false, 0));
}

#[tokio::test]
async fn a_user_has_so_many_connections_and_no_more() {
    let hub = Hub::start(Limits { user_connections_max: 2, ..Limits::default() });
    let first = register(&hub, 1);
    let _second = register(&hub, 1);
    let _somebody_else = register(&hub, 2);
    assert_eq!(hub.register(newcomer(1, 1)).err(), Some(Refused::TooMany));
    assert_eq!(hub.connections(), 3);
    drop(first);
    assert!(hub.register(newcomer(1, 1)).is_ok(), "one that left makes room");
}

#[tokio::test]
async fn a_session_is_closed_without_the_users_others() {
    let hub = Hub::start(Limits::default());
    let mut clients = Vec::new();
    for session_number in [1, 2] {
        let (client, server) = loopback().await;
        let registration = register_session(&hub, 1, session_number);
        tokio::spawn(serve(Io::Tcp(server), bytes::Bytes::new(), registration, echo()));
        clients.push(Client::new(client));
    }
    let (mut other_user, _task) = connect(&hub, 2, echo()).await;
    hub.close_session(user(1), session(2), CloseCode::SignedOut, "signed out");
    hub.deliver_to_user(user(1), &numbered(1)).await;
    within_a_minute(async {
        assert_eq!(clients[1].rest().await, ["text ready", "close Some(4003) signed out"]);
        assert_eq!(clients[0].next().await, "text ready");
        assert_eq!(clients[0].next().await, "text event 1");
        hub.close_user(user(1), CloseCode::SignedOut, "banned");
        assert_eq!(clients[0].rest().await, ["close Some(4003) banned"]);
        other_user.send("still here").await;
        assert_eq!(other_user.next().await, "text still here");
    })
    .await;
}

#[tokio::test]
async fn shutdown_sends_everybody_away_with_a_time_to_come_back() {
    let hub = Hub::start(Limits::default());
    let mut clients = Vec::new();
    for number in 1..=3 {
        clients.push(connect(&hub, number, echo()).await.0);
    }
    hub.deliver_to_user(user(1), &numbered(1)).await;
    let mut delay_ms = 0;
    let next_delay_ms = || {
        delay_ms += 100;
        delay_ms
    };
    let readers = async {
        let mut last_words = Vec::new();
        for mut client in clients {
            last_words.extend(client.rest().await);
        }
        last_words.sort();
        last_words
    };
    let (left, last_words) =
        within_a_minute(async { tokio::join!(hub.shutdown(next_delay_ms, Duration::from_mins(1)), readers) })
            .await;
    assert_eq!(left, 0);
    assert_eq!(
        last_words,
        [
            r#"close Some(1001) {"reconnectAfterMs":100}"#,
            r#"close Some(1001) {"reconnectAfterMs":200}"#,
            r#"close Some(1001) {"reconnectAfterMs":300}"#,
            "text event 1",
        ]
    );
    assert_eq!(hub.register(newcomer(1, 1)).err(), Some(Refused::ShuttingDown), "nobody new comes in");
}

#[tokio::test]
async fn a_hub_that_is_suspended_has_nobody_until_it_resumes() {
    let hub = Hub::start(Limits::default());
    let (mut client, _task) = connect(&hub, 1, echo()).await;
    hub.suspend(|| 100);
    assert_eq!(within_a_minute(client.rest()).await, [r#"close Some(1001) {"reconnectAfterMs":100}"#]);
    assert_eq!(hub.register(newcomer(1, 2)).err(), Some(Refused::Suspended), "nobody new comes in");
    hub.resume();
    let (mut client, _task) = connect(&hub, 1, echo()).await;
    hub.deliver_to_user(user(1), &numbered(1)).await;
    assert_eq!(client.next().await, "text event 1");
    // Whoever shuts down does so for good.
    hub.suspend(|| 100);
    hub.shutdown(|| 100, Duration::ZERO).await;
    hub.resume();
    assert_eq!(hub.register(newcomer(1, 3)).err(), Some(Refused::ShuttingDown));
}

#[tokio::test]
async fn shutdown_lets_commands_on_their_way_be_answered() {
    let hub = Hub::start(Limits::default());
    let (commit, committed) = oneshot::channel::<()>();
    let (submitted, is_submitted) = oneshot::channel();
    let once = Mutex::new(Some((submitted, committed)));
    let session = Script(move |_: &str| {
        let (submitted, committed) = once.lock().unwrap().take().unwrap();
        submitted.send(()).unwrap();
        Received::Later(Box::pin(async move {
            committed.await.unwrap();
            Some(Frame::reply("ack"))
        }))
    });
    let (mut client, _task) = connect(&hub, 1, session).await;
    client.send("command").await;
    is_submitted.await.unwrap();
    let client = async {
        commit.send(()).unwrap();
        client.rest().await
    };
    let shutdown = hub.shutdown(|| 1, Duration::from_mins(1));
    let (left, received) = within_a_minute(async { tokio::join!(shutdown, client) }).await;
    assert_eq!(left, 0);
    assert_eq!(received, ["text ack", r#"close Some(1001) {"reconnectAfterMs":1}"#]);
}

#[tokio::test(start_paused = true)]
async fn shutdown_reports_who_is_left_when_its_patience_is_over() {
    let hub = Hub::start(Limits::default());
    let never_served = register(&hub, 1);
    assert_eq!(hub.shutdown(|| 1, Duration::from_secs(5)).await, 1);
    drop(never_served);
    assert_eq!(hub.shutdown(|| 1, Duration::from_secs(5)).await, 0);
}

#[test]
fn the_metrics_tell_what_happens() {
    let recorded = Recorded::default();
    let _guard = metrics::set_default_local_recorder(&recorded);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let hub = Hub::start(Limits { queue_bytes_max: 100, ..Limits::default() });
        let (mut client, task) = connect(&hub, 1, echo()).await;
        assert_eq!(recorded.value("natter_connections"), 1);
        hub.deliver(&Arc::new(HashSet::from([user(1), user(2)])), &numbered(1)).await;
        assert_eq!(recorded.value("natter_frames_delivered_total"), 1);
        hub.deliver_to_user(user(1), &event(1, 2, &"x".repeat(200))).await;
        assert_eq!(recorded.value("natter_frames_delivered_total"), 1);
        assert_eq!(recorded.value("natter_queue_overflows_total"), 1);
        client.send_close(1000).await;
        within_a_minute(client.rest()).await;
        drop(client);
        within_a_minute(task).await.unwrap();
        assert_eq!(recorded.value("natter_connections"), 0);
        assert_eq!(recorded.value("natter_connections_closed_total 1000"), 1);
    });
}

/// Whole numbers by name, and code if there is one.
#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<BTreeMap<String, i64>>>);

struct Recording(Recorded, String);

impl Recorded {
    fn value(&self, name: &str) -> i64 {
        self.0.lock().unwrap().get(name).copied().unwrap_or(0)
    }

    fn recording(&self, key: &Key) -> Arc<Recording> {
        let name = key.labels().fold(key.name().to_owned(), |name, label| name + " " + label.value());
        Arc::new(Recording(self.clone(), name))
    }
}

impl Recording {
    fn add(&self, value: i64) {
        *self.0.0.lock().unwrap().entry(self.1.clone()).or_default() += value;
    }
}

impl CounterFn for Recording {
    fn increment(&self, value: u64) {
        self.add(i64::try_from(value).unwrap());
    }

    fn absolute(&self, _value: u64) {}
}

#[expect(clippy::cast_possible_truncation, reason = "gauges count connections here")]
impl GaugeFn for Recording {
    fn increment(&self, value: f64) {
        self.add(value as i64);
    }

    fn decrement(&self, value: f64) {
        self.add(-(value as i64));
    }

    fn set(&self, _value: f64) {}
}

impl Recorder for Recorded {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.recording(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.recording(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
