//! Conversations and the list of them.

use crate::harness::{ALL, Db, keyed, new_direct, new_group, new_id, new_message, new_user_id, now, send};
use natter_protocol::{ConversationId, ConversationKind, MemberRole, Timestamp};
use natter_store::{
    Anchor, ListFilter, ListPosition, NewConversation, Refusal, StoreError, Window, Write, Written,
};
use std::collections::BTreeSet;

pub(crate) async fn a_group_has_an_owner_and_members(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let new = new_group(&alice, &[&bob]);
    let id = world.create(new.clone()).await;

    let hers = world.conversation(id, &alice).await;
    assert_eq!(hers.info, new.info);
    assert_eq!(hers.title, "Harbour");
    assert_eq!(hers.epoch, world.store.epoch());
    assert_eq!((hers.last_seq, &hers.last_message), (1, &None));
    assert_eq!((hers.unread_count, hers.mention_count, hers.member_count), (0, 0, 2));
    assert_eq!((hers.me.role, hers.me.last_read_seq), (MemberRole::Owner, 0));
    assert_eq!((hers.me.muted, hers.me.pinned), (false, false));
    let his = world.conversation(id, &bob).await;
    assert_eq!(his.me.role, MemberRole::Member);

    let roster = world.store.roster(id, None).await.unwrap().unwrap();
    assert_eq!(roster.last_seq, 1);
    assert_eq!(BTreeSet::from_iter(roster.members), BTreeSet::from([alice.id, bob.id]));
    assert_eq!(world.store.roster(new_id(ConversationId::from_uuid), None).await.unwrap(), None);
}

pub(crate) async fn a_pair_has_one_direct_conversation(db: Db) {
    let world = db.open().await;
    let (alice, bob, carol) = (world.user("alice").await, world.user("bob").await, world.user("carol").await);
    let id = world.create(new_direct(&alice, &bob)).await;
    for again in [new_direct(&alice, &bob), new_direct(&bob, &alice)] {
        let written = world.write(Write::CreateConversation(Box::new(again))).await.unwrap();
        assert!(
            matches!(written, Written::Conversation { id: there, existed: true } if there == id),
            "{written:?}"
        );
    }
    let another = world.create(new_direct(&alice, &carol)).await;
    assert_ne!(another, id);

    let (hers, his) = (world.conversation(id, &alice).await, world.conversation(id, &bob).await);
    assert_eq!((hers.title.as_str(), his.title.as_str()), ("bob by name", "alice by name"));
    assert_eq!((hers.info.kind, hers.info.name), (ConversationKind::Direct, None));
    assert_eq!((hers.me.role, his.me.role), (MemberRole::Member, MemberRole::Member));
    // One that exists gets no second beginning.
    assert_eq!(world.log(id, &alice).await.len(), 1);
}

pub(crate) async fn racing_pairs_get_one_direct_conversation(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    // A second process on the same database, which the first one's pipeline knows nothing of.
    let other = db.open().await;
    let create = |new: NewConversation| Write::CreateConversation(Box::new(new));
    for _ in 0..10 {
        let (here, there) = tokio::join!(
            world.write(create(new_direct(&alice, &bob))),
            other.write(create(new_direct(&bob, &alice)))
        );
        let id = |written| match written {
            Ok(Written::Conversation { id, .. }) => id,
            other => panic!("{other:?}"),
        };
        assert_eq!(id(here), id(there));
    }
    assert_eq!(world.list(&alice).await.len(), 1);
}

pub(crate) async fn unknown_people_are_refused(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let mut with_stranger = new_group(&alice, &[]);
    with_stranger.members.push(new_user_id());
    let mut by_stranger = new_group(&alice, &[&alice]);
    by_stranger.info.created_by = new_user_id();
    for new in [with_stranger, by_stranger] {
        let refused = world.write(Write::CreateConversation(Box::new(new))).await;
        assert!(matches!(refused, Err(StoreError::Refused(Refusal::UserUnknown))), "{refused:?}");
    }
    assert_eq!(world.list(&alice).await, []);
}

pub(crate) async fn who_is_no_member_sees_nothing(db: Db) {
    let world = db.open().await;
    let (alice, eve) = (world.user("alice").await, world.user("eve").await);
    let id = world.group(&alice, &[]).await;
    let message = world.send(new_message(id, &alice, "for us only")).await;
    world.group(&eve, &[]).await;

    let store = &world.store;
    assert_eq!(store.conversation(id, eve.id).await.unwrap(), None);
    assert_eq!(store.message(message.id, eve.id).await.unwrap(), None);
    assert_eq!(store.messages(id, eve.id, None, Window::Newest, ALL).await.unwrap(), None);
    // Not even whether a message exists.
    for anchor in
        [Anchor::Message(message.id), Anchor::Message(new_id(natter_protocol::MessageId::from_uuid))]
    {
        assert_eq!(store.messages(id, eve.id, None, Window::Around(anchor), ALL).await.unwrap(), None);
    }
    assert_eq!(store.events(id, eve.id, 0, ALL).await.unwrap(), None);
    let nowhere = new_id(ConversationId::from_uuid);
    assert_eq!(store.conversation(nowhere, eve.id).await.unwrap(), None);
    assert_eq!(store.messages(nowhere, eve.id, None, Window::Newest, ALL).await.unwrap(), None);
    assert_eq!(store.events(nowhere, eve.id, 0, ALL).await.unwrap(), None);
    let list = world.list(&eve).await;
    assert!(list.iter().all(|conversation| conversation.info.id != id), "{list:?}");
}

pub(crate) async fn the_list_is_by_activity(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let first = world.group(&alice, &[&bob]).await;
    let second = world.group(&alice, &[]).await;
    let ids = async || -> Vec<_> {
        let list = world.list(&alice).await;
        list.iter().map(|conversation| conversation.info.id).collect()
    };
    assert_eq!(ids().await, [second, first]);
    let message = world.send(new_message(first, &bob, "up again")).await;
    assert_eq!(ids().await, [first, second]);

    let list = world.list(&alice).await;
    assert_eq!(list[0].last_message.as_ref(), Some(&message));
    assert_eq!((list[0].last_seq, list[0].unread_count), (2, 1));
    assert_eq!(list[0].info.updated_at, message.created_at);
    assert_eq!(list[0], world.conversation(first, &alice).await);

    // A clock that runs behind does not take a conversation down the list.
    let mut late = new_message(first, &bob, "from a slow clock");
    late.created_at = Timestamp::from_millis(1);
    let late = world.send(late).await;
    let hers = world.conversation(first, &alice).await;
    assert_eq!((hers.info.updated_at, hers.last_message), (message.created_at, Some(late)));
}

pub(crate) async fn pages_of_the_list_neither_repeat_nor_skip(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let times = [now(), now(), now()];
    let mut expected = Vec::new();
    for index in 0..25 {
        let mut new = new_group(&alice, &[]);
        new.info.updated_at = times[index % times.len()];
        expected.push((new.info.updated_at, new.info.id));
        world.create(new).await;
    }
    expected.sort_unstable_by(|a, b| b.cmp(a));
    for limit in [1, 4, 25, 26] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page =
                world.store.conversations(alice.id, ListFilter::default(), after, limit).await.unwrap();
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            after = Some(ListPosition { updated_at: last.info.updated_at, id: last.info.id });
            seen.extend(page.iter().map(|conversation| (conversation.info.updated_at, conversation.info.id)));
        }
        assert_eq!(seen, expected, "in pages of {limit}");
    }
}

pub(crate) async fn unread_counts_what_others_sent_past_the_read_position(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[&bob]).await;
    let sends = (0..3).map(|n| send(keyed(id, &bob, "from bob", &format!("b{n}"))));
    world.write_all(sends.chain([send(new_message(id, &alice, "from alice"))]).collect()).await;
    assert_eq!(world.conversation(id, &alice).await.unread_count, 3);
    assert_eq!(world.conversation(id, &bob).await.unread_count, 1);

    // Log: 1 created, 2 to 4 bob, 5 alice.
    db.execute("UPDATE conversation_members SET last_read_seq = 2").await;
    assert_eq!(world.conversation(id, &alice).await.unread_count, 2);
    assert_eq!(world.conversation(id, &alice).await.me.last_read_seq, 2);
    db.execute("UPDATE messages SET deleted_at = created_at, content = '' WHERE seq = 3").await;
    assert_eq!(world.conversation(id, &alice).await.unread_count, 1);
    db.execute("UPDATE conversation_members SET last_read_seq = 5").await;
    assert_eq!(world.conversation(id, &alice).await.unread_count, 0);
}
