//! What somebody is told who was away: where the logs are, and what they lack of them.

use crate::harness::{
    ALL, Db, World, add, delete, delete_conversation, edit, leave, new_id, new_message, pin, react, remove,
    rename, set_role,
};
use natter_protocol::{ConversationId, Event, MemberRole, Seq, User};
use natter_store::Range;

async fn heads(world: &World, viewer: &User, of: Option<&[ConversationId]>) -> Vec<(ConversationId, Seq)> {
    let heads = world.store.heads(viewer.id, of).await.unwrap();
    let mut heads: Vec<_> = heads.into_iter().map(|head| (head.id, head.seq)).collect();
    heads.sort_unstable();
    heads
}

pub(crate) async fn heads_are_those_of_ones_own_conversations(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (one, two) = (world.group(&alice, &[&bob]).await, world.group(&alice, &[&bob]).await);
    let (gone, left) = (world.group(&alice, &[&bob]).await, world.group(&alice, &[&bob]).await);
    let hers = world.group(&alice, &[]).await;
    let unknown = new_id(ConversationId::from_uuid);
    world.send(new_message(two, &alice, "hello")).await;
    world.done(delete_conversation(gone, &alice)).await;
    world.done(leave(left, &bob)).await;

    let head = async |id, user| (id, world.conversation(id, user).await.last_seq);
    let all = [head(one, &bob).await, head(two, &bob).await];
    assert_eq!(all, [(one, 1), (two, 2)]);
    assert_eq!(heads(&world, &bob, None).await, all);
    // Neither what is not theirs, nor what they have left, nor what is deleted, nor what never was; each once.
    let named = [left, two, gone, hers, unknown, one, two];
    assert_eq!(heads(&world, &bob, Some(&named)).await, all);
    assert_eq!(heads(&world, &bob, Some(&[two])).await, [(two, 2)]);
    assert_eq!(heads(&world, &bob, Some(&[])).await, []);
    let hers = [all[0], all[1], head(left, &alice).await, (hers, 1)];
    assert_eq!(heads(&world, &alice, None).await, hers);

    // A log begins where it is for whoever comes back.
    world.done(add(left, &alice, &bob)).await;
    assert_eq!(heads(&world, &bob, Some(&[left])).await, [head(left, &alice).await]);
}

/// Something of all that a log can tell.
async fn eventful(world: &World, alice: &User, bob: &User, carol: &User) -> ConversationId {
    let id = world.group(alice, &[bob]).await;
    let first = world.send(new_message(id, bob, "hello")).await;
    world.done(add(id, alice, carol)).await;
    world.done(react(&first, carol, "👍", true)).await;
    world.done(pin(&first, alice, true)).await;
    world.done(edit(&first, bob, "hello all")).await;
    world.done(set_role(id, alice, bob, MemberRole::Moderator)).await;
    let second = world.send(new_message(id, carol, "to be deleted")).await;
    world.done(delete(&second, bob)).await;
    world.done(react(&first, carol, "👍", false)).await;
    world.done(remove(id, bob, carol)).await;
    world.done(rename(id, alice, "Pier")).await;
    id
}

/// What [`natter_store::Messages::events`] says of the same parts.
async fn one_by_one(world: &World, viewer: &User, ranges: &[Range]) -> Vec<Event> {
    let mut all = Vec::new();
    for range in ranges {
        let events = world.store.events(range.conversation_id, viewer.id, range.after, ALL).await.unwrap();
        all.extend(events.into_iter().flatten().filter(|event| event.seq <= range.upto));
    }
    all
}

pub(crate) async fn a_replay_is_what_the_logs_tell_in_these_parts(db: Db) {
    let world = db.open().await;
    let (alice, bob, carol) = (world.user("alice").await, world.user("bob").await, world.user("carol").await);
    let one = eventful(&world, &alice, &bob, &carol).await;
    let two = eventful(&world, &alice, &bob, &carol).await;
    let hers = eventful(&world, &alice, &bob, &carol).await;
    world.done(leave(hers, &bob)).await;
    let unknown = new_id(ConversationId::from_uuid);
    let range = |conversation_id, after, upto| Range { conversation_id, after, upto };

    let head = world.conversation(one, &alice).await.last_seq;
    assert!(head > 12, "{head}");
    for after in 0..=head + 1 {
        for upto in [0, 1, after, after + 1, after + 4, head, Seq::MAX] {
            // In the order of the parts, whatever that is; a part may come twice, and be empty.
            let ranges = [range(two, after, upto), range(one, 0, after), range(two, upto, head)];
            let expected = one_by_one(&world, &bob, &ranges).await;
            assert_eq!(world.store.replay(bob.id, &ranges).await.unwrap(), expected, "{ranges:?}");
        }
    }
    let whole = world.store.replay(bob.id, &[range(one, 0, Seq::MAX)]).await.unwrap();
    assert_eq!(whole, world.log(one, &bob).await);
    assert_eq!(whole.len() as u64, head);

    // Nothing of what is not theirs any more, or never was.
    let others = [range(hers, 0, Seq::MAX), range(one, head - 1, head), range(unknown, 0, Seq::MAX)];
    let seen = world.store.replay(bob.id, &others).await.unwrap();
    assert_eq!(
        seen.iter().map(|event| (event.conversation_id, event.seq)).collect::<Vec<_>>(),
        [(one, head)]
    );
    assert_eq!(world.store.replay(carol.id, &others).await.unwrap(), []);
    assert_eq!(world.store.replay(bob.id, &[]).await.unwrap(), []);
    world.done(delete_conversation(one, &alice)).await;
    assert_eq!(world.store.replay(bob.id, &others).await.unwrap(), []);
}
