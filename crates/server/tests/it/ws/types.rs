//! Each type that a client can send: what it is answered, what the others hear, and what is kept.

use super::World;
use crate::natter;
use crate::support::{eventually, on_both_databases};
use anyhow::{Context as _, Result, ensure};
use natter_protocol::{Conversation, Message, ReadState};
use natter_testkit::natter::Natter;
use natter_testkit::person::{Person, Socket};
use serde_json::{Value, json};

on_both_databases! {
    messages_are_sent_edited_forwarded_and_deleted,
    reactions_are_added_and_removed,
    reading_is_acknowledged_with_what_is_left,
    channels_are_joined_and_left,
    typing_is_shown_to_the_others,
    presence_is_told_to_those_who_watch,
}

/// Asks for what must be done, and gives the payload of the acknowledgement.
async fn acked(socket: &mut Socket, kind: &str, payload: Value) -> Result<Value> {
    let mut answer = socket.ask(kind, payload).await?;
    ensure!(answer["type"] == "ack", "{answer}");
    Ok(answer["payload"].take())
}

/// Asks for what must be refused, and gives the code.
async fn refused(socket: &mut Socket, kind: &str, payload: Value) -> Result<Value> {
    let mut answer = socket.ask(kind, payload).await?;
    ensure!(answer["type"] == "error", "{answer}");
    let problem = &mut answer["payload"];
    ensure!(problem["requestId"].as_str().is_some_and(|id| !id.is_empty()), "{problem}");
    Ok(problem["code"].take())
}

async fn messages_are_sent_edited_forwarded_and_deleted(natter: Natter) -> Result<()> {
    let World { ada, bob, eve, harbour, square } = World::new(&natter).await?;
    let (mut own, mut other, mut stranger) = (ada.socket().await?, bob.socket().await?, eve.socket().await?);
    let sent =
        acked(&mut own, "message.send", json!({ "conversationId": harbour, "content": "Herring" })).await?;
    assert_eq!(other.next_of("message.new").await?["payload"], sent);
    let id = &sent["id"];

    let edited =
        acked(&mut own, "message.edit", json!({ "messageId": id, "content": "Fresh herring" })).await?;
    assert_eq!((&edited["content"], &edited["id"]), (&json!("Fresh herring"), id));
    let event = other.next_of("message.updated").await?;
    assert_eq!(
        (&event["payload"]["content"], &event["payload"]["seq"]),
        (&json!("Fresh herring"), &json!(3))
    );
    let theirs = json!({ "messageId": id, "content": "Old herring" });
    assert_eq!(refused(&mut other, "message.edit", theirs.clone()).await?, "forbidden");
    assert_eq!(refused(&mut stranger, "message.edit", theirs).await?, "not_found");

    let forward = json!({ "messageId": id, "conversationIds": [square, harbour], "clientMessageId": "f1" });
    let copies = acked(&mut own, "message.forward", forward.clone()).await?;
    assert_eq!(acked(&mut own, "message.forward", forward).await?, copies, "a repeat");
    assert_eq!(stranger.next_of("message.new").await?["payload"], copies["data"][0]);
    assert_eq!(other.next_of("message.new").await?["payload"], copies["data"][0]);
    assert_eq!(other.next_of("message.new").await?["payload"], copies["data"][1]);

    let deleted = acked(&mut own, "message.delete", json!({ "messageId": id })).await?;
    assert!(deleted["deletedAt"].is_string(), "{deleted}");
    assert_eq!(other.next_of("message.deleted").await?["payload"]["id"], *id);
    assert_eq!(refused(&mut stranger, "message.delete", json!({ "messageId": id })).await?, "not_found");
    let kept: Message = bob.get(&format!("/messages/{}", id.as_str().context("no id")?)).await?;
    assert_eq!(json!(kept), deleted);
    Ok(())
}

async fn reactions_are_added_and_removed(natter: Natter) -> Result<()> {
    let World { ada, bob, harbour, .. } = World::new(&natter).await?;
    let message = ada.send(harbour, "Herring").await?;
    let (mut own, mut other) = (bob.socket().await?, ada.socket().await?);
    let request = json!({ "messageId": message.id, "emoji": "🐟" });
    let reacted = acked(&mut own, "reaction.add", request.clone()).await?;
    assert_eq!(reacted["reactions"], json!([{ "emoji": "🐟", "count": 1, "me": true }]));
    let added = other.next_of("reaction.added").await?;
    assert_eq!((&added["payload"]["userId"], &added["payload"]["count"]), (&json!(bob.id()), &json!(1)));
    let reacted = acked(&mut own, "reaction.remove", request).await?;
    assert_eq!(reacted["reactions"], json!([]));
    assert_eq!(other.next_of("reaction.removed").await?["payload"]["count"], 0);
    let words = json!({ "messageId": message.id, "emoji": "fish" });
    assert_eq!(refused(&mut own, "reaction.add", words).await?, "validation_failed");
    Ok(())
}

async fn reading_is_acknowledged_with_what_is_left(natter: Natter) -> Result<()> {
    let World { ada, bob, eve, harbour, .. } = World::new(&natter).await?;
    let first = ada.send(harbour, "one").await?;
    let last = ada.send(harbour, "two").await?;
    let (mut own, mut other, mut stranger) = (bob.socket().await?, ada.socket().await?, eve.socket().await?);
    let mut second = bob.socket().await?;
    let state = acked(&mut own, "message.read", json!({ "messageId": first.id })).await?;
    let state: ReadState = serde_json::from_value(state)?;
    assert_eq!((state.last_read_seq, state.unread_count), (first.seq, 1));
    let state = acked(&mut own, "message.read", json!({ "conversationId": harbour })).await?;
    assert_eq!((&state["lastReadSeq"], &state["unreadCount"]), (&json!(last.seq), &json!(0)));
    // Those who wrote learn of it, and so does the reader's other device.
    let receipt = async |socket: &mut Socket| loop {
        let receipt = socket.next_of("message.read_receipt").await?;
        if receipt["payload"]["lastReadSeq"] == json!(last.seq) {
            return anyhow::Ok(receipt);
        }
    };
    assert_eq!(receipt(&mut other).await?["payload"]["userId"], json!(bob.id()));
    loop {
        let unread = second.next_of("unread.changed").await?;
        if unread["payload"]["lastReadSeq"] == json!(last.seq) {
            assert_eq!(unread["payload"]["unreadCount"], 0);
            break;
        }
    }
    assert_eq!(refused(&mut own, "message.read", json!({})).await?, "validation_failed");
    let theirs = json!({ "conversationId": harbour });
    assert_eq!(refused(&mut stranger, "message.read", theirs).await?, "not_found");
    Ok(())
}

async fn channels_are_joined_and_left(natter: Natter) -> Result<()> {
    let World { ada, eve, harbour, .. } = World::new(&natter).await?;
    let channel = json!({ "type": "channel", "name": "Tides", "visibility": "public" });
    let channel: Conversation = ada.post("/conversations", channel).await?;
    let (mut own, mut other) = (eve.socket().await?, ada.socket().await?);
    let which = json!({ "conversationId": channel.info.id });
    let joined = acked(&mut own, "conversation.join", which.clone()).await?;
    assert_eq!((&joined["id"], &joined["me"]["role"]), (&json!(channel.info.id), &json!("member")));
    for socket in [&mut own, &mut other] {
        let event = socket.next_of("member.joined").await?;
        assert_eq!(event["payload"]["member"]["user"]["id"], json!(eve.id()));
    }
    let again = acked(&mut own, "conversation.join", which.clone()).await?;
    assert_eq!(again["id"], joined["id"], "who is in it already is so after it, too");
    // From here on she hears what is said there.
    let message = ada.send(channel.info.id, "High water at noon").await?;
    assert_eq!(own.next_of("message.new").await?["payload"]["content"], "eve joined.");
    assert_eq!(own.next_of("message.new").await?["payload"], json!(message));

    assert_eq!(acked(&mut own, "conversation.leave", which.clone()).await?, json!({}));
    assert_eq!(other.next_of("member.left").await?["payload"]["userId"], json!(eve.id()));
    assert_eq!(refused(&mut own, "conversation.leave", which).await?, "not_found");
    let private = json!({ "conversationId": harbour });
    assert_eq!(refused(&mut own, "conversation.join", private).await?, "not_found");
    Ok(())
}

async fn typing_is_shown_to_the_others(natter: Natter) -> Result<()> {
    let World { ada, bob, eve, harbour, .. } = World::new(&natter).await?;
    let (mut own, mut other, mut stranger) = (ada.socket().await?, bob.socket().await?, eve.socket().await?);
    let which = json!({ "conversationId": harbour });
    for (kind, active) in [("typing.start", true), ("typing.stop", false)] {
        assert_eq!(acked(&mut own, kind, which.clone()).await?, json!({}));
        let indicator = other.next_of("typing.indicator").await?;
        let shown = json!({ "conversationId": harbour, "userId": ada.id(), "active": active });
        assert_eq!(indicator, json!({ "type": "typing.indicator", "payload": shown }));
        assert_eq!(refused(&mut stranger, kind, which.clone()).await?, "not_found");
    }
    // It is no event of the log.
    assert_eq!(bob.log(harbour).await?.len(), 1);
    Ok(())
}

async fn presence_is_told_to_those_who_watch(natter: Natter) -> Result<()> {
    let World { ada, bob, .. } = World::new(&natter).await?;
    let nobody = natter.person("nobody").await?;
    let mut own = ada.socket().await?;
    let users = json!({ "userIds": [bob.id(), nobody.id()] });
    let state = acked(&mut own, "presence.watch", users).await?;
    let users = state["users"].as_array().context("no users")?;
    assert_eq!(users.len(), 1, "who shares no conversation is left out: {state}");
    assert_eq!((&users[0]["userId"], &users[0]["status"]), (&json!(bob.id()), &json!("offline")));

    let mut other = bob.socket().await?;
    let told = async |own: &mut Socket, status: &str| {
        let change = own.next_of("presence.changed").await?;
        ensure!(change["payload"]["userId"] == json!(bob.id()), "{change}");
        ensure!(change["payload"]["status"] == status, "{change} instead of {status}");
        Ok(())
    };
    told(&mut own, "online").await?;
    assert_eq!(acked(&mut other, "presence.update", json!({ "status": "busy" })).await?, json!({}));
    told(&mut own, "busy").await?;
    assert_eq!(refused(&mut other, "presence.update", json!({ "status": "sleepy" })).await?, "invalid_json");
    let many = json!({ "userIds": vec![bob.id(); 1_001] });
    assert_eq!(refused(&mut own, "presence.watch", many).await?, "validation_failed");
    // Over REST it is the same.
    eventually(async || {
        let seen: Value = ada.get("/users/bob").await?;
        Ok((seen["presence"] == "busy").then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_ping_is_answered_with_and_without_an_id() -> Result<()> {
    let natter = natter().start().await?;
    let ada: Person = natter.person("ada").await?;
    let mut socket = ada.socket().await?;
    socket.send(&json!({ "type": "ping" })).await?;
    assert_eq!(socket.next().await?, json!({ "type": "pong", "payload": {} }));
    socket.send(&json!({ "id": "c1", "type": "ping", "payload": { "what": "ever" } })).await?;
    assert_eq!(socket.next().await?, json!({ "id": "c1", "type": "pong", "payload": {} }));
    Ok(())
}

/// Acknowledgements come as soon as there is one; each command takes its place in the order in which it was sent.
#[tokio::test]
async fn commands_take_effect_in_the_order_in_which_they_were_sent() -> Result<()> {
    let natter = natter().start().await?;
    let World { ada, bob, harbour, .. } = World::new(&natter).await?;
    let mut socket = ada.socket().await?;
    let message = ada.send(harbour, "0").await?;
    for number in 1..=20 {
        let edit = json!({ "messageId": message.id, "content": number.to_string() });
        socket.feed(&json!({ "id": format!("e{number}"), "type": "message.edit", "payload": edit })).await?;
        let send = json!({ "conversationId": harbour, "content": number.to_string() });
        socket.feed(&json!({ "id": format!("s{number}"), "type": "message.send", "payload": send })).await?;
    }
    socket.flush().await?;
    let mut acks = 0;
    while acks < 40 {
        let frame = socket.next().await?;
        ensure!(frame["type"] != "error", "{frame}");
        acks += usize::from(frame["type"] == "ack");
    }
    let happened = bob.log(harbour).await?;
    let happened: Vec<Value> = happened.iter().skip(2).map(|event| json!(event)).collect();
    let expected = (1..=20).flat_map(|_| ["message.updated", "message.new"]);
    assert!(happened.iter().map(|event| event["type"].clone()).eq(expected), "{happened:?}");
    Ok(())
}
