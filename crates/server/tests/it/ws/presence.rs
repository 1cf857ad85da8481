//! What is shown of people for a moment: that they are there, that they write, and how far they have read.

use super::World;
use crate::support::{answered, done, eventually, on_both_databases};
use anyhow::{Context as _, Result, ensure};
use natter_protocol::{Presence, Timestamp, User};
use natter_testkit::natter::Natter;
use natter_testkit::person::{Person, Socket};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

on_both_databases! {
    whoever_leaves_was_seen_then,
    a_server_that_stops_has_seen_those_who_were_there,
    a_block_ends_presence_and_typing_and_its_end_brings_them_back,
    whoever_arrives_is_told_what_their_devices_say_together,
    whoever_hides_goes_and_whoever_shows_themselves_comes,
    the_message_ends_the_typing,
    reading_by_rest_is_told_to_all_devices_and_to_the_others,
}

async fn watch(socket: &mut Socket, people: &[&Person]) -> Result<Value> {
    let ids: Vec<_> = people.iter().map(|person| person.id()).collect();
    let mut answer = socket.ask("presence.watch", json!({ "userIds": ids })).await?;
    ensure!(answer["type"] == "ack", "{answer}");
    Ok(answer["payload"]["users"].take())
}

/// Waits until somebody is told to be so, and gives when they were last seen.
async fn told(socket: &mut Socket, person: &Person, status: &str) -> Result<Value> {
    loop {
        let mut change = socket.next_of("presence.changed").await?["payload"].take();
        ensure!(change["userId"] == json!(person.id()), "{change}");
        if change["status"] == status {
            return Ok(change["lastSeen"].take());
        }
    }
}

async fn show_presence(person: &Person, visible: bool) -> Result<()> {
    let body = json!({ "presenceVisible": visible });
    let own: Value = answered(person, Method::PATCH, "/users/me", Some(body), StatusCode::OK).await?;
    ensure!(own["presenceVisible"] == visible, "{own}");
    Ok(())
}

async fn whoever_arrives_is_told_what_their_devices_say_together(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let token = format!("Bearer {}", ada.sign_in().tokens.access_token);
    let arrive = async || {
        let mut socket = Socket::open(natter.address(), "/api/v1/ws", &[("authorization", &token)]).await?;
        let mut ready = socket.next().await?;
        ensure!(ready["type"] == "ready", "{ready}");
        anyhow::Ok((socket, ready["payload"]["user"]["presence"].take()))
    };
    let (mut phone, presence) = arrive().await?;
    assert_eq!(presence, "online");
    for (said, shown) in [("busy", "busy"), ("away", "online"), ("offline", "offline"), ("online", "online")]
    {
        let answer = phone.ask("presence.update", json!({ "status": said })).await?;
        ensure!(answer["type"] == "ack", "{answer}");
        assert_eq!(arrive().await?.1, shown, "the other device says {said}");
    }
    Ok(())
}

async fn whoever_leaves_was_seen_then(natter: Natter) -> Result<()> {
    let World { ada, bob, .. } = World::new(&natter).await?;
    let mut own = ada.socket().await?;
    let users = watch(&mut own, &[&bob]).await?;
    assert_eq!(users, json!([{ "userId": bob.id(), "status": "offline", "lastSeen": null }]));
    let socket = bob.socket().await?;
    assert_eq!(told(&mut own, &bob, "online").await?, Value::Null);
    drop(socket);
    let last_seen: Timestamp = serde_json::from_value(told(&mut own, &bob, "offline").await?)?;
    let seen: User = eventually(async || {
        let user: User = ada.get("/users/bob").await?;
        Ok((user.last_seen == Some(last_seen)).then_some(user))
    })
    .await?;
    assert_eq!(seen.presence, Presence::Offline);
    Ok(())
}

async fn a_server_that_stops_has_seen_those_who_were_there(mut natter: Natter) -> Result<()> {
    let World { ada, .. } = World::new(&natter).await?;
    let _socket = ada.socket().await?;
    ensure!(natter.stop().await?.success());
    natter.start().await?;
    let seen: User = ada.get("/users/me").await?;
    ensure!(seen.last_seen.is_some(), "{seen:?}");
    Ok(())
}

async fn a_block_ends_presence_and_typing_and_its_end_brings_them_back(natter: Natter) -> Result<()> {
    let World { ada, bob, eve, square, .. } = World::new(&natter).await?;
    let (mut own, mut other, mut third) = (ada.socket().await?, bob.socket().await?, eve.socket().await?);
    watch(&mut own, &[&bob]).await?;
    watch(&mut other, &[&ada]).await?;
    let _: Value = ada.post("/blocks", json!({ "username": "bob" })).await?;
    assert_eq!(told(&mut own, &bob, "offline").await?, Value::Null);
    assert_eq!(told(&mut other, &ada, "offline").await?, Value::Null);

    for active in [true, false] {
        let kind = if active { "typing.start" } else { "typing.stop" };
        let answer = own.ask(kind, json!({ "conversationId": square })).await?;
        ensure!(answer["type"] == "ack", "{answer}");
        assert_eq!(third.next_of("typing.indicator").await?["payload"]["active"], active);
    }
    own.ask("presence.update", json!({ "status": "busy" })).await?;
    done(&ada, Method::DELETE, "/blocks/bob", None).await?;
    // Nothing of all that came through in between.
    loop {
        let frame = other.next().await?;
        ensure!(frame["type"] != "typing.indicator", "{frame}");
        if frame["type"] == "presence.changed" {
            assert_eq!(frame["payload"]["status"], "busy");
            break;
        }
    }
    told(&mut own, &bob, "online").await?;
    own.ask("typing.start", json!({ "conversationId": square })).await?;
    assert_eq!(other.next_of("typing.indicator").await?["payload"]["userId"], json!(ada.id()));
    Ok(())
}

async fn whoever_hides_goes_and_whoever_shows_themselves_comes(natter: Natter) -> Result<()> {
    let World { ada, bob, .. } = World::new(&natter).await?;
    let (mut own, _other) = (ada.socket().await?, bob.socket().await?);
    watch(&mut own, &[&bob]).await?;
    show_presence(&bob, false).await?;
    assert_eq!(told(&mut own, &bob, "offline").await?, Value::Null);
    assert_eq!(watch(&mut own, &[&bob]).await?[0]["status"], "offline");
    show_presence(&bob, true).await?;
    told(&mut own, &bob, "online").await?;
    Ok(())
}

async fn the_message_ends_the_typing(natter: Natter) -> Result<()> {
    let World { ada, bob, harbour, .. } = World::new(&natter).await?;
    let (mut own, mut other) = (ada.socket().await?, bob.socket().await?);
    // Both on their way at once, and in this order.
    own.feed(&json!({ "type": "typing.start", "payload": { "conversationId": harbour } })).await?;
    let message = json!({ "conversationId": harbour, "content": "Hello" });
    own.feed(&json!({ "type": "message.send", "payload": message })).await?;
    own.flush().await?;
    let mut heard = Vec::new();
    while heard.len() < 3 {
        let frame = other.next().await?;
        match frame["type"].as_str().context("no type")? {
            "typing.indicator" => heard.push(frame["payload"]["active"].clone()),
            "message.new" => heard.push(frame["payload"]["content"].clone()),
            _ => {}
        }
    }
    assert_eq!(heard, [json!(true), json!("Hello"), json!(false)]);
    Ok(())
}

async fn reading_by_rest_is_told_to_all_devices_and_to_the_others(natter: Natter) -> Result<()> {
    let World { ada, bob, harbour, .. } = World::new(&natter).await?;
    let mut last = 0;
    for text in ["one", "two", "three, @bob"] {
        last = ada.send(harbour, text).await?.seq;
    }
    let (mut own, mut phone, mut laptop) = (ada.socket().await?, bob.socket().await?, bob.socket().await?);
    let path = format!("/conversations/{harbour}/read");
    let _: Value = bob.post(&path, json!({ "seq": last - 1 })).await?;
    for socket in [&mut phone, &mut laptop] {
        let left = json!({
            "conversationId": harbour, "lastReadSeq": last - 1, "unreadCount": 1, "mentionCount": 1,
        });
        assert_eq!(socket.next_of("unread.changed").await?["payload"], left);
    }
    let receipt = own.next_of("message.read_receipt").await?["payload"].take();
    assert_eq!((&receipt["userId"], &receipt["lastReadSeq"]), (&json!(bob.id()), &json!(last - 1)));
    Ok(())
}
