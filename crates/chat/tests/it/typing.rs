//! Who is shown to write, and to whom.

use crate::device::{Device, StandStill};
use crate::harness::{World, code};
use natter_chat::Actor;
use natter_protocol::{
    Command, ConversationId, ConversationKind, ConversationStatus, CreateConversation, ErrorCode,
    UpdateConversation, limits,
};
use serde_json::{Value, json};

const KIND: &str = "typing.indicator";

fn indicator(conversation: ConversationId, typist: &Actor, active: bool) -> Value {
    json!({ "conversationId": conversation, "userId": typist.id(), "active": active })
}

async fn starts(world: &World, typist: &Actor, conversation: ConversationId) {
    world.chat.set_typing(typist, conversation, true).await.unwrap();
}

#[tokio::test]
async fn the_others_see_who_writes_and_the_typist_does_not() {
    let world = World::new().await;
    let (ada, bob, eve) = (world.actor("ada").await, world.actor("bob").await, world.actor("eve").await);
    let group = world.group(&ada, &[&bob]).await;
    let mut adas = Device::connect(&world, &ada);
    let (mut bobs, mut other, mut eves) =
        (Device::connect(&world, &bob), Device::connect(&world, &bob), Device::connect(&world, &eve));
    for active in [true, false] {
        world.chat.set_typing(&ada, group, active).await.unwrap();
        for device in [&mut bobs, &mut other] {
            assert_eq!(device.next_of(KIND).await, indicator(group, &ada, active));
        }
    }
    // Who had not begun does not cease.
    world.chat.set_typing(&ada, group, false).await.unwrap();
    for device in [&mut adas, &mut bobs, &mut eves] {
        assert!(device.heard(&world, KIND).await.is_empty());
    }
}

#[tokio::test]
async fn it_ends_by_itself_unless_it_is_repeated() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let group = world.group(&ada, &[&bob]).await;
    let mut bobs = Device::connect(&world, &bob);
    let time = StandStill::begin();
    starts(&world, &ada, group).await;
    assert_eq!(bobs.next_of(KIND).await, indicator(group, &ada, true));
    for _ in 0..5 {
        time.pass(limits::TYPING_SECONDS * 1_000 - 10).await;
        starts(&world, &ada, group).await;
    }
    time.pass(limits::TYPING_SECONDS * 1_000 - 10).await;
    assert!(bobs.heard(&world, KIND).await.is_empty(), "a repeat is no news");
    time.pass(20).await;
    assert_eq!(bobs.heard(&world, KIND).await, [indicator(group, &ada, false)]);
    time.pass_seconds(2 * limits::TYPING_SECONDS).await;
    assert!(bobs.heard(&world, KIND).await.is_empty());
}

#[tokio::test]
async fn whoever_comes_later_sees_it_with_the_next_repeat() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let group = world.group(&ada, &[&bob]).await;
    starts(&world, &ada, group).await;
    let mut bobs = Device::connect(&world, &bob);
    starts(&world, &ada, group).await;
    assert_eq!(bobs.next_of(KIND).await, indicator(group, &ada, true));
}

#[tokio::test]
async fn sending_ends_it() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let (group, other) = (world.group(&ada, &[&bob]).await, world.group(&ada, &[&bob]).await);
    let mut bobs = Device::connect(&world, &bob);
    let _time = StandStill::begin();
    starts(&world, &ada, group).await;
    starts(&world, &ada, other).await;
    world.say(&ada, group, "Hello").await;
    for expected in [indicator(group, &ada, true), indicator(other, &ada, true)] {
        assert_eq!(bobs.next_of(KIND).await, expected);
    }
    // What was written is there before it is said that nobody writes.
    assert_eq!(bobs.next_of("message.new").await["content"], "Hello");
    assert_eq!(bobs.next_of(KIND).await, indicator(group, &ada, false));
    world.say(&bob, other, "Hello yourself").await;
    bobs.next_of("message.new").await;
    assert!(
        bobs.heard(&world, KIND).await.is_empty(),
        "what somebody else sends ends nothing, nor elsewhere"
    );
}

#[tokio::test]
async fn going_away_ends_it_and_leaving_one_device_does_not() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let group = world.group(&ada, &[&bob]).await;
    let mut bobs = Device::connect(&world, &bob);
    let (phone, laptop) = (Device::connect(&world, &ada), Device::connect(&world, &ada));
    let time = StandStill::begin();
    starts(&world, &ada, group).await;
    assert_eq!(bobs.next_of(KIND).await, indicator(group, &ada, true));
    phone.disconnect().await;
    time.pass(2 * limits::PRESENCE_COALESCE_MS).await;
    time.pass(2 * limits::PRESENCE_COALESCE_MS).await;
    assert!(bobs.heard(&world, KIND).await.is_empty());
    laptop.disconnect().await;
    time.pass(limits::PRESENCE_COALESCE_MS).await;
    assert_eq!(bobs.next_of(KIND).await, indicator(group, &ada, false));
}

#[tokio::test]
async fn a_block_hides_it_at_once_and_says_nothing_more() {
    let world = World::new().await;
    let (ada, bob, eve) = (world.actor("ada").await, world.actor("bob").await, world.actor("eve").await);
    let group = world.group(&ada, &[&bob, &eve]).await;
    let (mut adas, mut bobs, mut eves) =
        (Device::connect(&world, &ada), Device::connect(&world, &bob), Device::connect(&world, &eve));
    starts(&world, &ada, group).await;
    for device in [&mut bobs, &mut eves] {
        assert_eq!(device.next_of(KIND).await, indicator(group, &ada, true));
    }
    world.chat.execute(&bob, Command::BlockUser("ada".to_owned())).await.unwrap();
    for typist in [&ada, &bob] {
        starts(&world, typist, group).await;
        world.chat.set_typing(typist, group, false).await.unwrap();
    }
    assert_eq!(eves.next_of(KIND).await, indicator(group, &ada, false));
    for active in [true, false] {
        assert_eq!(eves.next_of(KIND).await, indicator(group, &bob, active));
    }
    for device in [&mut adas, &mut bobs] {
        assert!(device.heard(&world, KIND).await.is_empty(), "not even that somebody ceased");
    }
}

#[tokio::test]
async fn whoever_is_removed_is_told_nothing_more() {
    let world = World::new().await;
    let (ada, bob, eve) = (world.actor("ada").await, world.actor("bob").await, world.actor("eve").await);
    let group = world.group(&ada, &[&bob, &eve]).await;
    let (mut bobs, mut eves) = (Device::connect(&world, &bob), Device::connect(&world, &eve));
    starts(&world, &ada, group).await;
    starts(&world, &eve, group).await;
    assert_eq!(bobs.next_of(KIND).await, indicator(group, &ada, true));
    assert_eq!(bobs.next_of(KIND).await, indicator(group, &eve, true));
    assert_eq!(eves.next_of(KIND).await, indicator(group, &ada, true));
    world.chat.execute(&ada, Command::RemoveMember(group, eve.id())).await.unwrap();
    assert_eq!(bobs.next_of(KIND).await, indicator(group, &eve, false), "who is not there does not write");
    world.chat.set_typing(&ada, group, false).await.unwrap();
    assert_eq!(bobs.next_of(KIND).await, indicator(group, &ada, false));
    assert!(eves.heard(&world, KIND).await.is_empty());
}

#[tokio::test]
async fn whoever_may_not_send_may_not_be_shown_to_write() {
    let world = World::new().await;
    let (ada, bob, eve) = (world.actor("ada").await, world.actor("bob").await, world.actor("eve").await);
    let group = world.group(&ada, &[&bob]).await;
    for active in [true, false] {
        assert_eq!(code(world.chat.set_typing(&eve, group, active).await), ErrorCode::NotFound);
    }
    let direct = CreateConversation {
        kind: ConversationKind::Direct,
        name: None,
        topic: None,
        visibility: None,
        members: vec![bob.id().to_string()],
    };
    let direct = world.create(&ada, direct).await.unwrap().0.info.id;
    starts(&world, &ada, direct).await;
    world.chat.execute(&bob, Command::BlockUser("ada".to_owned())).await.unwrap();
    for typist in [&ada, &bob] {
        assert_eq!(code(world.chat.set_typing(typist, direct, true).await), ErrorCode::Blocked);
    }
    let close =
        UpdateConversation { status: Some(ConversationStatus::Archived), ..UpdateConversation::default() };
    world.chat.execute(&ada, Command::UpdateConversation(group, close)).await.unwrap();
    assert_eq!(code(world.chat.set_typing(&ada, group, true).await), ErrorCode::ConversationNotActive);
}

#[tokio::test]
async fn nobody_is_shown_to_write_in_a_crowd() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let crowd = world.crowd(limits::TYPING_MEMBERS_MAX - 2).await;
    let mut members: Vec<&Actor> = crowd.iter().collect();
    members.push(&bob);
    let group = world.group(&ada, &members).await;
    let mut bobs = Device::connect(&world, &bob);
    for active in [true, false] {
        world.chat.set_typing(&ada, group, active).await.unwrap();
        assert_eq!(bobs.next_of(KIND).await, indicator(group, &ada, active));
    }
    let one_more = world.actor("one-more").await;
    members.push(&one_more);
    let group = world.group(&ada, &members).await;
    world.chat.set_typing(&ada, group, true).await.unwrap();
    world.say(&ada, group, "Hello, everybody").await;
    bobs.next_of("message.new").await;
    assert!(bobs.heard(&world, KIND).await.is_empty());
}
