//! The event log: positions, the feed of what is committed, and batches.

use crate::harness::{
    ALL, Db, keyed, new_direct, new_group, new_message, new_session_id, new_user, now, send,
};
use natter_protocol::{ConversationId, Event, EventBody, User};
use natter_store::{BATCH_WRITES_MAX, NewMessage, NewSession, Refusal, StoreError, Write, Written};
use std::collections::HashMap;
use std::sync::Arc;

const WRITERS: usize = 32;
const SENDS_EACH: usize = 40;

pub(crate) async fn positions_have_no_gaps_under_concurrent_writers(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(world.group(&alice, &[]).await);
    }
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (store, ids, alice) = (Arc::clone(&world.store), ids.clone(), alice.clone());
        writers.push(tokio::spawn(async move {
            let mut sent = Vec::new();
            for n in 0..SENDS_EACH {
                let id = ids[(writer + n) % ids.len()];
                let committing =
                    store.queue(send(new_message(id, &alice, &format!("{writer}/{n}")))).await.unwrap();
                let Ok(Written::Message(message)) = committing.await else { panic!("not sent") };
                sent.push(*message);
            }
            sent
        }));
    }
    let mut sent = HashMap::new();
    for writer in writers {
        for message in writer.await.unwrap() {
            assert!(
                sent.insert((message.conversation_id, message.seq), message).is_none(),
                "a position was given twice"
            );
        }
    }
    assert_eq!(sent.len(), WRITERS * SENDS_EACH);
    for id in ids {
        let log = world.log(id, &alice).await;
        assert!(log.iter().map(|event| event.seq).eq(1..=log.len() as u64), "gaps in {log:?}");
        for message in world.history(id, &alice).await {
            assert_eq!(sent.remove(&(id, message.seq)), Some(message));
        }
        assert_eq!(world.conversation(id, &alice).await.last_seq, log.len() as u64);
    }
    assert!(sent.is_empty(), "acknowledged, but not there: {sent:?}");
}

pub(crate) async fn the_feed_is_the_log(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let ids = [world.group(&alice, &[&bob]).await, world.create(new_direct(&alice, &bob)).await];
    let mut writes = Vec::new();
    for n in 0..300 {
        let sender = if n % 3 == 0 { &bob } else { &alice };
        // Every tenth is a repeat of the one before, and no event.
        let key = format!("{}", if n % 10 == 9 { n - 2 } else { n });
        writes.push(send(keyed(ids[n % 2], sender, &key, &key)));
    }
    for result in world.write_all(writes).await {
        result.unwrap();
    }
    let mut logs = HashMap::new();
    for id in ids {
        logs.insert(id, world.log(id, &alice).await);
    }
    let mut feeds: HashMap<ConversationId, Vec<Event>> = HashMap::new();
    for event in world.close().await {
        feeds.entry(event.conversation_id).or_default().push(event);
    }
    for (id, log) in logs {
        let feed = &feeds[&id];
        assert_eq!(feed.len(), log.len());
        for (told, logged) in feed.iter().zip(&log) {
            assert_eq!((told.seq, told.created_at), (logged.seq, logged.created_at));
            match (&told.body, &logged.body) {
                (EventBody::MessageNew(told), EventBody::MessageNew(logged)) => assert_eq!(told, logged),
                (EventBody::ConversationCreated(told), EventBody::ConversationCreated(logged)) => {
                    // The log tells of the conversation as it is now: it had messages since.
                    let mut logged = logged.clone();
                    logged.conversation.updated_at = told.conversation.updated_at;
                    assert_eq!(*told, logged);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

pub(crate) async fn pages_of_events_follow_one_another(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    for n in 0..9 {
        world.send(new_message(id, &alice, &n.to_string())).await;
    }
    let page = async |after, limit| -> Vec<u64> {
        let events = world.store.events(id, alice.id, after, limit).await.unwrap().unwrap();
        events.iter().map(|event| event.seq).collect()
    };
    assert_eq!(page(0, 4).await, [1, 2, 3, 4]);
    assert_eq!(page(4, 4).await, [5, 6, 7, 8]);
    assert_eq!(page(8, 4).await, [9, 10]);
    for after in [10, 11, u64::MAX] {
        assert_eq!(page(after, 4).await, [0_u64; 0]);
    }
}

pub(crate) async fn a_batch_may_build_on_itself(db: Db) {
    let world = db.open().await;
    let alice = new_user("alice");
    let as_user = User {
        id: alice.id,
        username: alice.username.clone(),
        display_name: alice.display_name.clone(),
        avatar_url: None,
        role: alice.role,
        presence: natter_protocol::Presence::Offline,
        last_seen: None,
    };
    let group = new_group(&as_user, &[]);
    let id = group.info.id;
    let first = new_message(id, &as_user, "first");
    let reply = NewMessage { reply_to: Some(first.id), ..new_message(id, &as_user, "reply") };
    let session = NewSession {
        id: new_session_id(),
        user_id: alice.id,
        refresh_hash: [1; 32],
        created_at: now(),
        expires_at: now().plus_seconds(60),
    };
    let too_early = new_message(id, &as_user, "too early");
    let results = world
        .write_all(vec![
            Write::CreateUser(Box::new(alice)),
            send(too_early),
            Write::CreateConversation(Box::new(group)),
            send(first.clone()),
            send(reply),
            Write::CreateSession(Box::new(session)),
            send(new_message(id, &as_user, "last")),
        ])
        .await;
    let seqs: Vec<_> = results
        .iter()
        .map(|result| match result {
            Ok(Written::Message(message)) => Some(message.seq),
            Err(StoreError::Refused(Refusal::NotAMember)) => Some(0),
            Ok(_) => None,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(seqs, [None, Some(0), None, Some(2), Some(3), None, Some(4)]);
    let history = world.history(id, &as_user).await;
    let texts: Vec<_> = history.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(texts, ["first", "reply", "last"]);
    assert_eq!(history[1].reply_to, Some(first.id));
}

pub(crate) async fn what_is_queued_is_committed_after_the_store_is_gone(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let sends = 2 * BATCH_WRITES_MAX;
    let mut line = Vec::new();
    for n in 0..sends {
        line.push(world.store.queue(send(new_message(id, &alice, &n.to_string()))).await.unwrap());
    }
    // The group's beginning, and every message.
    assert_eq!(world.close().await.len(), 1 + sends);
    for committing in line {
        assert!(matches!(committing.await, Ok(Written::Message(_))));
    }
    let world = db.open().await;
    assert_eq!(world.history(id, &alice).await.len(), sends);
    assert_eq!(world.store.events(id, alice.id, 0, ALL).await.unwrap().unwrap().len(), ALL as usize);
}
