//! How often the database is asked: as often for a hundred entries as for one.

use crate::harness::{ALL, Db, World, add, leave, new_message, react, send};
use natter_protocol::{ConversationId, User};
use natter_store::{ListFilter, ListPosition, OpenOptions, Range, Window};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};

const CONVERSATIONS: usize = 5_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_takes_as_many_statements_as_an_entry() {
    let database = natter_testkit::postgres::database().unwrap();
    let counter = Counter::before(database.url()).await;
    let db = Db::at(counter.url.clone());
    // One reader, so that no statement is spent on setting up another.
    let options = OpenOptions { readers_max: 1, ..db.options() };
    let world = World::new(natter_store::open(options).await.unwrap());
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = busy_conversation(&world, &alice, &bob).await;
    many_conversations(&db).await;

    let list =
        async |filter, after, limit| world.store.conversations(alice.id, filter, after, limit).await.unwrap();
    // Once over everything, so that what comes is prepared.
    let whole = list(ListFilter::default(), None, 2 * ALL).await;
    assert_eq!(whole.len(), 2 * ALL as usize);
    let hundredth = &whole[99].info;
    let position = Some(ListPosition { updated_at: hundredth.updated_at, id: hundredth.id });
    let unread = ListFilter { unread: true, archived: Some(false), ..ListFilter::default() };
    let named = ListFilter { name: Some("CÔP".to_owned()), ..unread.clone() };
    for filter in [ListFilter::default(), unread, named] {
        // What a name is found in is read before the page.
        let statements_max = if filter.name.is_some() { 4 } else { 2 };
        for after in [None, position] {
            list(filter.clone(), after, 1).await;
            for limit in [1, 50, 100] {
                let (page, statements) = counter.count(list(filter.clone(), after, limit)).await;
                assert_eq!(page.len(), limit as usize);
                assert!(
                    (1..=statements_max).contains(&statements),
                    "{statements} statements for {limit} of {filter:?}"
                );
            }
        }
    }

    let store = &world.store;
    for _ in 0..2 {
        let messages = async |limit| {
            let asked = store.messages(id, alice.id, None, Window::Newest, limit);
            let (slice, statements) = counter.count(asked).await;
            (slice.unwrap().unwrap().messages.len(), statements)
        };
        let events = async |limit| {
            let (events, statements) = counter.count(store.events(id, alice.id, 0, limit)).await;
            (events.unwrap().unwrap().len(), statements)
        };
        let members = async |limit| {
            let (members, statements) = counter.count(store.members(id, alice.id, None, limit)).await;
            (members.unwrap().unwrap().len(), statements)
        };
        let (one, many) = (messages(1).await, messages(60).await);
        assert_eq!((one.0, many.0, one.1), (1, 60, many.1), "messages");
        let (few, many) = (events(3).await, events(100).await);
        assert_eq!((few.0, many.0), (3, 100));
        assert!(many.1 <= EVENT_STATEMENTS_MAX, "{} statements for a page of events", many.1);
        let (one, many) = (members(1).await, members(2).await);
        assert_eq!((one.0, many.0, one.1), (1, 2, many.1), "members");
    }
    for _ in 0..2 {
        resume(&world, &counter, &alice, id).await;
    }
}

/// Somebody who was away asks where the logs are, and for what is new in many of them.
async fn resume(world: &World, counter: &Counter, user: &User, busy: ConversationId) {
    let store = &world.store;
    let (heads, statements) = counter.count(store.heads(user.id, None)).await;
    let ids: Vec<ConversationId> = heads.unwrap().into_iter().map(|head| head.id).collect();
    assert_eq!(ids.len(), CONVERSATIONS + 1);
    assert!((1..=2).contains(&statements), "{statements} statements for all heads");
    let (named, statements) = counter.count(store.heads(user.id, Some(&ids))).await;
    assert_eq!(named.unwrap().len(), ids.len());
    assert!((1..=2).contains(&statements), "{statements} statements for heads by name");

    let copies = ids.into_iter().filter(|id| *id != busy).take(500);
    let ranges: Vec<Range> =
        copies.chain([busy]).map(|conversation_id| Range { conversation_id, after: 1, upto: 100 }).collect();
    let (events, statements) = counter.count(store.replay(user.id, &ranges)).await;
    assert_eq!(events.unwrap().len(), 500 + 99);
    assert!((1..=2).contains(&statements), "{statements} statements for 501 parts of logs");
}

/// BEGIN and COMMIT of the snapshot, whether the viewer is a member, and what the events are and point at.
const EVENT_STATEMENTS_MAX: usize = 8;

/// A log with entries of many kinds.
async fn busy_conversation(world: &World, alice: &User, bob: &User) -> ConversationId {
    let id = world.group(alice, &[bob]).await;
    for _ in 0..20 {
        let message = world.send(new_message(id, alice, "hello")).await;
        world.done(react(&message, bob, "👍", true)).await;
        world.done(leave(id, bob)).await;
        world.done(add(id, alice, bob)).await;
        world.done(send(new_message(id, bob, "back"))).await;
    }
    id
}

/// Puts alice into as many, each with one message of bob's.
async fn many_conversations(db: &Db) {
    let copies = format!(
        "WITH made AS (
             INSERT INTO conversations (id, type, name, visibility, status, created_by, created_at, updated_at, last_seq,
                                        member_count, message_number)
             SELECT gen_random_uuid(), 'group', 'copy', 'private', 'active', b.id, b.created_at,
                    b.created_at + n * interval '1 second', 2, 2, 1
               FROM users AS b, generate_series(1, {CONVERSATIONS}) AS n WHERE b.username = 'bob'
          RETURNING id, created_by, created_at),
         joined AS (
             INSERT INTO conversation_members (conversation_id, user_id, role, joined_at, last_read_seq)
             SELECT made.id, u.id, 'member', made.created_at, 0 FROM made, users AS u),
         written AS (
             INSERT INTO messages (id, conversation_id, seq, sender_id, kind, content, fingerprint, created_at, number)
             SELECT gen_random_uuid(), id, 2, created_by, 'text', 'copy', 0, created_at, 1 FROM made
          RETURNING id, conversation_id, sender_id, created_at)
         INSERT INTO events (conversation_id, seq, type, actor_id, message_id, created_at)
         SELECT conversation_id, 2, 1, sender_id, id, created_at FROM written"
    );
    let mut behind = db.behind().await;
    behind.execute(&copies).await;
    behind
        .execute(
            "UPDATE conversations AS c SET last_message_id = m.id FROM messages AS m
                     WHERE m.conversation_id = c.id AND c.name = 'copy'; ANALYZE",
        )
        .await;
}

/// The way to a server, where the statements that pass are counted.
struct Counter {
    url: String,
    statements: Arc<AtomicUsize>,
}

impl Counter {
    async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (server, database) = url.strip_prefix("postgres://postgres@").unwrap().split_once('/').unwrap();
        let url = format!("postgres://postgres@{}/{database}", listener.local_addr().unwrap());
        let (server, statements) = (server.to_owned(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&statements);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(forward(client, server, Arc::clone(&counted)));
            }
        });
        Self { url, statements }
    }

    async fn count<T>(&self, asked: impl Future<Output = T>) -> (T, usize) {
        let before = self.statements.load(Ordering::SeqCst);
        let answer = asked.await;
        (answer, self.statements.load(Ordering::SeqCst) - before)
    }
}

/// What asks for encryption.
const SSL_REQUEST: u32 = 80_877_103;

/// Until either end closes. What the client sends is taken apart into messages
/// (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).
async fn forward(client: TcpStream, server: TcpStream, statements: Arc<AtomicUsize>) -> std::io::Result<()> {
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let (mut client, mut to_client) = client.into_split();
    let (mut from_server, mut server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    // Those that begin a connection have no type: first it may ask for encryption, then it says who it is.
    loop {
        let message = message(&mut client, Vec::new()).await?;
        server.write_all(&message).await?;
        if !message[4..].starts_with(&SSL_REQUEST.to_be_bytes()) {
            break;
        }
    }
    loop {
        let kind = client.read_u8().await?;
        // Execute, and Query.
        if matches!(kind, b'E' | b'Q') {
            statements.fetch_add(1, Ordering::SeqCst);
        }
        server.write_all(&message(&mut client, vec![kind]).await?).await?;
    }
}

/// A length, which counts itself, and as much.
async fn message(client: &mut OwnedReadHalf, mut message: Vec<u8>) -> std::io::Result<Vec<u8>> {
    let length = client.read_u32().await?;
    message.extend(length.to_be_bytes());
    let begin = message.len();
    message.resize(begin + length as usize - 4, 0);
    client.read_exact(&mut message[begin..]).await?;
    Ok(message)
}
