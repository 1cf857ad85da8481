//! Pinned messages.

use crate::harness::{At, Db, new_message, pin};
use natter_protocol::{EventBody, MessageKind, SystemNote};

pub(crate) async fn the_newest_pin_comes_first(db: Db) {
    let world = db.open().await;
    let (alice, bob, eve) = (world.user("alice").await, world.user("bob").await, world.user("eve").await);
    let id = world.group(&alice, &[&bob]).await;
    let mut sent = Vec::new();
    for n in 0..3 {
        sent.push(world.send(new_message(id, &alice, &n.to_string())).await);
    }
    for n in [1, 2, 0] {
        world.done(pin(&sent[n], &bob, true)).await;
    }
    world.done(pin(&sent[2], &alice, false)).await;
    let pins = world.store.pins(id, bob.id).await.unwrap().unwrap();
    assert!(pins.iter().map(|message| message.id).eq([sent[0].id, sent[1].id]), "{pins:?}");
    assert!(pins.iter().all(|message| message.pinned_at.is_some()));
    assert_eq!(world.store.pins(id, eve.id).await.unwrap(), None);
}

pub(crate) async fn pinning_is_told_of_and_unpinning_is_not(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let sent = world.send(new_message(id, &alice, "remember")).await;
    for on in [true, true, false, false] {
        let pinned = world.change(pin(&sent, &alice, on)).await;
        assert_eq!((pinned.seq, pinned.pinned_at.is_some()), (sent.seq, on));
    }
    let log = world.log(id, &alice).await;
    let [_, _, pinned, note, unpinned] = log.as_slice() else { panic!("{log:#?}") };
    for event in [pinned, unpinned] {
        let EventBody::MessageUpdated(change) = &event.body else { panic!("{event:?}") };
        assert_eq!((change.message_seq, change.message.pinned_at), (sent.seq, None));
    }
    let EventBody::MessageNew(note) = &note.body else { panic!("{note:?}") };
    assert_eq!(note.kind, MessageKind::System);
    assert_eq!(note.system, Some(SystemNote::MessagePinned { message_id: sent.id }));
    // A note is no message of somebody's, and cannot be pinned itself.
    assert_eq!(
        world.refusal(pin(At(id, note.id), &alice, true)).await,
        natter_store::Refusal::MessageUnknown
    );
}
