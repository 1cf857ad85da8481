//! Open sockets hear of what happened to their user, also when another process did it.

use super::{World, next};
use crate::support::{done, eventually, on_both_databases};
use anyhow::{Result, ensure};
use natter_protocol::CloseCode;
use natter_testkit::natter::Natter;
use natter_testkit::person::{Person, Socket};
use reqwest::Method;
use serde_json::{Value, json};

on_both_databases! {
    a_sign_out_closes_the_sockets_of_its_session_and_no_others,
    another_password_by_another_process_closes_every_socket,
    a_disabled_account_has_no_sockets,
    another_role_leaves_sockets_open,
    whoever_is_removed_hears_nothing_more,
    another_name_is_known_on_open_sockets,
}

/// The socket is closed, as one that was signed out.
async fn signed_out(socket: &mut Socket) -> Result<()> {
    let (code, reason) = socket.closed().await?;
    ensure!(code == CloseCode::SignedOut.code(), "{code} {reason}");
    Ok(())
}

async fn is_open(socket: &mut Socket) -> Result<()> {
    let pong = socket.ask("ping", Value::Null).await?;
    ensure!(pong["type"] == "pong", "{pong}");
    Ok(())
}

async fn a_sign_out_closes_the_sockets_of_its_session_and_no_others(natter: Natter) -> Result<()> {
    let World { ada, bob, .. } = World::new(&natter).await?;
    let phone = Person::login(natter.address(), "ada").await?;
    let (mut own, mut second) = (ada.socket().await?, ada.socket().await?);
    let (mut other, mut stranger) = (phone.socket().await?, bob.socket().await?);
    done(
        &ada,
        Method::POST,
        "/auth/logout",
        Some(json!({ "refreshToken": ada.sign_in().tokens.refresh_token })),
    )
    .await?;
    for socket in [&mut own, &mut second] {
        signed_out(socket).await?;
    }
    is_open(&mut other).await?;
    is_open(&mut stranger).await
}

async fn another_password_by_another_process_closes_every_socket(natter: Natter) -> Result<()> {
    let World { ada, bob, .. } = World::new(&natter).await?;
    let phone = Person::login(natter.address(), "ada").await?;
    let (mut own, mut second, mut other) = (ada.socket().await?, phone.socket().await?, bob.socket().await?);
    natter.run(&["user", "passwd", "ada"]).await?;
    signed_out(&mut own).await?;
    signed_out(&mut second).await?;
    is_open(&mut other).await
}

async fn a_disabled_account_has_no_sockets(natter: Natter) -> Result<()> {
    let World { ada, bob, .. } = World::new(&natter).await?;
    // A token without a session ends with the account, too.
    let token = natter.run(&["token", "mint", "--user", "ada"]).await?;
    let minted = ada.clone().with_access_token(token.trim());
    let (mut own, mut second, mut other) = (ada.socket().await?, minted.socket().await?, bob.socket().await?);
    natter.run(&["user", "disable", "ada"]).await?;
    signed_out(&mut own).await?;
    signed_out(&mut second).await?;
    is_open(&mut other).await?;
    assert!(minted.socket().await.is_err(), "nor can one be opened");
    natter.run(&["user", "enable", "ada"]).await?;
    is_open(&mut minted.socket().await?).await?;
    // What was revoked before it was enabled is not revoked again.
    let mut own = Person::login(natter.address(), "ada").await?.socket().await?;
    natter.run(&["user", "disable", "bob"]).await?;
    signed_out(&mut other).await?;
    is_open(&mut own).await
}

async fn another_role_leaves_sockets_open(natter: Natter) -> Result<()> {
    let World { ada, bob, .. } = World::new(&natter).await?;
    let (mut own, mut other) = (ada.socket().await?, bob.socket().await?);
    natter.run(&["user", "role", "ada", "admin"]).await?;
    // Revocations are seen in their order.
    natter.run(&["user", "disable", "bob"]).await?;
    signed_out(&mut other).await?;
    is_open(&mut own).await
}

async fn whoever_is_removed_hears_nothing_more(natter: Natter) -> Result<()> {
    let World { ada, bob, eve, harbour, square } = World::new(&natter).await?;
    let (mut hers, mut his) = (eve.socket().await?, bob.socket().await?);
    let path = format!("/conversations/{square}/members/{}", eve.id());
    done(&ada, Method::DELETE, &path, None).await?;
    ada.send(square, "not for eve").await?;
    let left = hers.next_of("member.left").await?;
    assert_eq!(left["payload"]["userId"], json!(eve.id()));
    assert_eq!(his.next_of("message.new").await?["payload"]["conversationId"], json!(square));
    // She can do nothing there any more, either.
    let mark = ada.group("Mark", &[&eve]).await?.info.id;
    for (kind, payload) in [
        ("message.send", json!({ "conversationId": square, "content": "Hello?" })),
        ("typing.start", json!({ "conversationId": square })),
        ("message.read", json!({ "conversationId": square })),
    ] {
        let error = hers.ask(kind, payload).await?;
        assert_eq!(
            (&error["type"], &error["payload"]["code"]),
            (&json!("error"), &json!("not_found")),
            "{kind}"
        );
    }
    let frames = until(&mut hers, &ada.send(mark, "mark").await?.id.to_string()).await?;
    let heard = frames.iter().filter(|frame| frame["payload"]["conversationId"] == json!(square));
    assert_eq!(heard.count(), 0, "{frames:?}");
    let sent = his.ask("message.send", json!({ "conversationId": harbour, "content": "Hello" })).await?;
    assert_eq!(sent["type"], "ack", "others are not concerned");
    Ok(())
}

/// What arrives before a message.
async fn until(socket: &mut Socket, message: &str) -> Result<Vec<Value>> {
    let mut frames = Vec::new();
    loop {
        let frame = next(socket).await?;
        if frame["payload"]["id"] == message {
            return Ok(frames);
        }
        frames.push(frame);
    }
}

/// What is known of the user on an open connection is as of when they were last changed.
async fn another_name_is_known_on_open_sockets(natter: Natter) -> Result<()> {
    let World { ada, harbour, .. } = World::new(&natter).await?;
    let mut socket = ada.socket().await?;
    let (status, _) =
        ada.request(Method::PATCH, "/users/me", Some(json!({ "displayName": "Countess" }))).await?;
    ensure!(status.is_success(), "{status}");
    eventually(async || {
        let payload = json!({ "conversationId": harbour, "content": "Hello" });
        let sent = socket.ask("message.send", payload).await?;
        Ok((sent["payload"]["sender"]["displayName"] == "Countess").then_some(()))
    })
    .await
}
