//! What the network and the machine do to PostgreSQL.

use crate::harness::{Db, keyed, new_group, new_message, new_session_id, new_user, now, send};
use crate::variants::{Kind, prepare};
use natter_protocol::{ConversationId, User};
use natter_store::{NewSession, Notice, SessionRotation, Store, StoreError, Write, Written};
use natter_testkit::postgres::Server;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const SENDERS: usize = 8;
const KILLS: usize = 5;
const SENDS_BETWEEN_KILLS: usize = 400;

/// Sends one message after the other until told to stop, and repeats what got no answer, as a client does: with the
/// same key, but under an id that is drawn anew. Answers the keys of what was acknowledged, in order.
async fn send_on(
    store: Arc<dyn Store>,
    id: ConversationId,
    sender: User,
    name: usize,
    acknowledged: watch::Sender<usize>,
) -> Vec<String> {
    let mut keys = Vec::new();
    while *acknowledged.borrow() < SENDS_BETWEEN_KILLS * (KILLS + 1) {
        let key = format!("{name}/{}", keys.len());
        loop {
            let committing = store.queue(send(keyed(id, &sender, &key, &key))).await.unwrap();
            match committing.await {
                Ok(Written::Message(_) | Written::MessageRepeat(_)) => break,
                Err(StoreError::OutcomeUnknown(_) | StoreError::Unavailable(_)) => {}
                other => panic!("{other:?}"),
            }
        }
        keys.push(key);
        acknowledged.send_modify(|count| *count += 1);
    }
    keys
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_and_doubles_nothing() {
    let mut server = Server::start().unwrap();
    let db = Db::at(server.create_database().unwrap());
    let world = db.open().await;
    let alice = world.user("alice").await;
    let ids = [world.group(&alice, &[]).await, world.group(&alice, &[]).await];
    let (acknowledged, mut count) = watch::channel(0);
    let mut senders = Vec::new();
    for name in 0..SENDERS {
        let (store, counter) = (Arc::clone(&world.store), acknowledged.clone());
        senders
            .push((ids[name % 2], tokio::spawn(send_on(store, ids[name % 2], alice.clone(), name, counter))));
    }
    for kill in 1..=KILLS {
        count.wait_for(|count| *count >= kill * SENDS_BETWEEN_KILLS).await.unwrap();
        server.kill().unwrap();
        server.restart().unwrap();
    }
    let mut expected = Vec::new();
    for (id, sender) in senders {
        expected.push((id, sender.await.unwrap()));
    }
    for id in ids {
        let history = world.history(id, &alice).await;
        let log = world.log(id, &alice).await;
        assert!(log.iter().map(|event| event.seq).eq(1..=history.len() as u64 + 1), "the log has gaps");
        let there: Vec<&str> =
            history.iter().filter_map(|message| message.client_message_id.as_deref()).collect();
        assert_eq!(there.iter().collect::<HashSet<_>>().len(), there.len(), "a message is there twice");
        for (_, keys) in expected.iter().filter(|(where_to, _)| *where_to == id) {
            let (name, _) = keys[0].split_once('/').unwrap();
            let own: Vec<&str> =
                there.iter().copied().filter(|key| key.split_once('/').unwrap().0 == name).collect();
            assert_eq!(own, *keys, "what sender {name} was told is not what is there");
        }
    }
    // What was fed to the relay may tell an event again, but is otherwise the log: nothing is out of order.
    let mut newest = std::collections::HashMap::new();
    for event in world.close().await {
        let newest = newest.entry(event.conversation_id).or_insert(0);
        assert!(event.seq <= *newest + 1, "the feed skipped an event");
        *newest = event.seq.max(*newest);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_were_committed_unheard_recognise_themselves() {
    let database = natter_testkit::postgres::database().unwrap();
    let network = Network::before(database.url()).await;
    let world = Db::at(network.url.clone()).open().await;
    let alice = world.user("alice").await;
    let group = new_group(&alice, &[]);
    let id = group.info.id;
    let created_at = now();
    let expires_at = created_at.plus_seconds(60);
    let session =
        NewSession { id: new_session_id(), user_id: alice.id, refresh_hash: [1; 32], created_at, expires_at };
    let rotation = SessionRotation {
        id: session.id,
        presented_hash: [1; 32],
        next_hash: [2; 32],
        now: created_at,
        expires_at,
    };
    let writes = vec![
        Write::CreateUser(Box::new(new_user("bob"))),
        Write::CreateConversation(Box::new(group)),
        Write::CreateSession(Box::new(session)),
        Write::RotateSession(Box::new(rotation)),
        send(new_message(id, &alice, "without a key")),
        send(keyed(id, &alice, "with a key", "key")),
    ];
    network.weather.store(LOSES_ANSWERS, Ordering::Relaxed);
    let results = world.write_all(writes).await;
    assert!(
        matches!(
            results.as_slice(),
            [
                Ok(Written::Done),
                Ok(Written::Conversation { existed: false, .. }),
                Ok(Written::Done),
                Ok(Written::SessionRotated(_)),
                Ok(Written::Message(_)),
                Ok(Written::Message(_)),
            ]
        ),
        "{results:?}"
    );
    assert_eq!(world.log(id, &alice).await.len(), 3);
    assert_eq!(world.close().await.len(), 3);
}

/// Whatever was written: whoever asked and whoever listens is told once, as if nothing had been lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_unheard_is_told_like_everything_else() {
    let database = natter_testkit::postgres::database().unwrap();
    let network = Network::before(database.url()).await;
    let db = Db::at(network.url.clone());
    let world = db.open().await;
    // The first to take or to erase leaves nothing to the second.
    let takes_all = |kind: &&Kind| {
        matches!(kind, Kind::Erase | Kind::EraseFiles | Kind::ErasePreviews | Kind::ClaimScans)
    };
    for kind in Kind::ALL.iter().filter(|kind| !takes_all(kind)) {
        let heard = prepare(&world, *kind).await;
        let unheard = prepare(&world, *kind).await;
        for (heard, unheard) in heard.into_iter().zip(unheard) {
            let expected = world.done(heard.write).await;
            network.weather.store(LOSES_ONE_ANSWER, Ordering::Relaxed);
            let written = world.done(unheard.write).await;
            assert_eq!(network.weather.load(Ordering::Relaxed), FAIR, "{kind:?}: nothing was lost");
            assert_eq!(shape(&written), shape(&expected), "{kind:?}, {}: {written:?}", unheard.name);
        }
    }
    let mut behind = db.behind().await;
    let mut events = behind.rows("SELECT conversation_id || ' ' || seq FROM events").await;
    let steps = behind.rows("SELECT CAST(count(*) AS text) FROM message_read_receipts").await;
    let (mut fed, mut read) = (Vec::new(), 0);
    for notice in world.notices().await {
        match notice {
            Notice::Event(event) | Notice::Deleted { event, .. } => {
                fed.push(format!("{} {}", event.conversation_id, event.seq));
            }
            Notice::Read(_) => read += 1,
            Notice::Own(..) => {}
        }
    }
    events.sort();
    fed.sort();
    assert_eq!(fed, events, "the feed is not the log");
    assert_eq!(vec![read.to_string()], steps);
}

/// What is the same in two answers to the same question: the words, without ids, times and other numbers.
fn shape(written: &Written) -> String {
    let text = format!("{written:?}");
    let words = text.split(|sign: char| !sign.is_alphanumeric() && sign != '-');
    words.filter(|word| !word.contains(|sign: char| sign.is_ascii_digit())).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_that_nobody_knows_is_reported_and_resolved_by_a_repeat() {
    let database = natter_testkit::postgres::database().unwrap();
    let network = Network::before(database.url()).await;
    let world = Db::at(network.url.clone()).open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    network.weather.store(LOSES_ONE_ANSWER_AND_GOES_AWAY, Ordering::Relaxed);
    let first = keyed(id, &alice, "perhaps", "key");
    let unknown = world.write(send(first.clone())).await;
    assert!(matches!(unknown, Err(StoreError::OutcomeUnknown(_))), "{unknown:?}");
    network.weather.store(FAIR, Ordering::Relaxed);
    let repeat = world.write(send(keyed(id, &alice, "perhaps", "key"))).await;
    assert!(matches!(repeat, Ok(Written::MessageRepeat(there)) if there == first.id), "{repeat:?}");
    assert_eq!(world.history(id, &alice).await.len(), 1);
}

const FAIR: u8 = 0;
/// Every second COMMIT reaches the server, but its answer and the connection are lost.
const LOSES_ANSWERS: u8 = 1;
/// So is the next one, and then there is no way to the server.
const LOSES_ONE_ANSWER_AND_GOES_AWAY: u8 = 2;
const AWAY: u8 = 3;
/// The next COMMIT reaches the server, but its answer and the connection are lost.
const LOSES_ONE_ANSWER: u8 = 4;

/// The way to a server.
struct Network {
    url: String,
    weather: Arc<AtomicU8>,
}

impl Network {
    async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (server, database) = url.strip_prefix("postgres://postgres@").unwrap().split_once('/').unwrap();
        let url = format!("postgres://postgres@{}/{database}", listener.local_addr().unwrap());
        let weather = Arc::new(AtomicU8::new(FAIR));
        tokio::spawn(accept(listener, server.to_owned(), Arc::clone(&weather)));
        Self { url, weather }
    }
}

async fn accept(listener: TcpListener, server: String, weather: Arc<AtomicU8>) {
    let commits = Arc::new(AtomicUsize::new(0));
    loop {
        let (client, _) = listener.accept().await.unwrap();
        if weather.load(Ordering::Relaxed) != AWAY {
            let server = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(forward(client, server, Arc::clone(&weather), Arc::clone(&commits)));
        }
    }
}

/// Until either end closes, or the weather breaks the connection.
async fn forward(
    mut client: TcpStream,
    mut server: TcpStream,
    weather: Arc<AtomicU8>,
    commits: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    let (mut asked, mut answered) = ([0; 16 * 1024], [0; 16 * 1024]);
    loop {
        tokio::select! {
            length = client.read(&mut asked) => {
                let asked = &asked[..length?];
                if asked.is_empty() {
                    return Ok(());
                }
                server.write_all(asked).await?;
                let lost = asked.ends_with(b"COMMIT\0")
                    && match weather.load(Ordering::Relaxed) {
                        FAIR => false,
                        LOSES_ANSWERS => commits.fetch_add(1, Ordering::Relaxed).is_multiple_of(2),
                        _ => true,
                    };
                if lost {
                    // It was committed before the connection breaks.
                    assert_ne!(server.read(&mut answered).await?, 0, "the server did not answer");
                    match weather.load(Ordering::Relaxed) {
                        LOSES_ONE_ANSWER_AND_GOES_AWAY => weather.store(AWAY, Ordering::Relaxed),
                        LOSES_ONE_ANSWER => weather.store(FAIR, Ordering::Relaxed),
                        _ => {}
                    }
                    return Ok(());
                }
            }
            length = server.read(&mut answered) => {
                let answered = &answered[..length?];
                if answered.is_empty() {
                    return Ok(());
                }
                client.write_all(answered).await?;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stays_away_is_reported_and_comes_back() {
    let mut server = Server::start().unwrap();
    let db = Db::at(server.create_database().unwrap());
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    server.stop().unwrap();
    let refused = world.write(send(new_message(id, &alice, "into the void"))).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let refused = world.store.ping().await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    server.restart().unwrap();
    assert_eq!(world.send(new_message(id, &alice, "back again")).await.seq, 2);
    world.store.ping().await.unwrap();
}
