//! What the network and the machine do to PostgreSQL.

use crate::harness::{Db, keyed, new_message, send};
use natter_protocol::{ConversationId, User};
use natter_store::{Store, StoreError, Write, Written};
use natter_testkit::postgres::Server;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    acknowledged: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut keys = Vec::new();
    while acknowledged.load(Ordering::Relaxed) < SENDS_BETWEEN_KILLS * (KILLS + 1) {
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
        acknowledged.fetch_add(1, Ordering::Relaxed);
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
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut senders = Vec::new();
    for name in 0..SENDERS {
        let (store, counter) = (Arc::clone(&world.store), Arc::clone(&acknowledged));
        senders
            .push((ids[name % 2], tokio::spawn(send_on(store, ids[name % 2], alice.clone(), name, counter))));
    }
    for kill in 1..=KILLS {
        while acknowledged.load(Ordering::Relaxed) < kill * SENDS_BETWEEN_KILLS {
            tokio::task::yield_now().await;
        }
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
    let db = Db::postgres();
    let world = db.open().await;
    let alice = world.user("alice").await;
    let bob = crate::harness::new_user("bob");
    let group = crate::harness::new_group(&alice, &[]);
    let session = natter_store::NewSession {
        id: crate::harness::new_session_id(),
        user_id: alice.id,
        refresh_hash: [1; 32],
        created_at: crate::harness::now(),
        expires_at: crate::harness::now().plus_seconds(60),
    };
    let rotation = natter_store::SessionRotation {
        id: session.id,
        presented_hash: [1; 32],
        next_hash: [2; 32],
        now: session.created_at,
        expires_at: session.expires_at,
    };
    let message = new_message(group.info.id, &alice, "unheard");
    let writes = || {
        vec![
            Write::CreateUser(Box::new(bob.clone())),
            Write::CreateConversation(Box::new(group.clone())),
            Write::CreateSession(Box::new(session.clone())),
            Write::RotateSession(Box::new(rotation.clone())),
            send(message.clone()),
        ]
    };
    // The second time is what the pipeline does by itself when the answer to a COMMIT is lost.
    for _ in 0..2 {
        let results = world.write_all(writes()).await;
        assert!(
            matches!(
                results.as_slice(),
                [
                    Ok(Written::Done),
                    Ok(Written::Conversation { existed: false, .. }),
                    Ok(Written::Done),
                    Ok(Written::SessionRotated(_)),
                    Ok(Written::Message(_)),
                ]
            ),
            "{results:?}"
        );
    }
    assert_eq!(world.log(group.info.id, &alice).await.len(), 2);
    // Whoever relays the events may not have been told of them the first time.
    assert_eq!(world.close().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stays_away_is_reported_and_comes_back() {
    let mut server = Server::start().unwrap();
    let db = Db::at(server.create_database().unwrap());
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    server.kill().unwrap();
    let refused = world.write(send(new_message(id, &alice, "into the void"))).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let refused = world.store.ping().await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    server.restart().unwrap();
    assert_eq!(world.send(new_message(id, &alice, "back again")).await.seq, 2);
    world.store.ping().await.unwrap();
}
