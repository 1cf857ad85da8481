//! One connection, over the loopback device unless the moment of each read matters.

use crate::support::*;
use bytes::Bytes;
use natter_protocol::CloseCode;
use natter_realtime::codec::{OpCode, encode};
use natter_realtime::{Frame, Hub, Io, Limits, Received, Session, serve};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, BufWriter};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, mpsc, oneshot};

const MASK: [u8; 4] = [1, 2, 3, 4];

#[tokio::test]
async fn a_message_is_answered_however_its_bytes_arrive() {
    let hub = Hub::start(Limits::default());
    let (mut client, _task) = connect(&hub, 1, echo()).await;
    let long = "long ".repeat(50_000);
    client.send("whole").await;
    for byte in &encode(OpCode::Text, b"byte by byte", Some(MASK))[..] {
        client.send_bytes(&[*byte]).await;
    }
    client.send(&long).await;
    within_a_minute(async {
        assert_eq!(client.next().await, "text whole");
        assert_eq!(client.next().await, "text byte by byte");
        assert_eq!(client.next().await, format!("text {long}"));
    })
    .await;
}

#[tokio::test]
async fn what_was_read_beyond_the_handshake_is_not_lost() {
    let hub = Hub::start(Limits::default());
    let (client, server) = loopback().await;
    let frame = encode(OpCode::Text, b"early", Some(MASK));
    let (early, later) = (frame.slice(..8), frame.slice(8..));
    tokio::spawn(serve(Io::Tcp(server), early, register(&hub, 1), echo()));
    let mut client = Client::new(client);
    client.send_bytes(&later).await;
    within_a_minute(async {
        assert_eq!(client.next().await, "text ready");
        assert_eq!(client.next().await, "text early");
    })
    .await;
}

/// As TLS does when the socket is full.
#[tokio::test]
async fn what_the_stream_keeps_back_is_flushed() {
    let hub = Hub::start(Limits::default());
    let (client, server) = loopback().await;
    let server = BufWriter::with_capacity(1024 * 1024, server);
    tokio::spawn(serve(Io::other(server), Bytes::new(), register(&hub, 1), echo()));
    let mut client = Client::new(client);
    within_a_minute(async {
        assert_eq!(client.next().await, "text ready");
        client.send("flushed").await;
        assert_eq!(client.next().await, "text flushed");
        hub.deliver_to_user(user(1), &ephemeral("later")).await;
        assert_eq!(client.next().await, "text later");
        hub.close_user(user(1), CloseCode::SignedOut, "bye");
        assert_eq!(client.next().await, "close Some(4003) bye");
    })
    .await;
}

#[tokio::test]
async fn pings_are_answered_with_their_payload() {
    let hub = Hub::start(Limits::default());
    let (mut client, _task) = connect(&hub, 1, echo()).await;
    client.send_ping(b"payload").await;
    client.send_pong().await;
    client.send("after").await;
    within_a_minute(async {
        assert_eq!(client.next().await, "pong payload");
        assert_eq!(client.next().await, "text after", "a pong needs no answer");
    })
    .await;
}

#[tokio::test]
async fn garbage_gets_the_right_close_code_and_nobody_else_notices() {
    let hub = Hub::start(Limits::default());
    let (mut bystander, _task) = connect(&hub, 2, echo()).await;
    let masked = |first: u8, payload: &[u8]| {
        let mut frame = encode(OpCode::Text, payload, Some(MASK)).to_vec();
        frame[0] = first;
        frame
    };
    let cases = [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), 1002),
        (vec![0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f], 1002),
        (masked(0xC1, b"reserved bit"), 1002),
        (masked(0x83, b"unknown opcode"), 1002),
        (masked(0x09, b"fragmented ping"), 1002),
        (masked(0x80, b"continues nothing"), 1002),
        (masked(0x88, b"\x03\xed"), 1002),
        (masked(0x82, b"binary"), 1003),
        (masked(0x81, b"not UTF-8: \xff"), 1007),
        (vec![0x81, 0xFF, 0, 0, 0, 0, 0x06, 0x40, 0, 0, 1, 2, 3, 4], 1009),
    ];
    for (bytes, code) in cases {
        let (mut client, task) = connect(&hub, 1, echo()).await;
        client.send("before").await;
        client.send_bytes(&bytes).await;
        let received = within_a_minute(client.rest()).await;
        assert_eq!(received[0], "text before", "{}", bytes.escape_ascii());
        assert!(received[1].starts_with(&format!("close Some({code}) ")), "{received:?}");
        assert_eq!(received.len(), 2);
        drop(client);
        within_a_minute(task).await.unwrap();
    }
    bystander.send("still here").await;
    assert_eq!(within_a_minute(bystander.next()).await, "text still here");
}

#[tokio::test]
async fn a_close_is_echoed_after_the_answers_and_the_stream_ends() {
    let hub = Hub::start(Limits::default());
    for code in [1000, 3000, 4999] {
        let (mut client, task) = connect(&hub, 1, echo()).await;
        client.send("before").await;
        client.send_close(code).await;
        client.send("discarded").await;
        let received = within_a_minute(client.rest()).await;
        assert_eq!(received, ["text before".to_owned(), format!("close Some({code}) ")]);
        drop(client);
        within_a_minute(task).await.unwrap();
    }
    let (mut client, _task) = connect(&hub, 1, echo()).await;
    client.send_bytes(&encode(OpCode::Close, b"", Some(MASK))).await;
    assert_eq!(within_a_minute(client.rest()).await, ["close None "]);
}

#[tokio::test]
async fn the_client_may_finish_speaking_after_our_close() {
    let hub = Hub::start(Limits::default());
    let session = Script(|_: &str| Received::Close(CloseCode::RateLimited, "enough".into()));
    let (mut client, task) = connect_in_memory(&hub, 1, 4096, session).await;
    client.send("command").await;
    assert_eq!(within_a_minute(client.rest()).await, ["close Some(4009) enough"]);
    // A server that has dropped its stream by now makes this fail: over TCP its reset can destroy what it sent last.
    client.send("was on its way").await;
    client.send_close(4009).await;
    drop(client);
    within_a_minute(task).await.unwrap();
}

#[tokio::test]
async fn one_connections_commands_keep_their_order() {
    let hub = Hub::start(Limits::default());
    let (mut client, _task) = connect(&hub, 1, echo()).await;
    let mut sent = Vec::new();
    let mut expected = Vec::new();
    for number in 0..2000 {
        sent.extend(encode(OpCode::Text, number.to_string().as_bytes(), Some(MASK)));
        expected.push(format!("text {number}"));
    }
    client.send_bytes(&sent).await;
    within_a_minute(async {
        for text in expected {
            assert_eq!(client.next().await, text);
        }
    })
    .await;
}

#[tokio::test]
async fn commands_on_their_way_are_bounded_and_all_answered() {
    let limits = Limits { commands_max: 8, ..Limits::default() };
    let hub = Hub::start(limits);
    let commit = Arc::new(Semaphore::new(0));
    let (submitted, mut submissions) = mpsc::unbounded_channel();
    let on_their_way = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let session = {
        let (commit, on_their_way, most) =
            (Arc::clone(&commit), Arc::clone(&on_their_way), Arc::clone(&most));
        Script(move |text: &str| {
            most.fetch_max(on_their_way.fetch_add(1, SeqCst) + 1, SeqCst);
            submitted.send(text.to_owned()).unwrap();
            let (commit, on_their_way, text) =
                (Arc::clone(&commit), Arc::clone(&on_their_way), text.to_owned());
            Received::Later(Box::pin(async move {
                commit.acquire().await.unwrap().forget();
                on_their_way.fetch_sub(1, SeqCst);
                Some(Frame::reply(&text))
            }))
        })
    };
    let (mut client, _task) = connect(&hub, 1, session).await;
    for number in 0..100 {
        client.send(&number.to_string()).await;
    }
    within_a_minute(async {
        for number in 0..8 {
            assert_eq!(submissions.recv().await.unwrap(), number.to_string());
        }
        // Events still get through while the commands wait.
        hub.deliver_to_user(user(1), &ephemeral("event")).await;
        assert_eq!(client.next().await, "text event");
        commit.add_permits(100);
        let mut answered = HashSet::new();
        for _ in 0..100 {
            answered.insert(client.next().await);
        }
        assert_eq!(answered, (0..100).map(|number| format!("text {number}")).collect());
    })
    .await;
    assert_eq!(most.load(SeqCst), 8);
}

#[tokio::test]
async fn who_does_not_read_the_answers_is_not_read_either() {
    let hub = Hub::start(Limits { commands_max: 4, ..Limits::default() });
    let received = Arc::new(AtomicUsize::new(0));
    let session = {
        let received = Arc::clone(&received);
        Script(move |_: &str| {
            received.fetch_add(1, SeqCst);
            Received::Reply(Frame::reply(&"x".repeat(1000)))
        })
    };
    let (mut client, _task) = connect_in_memory(&hub, 1, 4096, session).await;
    // What can be under way: what the pipe holds, a batch being written, and the bound.
    for _ in 0..100 {
        client.send("x").await;
        tokio::task::yield_now().await;
    }
    let taken = received.load(SeqCst);
    assert!(taken < 20, "{taken} commands were taken without their answers being read");
    within_a_minute(async {
        for _ in 0..100 {
            assert_eq!(client.next().await.len(), "text ".len() + 1000);
        }
    })
    .await;
}

/// Waits within `receive` itself.
struct Slow(Option<(oneshot::Sender<()>, oneshot::Receiver<()>, oneshot::Sender<()>)>);

impl Session for Slow {
    async fn receive(&mut self, _text: &str) -> Received {
        let (started, go_on, done) = self.0.take().expect("one message");
        started.send(()).unwrap();
        go_on.await.unwrap();
        Received::Later(Box::pin(async move {
            tokio::task::yield_now().await;
            done.send(()).unwrap();
            Some(Frame::reply("nobody reads this"))
        }))
    }
}

#[tokio::test]
async fn events_are_written_while_a_command_is_being_taken() {
    let hub = Hub::start(Limits::default());
    let (started, has_started) = oneshot::channel();
    let (go_on, may_go_on) = oneshot::channel();
    let (done, is_done) = oneshot::channel();
    let (mut client, _task) = connect(&hub, 1, Slow(Some((started, may_go_on, done)))).await;
    client.send("command").await;
    within_a_minute(async {
        has_started.await.unwrap();
        hub.deliver_to_user(user(1), &ephemeral("event")).await;
        assert_eq!(client.next().await, "text event");
        go_on.send(()).unwrap();
        is_done.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_command_is_finished_although_its_client_is_gone() {
    let hub = Hub::start(Limits::default());
    let (started, has_started) = oneshot::channel();
    let (go_on, may_go_on) = oneshot::channel();
    let (done, is_done) = oneshot::channel();
    // In memory, so that the connection learns of the end before the test goes on.
    let (mut client, task) = connect_in_memory(&hub, 1, 4096, Slow(Some((started, may_go_on, done)))).await;
    client.send("command").await;
    has_started.await.unwrap();
    drop(client);
    hub.deliver_to_user(user(1), &ephemeral("makes the connection write, and fail")).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    go_on.send(()).expect("the command is still there");
    within_a_minute(async {
        is_done.await.expect("and goes on to its end");
        task.await.unwrap();
    })
    .await;
    assert_eq!(hub.connections(), 0);
}

#[tokio::test]
async fn a_reply_that_takes_its_time_is_finished_although_its_client_is_gone() {
    let hub = Hub::start(Limits::default());
    let (commit, committed) = oneshot::channel::<()>();
    let committed = Mutex::new(Some(committed));
    let session = Script(move |_: &str| {
        let committed = committed.lock().unwrap().take().unwrap();
        Received::Later(Box::pin(async move {
            committed.await.unwrap();
            Some(Frame::reply("nobody reads this"))
        }))
    });
    let (mut client, task) = connect_in_memory(&hub, 1, 4096, session).await;
    client.send("command").await;
    drop(client);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!task.is_finished());
    commit.send(()).expect("the command is still there");
    within_a_minute(task).await.unwrap();
}

#[tokio::test]
async fn a_slow_reader_is_told_what_it_missed_and_then_goes_on() {
    let hub = Hub::start(Limits { queue_bytes_max: 64 * 1024, ..Limits::default() });
    // Small buffers in the kernel, so that it is ours that overflow.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let (client, accepted) = tokio::join!(socket.connect(listener.local_addr().unwrap()), listener.accept());
    let (client, (server, _)) = (client.unwrap(), accepted.unwrap());
    let _task = tokio::spawn(serve(Io::Tcp(server), bytes::Bytes::new(), register(&hub, 1), echo()));
    let mut client = Client::new(client);
    assert_eq!(client.next().await, "text ready");

    let members = Arc::new(HashSet::from([user(1)]));
    let padding = "x".repeat(1000);
    let deliver = async |seq: u64| {
        for number in [1, 2] {
            let json = format!("{number} {seq} {padding}");
            hub.deliver(&members, &event(number, seq, &json)).await;
        }
    };
    // Far more than both kernel buffers and the queue hold.
    for seq in 1..=20_000 {
        deliver(seq).await;
        if seq % 10 == 0 {
            tokio::task::yield_now().await;
        }
    }
    client.send("ack me").await;

    within_a_minute(async {
        let mut newest = [0, 0];
        let mut lagging = 0;
        let mut acknowledged = 0;
        while lagging == 0 || acknowledged == 0 {
            let message = client.next().await;
            let text = message.strip_prefix("text ").unwrap();
            if text == "ack me" {
                acknowledged += 1;
            } else if text.starts_with('{') {
                let heads =
                    [1, 2].map(|number| format!(r#"{{"id":"{}","seq":20000}}"#, conversation(number)));
                let heads = heads.join(",");
                assert_eq!(
                    text,
                    format!(r#"{{"type":"sync.lagging","payload":{{"conversations":[{heads}]}}}}"#)
                );
                lagging += 1;
            } else {
                assert_eq!(lagging, 0, "nothing of before the notice comes after it");
                follows(&mut newest, text);
            }
        }
        assert!(newest[0] > 0, "some got through before");
        // The client has pulled up to the notice; from there on nothing is missing.
        newest = [20_000, 20_000];
        for seq in 20_001..=20_100 {
            deliver(seq).await;
            for _ in [1, 2] {
                let message = client.next().await;
                follows(&mut newest, message.strip_prefix("text ").unwrap());
            }
        }
        assert_eq!((newest, lagging, acknowledged), ([20_100, 20_100], 1, 1));
    })
    .await;
}

/// Checks that an event is the next one of its conversation.
fn follows(newest: &mut [u64; 2], text: &str) {
    let mut words = text.split(' ');
    let conversation: usize = words.next().unwrap().parse().unwrap();
    let seq: u64 = words.next().unwrap().parse().unwrap();
    assert_eq!(seq, newest[conversation - 1] + 1);
    newest[conversation - 1] = seq;
}

#[tokio::test]
async fn a_burst_arrives_whole_and_in_order() {
    let hub = Hub::start(Limits::default());
    let (mut client, _task) = connect(&hub, 1, echo()).await;
    let members = Arc::new(HashSet::from([user(1)]));
    let mut expected = Vec::new();
    // Sizes that end batches by count and by bytes, and writes in the middle of a frame.
    for seq in 1..=500 {
        let json = format!("{seq} {}", "x".repeat(usize::try_from(seq * 37 % 3000).unwrap()));
        hub.deliver(&members, &event(1, seq, &json)).await;
        expected.push(format!("text {json}"));
    }
    within_a_minute(async {
        for text in expected {
            assert_eq!(client.next().await, text);
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_ends_without_a_word_leaves_the_hub() {
    let hub = Hub::start(Limits::default());
    let (mut client, task) = connect(&hub, 1, echo()).await;
    assert!(hub.is_online(user(1)));
    tokio::io::AsyncWriteExt::shutdown(&mut client.io).await.unwrap();
    within_a_minute(task).await.unwrap();
    assert!(!hub.is_online(user(1)));
    assert_eq!(client.io.read(&mut [0; 16]).await.unwrap(), 0, "no close frame: there was none to answer");
}

#[tokio::test]
async fn a_command_without_an_answer_makes_room_for_the_next() {
    let hub = Hub::start(Limits { commands_max: 2, ..Limits::default() });
    let session = Script(|text: &str| {
        let reply = (text == "the last one").then(|| Frame::reply(text));
        Received::Later(Box::pin(async move {
            tokio::task::yield_now().await;
            reply
        }))
    });
    let (mut client, _task) = connect(&hub, 1, session).await;
    for _ in 0..10 {
        client.send("asks for no answer").await;
    }
    client.send("the last one").await;
    assert_eq!(within_a_minute(client.next()).await, "text the last one");
}

/// Needs much memory for what it does, but not for long.
struct Elaborate;

impl Session for Elaborate {
    async fn receive(&mut self, _text: &str) -> Received {
        work().await;
        Received::Nothing
    }

    async fn renew(&mut self) -> Result<(), (CloseCode, Cow<'static, str>)> {
        work().await;
        Ok(())
    }
}

async fn work() {
    let notes = [0_u8; 2048];
    tokio::task::yield_now().await;
    std::hint::black_box(&notes);
}

#[tokio::test]
async fn a_connection_is_small() {
    let hub = Hub::start(Limits::default());
    let (_client, server) = loopback().await;
    let task = serve(Io::Tcp(server), bytes::Bytes::new(), register(&hub, 1), Elaborate);
    assert!(size_of_val(&task) <= 640, "{} bytes", size_of_val(&task));
}
