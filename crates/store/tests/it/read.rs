//! Read positions, and who has read what.

use crate::harness::{ALL, Db, add, block, leave, new_message, read, unblock};
use natter_protocol::{Receipt, User};
use natter_store::{Anchor, Notice, Written};

pub(crate) async fn a_read_position_only_goes_forward(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[&bob]).await;
    let mut sent = Vec::new();
    for n in 0..4 {
        sent.push(world.send(new_message(id, &alice, &n.to_string())).await);
    }
    let (message, seq) = (|n: usize| Some(Anchor::Message(sent[n].id)), |seq| Some(Anchor::Seq(seq)));
    let mut steps = Vec::new();
    for (up_to, position, unread) in [
        (message(1), 3, 2),
        (message(0), 3, 2),
        (seq(2), 3, 2),
        (seq(0), 3, 2),
        (message(1), 3, 2),
        (seq(4), 4, 1),
        (seq(u64::MAX), 5, 0),
        (None, 5, 0),
    ] {
        let written = world.done(read(id, &bob, up_to)).await;
        let Written::Read { conversation_id, last_read_seq } = written else { panic!("{written:?}") };
        assert_eq!((conversation_id, last_read_seq), (id, position), "{up_to:?}");
        let state = world.store.read_state(id, bob.id).await.unwrap().unwrap();
        assert_eq!((state.last_read_seq, state.unread_count), (position, unread));
        if steps.last() != Some(&position) {
            steps.push(position);
        }
    }
    // One's own messages are not unread, and do not move one's position.
    assert_eq!(world.conversation(id, &alice).await.me.last_read_seq, 0);
    assert_eq!(world.unread(id, &alice).await, (0, 0));
    // Others hear of each step, once.
    let told: Vec<_> = world
        .notices()
        .await
        .into_iter()
        .filter_map(|notice| match notice {
            Notice::Read(receipt) => Some((receipt.user_id, receipt.last_read_seq)),
            _ => None,
        })
        .collect();
    assert!(told.into_iter().eq(steps.into_iter().map(|seq| (bob.id, seq))));
}

pub(crate) async fn who_has_read_a_message_is_listed(db: Db) {
    let world = db.open().await;
    let mut people = Vec::new();
    for name in ["alice", "bob", "carol", "dave", "erin"] {
        people.push(world.user(name).await);
    }
    let [alice, bob, carol, dave, erin] = <[User; 5]>::try_from(people).unwrap();
    let id = world.group(&alice, &[&bob, &carol, &dave]).await;
    let first = world.send(new_message(id, &alice, "first")).await;
    let second = world.send(new_message(id, &bob, "second")).await;
    let mut times = Vec::new();
    for (user, up_to) in [
        (&carol, Anchor::Message(first.id)),
        (&bob, Anchor::Seq(9)),
        (&alice, Anchor::Seq(9)),
        (&dave, Anchor::Seq(1)),
    ] {
        let write = read(id, user, Some(up_to));
        let natter_store::Write::MarkRead(mark) = &write else { unreachable!() };
        times.push(mark.at);
        world.done(write).await;
    }
    // A later step does not change when an earlier message was read.
    world.done(read(id, &carol, None)).await;
    let listed = async |message: &natter_protocol::Message, viewer: &User| -> Vec<String> {
        let receipts = world.store.receipts(message.id, viewer.id, None, ALL).await.unwrap();
        let count = world.store.read_count(message.id, viewer.id).await.unwrap();
        assert_eq!(count, receipts.len() as u64);
        receipts.into_iter().map(|receipt| receipt.user.username).collect()
    };
    let receipts = world.store.receipts(first.id, alice.id, None, ALL).await.unwrap();
    let expected = [(&bob, times[1]), (&carol, times[0])]
        .map(|(user, read_at)| Receipt { user: crate::harness::summary(user), read_at });
    assert_eq!(receipts, expected);
    assert_eq!(listed(&second, &dave).await, ["alice", "carol"]);

    // In pages, by name.
    let page = world.store.receipts(first.id, alice.id, None, 1).await.unwrap();
    assert_eq!(page, expected[..1]);
    let page = world.store.receipts(first.id, alice.id, Some("bob"), 1).await.unwrap();
    assert_eq!(page, expected[1..]);
    assert_eq!(world.store.receipts(first.id, alice.id, Some("carol"), 1).await.unwrap(), []);

    // Nobody who left, nobody who came later, and nobody with whom there is a block, whoever wanted it.
    world.done(leave(id, &bob)).await;
    world.done(add(id, &alice, &erin)).await;
    assert_eq!(listed(&first, &alice).await, ["carol"]);
    world.done(block(&alice, &carol)).await;
    assert_eq!(listed(&first, &alice).await, [""; 0]);
    assert_eq!(listed(&second, &carol).await, ["carol"]);
    assert_eq!(listed(&first, &dave).await, ["carol"]);
    world.done(unblock(&alice, &carol)).await;
    assert_eq!(listed(&first, &alice).await, ["carol"]);
}

pub(crate) async fn whoever_comes_in_has_read_what_was_before(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[]).await;
    world.send(new_message(id, &alice, "before")).await;
    let head = world.conversation(id, &alice).await.last_seq;
    world.done(add(id, &alice, &bob)).await;
    let seen = world.conversation(id, &bob).await;
    assert_eq!((seen.me.last_read_seq, seen.unread_count), (head, 0));
    world.send(new_message(id, &alice, "after")).await;
    assert_eq!(world.unread(id, &bob).await, (1, 0));
    // What they had not read when they left is not unread when they come back.
    world.done(leave(id, &bob)).await;
    world.send(new_message(id, &alice, "meanwhile")).await;
    world.done(add(id, &alice, &bob)).await;
    assert_eq!(world.unread(id, &bob).await, (0, 0));
}
