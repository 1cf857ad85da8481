//! Who was in a conversation at a position of its log.

use crate::harness::{Db, add, delete_conversation, leave, new_message, remove};
use natter_protocol::{EventBody, UserId};
use std::collections::BTreeSet;

pub(crate) async fn a_roster_is_a_replay_of_the_log(db: Db) {
    let world = db.open().await;
    let mut people = Vec::new();
    for name in ["alice", "bob", "carol", "dave"] {
        people.push(world.user(name).await);
    }
    let [alice, bob, carol, dave] = people.as_slice() else { unreachable!() };
    let id = world.group(alice, &[bob]).await;
    for write in [
        add(id, alice, carol),
        leave(id, bob),
        add(id, carol, dave),
        add(id, alice, bob),
        remove(id, alice, carol),
        leave(id, alice),
    ] {
        world.send(new_message(id, alice, "meanwhile")).await;
        world.done(write).await;
    }
    let mut members = BTreeSet::from([alice.id, bob.id]);
    let log = world.log(id, bob).await;
    for event in &log {
        match &event.body {
            EventBody::MemberJoined(change) => drop(members.insert(change.member.user.id)),
            EventBody::MemberLeft(left) => drop(members.remove(&left.user_id)),
            _ => {}
        }
        let roster = world.store.roster(id, Some(event.seq)).await.unwrap().unwrap();
        assert_eq!(BTreeSet::<UserId>::from_iter(roster.members), members, "at {}", event.seq);
    }
    let head = world.store.roster(id, None).await.unwrap().unwrap();
    assert_eq!((BTreeSet::from_iter(head.members), head.last_seq), (members, log.len() as u64));
    world.done(delete_conversation(id, dave)).await;
    assert_eq!(world.store.roster(id, None).await.unwrap().unwrap().members, []);
}
