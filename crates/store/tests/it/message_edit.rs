//! Changing the text of a message.

use crate::harness::{Db, World, edit, edit_mentioning, keyed, mentioning, new_message, rename, send};
use natter_protocol::{ConversationId, EventBody, ForwardedFrom, Message, MessageVersion, SystemNote, User};
use natter_store::{Mentions, NewMessage, Write, Written};

async fn world(db: &Db) -> (World, User, User, ConversationId) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[&bob]).await;
    (world, alice, bob, id)
}

pub(crate) async fn an_edit_replaces_text_and_mentions(db: Db) {
    let (world, alice, bob, id) = world(&db).await;
    let sent = world.send(mentioning(new_message(id, &alice, "hello bob"), &[&bob])).await;
    let before = world.conversation(id, &alice).await;
    let write = edit(&sent, &alice, "hello");
    let Write::EditMessage(edited) = &write else { unreachable!() };
    let at = edited.at;
    let changed = world.change(write).await;
    let expected =
        Message { content: "hello".to_owned(), mentions: Vec::new(), edited_at: Some(at), ..sent.clone() };
    assert_eq!(changed, expected);
    assert_eq!(world.message(&sent, &bob).await, expected);
    assert_eq!(world.history(id, &bob).await, std::slice::from_ref(&expected));

    // It has an entry of its own in the log, and stays where it was; nobody's list is stirred up.
    let log = world.log(id, &bob).await;
    let EventBody::MessageUpdated(change) = &log[2].body else { panic!("{:?}", log[2]) };
    assert_eq!((log[2].seq, change.message_seq, change.actor_id), (3, 2, alice.id));
    assert_eq!(change.message, Message { seq: 3, ..expected });
    let after = world.conversation(id, &alice).await;
    assert_eq!((after.last_seq, after.info.updated_at), (3, before.info.updated_at));
}

pub(crate) async fn what_a_message_said_before_is_kept(db: Db) {
    let (world, alice, _, id) = world(&db).await;
    let sent = world.send(new_message(id, &alice, "first")).await;
    let mut times = Vec::new();
    for text in ["second", "third"] {
        times.push(world.change(edit(&sent, &alice, text)).await.edited_at.unwrap());
    }
    let version = |content: &str, created_at, replaced_at| MessageVersion {
        content: content.to_owned(),
        created_at,
        replaced_at,
        replaced_by: alice.id,
    };
    let expected = [version("first", sent.created_at, times[0]), version("second", times[0], times[1])];
    assert_eq!(world.store.versions(sent.id).await.unwrap(), expected);

    // The same text again is no change.
    let same = world.change(edit(&sent, &alice, "third")).await;
    assert_eq!(same.edited_at, Some(times[1]));
    assert_eq!(world.store.versions(sent.id).await.unwrap().len(), 2);
    assert_eq!(world.conversation(id, &alice).await.last_seq, 4);
}

pub(crate) async fn an_edit_leaves_the_rest_of_a_message_alone(db: Db) {
    let (world, alice, bob, id) = world(&db).await;
    let first = world.send(new_message(id, &bob, "first")).await;
    let forwarded_from = Some(ForwardedFrom { sender: first.sender.clone(), created_at: first.created_at });
    let new = NewMessage {
        reply_to: Some(first.id),
        thread_id: Some(first.id),
        forwarded_from,
        ..keyed(id, &alice, "with everything", "key")
    };
    let sent = world.send(new.clone()).await;
    assert_eq!(world.message(&sent, &alice).await, sent);
    let changed = world.change(edit(&sent, &alice, "changed")).await;
    let expected = Message { content: "changed".to_owned(), edited_at: changed.edited_at, ..sent.clone() };
    assert_eq!(changed, expected);
    assert_eq!(world.message(&sent, &alice).await, expected);
    // Whoever sends the first text again under its key repeats, and does not contradict.
    let again = world.done(send(keyed(id, &alice, "with everything", "key"))).await;
    assert!(matches!(again, Written::MessageRepeat(first) if first == sent.id), "{again:?}");
}

pub(crate) async fn edits_within_one_batch_follow_one_another(db: Db) {
    let (world, alice, bob, id) = world(&db).await;
    let new = new_message(id, &alice, "0");
    let at = crate::harness::At(id, new.id);
    let to_bob = Mentions { named: vec![bob.id], ..Mentions::default() };
    let mut writes = vec![send(new), edit_mentioning(at, &alice, "1", to_bob)];
    writes.extend((2..50).map(|n| edit(at, &alice, &n.to_string())));
    for result in world.write_all(writes).await {
        result.unwrap();
    }
    let history = world.history(id, &bob).await;
    assert_eq!((history[0].content.as_str(), history[0].mentions.len()), ("49", 0));
    let versions = world.store.versions(history[0].id).await.unwrap();
    assert!(versions.iter().map(|version| version.content.clone()).eq((0..49).map(|n| n.to_string())));
    assert_eq!(world.unread(id, &bob).await, (1, 0));

    // Of very many, the newest are told.
    let more = (50..=120).map(|n| edit(at, &alice, &n.to_string())).collect();
    for result in world.write_all(more).await {
        result.unwrap();
    }
    let versions = world.store.versions(history[0].id).await.unwrap();
    assert!(versions.iter().map(|version| version.content.clone()).eq((20..120).map(|n| n.to_string())));
}

pub(crate) async fn a_system_message_says_what_happened(db: Db) {
    let (world, alice, _, id) = world(&db).await;
    world.done(rename(id, &alice, "Pier")).await;
    let message = world.conversation(id, &alice).await.last_message.unwrap();
    assert_eq!(message.system, Some(SystemNote::Renamed { name: "Pier".to_owned() }));
    assert_eq!(message.sender.id, alice.id);
}
