//! Reading messages.

use crate::harness::{ALL, Db, keyed, new_id, new_message, now, send};
use natter_protocol::{EventBody, MessageId, ReactionCount, Seq};
use natter_store::{Anchor, NewMessage, Refusal, StoreError, Window};

pub(crate) async fn a_message_reads_back_as_it_was_sent(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[&bob]).await;
    let first = world.send(new_message(id, &alice, "first")).await;
    let text = "Ünï*code* 👩‍👩‍👧 '; DROP TABLE messages; --\n\t\u{202e}\\ %s {}";
    let new = NewMessage {
        reply_to: Some(first.id),
        thread_id: Some(first.id),
        ..keyed(id, &bob, text, "clé '\" ☂")
    };
    let sent = world.send(new.clone()).await;
    assert_eq!((sent.id, sent.conversation_id, sent.seq), (new.id, id, 3));
    assert_eq!((&sent.sender, sent.kind, sent.content.as_str()), (&new.sender, new.kind, text));
    assert_eq!(sent.client_message_id, new.client_message_id);
    assert_eq!((sent.reply_to, sent.thread_id), (Some(first.id), Some(first.id)));
    assert_eq!((sent.created_at, sent.edited_at, sent.deleted_at), (new.created_at, None, None));
    assert!(sent.mentions.is_empty() && sent.attachments.is_empty() && sent.reactions.is_empty());

    let store = &world.store;
    assert_eq!(store.message(sent.id, alice.id).await.unwrap().as_ref(), Some(&sent));
    let first = natter_protocol::Message { reply_count: 1, ..first };
    assert_eq!(world.history(id, &alice).await, [first, sent.clone()]);
    assert_eq!(world.conversation(id, &alice).await.last_message.as_ref(), Some(&sent));
    let log = world.log(id, &alice).await;
    assert_eq!(log[2].body, EventBody::MessageNew(Box::new(sent)));
    assert_eq!(store.message(new_id(MessageId::from_uuid), alice.id).await.unwrap(), None);
}

/// Also when clocks differ and a batch does not end with its latest time.
pub(crate) async fn a_conversation_is_as_new_as_its_latest_message(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let start = now().plus_seconds(3600);
    let later = |seconds| start.plus_seconds(seconds);
    let at = |seconds| send(NewMessage { created_at: later(seconds), ..new_message(id, &alice, "tick") });
    let ticks: Vec<_> = (0..50).chain([0]).map(at).collect();
    for written in world.write_all(ticks).await {
        written.unwrap();
    }
    assert_eq!(world.conversation(id, &alice).await.info.updated_at, later(49));
}

pub(crate) async fn windows_have_exact_edges(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let window = async |window, limit| -> (Vec<Seq>, bool, bool) {
        let slice = world.store.messages(id, alice.id, None, window, limit).await.unwrap().unwrap();
        (slice.messages.iter().map(|message| message.seq).collect(), slice.older, slice.newer)
    };
    let seq = Anchor::Seq;
    for empty in [Window::Newest, Window::Before(seq(9)), Window::After(seq(0)), Window::Around(seq(1))] {
        assert_eq!(window(empty, 3).await, (vec![], false, false), "{empty:?}");
    }
    // Position 1 is the conversation's beginning, which is no message.
    let mut ids = vec![None, None];
    for n in 2..=7 {
        ids.push(Some(world.send(new_message(id, &alice, &n.to_string())).await.id));
    }
    let message = |n: usize| Anchor::Message(ids[n].unwrap());

    let cases = [
        (Window::Newest, 3, vec![5, 6, 7], true, false),
        (Window::Newest, 6, vec![2, 3, 4, 5, 6, 7], false, false),
        (Window::Newest, ALL, vec![2, 3, 4, 5, 6, 7], false, false),
        (Window::Before(message(5)), 2, vec![3, 4], true, true),
        (Window::Before(message(5)), 3, vec![2, 3, 4], false, true),
        (Window::Before(message(2)), 3, vec![], false, true),
        (Window::Before(seq(8)), 2, vec![6, 7], true, false),
        (Window::Before(seq(Seq::MAX)), 1, vec![7], true, false),
        (Window::After(message(5)), 1, vec![6], true, true),
        (Window::After(message(5)), 2, vec![6, 7], true, false),
        (Window::After(message(7)), 2, vec![], true, false),
        (Window::After(seq(0)), 2, vec![2, 3], false, true),
        (Window::After(seq(1)), 6, vec![2, 3, 4, 5, 6, 7], false, false),
        (Window::After(seq(Seq::MAX)), 2, vec![], true, false),
        (Window::Around(message(4)), 4, vec![2, 3, 4, 5], false, true),
        (Window::Around(message(4)), 3, vec![3, 4, 5], true, true),
        (Window::Around(message(4)), 1, vec![4], true, true),
        (Window::Around(message(2)), 4, vec![2, 3], false, true),
        (Window::Around(message(7)), 4, vec![5, 6, 7], true, false),
        (Window::Around(seq(1)), 4, vec![2, 3], false, true),
        (Window::Around(seq(Seq::MAX)), 4, vec![6, 7], true, false),
    ];
    for (asked, limit, seqs, older, newer) in cases {
        assert_eq!(window(asked, limit).await, (seqs, older, newer), "{asked:?}, at most {limit}");
    }
}

/// A thread is the message that started it and those in it, wherever they are in the conversation.
pub(crate) async fn a_thread_has_windows_of_its_own(db: Db) {
    let world = db.open().await;
    let (alice, bob, eve) = (world.user("alice").await, world.user("bob").await, world.user("eve").await);
    let id = world.group(&alice, &[&bob]).await;
    // Positions 2 to 9: the start at 3, its thread at 5, 6 and 9, another's at 8, the rest in none.
    let mut sent: Vec<natter_protocol::Message> = Vec::new();
    for seq in 2..=9 {
        let start = match seq {
            5 | 6 | 9 => Some(1),
            8 => Some(0),
            _ => None,
        };
        let thread_id = start.map(|start: usize| sent[start].id);
        let new = NewMessage { thread_id, ..new_message(id, &bob, &seq.to_string()) };
        sent.push(world.send(new).await);
    }
    let start = sent[1].id;
    let seq = Anchor::Seq;
    let cases = [
        (Window::Newest, 2, vec![6, 9], true, false),
        (Window::Newest, 4, vec![3, 5, 6, 9], false, false),
        (Window::Before(seq(9)), 2, vec![5, 6], true, true),
        (Window::Before(seq(5)), 2, vec![3], false, true),
        (Window::Before(Anchor::Message(start)), 2, vec![], false, true),
        (Window::After(seq(0)), 2, vec![3, 5], false, true),
        (Window::After(Anchor::Message(start)), 9, vec![5, 6, 9], true, false),
        (Window::After(seq(9)), 9, vec![], true, false),
        (Window::Around(seq(6)), 2, vec![5, 6], true, true),
        (Window::Around(seq(7)), 2, vec![6, 9], true, false),
    ];
    for (window, limit, seqs, older, newer) in cases {
        let slice = world.store.messages(id, alice.id, Some(start), window, limit).await.unwrap().unwrap();
        let found: Vec<Seq> = slice.messages.iter().map(|message| message.seq).collect();
        assert_eq!((found, slice.older, slice.newer), (seqs, older, newer), "{window:?}, at most {limit}");
    }
    // One that nobody has answered, one that is none, and one of a conversation that the viewer is not in.
    let of = async |viewer: &natter_protocol::User, thread| {
        let slice = world.store.messages(id, viewer.id, Some(thread), Window::Newest, ALL).await.unwrap();
        slice.map(|slice| slice.messages.len())
    };
    assert_eq!(of(&alice, sent[2].id).await, Some(1));
    assert_eq!(of(&alice, new_id(MessageId::from_uuid)).await, Some(0));
    assert_eq!(of(&eve, start).await, None);
    let elsewhere = world.group(&alice, &[]).await;
    let slice = world.store.messages(elsewhere, alice.id, Some(start), Window::Newest, ALL).await.unwrap();
    assert!(slice.unwrap().messages.is_empty());
    assert_eq!(world.message(&sent[1], &alice).await.reply_count, 3);
}

pub(crate) async fn a_window_needs_a_place_of_its_own_conversation(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let (here, there) = (world.group(&alice, &[]).await, world.group(&alice, &[]).await);
    world.send(new_message(here, &alice, "here")).await;
    let elsewhere = world.send(new_message(there, &alice, "there")).await.id;
    for id in [elsewhere, new_id(MessageId::from_uuid)] {
        let anchor = Anchor::Message(id);
        for window in [Window::Before(anchor), Window::After(anchor), Window::Around(anchor)] {
            let refused = world.store.messages(here, alice.id, None, window, ALL).await;
            assert!(matches!(refused, Err(StoreError::Refused(Refusal::AnchorUnknown))), "{refused:?}");
        }
    }
}

pub(crate) async fn a_deleted_message_stays_as_a_tombstone(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let sent = world.send(new_message(id, &alice, "regretted")).await;
    db.execute("UPDATE messages SET content = '', deleted_at = created_at").await;
    let tombstone =
        natter_protocol::Message { content: String::new(), deleted_at: Some(sent.created_at), ..sent };
    assert_eq!(world.history(id, &alice).await, std::slice::from_ref(&tombstone));
    let log = world.log(id, &alice).await;
    assert_eq!(log[1].body, EventBody::MessageNew(Box::new(tombstone)));
}

pub(crate) async fn reactions_are_counted_in_the_order_of_first_use(db: Db) {
    let world = db.open().await;
    let (alice, bob, carol) = (world.user("alice").await, world.user("bob").await, world.user("carol").await);
    let id = world.group(&alice, &[&bob, &carol]).await;
    world.send(new_message(id, &alice, "nice?")).await;
    // carol first, with a thumb; then all, in the order of their accounts, with a heart; then alice with a thumb.
    db.execute(
        "INSERT INTO message_reactions (message_id, user_id, emoji, created_at)
             SELECT m.id, u.id, '👍', u.created_at FROM messages AS m, users AS u WHERE u.username = 'carol';
         INSERT INTO message_reactions (message_id, user_id, emoji, created_at)
             SELECT m.id, u.id, '❤', m.created_at FROM messages AS m, users AS u;
         INSERT INTO message_reactions (message_id, user_id, emoji, created_at)
             SELECT m.id, u.id, '👍', m.created_at FROM messages AS m, users AS u WHERE u.username = 'alice';",
    )
    .await;
    let count = |emoji: &str, count, me| ReactionCount { emoji: emoji.to_owned(), count, me };
    for (viewer, expected) in [
        (&alice, [count("👍", 2, true), count("❤", 3, true)]),
        (&bob, [count("👍", 2, false), count("❤", 3, true)]),
    ] {
        let history = world.history(id, viewer).await;
        assert_eq!(history[0].reactions, expected);
        assert_eq!(world.conversation(id, viewer).await.last_message.as_ref(), Some(&history[0]));
    }
}
