//! Who is told what others have read, and what is left to read.

use crate::device::{Device, StandStill};
use crate::harness::World;
use natter_chat::{Actor, Clock as _};
use natter_protocol::{Command, ConversationId, MarkRead, ReadReceipt, Seq, UnreadChange, UpdateMe, limits};
use serde_json::{Value, json};

const RECEIPT: &str = "message.read_receipt";
const UNREAD: &str = "unread.changed";
const GATHERED_MS: u64 = limits::RECEIPTS_COALESCE_MS;

async fn read(world: &World, reader: &Actor, conversation: ConversationId, seq: Seq) {
    let mark = MarkRead { conversation_id: Some(conversation), message_id: None, seq: Some(seq) };
    world.chat.execute(reader, Command::MarkRead(mark)).await.unwrap();
}

fn receipt(world: &World, conversation_id: ConversationId, reader: &Actor, seq: Seq) -> Value {
    let read_at = world.clock.now();
    serde_json::to_value(ReadReceipt { conversation_id, user_id: reader.id(), last_read_seq: seq, read_at })
        .unwrap()
}

fn unread(conversation_id: ConversationId, seq: Seq, unread_count: u64, mention_count: u64) -> Value {
    let change = UnreadChange { conversation_id, last_read_seq: seq, unread_count, mention_count };
    serde_json::to_value(change).unwrap()
}

/// Five messages of ada's, at the positions 2 to 6.
async fn five(world: &World, ada: &Actor, group: ConversationId) {
    for text in ["one", "two", "three", "four, @bob", "five"] {
        world.say(ada, group, text).await;
    }
}

/// Every device has heard of this message, and of all that was committed before it.
async fn commit_mark(world: &World, ada: &Actor, group: ConversationId, devices: &mut [&mut Device]) {
    world.say(ada, group, "mark").await;
    for device in devices {
        while device.next_of("message.new").await["content"] != "mark" {}
    }
}

#[tokio::test]
async fn a_burst_is_one_receipt_of_the_newest_position() {
    let world = World::new().await;
    let (ada, bob, eve) = (world.actor("ada").await, world.actor("bob").await, world.actor("eve").await);
    let group = world.group(&ada, &[&bob, &eve]).await;
    five(&world, &ada, group).await;
    let time = StandStill::begin();
    let (mut adas, mut phone, mut laptop) =
        (Device::connect(&world, &ada), Device::connect(&world, &bob), Device::connect(&world, &bob));
    for seq in [2, 3, 4] {
        read(&world, &bob, group, seq).await;
    }
    read(&world, &eve, group, 6).await;
    commit_mark(&world, &ada, group, &mut [&mut adas]).await;
    time.pass(GATHERED_MS).await;
    let mut told = [adas.next_of(RECEIPT).await, adas.next_of(RECEIPT).await];
    told.sort_unstable_by_key(|told| told["lastReadSeq"].as_u64());
    assert_eq!(told, [receipt(&world, group, &bob, 4), receipt(&world, group, &eve, 6)]);
    // All of the reader's own connections hear what is left for them: two messages and the mark, one mention.
    for device in [&mut phone, &mut laptop] {
        assert_eq!(device.next_of(UNREAD).await, unread(group, 4, 3, 1));
    }
    // What was read before is no news.
    read(&world, &bob, group, 3).await;
    commit_mark(&world, &ada, group, &mut [&mut adas]).await;
    time.pass(2 * GATHERED_MS).await;
    assert!(adas.heard(&world, RECEIPT).await.is_empty());

    read(&world, &bob, group, 6).await;
    commit_mark(&world, &ada, group, &mut [&mut adas]).await;
    time.pass(GATHERED_MS).await;
    assert_eq!(adas.next_of(RECEIPT).await, receipt(&world, group, &bob, 6));
    assert!(adas.heard(&world, UNREAD).await.is_empty(), "what others have to read is nobody's business");
}

#[tokio::test]
async fn after_a_restart_members_are_told_although_nobody_has_talked_yet() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let group = world.group(&ada, &[&bob]).await;
    five(&world, &ada, group).await;
    let world = world.restart().await;
    let mut adas = Device::connect(&world, &ada);
    read(&world, &bob, group, 5).await;
    assert_eq!(adas.next_of(RECEIPT).await, receipt(&world, group, &bob, 5));
}

#[tokio::test]
async fn nobody_is_told_across_a_block_nor_after_they_left() {
    let world = World::new().await;
    let (ada, bob, eve, joe) = (
        world.actor("ada").await,
        world.actor("bob").await,
        world.actor("eve").await,
        world.actor("joe").await,
    );
    let group = world.group(&ada, &[&bob, &eve, &joe]).await;
    five(&world, &ada, group).await;
    let (mut adas, mut eves, mut joes) =
        (Device::connect(&world, &ada), Device::connect(&world, &eve), Device::connect(&world, &joe));
    world.chat.execute(&eve, Command::BlockUser("bob".to_owned())).await.unwrap();
    read(&world, &bob, group, 6).await;
    world.chat.execute(&joe, Command::LeaveConversation(group)).await.unwrap();
    assert_eq!(adas.next_of(RECEIPT).await, receipt(&world, group, &bob, 6));
    for device in [&mut eves, &mut joes] {
        assert!(device.heard(&world, RECEIPT).await.is_empty());
    }
}

#[tokio::test]
async fn in_a_crowd_only_the_reader_is_told() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let crowd = world.crowd(usize::try_from(limits::RECEIPT_MEMBERS_MAX).unwrap() - 2).await;
    let mut members: Vec<&Actor> = crowd.iter().collect();
    members.push(&bob);
    let small = world.group(&ada, &members).await;
    let one_more = world.actor("one-more").await;
    members.push(&one_more);
    let large = world.group(&ada, &members).await;
    for group in [small, large] {
        five(&world, &ada, group).await;
    }
    // Known to the relay, as a conversation is in which people talk, and unknown, as after a restart.
    let mut world = world;
    for seq in [3, 4] {
        let (mut adas, mut bobs) = (Device::connect(&world, &ada), Device::connect(&world, &bob));
        for group in [large, small] {
            read(&world, &bob, group, seq).await;
            assert_eq!(bobs.next_of(RECEIPT).await, receipt(&world, group, &bob, seq));
            assert_eq!(bobs.next_of(UNREAD).await, unread(group, seq, 6 - seq, 1));
        }
        assert_eq!(adas.next_of(RECEIPT).await, receipt(&world, small, &bob, seq), "not of the crowd");
        world = world.restart().await;
    }
}

#[tokio::test]
async fn what_one_changes_for_oneself_is_told_to_all_devices() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let group = world.group(&ada, &[&bob]).await;
    five(&world, &ada, group).await;
    let (mut bobs, mut adas) = (Device::connect(&world, &bob), Device::connect(&world, &ada));
    for (name, update) in [
        ("muted", UpdateMe { muted: Some(true), ..UpdateMe::default() }),
        ("pinned", UpdateMe { pinned: Some(true), ..UpdateMe::default() }),
        ("archived", UpdateMe { archived: Some(true), ..UpdateMe::default() }),
    ] {
        world.chat.execute(&bob, Command::UpdateMe(group, update)).await.unwrap();
        let told = bobs.next_of("me.changed").await;
        assert_eq!((&told["conversationId"], &told["me"][name]), (&json!(group), &json!(true)));
    }

    let direct = match world.chat.execute(&ada, Command::OpenDirect("bob".to_owned())).await.unwrap() {
        natter_protocol::Reply::Conversation { conversation, .. } => conversation.info.id,
        other => panic!("not a conversation: {other:?}"),
    };
    world.say(&ada, direct, "Hello").await;
    world.chat.execute(&bob, Command::BlockUser("ada".to_owned())).await.unwrap();
    let blocks = |blocked: bool| json!({ "userId": ada.id(), "blocked": blocked });
    assert_eq!(bobs.next_of("blocks.changed").await, blocks(true));
    // In all conversations of both.
    let told = async |bobs: &mut Device| {
        let mut told = [bobs.next_of(UNREAD).await, bobs.next_of(UNREAD).await];
        told.sort_unstable_by_key(|told| told["conversationId"] != json!(group));
        told
    };
    assert_eq!(told(&mut bobs).await, [unread(group, 0, 0, 0), unread(direct, 0, 0, 0)]);
    world.chat.execute(&bob, Command::UnblockUser("ada".to_owned())).await.unwrap();
    assert_eq!(bobs.next_of("blocks.changed").await, blocks(false));
    assert_eq!(told(&mut bobs).await, [unread(group, 0, 5, 1), unread(direct, 0, 1, 0)]);
    // None of it is anybody else's business.
    assert!(adas.heard_any(&world, &["blocks.changed", "me.changed"]).await.is_empty());
}
