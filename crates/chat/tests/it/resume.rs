//! `sync.resume`, piece by piece.

use crate::harness::{World, code, draft};
use futures_util::StreamExt as _;
use natter_chat::{Actor, Resume, Resumed};
use natter_protocol::{
    Command, ConversationId, ErrorCode, SendMessage, Seq, SyncDone, SyncPosition, SyncResume, limits,
};
use natter_realtime::codec::{Decoder, Message, Role};
use natter_realtime::{Dialect, Frame, Replayed, Wire};
use serde_json::Value;

/// A piece, as it would be read on the wire.
#[derive(Debug, PartialEq)]
enum Told {
    /// So many events, up to this position.
    Events(ConversationId, usize, Seq),
    Reset(ConversationId, Seq),
    Removed(ConversationId),
    Floor(ConversationId, Seq),
    Done(u64),
}

fn told(piece: Resumed) -> Told {
    match piece {
        Resumed::Done(SyncDone { events }) => Told::Done(events),
        Resumed::Piece(Replayed::Floor(id, seq)) => Told::Floor(id, seq),
        Resumed::Events(frame, count) => {
            let frame = read(&frame);
            assert_eq!(frame["type"], "sync.events");
            let events = frame["payload"]["events"].as_array().unwrap();
            assert_eq!(events.len() as u64, count);
            let last = events.last().unwrap()["seq"].as_u64().unwrap();
            Told::Events(conversation(&frame["payload"]), events.len(), last)
        }
        Resumed::Piece(Replayed::Frame(frame)) => {
            let frame = read(&frame);
            let payload = &frame["payload"];
            let id = conversation(payload);
            match frame["type"].as_str().unwrap() {
                "sync.reset" => Told::Reset(id, payload["seq"].as_u64().unwrap()),
                "sync.removed" => Told::Removed(id),
                other => panic!("{other}"),
            }
        }
    }
}

fn conversation(payload: &Value) -> ConversationId {
    serde_json::from_value(payload["conversationId"].clone()).unwrap()
}

fn read(frame: &Frame) -> Value {
    let mut bytes = frame.bytes(Wire { dialect: Dialect::Native, deflate: false }).to_vec();
    let mut rest = bytes.as_mut_slice();
    match Decoder::new(Role::Client, usize::MAX).decode(&mut rest).unwrap() {
        Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn next(resume: &mut Resume) -> Option<Told> {
    resume.next().await.map(|piece| told(piece.unwrap()))
}

async fn all(resume: Resume) -> Vec<Told> {
    resume.map(|piece| told(piece.unwrap())).collect().await
}

fn since(world: &World, positions: &[(ConversationId, Seq)]) -> SyncResume {
    let epoch = world.chat.epoch();
    let conversations =
        positions.iter().map(|&(id, seq)| SyncPosition { id, epoch: epoch.to_owned(), seq }).collect();
    SyncResume { conversations, all: false }
}

/// Sends so many messages, without waiting for each.
async fn talk(world: &World, actor: &Actor, conversation_id: ConversationId, count: usize) {
    let mut sent = Vec::new();
    for _ in 0..count {
        let command = Command::SendMessage(SendMessage { conversation_id, draft: draft("Hello") });
        sent.push(world.chat.submit(actor, command).await.unwrap());
    }
    for message in sent {
        message.await.unwrap();
    }
}

async fn remove(world: &World, actor: &Actor, id: ConversationId, whom: &Actor) {
    world.chat.execute(actor, Command::RemoveMember(id, whom.id())).await.unwrap();
}

#[tokio::test]
async fn nothing_is_read_before_the_first_piece_is_asked_for() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let id = world.group(&ada, &[]).await;
    let resume = world.chat.resume(&ada, since(&world, &[(id, 1)])).unwrap();
    // By now, the connection would not hold back what happens.
    world.say(&ada, id, "Hello").await;
    assert_eq!(all(resume).await, [Told::Events(id, 1, 2), Told::Floor(id, 2), Told::Done(1)]);
}

#[tokio::test]
async fn what_is_told_of_a_conversation_is_followed_by_its_floor() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let (quiet, busy, new) =
        (world.group(&ada, &[]).await, world.group(&ada, &[]).await, world.group(&ada, &[]).await);
    talk(&world, &ada, busy, 620).await;
    let mut request = since(&world, &[(busy, 1), (quiet, 1)]);
    request.all = true;
    let resume = world.chat.resume(&ada, request).unwrap();
    // They are read in groups, and each group has its floor.
    let groups = (1..=6).map(|group| 1 + group * 100);
    let mut expected: Vec<Told> =
        groups.flat_map(|upto| [Told::Events(busy, 100, upto), Told::Floor(busy, upto)]).collect();
    expected.extend([Told::Events(busy, 20, 621), Told::Floor(busy, 621), Told::Floor(quiet, 1)]);
    expected.extend([Told::Reset(new, 1), Told::Floor(new, 1), Told::Done(620)]);
    assert_eq!(all(resume).await, expected);
}

#[tokio::test]
async fn whoever_is_removed_during_the_answer_is_told_nothing_more() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let (long, short) = (world.group(&ada, &[&bob]).await, world.group(&ada, &[&bob]).await);
    talk(&world, &ada, long, 220).await;
    world.say(&ada, short, "Hello").await;
    let mut resume = world.chat.resume(&bob, since(&world, &[(long, 1), (short, 1)])).unwrap();
    assert_eq!(next(&mut resume).await, Some(Told::Events(long, 100, 101)));
    remove(&world, &ada, long, &bob).await;
    remove(&world, &ada, short, &bob).await;
    let rest = [Told::Floor(long, 101), Told::Removed(long), Told::Removed(short), Told::Done(100)];
    assert_eq!(all(resume).await, rest);
}

#[tokio::test]
async fn whoever_takes_nothing_keeps_nobody_else_from_resuming() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let id = world.group(&ada, &[]).await;
    talk(&world, &ada, id, 150).await;
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut resume = world.chat.resume(&ada, since(&world, &[(id, 1)])).unwrap();
        assert_eq!(next(&mut resume).await, Some(Told::Events(id, 100, 101)));
        slow.push(resume);
    }
    for resume in slow {
        let rest = [Told::Floor(id, 101), Told::Events(id, 50, 151), Told::Floor(id, 151), Told::Done(150)];
        assert_eq!(all(resume).await, rest);
    }
}

/// What was made ready before a removal is still told, so it shows how much that is.
#[tokio::test]
async fn long_messages_wait_in_the_log_rather_than_in_memory() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let id = world.group(&ada, &[&bob]).await;
    for _ in 0..40 {
        // 60,000 bytes.
        let command =
            Command::SendMessage(SendMessage { conversation_id: id, draft: draft(&"🦀".repeat(15_000)) });
        world.chat.execute(&ada, command).await.unwrap();
    }
    let everything = all(world.chat.resume(&bob, since(&world, &[(id, 1)])).unwrap()).await;
    assert_eq!(everything.last(), Some(&Told::Done(40)));
    assert_eq!(everything.iter().rfind(|told| matches!(told, Told::Floor(..))), Some(&Told::Floor(id, 41)));

    let mut resume = world.chat.resume(&bob, since(&world, &[(id, 1)])).unwrap();
    let first = next(&mut resume).await;
    remove(&world, &ada, id, &bob).await;
    let rest = all(resume).await;
    let told: usize = first
        .iter()
        .chain(&rest)
        .map(|told| if let Told::Events(_, count, _) = told { *count } else { 0 })
        .sum();
    assert!((1..=1024 * 1024 / 60_000).contains(&told), "{told} events were ready");
    assert_eq!(rest[rest.len() - 2], Told::Removed(id));
}

#[tokio::test]
async fn too_many_positions_and_two_of_one_conversation_are_refused() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let ids = || ConversationId::from_uuid(world.chat.new_id());
    let many: Vec<_> = (0..=limits::RESUME_CONVERSATIONS_MAX).map(|_| (ids(), 1)).collect();
    assert_eq!(code(world.chat.resume(&ada, since(&world, &many))), ErrorCode::ValidationFailed);
    let twice = ids();
    let request = since(&world, &[(twice, 1), (twice, 2)]);
    assert_eq!(code(world.chat.resume(&ada, request)), ErrorCode::ValidationFailed);
    let most = all(world.chat.resume(&ada, since(&world, &many[1..])).unwrap()).await;
    assert_eq!(most.len(), limits::RESUME_CONVERSATIONS_MAX + 1);
}
