//! Whom a message mentions, and for whom that counts.

use crate::harness::{
    Db, World, block, edit_mentioning, join, mentioning, new_channel, new_message, read, unblock,
};
use natter_protocol::{ConversationId, GroupMention, User, UserId};
use natter_store::{Mentions, NewMessage};

async fn world(db: &Db) -> (World, [User; 5], ConversationId) {
    let world = db.open().await;
    let mut people = Vec::new();
    for name in ["alice", "bob", "carol", "dave", "eve"] {
        people.push(world.user(name).await);
    }
    let people = <[User; 5]>::try_from(people).unwrap();
    let id = world.create(new_channel(&people[0], &[&people[1], &people[2], &people[3]])).await;
    (world, people, id)
}

/// How many mentions each of these has not read.
async fn counts<const N: usize>(world: &World, id: ConversationId, users: [&User; N]) -> [u64; N] {
    let mut counts = [0; N];
    for (count, user) in counts.iter_mut().zip(users) {
        *count = world.unread(id, user).await.1;
    }
    counts
}

fn group(group: GroupMention, named: &[&User], here: Option<&[&User]>) -> Mentions {
    let ids = |users: &[&User]| -> Vec<UserId> { users.iter().map(|user| user.id).collect() };
    Mentions { named: ids(named), group: Some(group), here: here.map(ids) }
}

pub(crate) async fn a_mention_counts_for_members_without_a_block(db: Db) {
    let (world, [alice, bob, carol, dave, eve], id) = world(&db).await;
    world.done(block(&alice, &bob)).await;
    world.done(block(&carol, &alice)).await;
    let sent = world
        .send(mentioning(new_message(id, &alice, "all of you"), &[&bob, &carol, &dave, &eve, &alice]))
        .await;
    assert_eq!(sent.mentions, [dave.id]);
    assert_eq!(world.message(&sent, &dave).await.mentions, [dave.id]);
    assert_eq!(counts(&world, id, [&alice, &bob, &carol, &dave]).await, [0, 0, 0, 1]);
    // Whoever comes later was not meant.
    world.done(join(id, &eve)).await;
    assert_eq!(counts(&world, id, [&eve]).await, [0]);
    // What was not recorded does not come with the end of a block.
    world.done(unblock(&alice, &bob)).await;
    assert_eq!(counts(&world, id, [&bob]).await, [0]);
}

pub(crate) async fn a_later_block_hides_a_mention_until_it_ends(db: Db) {
    let (world, [alice, bob, carol, ..], id) = world(&db).await;
    world.send(mentioning(new_message(id, &alice, "you two"), &[&bob, &carol])).await;
    world.done(block(&bob, &alice)).await;
    assert_eq!(world.unread(id, &bob).await, (0, 0));
    world.done(unblock(&bob, &alice)).await;
    // Only whoever blocks is spared: the other keeps what they have.
    world.done(block(&alice, &bob)).await;
    assert_eq!(world.unread(id, &bob).await, (1, 1));
}

pub(crate) async fn all_are_mentioned_at_once(db: Db) {
    let (world, [alice, bob, carol, dave, eve], id) = world(&db).await;
    let to_all = group(GroupMention::All, &[&bob], None);
    let sent = world.send(NewMessage { mentions: to_all, ..new_message(id, &alice, "@all, @bob") }).await;
    assert_eq!((sent.group_mention, sent.mentions.as_slice()), (Some(GroupMention::All), &[bob.id][..]));
    assert_eq!(world.message(&sent, &bob).await.group_mention, Some(GroupMention::All));
    // By name and with all is once; its sender is not meant.
    assert_eq!(counts(&world, id, [&alice, &bob, &carol, &dave]).await, [0, 1, 1, 1]);
    world.done(read(id, &carol, None)).await;
    world.done(join(id, &eve)).await;
    assert_eq!(counts(&world, id, [&bob, &carol, &eve]).await, [1, 0, 0]);
}

pub(crate) async fn who_was_here_is_mentioned(db: Db) {
    let (world, [alice, bob, carol, dave, eve], id) = world(&db).await;
    world.done(block(&alice, &dave)).await;
    let here = group(GroupMention::Here, &[&bob], Some(&[&carol, &dave, &eve, &alice]));
    let sent = world.send(NewMessage { mentions: here, ..new_message(id, &alice, "@here, @bob") }).await;
    // Those who are here are not named.
    assert_eq!((sent.group_mention, sent.mentions.as_slice()), (Some(GroupMention::Here), &[bob.id][..]));
    assert_eq!(counts(&world, id, [&alice, &bob, &carol, &dave]).await, [0, 1, 1, 0]);
    // A crowd that is too large to list is everybody.
    let crowd = group(GroupMention::Here, &[], None);
    world.send(NewMessage { mentions: crowd, ..new_message(id, &alice, "@here") }).await;
    assert_eq!(counts(&world, id, [&alice, &bob, &carol, &dave]).await, [0, 2, 2, 1]);
}

pub(crate) async fn an_edit_mentions_anew(db: Db) {
    let (world, [alice, bob, carol, dave, _], id) = world(&db).await;
    let sent = world.send(mentioning(new_message(id, &alice, "@bob"), &[&bob])).await;
    let named = |users: &[&User]| Mentions {
        named: users.iter().map(|user| user.id).collect(),
        ..Mentions::default()
    };
    for (mentions, expected) in [
        (named(&[&carol, &dave]), [0, 1, 1]),
        (group(GroupMention::All, &[], None), [1, 1, 1]),
        (group(GroupMention::Here, &[&bob], Some(&[&dave])), [1, 0, 1]),
        (named(&[]), [0, 0, 0]),
    ] {
        world.done(edit_mentioning(&sent, &alice, &format!("{mentions:?}"), mentions)).await;
        assert_eq!(counts(&world, id, [&bob, &carol, &dave]).await, expected);
    }
    // Whoever had read it is not called back.
    world.done(read(id, &bob, None)).await;
    world.done(edit_mentioning(&sent, &alice, "@bob again", named(&[&bob]))).await;
    assert_eq!(counts(&world, id, [&bob]).await, [0]);
}
