//! `sync.resume`: whoever was away gets what they missed, once and in order, or is told to load anew.

use super::World;
use crate::natter;
use crate::support::{done, on_both_databases};
use anyhow::{Context as _, Result, ensure};
use natter_protocol::{Conversation, ConversationId, Event, Seq, limits};
use natter_testkit::natter::Natter;
use natter_testkit::person::{Person, Socket};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

on_both_databases! {
    whoever_has_everything_gets_nothing,
    what_was_missed_comes_in_order_and_in_bounded_frames,
    a_thousand_events_are_replayed_and_one_more_is_too_many,
    positions_that_cannot_be_are_reset,
    whoever_was_removed_is_told_so_and_nothing_else,
    whoever_came_back_meanwhile_gets_all_of_it,
    a_conversation_that_is_gone_is_told_as_removed,
    whoever_names_all_that_they_know_is_told_of_the_rest,
    what_happens_during_a_resume_arrives_once_and_in_order,
    what_was_missed_survives_the_death_of_the_server,
    two_resumes_at_once_are_answered_one_after_the_other,
}

/// How far a client has come: a conversation and a position.
type Position = (ConversationId, Seq);

/// Asks for what was missed, and gives the frames up to `sync.done`.
async fn resume(socket: &mut Socket, epoch: &str, positions: &[Position], all: bool) -> Result<Vec<Value>> {
    ask(socket, "sync", epoch, positions, all).await?;
    answer(socket, "sync").await
}

async fn ask(socket: &mut Socket, id: &str, epoch: &str, positions: &[Position], all: bool) -> Result<()> {
    let conversations: Vec<_> =
        positions.iter().map(|(id, seq)| json!({ "id": id, "epoch": epoch, "seq": seq })).collect();
    let payload = json!({ "conversations": conversations, "all": all });
    socket.send(&json!({ "id": id, "type": "sync.resume", "payload": payload })).await
}

async fn answer(socket: &mut Socket, id: &str) -> Result<Vec<Value>> {
    let mut frames = Vec::new();
    loop {
        let frame = socket.next().await?;
        if frame["id"] == id {
            ensure!(frame["type"] == "sync.done", "{frame}");
            frames.push(frame);
            return Ok(frames);
        }
        // What was on its way before the request was read.
        if frame["type"].as_str().is_some_and(|kind| kind.starts_with("sync.")) {
            frames.push(frame);
        }
    }
}

/// The events that were replayed, in the order of their frames.
fn replayed(frames: &[Value]) -> Result<Vec<Event>> {
    let chunks = frames.iter().filter(|frame| frame["type"] == "sync.events");
    let chunks: Vec<Vec<Event>> = chunks
        .map(|frame| serde_json::from_value(frame["payload"]["events"].clone()))
        .collect::<Result<_, _>>()?;
    Ok(chunks.concat())
}

fn nothing_was_missed() -> Vec<Value> {
    vec![json!({ "id": "sync", "type": "sync.done", "payload": { "events": 0 } })]
}

fn reset(conversation: &Conversation, seq: Seq) -> Value {
    let payload = json!({ "conversationId": conversation.info.id, "epoch": conversation.epoch, "seq": seq });
    json!({ "type": "sync.reset", "payload": payload })
}

fn removed(id: ConversationId) -> Value {
    json!({ "type": "sync.removed", "payload": { "conversationId": id } })
}

async fn seen(person: &Person, id: ConversationId) -> Result<Conversation> {
    person.get(&format!("/conversations/{id}")).await
}

/// Sends so many messages, in order, as fast as they are taken.
async fn talk(person: &Person, id: ConversationId, count: usize) -> Result<()> {
    /// More could fill the socket in both directions.
    const AT_ONCE: usize = 200;
    let mut socket = person.socket().await?;
    for begin in (0..count).step_by(AT_ONCE) {
        let end = count.min(begin + AT_ONCE);
        for number in begin..end {
            socket.feed(&super::send(Some(&number.to_string()), id, &format!("message {number}"))).await?;
        }
        socket.flush().await?;
        for _ in begin..end {
            socket.next_of("ack").await?;
        }
    }
    Ok(())
}

async fn whoever_has_everything_gets_nothing(natter: Natter) -> Result<()> {
    let World { ada, bob, harbour, square, .. } = World::new(&natter).await?;
    let head = ada.send(harbour, "Hello").await?.seq;
    let epoch = seen(&bob, harbour).await?.epoch;
    let mut socket = bob.socket().await?;
    let frames = resume(&mut socket, &epoch, &[(harbour, head), (square, 1)], true).await?;
    assert_eq!(frames, nothing_was_missed());
    assert_eq!(resume(&mut socket, &epoch, &[], false).await?, nothing_was_missed());
    // The connection goes on from there.
    let message = ada.send(harbour, "Hello again").await?;
    assert_eq!(socket.next_of("message.new").await?["payload"], json!(message));
    Ok(())
}

async fn what_was_missed_comes_in_order_and_in_bounded_frames(natter: Natter) -> Result<()> {
    let World { ada, bob, harbour, square, .. } = World::new(&natter).await?;
    talk(&ada, harbour, 250).await?;
    let large = "x".repeat(limits::MESSAGE_CHARS_MAX);
    for _ in 0..40 {
        bob.send(square, &large).await?;
    }
    let message = ada.send(harbour, "first").await?;
    let (status, _) = ada.request(Method::DELETE, &format!("/messages/{}", message.id), None).await?;
    ensure!(status.is_success(), "{status}");
    let epoch = seen(&bob, harbour).await?.epoch;
    let mut socket = bob.socket().await?;
    let frames = resume(&mut socket, &epoch, &[(square, 1), (harbour, 10)], false).await?;

    let expected = [&bob.log(square).await?[1..], &bob.log(harbour).await?[10..]].concat();
    assert_eq!(replayed(&frames)?, expected, "conversation by conversation, as they were named");
    let (last, chunks) = frames.split_last().context("no frame")?;
    assert_eq!(last["payload"]["events"], expected.len());
    for frame in chunks {
        assert_eq!(frame["type"], "sync.events");
        let payload = &frame["payload"];
        let events = payload["events"].as_array().context("no events")?;
        assert!((1..=limits::SYNC_EVENTS_MAX).contains(&events.len()));
        assert!(events.iter().all(|event| event["conversationId"] == payload["conversationId"]));
        assert!(frame.to_string().len() < 512 * 1024, "many clients take a mebibyte at most");
    }
    Ok(())
}

async fn a_thousand_events_are_replayed_and_one_more_is_too_many(natter: Natter) -> Result<()> {
    let World { ada, bob, harbour, .. } = World::new(&natter).await?;
    talk(&ada, harbour, 1_001).await?;
    let conversation = seen(&bob, harbour).await?;
    assert_eq!(conversation.last_seq, 1_002);
    let mut socket = bob.socket().await?;
    let epoch = &conversation.epoch;
    let frames = resume(&mut socket, epoch, &[(harbour, 2)], false).await?;
    assert_eq!(replayed(&frames)?, bob.log(harbour).await?[2..]);
    let frames = resume(&mut socket, epoch, &[(harbour, 1)], false).await?;
    assert_eq!(frames[..1], [reset(&conversation, 1_002)]);
    assert_eq!(frames[1..], nothing_was_missed());
    Ok(())
}

async fn positions_that_cannot_be_are_reset(natter: Natter) -> Result<()> {
    let World { ada, bob, harbour, .. } = World::new(&natter).await?;
    let head = ada.send(harbour, "Hello").await?.seq;
    let conversation = seen(&bob, harbour).await?;
    let mut socket = bob.socket().await?;
    for (epoch, seq) in [("another", head), ("another", 1), ("", head), (&conversation.epoch, head + 1)] {
        let frames = resume(&mut socket, epoch, &[(harbour, seq)], false).await?;
        assert_eq!(frames[..1], [reset(&conversation, head)], "{epoch:?} {seq}");
        assert_eq!(frames[1..], nothing_was_missed());
    }
    Ok(())
}

async fn whoever_was_removed_is_told_so_and_nothing_else(natter: Natter) -> Result<()> {
    let World { ada, eve, harbour, square, .. } = World::new(&natter).await?;
    ada.send(square, "for eve as well").await?;
    done(&ada, Method::DELETE, &format!("/conversations/{square}/members/{}", eve.id()), None).await?;
    ada.send(square, "not for eve").await?;
    let epoch = seen(&ada, square).await?.epoch;
    let mut socket = eve.socket().await?;
    // She never was in the harbour, and is told no more of it than of what does not exist.
    let nowhere = ConversationId::from_uuid(eve.id().uuid());
    let frames = resume(&mut socket, &epoch, &[(square, 1), (harbour, 1), (nowhere, 1)], true).await?;
    assert_eq!(frames[..3], [removed(square), removed(harbour), removed(nowhere)]);
    assert_eq!(frames[3..], nothing_was_missed());
    // Nothing of it comes later, either.
    ada.send(square, "not for eve").await?;
    let mark = ada.group("Mark", &[&eve]).await?;
    loop {
        let frame = socket.next().await?;
        if frame["payload"]["conversationId"] == json!(mark.info.id) {
            return Ok(());
        }
        assert_ne!(frame["payload"]["content"], "not for eve");
    }
}

async fn whoever_came_back_meanwhile_gets_all_of_it(natter: Natter) -> Result<()> {
    let World { ada, eve, square, .. } = World::new(&natter).await?;
    let members = format!("/conversations/{square}/members");
    done(&ada, Method::DELETE, &format!("{members}/{}", eve.id()), None).await?;
    ada.send(square, "while eve is away").await?;
    ada.post::<Value>(&members, json!({ "userId": eve.id() })).await?;
    ada.send(square, "she is back").await?;
    let epoch = seen(&eve, square).await?.epoch;
    let mut socket = eve.socket().await?;
    let frames = resume(&mut socket, &epoch, &[(square, 1)], false).await?;
    let events = replayed(&frames)?;
    assert_eq!(events, eve.log(square).await?[1..]);
    let kinds: Vec<_> = events.iter().map(|event| json!(event)["type"].clone()).collect();
    assert!(kinds.contains(&json!("member.left")) && kinds.contains(&json!("member.joined")), "{kinds:?}");
    Ok(())
}

async fn a_conversation_that_is_gone_is_told_as_removed(natter: Natter) -> Result<()> {
    let World { ada, bob, harbour, square, .. } = World::new(&natter).await?;
    ada.send(harbour, "Hello").await?;
    done(&ada, Method::DELETE, &format!("/conversations/{harbour}"), None).await?;
    let epoch = seen(&bob, square).await?.epoch;
    let mut socket = bob.socket().await?;
    let frames = resume(&mut socket, &epoch, &[(harbour, 1), (square, 1)], false).await?;
    assert_eq!(frames[..1], [removed(harbour)]);
    assert_eq!(frames[1..], nothing_was_missed());
    Ok(())
}

async fn whoever_names_all_that_they_know_is_told_of_the_rest(natter: Natter) -> Result<()> {
    let World { ada, bob, harbour, square, .. } = World::new(&natter).await?;
    let pier = ada.group("Pier", &[&bob]).await?.info.id;
    let head = ada.send(pier, "Welcome").await?.seq;
    let pier = seen(&bob, pier).await?;
    let epoch = &pier.epoch;
    let mut socket = bob.socket().await?;
    let frames = resume(&mut socket, epoch, &[(harbour, 1), (square, 1)], true).await?;
    assert_eq!(frames[..1], [reset(&pier, head)]);
    assert_eq!(frames[1..], nothing_was_missed());
    let frames = resume(&mut socket, epoch, &[(harbour, 1), (square, 1)], false).await?;
    assert_eq!(frames, nothing_was_missed(), "who does not ask for them is not told");
    Ok(())
}

/// That this takes no more statements on either database than one conversation does, is tested with the store.
#[tokio::test]
async fn five_thousand_conversations_take_one_round_trip() -> Result<()> {
    const MAX: usize = limits::RESUME_CONVERSATIONS_MAX;
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let mut creating = Vec::new();
    for part in 0..25 {
        let ada = ada.clone();
        creating.push(tokio::spawn(async move {
            let mut created = Vec::new();
            for number in 0..MAX / 25 {
                created.push(ada.group(&format!("{part} {number}"), &[]).await?);
            }
            anyhow::Ok(created)
        }));
    }
    let mut conversations = Vec::new();
    for part in creating {
        conversations.extend(part.await??);
    }
    let epoch = conversations[0].epoch.clone();
    let positions: Vec<Position> = conversations.iter().map(|known| (known.info.id, 1)).collect();
    let mut socket = ada.socket().await?;
    assert_eq!(resume(&mut socket, &epoch, &positions, true).await?, nothing_was_missed());

    let behind = [0, 1, 17, MAX - 1].map(|index| positions[index].0);
    for id in behind {
        ada.send(id, "Hello").await?;
    }
    let frames = resume(&mut socket, &epoch, &positions, true).await?;
    let told: Vec<_> = replayed(&frames)?.iter().map(|event| (event.conversation_id, event.seq)).collect();
    assert_eq!(told, behind.map(|id| (id, 2)));

    // Whoever knows none of them is told of each.
    let frames = resume(&mut socket, &epoch, &[], true).await?;
    let told: BTreeSet<_> =
        frames.iter().filter_map(|frame| frame["payload"]["conversationId"].as_str()).collect();
    assert_eq!((told.len(), frames.len()), (MAX, MAX + 1));
    assert!(frames[..MAX].iter().all(|frame| frame["type"] == "sync.reset"));
    Ok(())
}

/// A client that comes and goes, and holds what it is told against what it has.
struct Wanderer {
    person: Person,
    epoch: String,
    have: BTreeMap<ConversationId, Seq>,
}

impl Wanderer {
    /// Comes, catches up, stays for some events, and goes without a word.
    async fn visit(&mut self, stay_events: usize) -> Result<()> {
        let mut socket = self.person.socket().await?;
        let positions: Vec<Position> = self.have.iter().map(|(id, seq)| (*id, *seq)).collect();
        ask(&mut socket, "sync", &self.epoch, &positions, true).await?;
        // What comes before the request is read is part of the answer to it, too.
        let (mut answering, mut left) = (false, stay_events);
        let mut synced = false;
        while !synced || left > 0 {
            let frame = socket.next().await?;
            let payload = &frame["payload"];
            match frame["type"].as_str().unwrap_or_default() {
                "sync.events" => {
                    answering = true;
                    for event in payload["events"].as_array().context("no events")? {
                        self.take(event)?;
                    }
                }
                "sync.done" => (answering, synced) = (true, true),
                kind if kind.starts_with("sync.") => anyhow::bail!("{frame}"),
                "unread.changed" | "message.read_receipt" | "ready" => {}
                _ if answering => {
                    self.take(payload)?;
                    left = left.saturating_sub(1);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The one event that may come next.
    fn take(&mut self, event: &Value) -> Result<()> {
        let id = serde_json::from_value(event["conversationId"].clone())?;
        let have = self.have.get_mut(&id).context("of a conversation that nobody knows")?;
        ensure!(event["seq"] == *have + 1, "{event} came after {have}");
        *have += 1;
        Ok(())
    }
}

async fn what_happens_during_a_resume_arrives_once_and_in_order(natter: Natter) -> Result<()> {
    const ROUNDS: usize = 40;
    let world = World::new(&natter).await?;
    let rooms = [world.harbour, world.square];
    let stop = Arc::new(AtomicBool::new(false));
    let mut writing = Vec::new();
    for (person, id) in [(&world.ada, rooms[0]), (&world.ada, rooms[1]), (&world.bob, rooms[0])] {
        let (person, stop) = (person.clone(), Arc::clone(&stop));
        writing.push(tokio::spawn(async move {
            while !stop.load(Relaxed) {
                person.send(id, "on and on").await?;
            }
            anyhow::Ok(())
        }));
    }
    let epoch = seen(&world.bob, rooms[0]).await?.epoch;
    let have = rooms.map(|id| (id, 1));
    let mut wanderer = Wanderer { person: world.bob.clone(), epoch, have: have.into() };
    for round in 0..ROUNDS {
        wanderer.visit(round % 5).await.with_context(|| format!("in round {round}"))?;
    }
    stop.store(true, Relaxed);
    for writer in writing {
        writer.await??;
    }
    wanderer.visit(0).await?;
    for (id, have) in wanderer.have {
        assert_eq!(have, seen(&world.bob, id).await?.last_seq);
        assert!(have > 1, "something was said");
    }
    Ok(())
}

async fn what_was_missed_survives_the_death_of_the_server(mut natter: Natter) -> Result<()> {
    let World { ada, bob, harbour, .. } = World::new(&natter).await?;
    let epoch = seen(&bob, harbour).await?.epoch;
    let mut wanderer = Wanderer { person: bob.clone(), epoch, have: [(harbour, 1)].into() };
    let mut socket = bob.socket().await?;
    ada.send(harbour, "seen").await?;
    wanderer.take(&socket.next_of("message.new").await?["payload"])?;
    ada.send(harbour, "missed").await?;
    drop(socket);
    natter.kill().await?;
    natter.start().await?;
    ada.send(harbour, "missed as well").await?;
    let mut socket = bob.socket().await?;
    let positions: Vec<Position> = wanderer.have.into_iter().collect();
    let frames = resume(&mut socket, &wanderer.epoch, &positions, false).await?;
    assert_eq!(replayed(&frames)?, bob.log(harbour).await?[2..]);
    Ok(())
}

async fn two_resumes_at_once_are_answered_one_after_the_other(natter: Natter) -> Result<()> {
    let World { ada, bob, harbour, square, .. } = World::new(&natter).await?;
    talk(&ada, harbour, 150).await?;
    ada.send(square, "Hello").await?;
    let epoch = seen(&bob, harbour).await?.epoch;
    let mut socket = bob.socket().await?;
    ask(&mut socket, "one", &epoch, &[(harbour, 1)], false).await?;
    ask(&mut socket, "two", &epoch, &[(square, 1)], false).await?;
    ask(&mut socket, "three", &epoch, &[(harbour, 149)], false).await?;
    assert_eq!(replayed(&answer(&mut socket, "one").await?)?, bob.log(harbour).await?[1..]);
    assert_eq!(replayed(&answer(&mut socket, "two").await?)?, bob.log(square).await?[1..]);
    assert_eq!(replayed(&answer(&mut socket, "three").await?)?, bob.log(harbour).await?[149..]);
    // What happens from now on comes once, however often was resumed.
    let message = ada.send(harbour, "Hello again").await?;
    assert_eq!(socket.next_of("message.new").await?["payload"], json!(message));
    let mark = ada.send(square, "mark").await?;
    assert_eq!(socket.next_of("message.new").await?["payload"], json!(mark));
    Ok(())
}

#[tokio::test]
async fn a_request_that_cannot_be_is_refused() -> Result<()> {
    let natter = natter().start().await?;
    let World { ada, bob, harbour, .. } = World::new(&natter).await?;
    let epoch = seen(&bob, harbour).await?.epoch;
    let mut socket = bob.socket().await?;
    let position = |seq: Value| json!({ "id": harbour, "epoch": epoch, "seq": seq });
    let many: Vec<_> = (0..=limits::RESUME_CONVERSATIONS_MAX).map(|_| position(json!(1))).collect();
    for (payload, code) in [
        (Value::Null, "invalid_json"),
        (json!([]), "invalid_json"),
        (json!({}), "invalid_json"),
        (json!({ "conversations": null }), "invalid_json"),
        (json!({ "conversations": [harbour] }), "invalid_json"),
        (json!({ "conversations": [{ "id": harbour, "seq": 1 }] }), "invalid_json"),
        (json!({ "conversations": [position(json!(-1))] }), "invalid_json"),
        (json!({ "conversations": [position(json!("1"))] }), "invalid_json"),
        (json!({ "conversations": [], "all": "yes" }), "invalid_json"),
        (json!({ "conversations": [position(json!(1)), position(json!(2))] }), "validation_failed"),
        (json!({ "conversations": many }), "validation_failed"),
    ] {
        let error = socket.ask("sync.resume", payload.clone()).await?;
        let excerpt: String = payload.to_string().chars().take(80).collect();
        assert_eq!((&error["type"], &error["payload"]["code"]), (&json!("error"), &json!(code)), "{excerpt}");
    }
    // The largest position there is, is one.
    let frames = resume(&mut socket, &epoch, &[(harbour, Seq::MAX)], false).await?;
    assert_eq!(frames[0]["type"], "sync.reset");
    // After a refusal, everything goes on.
    let message = ada.send(harbour, "Hello").await?;
    assert_eq!(socket.next_of("message.new").await?["payload"], json!(message));
    Ok(())
}

/// Whoever is too slow is told where to pull, and pulling by the socket itself completes it.
#[tokio::test]
async fn a_slow_reader_that_resumes_has_everything() -> Result<()> {
    /// Together far more than the kernel and the queue keep for a connection.
    const SENT: u64 = 300;
    let natter = natter().start().await?;
    let World { ada, bob, harbour, .. } = World::new(&natter).await?;
    let epoch = seen(&bob, harbour).await?.epoch;
    let mut slow = bob.socket().await?;
    let shells = "🐚".repeat(15_000);
    for _ in 0..SENT {
        ada.send(harbour, &shells).await?;
    }
    let mut wanderer = Wanderer { person: bob.clone(), epoch, have: [(harbour, 1)].into() };
    loop {
        let frame = slow.next().await?;
        match frame["type"].as_str().unwrap_or_default() {
            "sync.lagging" => break,
            "message.new" => wanderer.take(&frame["payload"])?,
            _ => {}
        }
    }
    let have = wanderer.have[&harbour];
    assert!(have < SENT + 1, "it was not slow");
    let frames = resume(&mut slow, &wanderer.epoch, &[(harbour, have)], false).await?;
    for event in replayed(&frames)? {
        wanderer.take(&json!(event))?;
    }
    assert_eq!(wanderer.have[&harbour], SENT + 1);
    let message = ada.send(harbour, "Hello").await?;
    assert_eq!(slow.next_of("message.new").await?["payload"], json!(message));
    Ok(())
}
