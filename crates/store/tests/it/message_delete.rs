//! Deleting a message.

use crate::harness::{Db, delete, edit, keyed, mentioning, new_message, pin, react, send, set_role};
use natter_protocol::{EventBody, ForwardedFrom, MemberRole, Message};
use natter_store::{Mentions, NewMessage, Refusal, Write, Written};

pub(crate) async fn nothing_is_left_of_a_deleted_message_but_its_place(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[&bob]).await;
    let first = world.send(new_message(id, &bob, "first")).await;
    let forwarded_from = Some(ForwardedFrom { sender: first.sender.clone(), created_at: first.created_at });
    let group = Some(natter_protocol::GroupMention::All);
    let mentions = Mentions { named: vec![bob.id], group, here: None };
    let new = NewMessage {
        reply_to: Some(first.id),
        thread_id: Some(first.id),
        forwarded_from,
        mentions,
        ..keyed(id, &alice, "regretted", "key")
    };
    let sent = world.send(new).await;
    world.done(react(&sent, &bob, "👍", true)).await;
    world.done(pin(&sent, &bob, true)).await;
    let answer = world.send(NewMessage { reply_to: Some(sent.id), ..new_message(id, &alice, "why?") }).await;
    assert_eq!(world.unread(id, &bob).await, (2, 1));

    let deleted = world.change(delete(&sent, &alice)).await;
    let tombstone = Message {
        content: String::new(),
        mentions: Vec::new(),
        group_mention: None,
        forwarded_from: None,
        deleted_at: deleted.deleted_at,
        ..sent.clone()
    };
    assert!(deleted.deleted_at.is_some());
    assert_eq!(deleted, tombstone);
    assert_eq!(world.message(&sent, &bob).await, tombstone);
    assert_eq!(world.store.pins(id, bob.id).await.unwrap().unwrap(), []);
    assert_eq!(world.store.reactions(sent.id, None, 9).await.unwrap(), []);
    assert_eq!(world.unread(id, &bob).await, (1, 0));
    // What answers it goes on doing so, and it still answers.
    assert_eq!(world.message(&answer, &bob).await.reply_to, Some(sent.id));
    assert_eq!(world.message(&first, &bob).await.reply_count, 1);

    let log = world.log(id, &bob).await;
    let last = log.last().unwrap();
    let EventBody::MessageDeleted(change) = &last.body else { panic!("{last:?}") };
    assert_eq!((change.message_seq, change.actor_id), (sent.seq, alice.id));
    assert_eq!(change.message, Message { seq: last.seq, ..tombstone.clone() });
    // Replaying the beginning shows what is left now.
    assert_eq!(log[2].body, EventBody::MessageNew(Box::new(tombstone)));

    // A second time changes nothing; its key is spent for ever.
    assert_eq!(world.change(delete(&sent, &alice)).await.deleted_at, deleted.deleted_at);
    assert_eq!(world.log(id, &bob).await.len(), log.len());
    let again = world.done(send(keyed(id, &alice, "regretted", "key"))).await;
    assert!(matches!(again, Written::MessageRepeat(first) if first == sent.id), "{again:?}");
}

pub(crate) async fn moderators_see_what_a_deleted_message_said(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let sent = world.send(new_message(id, &alice, "first")).await;
    world.done(edit(&sent, &alice, "second")).await;
    world.done(delete(&sent, &alice)).await;
    let versions = world.store.versions(sent.id).await.unwrap();
    let said: Vec<_> =
        versions.iter().map(|version| (version.content.as_str(), version.replaced_by)).collect();
    assert_eq!(said, [("first", alice.id), ("second", alice.id)]);
}

pub(crate) async fn moderators_delete_what_others_wrote(db: Db) {
    let world = db.open().await;
    let (alice, bob, carol) = (world.user("alice").await, world.user("bob").await, world.user("carol").await);
    let id = world.group(&alice, &[&bob, &carol]).await;
    let of_alice = world.send(mentioning(new_message(id, &alice, "mine"), &[&carol])).await;
    assert_eq!(world.refusal(delete(&of_alice, &bob)).await, Refusal::RoleTooLow);
    world.done(set_role(id, &alice, &bob, MemberRole::Moderator)).await;
    // Also a moderator of lower rank than the author.
    assert!(world.change(delete(&of_alice, &bob)).await.deleted_at.is_some());
    assert_eq!(world.store.versions(of_alice.id).await.unwrap()[0].replaced_by, bob.id);
    assert_eq!(world.unread(id, &carol).await, (0, 0));
}

pub(crate) async fn one_may_take_back_what_one_said_where_nothing_more_is_said(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let sent = world.send(new_message(id, &alice, "regretted")).await;
    world.done(crate::harness::set_status(id, &alice, natter_protocol::ConversationStatus::Closed)).await;
    let write = delete(&sent, &alice);
    assert!(matches!(write, Write::DeleteMessage(_)));
    assert!(world.change(write).await.deleted_at.is_some());
}
