//! Reactions to messages.

use crate::harness::{ALL, Db, new_message, react};
use natter_protocol::{EventBody, ReactionCount};

pub(crate) async fn reactions_are_counted_by_emoji_for_each_viewer(db: Db) {
    let world = db.open().await;
    let (alice, bob, carol) = (world.user("alice").await, world.user("bob").await, world.user("carol").await);
    let id = world.group(&alice, &[&bob, &carol]).await;
    let sent = world.send(new_message(id, &alice, "nice?")).await;
    for (user, emoji) in [(&carol, "👍"), (&bob, "❤"), (&alice, "👍"), (&carol, "❤"), (&alice, "❤")]
    {
        world.done(react(&sent, user, emoji, true)).await;
    }
    let count = |emoji: &str, count, me| ReactionCount { emoji: emoji.to_owned(), count, me };
    for (viewer, expected) in [
        (&alice, [count("👍", 2, true), count("❤", 3, true)]),
        (&bob, [count("👍", 2, false), count("❤", 3, true)]),
    ] {
        assert_eq!(world.message(&sent, viewer).await.reactions, expected);
        assert_eq!(world.conversation(id, viewer).await.last_message.unwrap().reactions, expected);
    }
    // Whose is the first of an emoji may change.
    world.done(react(&sent, &carol, "👍", false)).await;
    let reactions = world.message(&sent, &bob).await.reactions;
    assert_eq!(reactions, [count("❤", 3, true), count("👍", 1, false)]);
}

pub(crate) async fn a_reaction_is_there_once(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[&bob]).await;
    let sent = world.send(new_message(id, &alice, "nice?")).await;
    let writes =
        [(&alice, true), (&alice, true), (&bob, true), (&alice, false), (&alice, false), (&bob, false)];
    let writes = writes.map(|(user, on)| react(&sent, user, "🦀", on));
    for result in world.write_all(writes.to_vec()).await {
        result.unwrap();
    }
    let told = |body: &EventBody| match body {
        EventBody::ReactionAdded(change) => Some((true, change.user_id, change.count)),
        EventBody::ReactionRemoved(change) => Some((false, change.user_id, change.count)),
        _ => None,
    };
    let log = world.log(id, &alice).await;
    // The log tells of the count as it is now.
    let logged: Vec<_> = log.iter().filter_map(|event| told(&event.body)).collect();
    let expected = [(true, alice.id, 1), (true, bob.id, 2), (false, alice.id, 1), (false, bob.id, 0)];
    assert_eq!(logged, expected.map(|(on, user, _)| (on, user, 0)));
    let feed: Vec<_> = world.close().await.iter().filter_map(|event| told(&event.body)).collect();
    assert_eq!(feed, expected);
}

pub(crate) async fn who_reacted_is_listed_in_pages(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[&bob]).await;
    let sent = world.send(new_message(id, &alice, "nice?")).await;
    let order = [(&bob, "👍"), (&alice, "👍"), (&alice, "❤"), (&bob, "🦀"), (&bob, "❤")];
    for (user, emoji) in order {
        world.done(react(&sent, user, emoji, true)).await;
    }
    let whole = world.store.reactions(sent.id, None, ALL).await.unwrap();
    assert!(
        whole
            .iter()
            .map(|reaction| (reaction.user.id, reaction.emoji.as_str()))
            .eq(order.iter().map(|(user, emoji)| (user.id, *emoji))),
        "{whole:?}"
    );
    // Also where all have the same time.
    for same_time in [false, true] {
        if same_time {
            db.execute("UPDATE message_reactions SET created_at = (SELECT max(created_at) FROM messages)")
                .await;
        }
        let whole = world.store.reactions(sent.id, None, ALL).await.unwrap();
        let mut paged = Vec::new();
        loop {
            let after = paged
                .last()
                .map(|last: &natter_protocol::Reaction| (last.created_at, last.user.id, last.emoji.clone()));
            let after = after.as_ref().map(|(time, user, emoji)| (*time, *user, emoji.as_str()));
            let page = world.store.reactions(sent.id, after, 2).await.unwrap();
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!((paged.len(), paged), (5, whole));
    }
}
