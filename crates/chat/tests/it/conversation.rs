//! Creating and listing conversations.

use crate::harness::{World, code, fields};
use natter_chat::ListFilter;
use natter_protocol::{
    Conversation, ConversationId, ConversationKind, ConversationStatus, CreateConversation, ErrorCode,
    MemberRole, Visibility, limits,
};
use natter_testkit::random::SeededRandom;
use std::collections::HashSet;

fn create(kind: ConversationKind, name: Option<&str>, members: &[&str]) -> CreateConversation {
    CreateConversation {
        kind,
        name: name.map(str::to_owned),
        topic: None,
        visibility: None,
        members: members.iter().map(|&member| member.to_owned()).collect(),
    }
}

#[tokio::test]
async fn a_group_is_private_and_has_its_creator_for_owner() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    // Names in any case, ids, the same person twice, oneself: each ends up a member once.
    let members = ["BOB", &bob.id().to_string(), " bob ", "ada"];
    let wish = create(ConversationKind::Group, Some("  Harbour "), &members);
    let (group, existed) = world.create(&ada, wish).await.unwrap();
    assert!(!existed);
    assert_eq!(group.info.name.as_deref(), Some("Harbour"));
    assert_eq!(group.title, "Harbour");
    assert_eq!((group.info.visibility, group.info.status), (Visibility::Private, ConversationStatus::Active));
    assert_eq!((group.member_count, group.last_seq, group.me.role), (2, 1, MemberRole::Owner));

    let seen = world.chat.conversation(&bob, group.info.id).await.unwrap();
    assert_eq!((seen.me.role, seen.info), (MemberRole::Member, group.info));
}

#[tokio::test]
async fn what_is_asked_for_must_make_sense() {
    use ConversationKind::{Channel, Direct, Group};
    let world = World::new().await;
    let ada = world.actor("ada").await;
    world.actor("bob").await;
    world.actor("eve").await;
    let topic = |topic: &str| CreateConversation {
        topic: Some(topic.to_owned()),
        ..create(Group, Some("Harbour"), &[])
    };
    let public =
        |wish: CreateConversation| CreateConversation { visibility: Some(Visibility::Public), ..wish };
    let crowd: Vec<String> = (0..=limits::CONVERSATION_MEMBERS_ADDED_MAX).map(|n| format!("u{n}")).collect();
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let wishes = [
        (create(Group, None, &["bob"]), "name"),
        (create(Channel, None, &[]), "name"),
        (create(Group, Some(" "), &[]), "name"),
        (create(Group, Some("two\nlines"), &[]), "name"),
        (create(Group, Some(&"x".repeat(129)), &[]), "name"),
        (create(Direct, Some("Us"), &["bob"]), "name"),
        (topic(&"x".repeat(513)), "topic"),
        (topic("nothing\0"), "topic"),
        (public(create(Group, Some("Harbour"), &[])), "visibility"),
        (public(create(Direct, None, &["bob"])), "visibility"),
        (create(Direct, None, &[]), "members"),
        (create(Direct, None, &["ada"]), "members"),
        (create(Direct, None, &["bob", "eve"]), "members"),
        (create(Direct, None, &["nobody"]), "members"),
        (create(Group, Some("Harbour"), &["bob", "nobody"]), "members"),
        (create(Group, Some("Harbour"), &[""]), "members"),
        (create(Group, Some("Harbour"), &["0190163d-8694-739b-aea5-966c26f8ad91"]), "members"),
        (create(Group, Some("Harbour"), &crowd), "members"),
    ];
    for (wish, field) in wishes {
        assert_eq!(fields(world.create(&ada, wish.clone()).await), [field], "{wish:?}");
    }
    let nothing = world.chat.conversations(&ada, ListFilter::default(), None, 100).await.unwrap();
    assert_eq!(nothing.data.len(), 0, "none of that created anything");
}

#[tokio::test]
async fn a_public_channel_can_be_asked_for() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let wish = CreateConversation {
        topic: Some("Boats".to_owned()),
        visibility: Some(Visibility::Public),
        ..create(ConversationKind::Channel, Some(&"界".repeat(128)), &[])
    };
    let (channel, _) = world.create(&ada, wish).await.unwrap();
    assert_eq!(channel.info.visibility, Visibility::Public);
    assert_eq!(channel.info.topic.as_deref(), Some("Boats"));
}

#[tokio::test]
async fn a_direct_conversation_is_there_once_whoever_asks() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let (first, existed) =
        world.create(&ada, create(ConversationKind::Direct, None, &["bob"])).await.unwrap();
    assert!(!existed);
    assert_eq!(first.title, "bob");
    let (again, existed) =
        world.create(&bob, create(ConversationKind::Direct, None, &["ada"])).await.unwrap();
    assert!(existed);
    assert_eq!((again.info.id, again.title.as_str()), (first.info.id, "ada"));
}

#[tokio::test]
async fn strangers_see_nothing() {
    let world = World::new().await;
    let (ada, eve) = (world.actor("ada").await, world.actor("eve").await);
    let group = world.group(&ada, &[]).await;
    let message = world.say(&ada, group, "Hello").await;

    assert_eq!(code(world.chat.conversation(&eve, group).await), ErrorCode::NotFound);
    assert_eq!(code(world.chat.message(&eve, message.id).await), ErrorCode::NotFound);
    assert_eq!(code(world.chat.events(&eve, group, 0, 50).await), ErrorCode::NotFound);
    let history = natter_chat::History::Newest;
    assert_eq!(code(world.chat.messages(&eve, group, None, history, 50).await), ErrorCode::NotFound);
    assert_eq!(code(world.send(&eve, group, crate::harness::draft("Me too")).await), ErrorCode::NotFound);
    assert_eq!(world.chat.conversations(&eve, ListFilter::default(), None, 50).await.unwrap().data.len(), 0);
}

/// All pages of the list, of this size.
async fn pages(world: &World, actor: &natter_chat::Actor, limit: u32) -> Vec<Vec<Conversation>> {
    let mut pages = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page =
            world.chat.conversations(actor, ListFilter::default(), cursor.as_deref(), limit).await.unwrap();
        assert_eq!(page.meta.has_more, page.meta.next_cursor.is_some());
        pages.push(page.data);
        match page.meta.next_cursor {
            Some(next) => cursor = Some(next),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn the_list_is_by_activity_whatever_the_size_of_its_pages() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let dice = SeededRandom::new(7);
    let mut ids: Vec<ConversationId> = Vec::new();
    for _ in 0..23 {
        // Many are of the same millisecond: the time alone cannot say where a page ended.
        world.clock.advance_ms(i64::try_from(dice.below(2)).unwrap());
        ids.push(world.group(&ada, &[]).await);
    }
    for _ in 0..10 {
        world.clock.advance_ms(i64::try_from(dice.below(2)).unwrap());
        world.say(&ada, ids[dice.below(ids.len())], "Hello").await;
    }
    let whole: Vec<Conversation> = pages(&world, &ada, 100).await.concat();
    assert_eq!(whole.iter().map(|entry| entry.info.id).collect::<HashSet<_>>().len(), ids.len());
    assert!(whole.is_sorted_by(|one, next| {
        (one.info.updated_at, one.info.id) > (next.info.updated_at, next.info.id)
    }));
    for limit in [1, 2, 7, 22, 23, 24] {
        let pages = pages(&world, &ada, limit).await;
        let (last, full) = pages.split_last().unwrap();
        assert!(full.iter().all(|page| page.len() == limit as usize) && !last.is_empty());
        assert_eq!(pages.concat(), whole, "in pages of {limit}");
    }
}

#[tokio::test]
async fn a_cursor_opens_only_the_list_that_gave_it() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    for _ in 0..2 {
        world.group(&ada, &[&bob]).await;
    }
    let cursor = world
        .chat
        .conversations(&ada, ListFilter::default(), None, 1)
        .await
        .unwrap()
        .meta
        .next_cursor
        .unwrap();
    assert_eq!(
        code(world.chat.conversations(&bob, ListFilter::default(), Some(&cursor), 1).await),
        ErrorCode::InvalidCursor
    );
    for garbage in ["", "AAAA", "!", &cursor[1..], &format!("{cursor}A")] {
        let refused = code(world.chat.conversations(&ada, ListFilter::default(), Some(garbage), 1).await);
        assert_eq!(refused, ErrorCode::InvalidCursor, "{garbage:?}");
    }
    let world = world.restart().await;
    assert_eq!(
        world.chat.conversations(&ada, ListFilter::default(), Some(&cursor), 1).await.unwrap().data.len(),
        1
    );
}

#[tokio::test]
async fn unread_is_what_others_wrote() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let group = world.group(&ada, &[&bob]).await;
    for text in ["one", "two"] {
        world.say(&ada, group, text).await;
    }
    world.say(&bob, group, "three").await;
    let unread = async |actor| world.chat.conversation(actor, group).await.unwrap().unread_count;
    assert_eq!((unread(&ada).await, unread(&bob).await), (1, 2));
    let seen = world.chat.conversation(&ada, group).await.unwrap();
    assert_eq!(seen.last_message.unwrap().content, "three");
    assert_eq!(seen.last_seq, 4);
}
