//! Who keeps away from whom.

use crate::harness::{Db, block, new_direct, new_group, new_message, send, unblock};
use natter_protocol::{BlockStatus, BlocksChange, MeChange, UpdateMe};
use natter_store::{Notice, OwnChange, Refusal, Write, Written};

pub(crate) async fn a_block_is_known_to_both(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let status = async |one: &natter_protocol::User, other: &natter_protocol::User| {
        let BlockStatus { blocked_by_me, blocked_me } =
            world.store.block_status(one.id, other.id).await.unwrap();
        (blocked_by_me, blocked_me)
    };
    assert_eq!(status(&alice, &bob).await, (false, false));
    assert!(matches!(world.done(block(&alice, &bob)).await, Written::Found(false)));
    assert!(matches!(world.done(block(&alice, &bob)).await, Written::Found(true)));
    assert_eq!(status(&alice, &bob).await, (true, false));
    assert_eq!(status(&bob, &alice).await, (false, true));
    for user in [&alice, &bob] {
        let apart = world.store.kept_apart(user.id).await.unwrap();
        assert_eq!(apart, [if user.id == alice.id { bob.id } else { alice.id }]);
    }
    let carol = world.user("carol").await;
    world.done(block(&carol, &alice)).await;
    assert_eq!(world.store.blockers(alice.id).await.unwrap(), [carol.id]);
    assert_eq!(world.store.blockers(bob.id).await.unwrap(), [alice.id]);
    let among = async |users: &[natter_protocol::UserId]| {
        let mut pairs = world.store.apart_among(users).await.unwrap();
        pairs.sort_unstable();
        pairs
    };
    let sorted = |mut pairs: Vec<_>| {
        pairs.sort_unstable();
        pairs
    };
    assert_eq!(among(&[]).await, []);
    assert_eq!(among(&[alice.id]).await, sorted(vec![(alice.id, bob.id), (alice.id, carol.id)]));
    let all = vec![(alice.id, bob.id), (alice.id, carol.id), (bob.id, alice.id)];
    assert_eq!(among(&[alice.id, bob.id]).await, sorted(all));
    world.done(unblock(&carol, &alice)).await;

    world.done(block(&bob, &alice)).await;
    assert_eq!(status(&alice, &bob).await, (true, true));
    assert_eq!(among(&[alice.id]).await, [(alice.id, bob.id)]);
    assert_eq!(world.store.kept_apart(alice.id).await.unwrap(), [bob.id]);
    assert!(matches!(world.done(unblock(&alice, &bob)).await, Written::Found(true)));
    assert!(matches!(world.done(unblock(&alice, &bob)).await, Written::Found(false)));
    assert_eq!(status(&alice, &bob).await, (false, true));
}

pub(crate) async fn a_direct_conversation_opens_when_the_last_block_ends(db: Db) {
    let world = db.open().await;
    let (alice, bob, carol) = (world.user("alice").await, world.user("bob").await, world.user("carol").await);
    let id = world.create(new_direct(&alice, &bob)).await;
    let other = world.create(new_direct(&alice, &carol)).await;
    world.send(new_message(id, &bob, "hello")).await;
    world.done(block(&alice, &bob)).await;
    world.done(block(&bob, &alice)).await;
    for ends in [unblock(&alice, &bob), unblock(&bob, &alice)] {
        for sender in [&alice, &bob] {
            let refused = world.refusal(send(new_message(id, sender, "no"))).await;
            assert_eq!(refused, Refusal::Blocked);
        }
        world.done(ends).await;
    }
    world.send(new_message(id, &bob, "hello again")).await;
    assert_eq!(world.history(id, &alice).await.len(), 2);
    world.send(new_message(other, &alice, "not meant")).await;

    // Within one batch, too.
    let results = world
        .write_all(vec![
            block(&alice, &bob),
            send(new_message(id, &bob, "no")),
            unblock(&alice, &bob),
            send(new_message(id, &bob, "yes")),
        ])
        .await;
    assert!(results[1].is_err() && results[3].is_ok(), "{results:?}");
    db.behind().await.check().await;
}

pub(crate) async fn nobody_begins_anything_with_whom_they_keep_away(db: Db) {
    let world = db.open().await;
    let (alice, bob, carol) = (world.user("alice").await, world.user("bob").await, world.user("carol").await);
    world.done(block(&alice, &bob)).await;
    let create = |new| Write::CreateConversation(Box::new(new));
    for write in [
        create(new_direct(&alice, &bob)),
        create(new_direct(&bob, &alice)),
        create(new_group(&alice, &[&carol, &bob])),
        create(new_group(&bob, &[&alice])),
    ] {
        assert_eq!(world.refusal(write).await, Refusal::Blocked);
    }
    // A third one may bring them together; there they see each other.
    let id = world.group(&carol, &[&alice, &bob]).await;
    world.send(new_message(id, &bob, "hello all")).await;
    assert_eq!(world.history(id, &alice).await.len(), 1);
    assert_eq!(world.unread(id, &alice).await, (0, 0));
    assert_eq!(world.unread(id, &carol).await, (1, 0));
    world.done(unblock(&alice, &bob)).await;
    assert_eq!(world.unread(id, &alice).await, (1, 0));
}

pub(crate) async fn who_is_blocked_is_listed_by_name(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let mut times = Vec::new();
    for name in ["dave", "bob", "carol"] {
        let write = block(&alice, &world.user(name).await);
        let Write::Block { at, .. } = write else { unreachable!() };
        world.done(write).await;
        times.push(at);
    }
    let list = async |after, limit| -> Vec<_> {
        let page = world.store.blocks(alice.id, after, limit).await.unwrap();
        page.into_iter().map(|block| (block.user.username, block.created_at)).collect()
    };
    let expected = [("bob", times[1]), ("carol", times[2]), ("dave", times[0])];
    let expected = expected.map(|(name, at)| (name.to_owned(), at));
    assert_eq!(list(None, 2).await, expected[..2]);
    assert_eq!(list(Some("carol"), 2).await, expected[2..]);
}

/// What somebody changes for themselves is told to their own devices and to nobody else, if it was a change.
pub(crate) async fn what_changes_for_oneself_is_told_to_oneself(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.create(new_direct(&alice, &bob)).await;
    for write in [block(&alice, &bob), block(&alice, &bob), unblock(&alice, &bob), unblock(&alice, &bob)] {
        world.done(write).await;
    }
    let update = UpdateMe { archived: Some(true), ..UpdateMe::default() };
    world.done(Write::UpdateMe { conversation_id: id, user_id: bob.id, update }).await;
    let me = world.conversation(id, &bob).await.me;
    assert!(me.archived);
    let blocks = |blocked| OwnChange::Blocks(BlocksChange { user_id: bob.id, blocked });
    let expected = [
        (alice.id, blocks(true)),
        (alice.id, blocks(false)),
        (bob.id, OwnChange::Me(MeChange { conversation_id: id, me })),
    ];
    let told = world.notices().await.into_iter().filter_map(|notice| match notice {
        Notice::Own(user, change) => Some((user, change)),
        _ => None,
    });
    assert!(told.eq(expected));
}
