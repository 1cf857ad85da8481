//! Lists of conversations: a user's own, and the public ones.

use crate::harness::{
    ALL, Db, World, delete_conversation, join, new_channel, new_direct, new_group, new_message, read, send,
};
use natter_protocol::{
    Conversation, ConversationId, ConversationKind, PublicChannel, UnreadTotal, UpdateMe, UpdateProfile,
    User, Visibility,
};
use natter_store::{ListFilter, ListPosition, NewMessage, Write};
use std::collections::BTreeSet;

async fn set(world: &World, id: ConversationId, user: &User, muted: bool, pinned: bool, archived: bool) {
    let update = UpdateMe { muted: Some(muted), pinned: Some(pinned), archived: Some(archived) };
    world.done(Write::UpdateMe { conversation_id: id, user_id: user.id, update }).await;
}

/// All of it, some at a time.
async fn pages(world: &World, user: &User, filter: &ListFilter, limit: u32) -> Vec<Conversation> {
    let mut list: Vec<Conversation> = Vec::new();
    loop {
        let after =
            list.last().map(|last| ListPosition { updated_at: last.info.updated_at, id: last.info.id });
        let page = world.store.conversations(user.id, filter.clone(), after, limit).await.unwrap();
        if page.is_empty() {
            return list;
        }
        assert!(page.len() <= limit as usize);
        list.extend(page);
    }
}

/// Every combination of filters gives what one would pick from the whole list, in its order, however it is paged.
pub(crate) async fn filters_leave_out_the_rest_of_a_list(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let mut bob = None;
    for n in 0..24 {
        let peer = world.user(&format!("peer{n}")).await;
        let mut new = match n % 3 {
            0 => new_direct(&alice, &peer),
            1 => new_group(&peer, &[&alice]),
            _ => new_channel(&alice, &[&peer]),
        };
        if n % 4 == 1 {
            new.info.name = new.info.name.map(|name| format!("Äußerer {name}"));
        }
        let id = world.create(new).await;
        if n % 2 == 0 {
            // All at one time, so that the id decides.
            let created_at = natter_protocol::Timestamp::from_millis(1_900_000_000_000);
            world.done(send(NewMessage { created_at, ..new_message(id, &peer, "hello") })).await;
        }
        set(&world, id, &alice, false, n % 5 < 2, n % 7 < 3).await;
        bob = Some(peer);
    }
    let whole = world.list(&alice).await;
    assert_eq!(whole.len(), 24);
    let flags = [None, Some(false), Some(true)];
    let kinds = [
        None,
        Some(ConversationKind::Direct),
        Some(ConversationKind::Group),
        Some(ConversationKind::Channel),
    ];
    let mut filters = Vec::new();
    for archived in flags {
        for pinned in flags {
            for kind in kinds {
                for unread in [false, true] {
                    for name in [None, Some("AUSSERER h"), Some("eer1"), Some("3 by Name")] {
                        let name = name.map(str::to_owned);
                        filters.push(ListFilter { archived, pinned, kind, unread, name });
                    }
                }
            }
        }
    }
    let mut sizes = BTreeSet::new();
    for filter in filters {
        let ListFilter { archived, pinned, kind, unread, name } = &filter;
        let is_named = |one: &Conversation| match (name.as_deref(), &one.peer) {
            (None, _) => true,
            (Some("AUSSERER h"), None) => one.title.starts_with("Äußerer"),
            (Some("eer1"), Some(peer)) => peer.username.starts_with("peer1"),
            (Some("3 by Name"), Some(peer)) => peer.username.ends_with('3'),
            (Some(_), _) => false,
        };
        let expected: Vec<_> = whole
            .iter()
            .filter(|one| archived.is_none_or(|archived| one.me.archived == archived))
            .filter(|one| pinned.is_none_or(|pinned| one.me.pinned == pinned))
            .filter(|one| kind.is_none_or(|kind| one.info.kind == kind))
            .filter(|one| !unread || one.unread_count > 0)
            .filter(|one| is_named(one))
            .cloned()
            .collect();
        let listed = world.store.conversations(alice.id, filter.clone(), None, ALL).await.unwrap();
        assert_eq!(listed, expected, "{filter:?}");
        assert_eq!(pages(&world, &alice, &filter, 3).await, expected, "{filter:?}");
        sizes.insert(expected.len());
    }
    assert!(sizes.len() > 5, "hardly a filter told anything apart: {sizes:?}");
    assert_eq!(world.list(&bob.unwrap()).await.len(), 1);
}

pub(crate) async fn a_page_goes_on_where_the_last_one_ended(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(world.group(&alice, &[]).await);
    }
    let page = async |after: Option<ListPosition>| -> Vec<Conversation> {
        world.store.conversations(alice.id, ListFilter::default(), after, 2).await.unwrap()
    };
    let position = |last: &Conversation| ListPosition { updated_at: last.info.updated_at, id: last.info.id };
    let first = page(None).await;
    assert_eq!([first[0].info.id, first[1].info.id], [ids[5], ids[4]]);
    // One that the reader has had is gone, one that they have not had is on top by now: neither disturbs the rest.
    world.done(delete_conversation(ids[4], &alice)).await;
    world.send(new_message(ids[2], &alice, "up")).await;
    let second = page(Some(position(&first[1]))).await;
    assert_eq!([second[0].info.id, second[1].info.id], [ids[3], ids[1]]);
    let third = page(Some(position(&second[1]))).await;
    assert!(third.iter().map(|one| one.info.id).eq([ids[0]]));
    assert_eq!(page(Some(position(&third[0]))).await, []);
}

/// By what it is shown as, however that is written; of the other person also by the name to mention them by.
pub(crate) async fn a_conversation_is_found_by_a_part_of_its_name(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let display_name = Some("José  Łukasz 山田".to_owned());
    let update = Box::new(UpdateProfile { display_name, ..UpdateProfile::default() });
    world.done(Write::UpdateProfile { user_id: bob.id, update }).await;
    let direct = world.create(new_direct(&alice, &bob)).await;
    let mut group = new_group(&alice, &[&bob]);
    group.info.name = Some("Straße 100% _1_".to_owned());
    let group = world.create(group).await;
    let find = async |user: &User, text: &str| -> Vec<ConversationId> {
        let filter = ListFilter { name: Some(text.to_owned()), ..ListFilter::default() };
        let found = world.store.conversations(user.id, filter, None, ALL).await.unwrap();
        found.into_iter().map(|one| one.info.id).collect()
    };
    for text in ["jose", "JOSÉ ŁU", " lukasz ", "e l", "山田", "bob"] {
        assert_eq!(find(&alice, text).await, [direct], "{text:?}");
    }
    for text in ["STRASSE", "e 100%", "_1_"] {
        assert_eq!(find(&alice, text).await, [group], "{text:?}");
        assert_eq!(find(&bob, text).await, [group], "{text:?}");
    }
    for text in ["", "  ", "\0", "s"] {
        assert_eq!(find(&alice, text).await, [group, direct], "{text:?}");
    }
    // One's own name is no name of a conversation; two names are not read as one.
    for text in ["alice", "10%", "_100", "田 b", "田bob"] {
        assert_eq!(find(&alice, text).await, [], "{text:?}");
    }
    assert_eq!(find(&bob, "alice").await, [direct]);
    assert_eq!(find(&world.user("eve").await, "").await, []);
}

pub(crate) async fn the_other_of_two_is_the_title(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let direct = world.create(new_direct(&alice, &bob)).await;
    let group = world.group(&alice, &[&bob]).await;
    for (user, other) in [(&alice, &bob), (&bob, &alice)] {
        let seen = world.conversation(direct, user).await;
        assert_eq!(seen.peer, Some(crate::harness::summary(other)));
        assert_eq!(seen.title, other.display_name);
        assert_eq!(world.conversation(group, user).await.peer, None);
        assert_eq!(world.list(user).await[1], seen);
    }
}

pub(crate) async fn what_is_muted_or_archived_does_not_add_to_the_total(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = world.group(&alice, &[&bob]).await;
        world.send(crate::harness::mentioning(new_message(id, &alice, "bob!"), &[&bob])).await;
        world.send(new_message(id, &alice, "well?")).await;
        ids.push(id);
    }
    let total = async || world.store.unread_total(bob.id).await.unwrap();
    assert_eq!(total().await, UnreadTotal { total: 6, conversations: 3, mentions: 3 });
    // A mention counts all the same.
    set(&world, ids[0], &bob, true, false, false).await;
    assert_eq!(total().await, UnreadTotal { total: 4, conversations: 2, mentions: 3 });
    set(&world, ids[1], &bob, false, false, true).await;
    assert_eq!(total().await, UnreadTotal { total: 2, conversations: 1, mentions: 3 });
    world.done(read(ids[1], &bob, None)).await;
    assert_eq!(total().await, UnreadTotal { total: 2, conversations: 1, mentions: 2 });
    world.done(delete_conversation(ids[2], &alice)).await;
    assert_eq!(total().await, UnreadTotal { total: 0, conversations: 0, mentions: 1 });
    let stranger = world.user("eve").await;
    let nothing = UnreadTotal { total: 0, conversations: 0, mentions: 0 };
    assert_eq!(world.store.unread_total(stranger.id).await.unwrap(), nothing);
}

pub(crate) async fn public_channels_are_found_by_name(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let create = async |name: &str, kind, visibility| {
        let mut new = new_channel(&alice, &[]);
        new.info.name = Some(name.to_owned());
        (new.info.kind, new.info.visibility) = (kind, visibility);
        world.create(new).await
    };
    let (channel, public) = (ConversationKind::Channel, Visibility::Public);
    let mut harbours = Vec::new();
    for _ in 0..3 {
        harbours.push(create("Harbour", channel, public).await);
    }
    let pier = create("Äußerer Pier 100%", channel, public).await;
    create("Hidden Harbour", channel, Visibility::Private).await;
    create("Group Harbour", ConversationKind::Group, Visibility::Private).await;
    let gone = create("Gone Harbour", channel, public).await;
    world.done(delete_conversation(gone, &alice)).await;
    world.done(join(pier, &bob)).await;
    let find = async |query: &str, after: Option<(&str, ConversationId)>, limit| -> Vec<PublicChannel> {
        world.store.public_channels(bob.id, query, after, limit).await.unwrap()
    };
    let ids = |channels: &[PublicChannel]| channels.iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(&find("harb", None, ALL).await), harbours);
    assert_eq!(ids(&find("", None, ALL).await).len(), 4);
    for query in ["äuß", "pier", "100%", "r pier 1"] {
        let expected = PublicChannel {
            id: pier,
            name: "Äußerer Pier 100%".to_owned(),
            topic: Some("Boats".to_owned()),
            member_count: 2,
            joined: true,
        };
        assert_eq!(find(query, None, ALL).await, [expected], "{query}");
    }
    for query in ["har%ur", "har_our", "hidden", "gone", "group"] {
        assert_eq!(find(query, None, ALL).await, [], "{query}");
    }
    // In pages, also where names are the same.
    let first = find("harb", None, 2).await;
    assert_eq!(ids(&first), harbours[..2]);
    assert!(!first[0].joined);
    let second = find("harb", Some(("Harbour", harbours[1])), 2).await;
    assert_eq!(ids(&second), harbours[2..]);
}
