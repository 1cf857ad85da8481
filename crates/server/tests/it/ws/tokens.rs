//! Tokens that end while a socket is open, and newer ones.

use super::World;
use crate::natter;
use crate::support::{handshake, on_both_databases};
use anyhow::{Context as _, Result};
use natter_protocol::{CloseCode, Ready, Tokens};
use natter_testkit::host::SigningKey;
use natter_testkit::natter::Natter;
use natter_testkit::person::{Person, Socket};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

on_both_databases! {
    a_socket_ends_with_its_token_unless_a_newer_one_comes,
    a_token_of_somebody_else_is_refused,
}

/// A token that an operator makes by another process.
async fn minted(natter: &Natter, person: &Person, username: &str, ttl: &str) -> Result<Person> {
    let token = natter.run(&["token", "mint", "--user", username, "--ttl", ttl]).await?;
    Ok(person.clone().with_access_token(token.trim()))
}

/// Opens a socket, and gives the first frame as well.
async fn open(natter: &Natter, query: &str) -> Result<(Socket, Ready)> {
    let mut socket = Socket::open(natter.address(), &format!("/api/v1/ws?{query}"), &[]).await?;
    let ready = socket.next().await?;
    assert_eq!(ready["type"], "ready");
    Ok((socket, serde_json::from_value(ready["payload"].clone())?))
}

fn token(person: &Person) -> String {
    person.sign_in().tokens.access_token.clone()
}

async fn a_socket_ends_with_its_token_unless_a_newer_one_comes(natter: Natter) -> Result<()> {
    let World { ada, harbour, .. } = World::new(&natter).await?;
    let short = minted(&natter, &ada, "ada", "3s").await?;
    let long = minted(&natter, &ada, "ada", "1h").await?;
    let (mut kept, ready) = open(&natter, &format!("token={}", token(&short))).await?;
    let expires_at = ready.expires_at.context("it ends")?;
    let answer = kept.ask("auth.refresh", json!({ "token": token(&long) })).await?;
    assert_eq!(answer["type"], "ack", "{answer}");
    let later = open(&natter, &format!("token={}", token(&long))).await?.1.expires_at.context("it ends")?;
    assert_eq!(answer["payload"], json!({ "expiresAt": later }));
    assert!(later > expires_at);

    // These end after the first one would have.
    let short = minted(&natter, &ada, "ada", "3s").await?;
    let (mut ended, ready) = open(&natter, &format!("token={}", token(&short))).await?;
    assert!(ready.expires_at >= Some(expires_at));
    let ticket: Value = short.post("/auth/ticket", json!({})).await?;
    let ticket = ticket["ticket"].as_str().context("no ticket")?;
    let (mut by_ticket, ready_by_ticket) = open(&natter, &format!("ticket={ticket}")).await?;
    assert_eq!(ready_by_ticket.expires_at, ready.expires_at, "a ticket lasts as long as its token");
    for socket in [&mut ended, &mut by_ticket] {
        let (code, reason) = socket.closed().await?;
        assert_eq!(code, CloseCode::Unauthenticated.code(), "{reason}");
    }
    let answer =
        kept.ask("message.send", json!({ "conversationId": harbour, "content": "still here" })).await?;
    assert_eq!(answer["type"], "ack", "{answer}");
    // An ended token opens nothing.
    let refused = handshake(&natter, &format!("/api/v1/ws?token={}", token(&short)), &[]).await?;
    refused.problem(natter_protocol::ErrorCode::TokenExpired)?;
    Ok(())
}

async fn a_token_of_somebody_else_is_refused(natter: Natter) -> Result<()> {
    let World { ada, bob, harbour, .. } = World::new(&natter).await?;
    let mut socket = ada.socket().await?;
    let elsewhere = Person::login(natter.address(), "ada").await?;
    let none = minted(&natter, &ada, "ada", "1h").await?;
    let mut tampered = token(&ada);
    tampered.truncate(tampered.len() - 2);
    for (token, code) in [
        (token(&bob), "forbidden"),
        // A sign-out of the one session would not find the socket if it were of the other.
        (token(&elsewhere), "forbidden"),
        (token(&none), "forbidden"),
        (tampered, "unauthenticated"),
        (String::new(), "unauthenticated"),
    ] {
        let error = socket.ask("auth.refresh", json!({ "token": token })).await?;
        assert_eq!((&error["type"], &error["payload"]["code"]), (&json!("error"), &json!(code)), "{error}");
    }
    let error = socket.ask("auth.refresh", json!({})).await?;
    assert_eq!(error["payload"]["code"], "invalid_json");
    // It is still ada's, and takes the next token of its session.
    let refresh = json!({ "refreshToken": ada.sign_in().tokens.refresh_token });
    let tokens: Tokens = ada.post("/auth/refresh", refresh).await?;
    let answer = socket.ask("auth.refresh", json!({ "token": tokens.access_token })).await?;
    assert_eq!(answer["type"], "ack", "{answer}");
    let sent = socket.ask("message.send", json!({ "conversationId": harbour, "content": "Hello" })).await?;
    assert_eq!(sent["payload"]["sender"]["username"], "ada");
    Ok(())
}

#[tokio::test]
async fn ready_says_when_the_token_ends() -> Result<()> {
    let natter = natter().start().await?;
    let World { ada, harbour, .. } = World::new(&natter).await?;
    let before = ada.send(harbour, "before").await?.created_at;
    let minted = minted(&natter, &ada, "ada", "1h").await?;
    let after = ada.send(harbour, "after").await?.created_at;
    let (_socket, ready) = open(&natter, &format!("token={}", token(&minted))).await?;
    let expires_at = ready.expires_at.context("it ends")?;
    // Tokens count in whole seconds.
    let hour = before.seconds() + 3_600..=after.seconds() + 3_600;
    assert!(hour.contains(&expires_at.seconds()), "{expires_at:?}");
    Ok(())
}

/// Tokens of the host application belong to no session: the next one of the same user keeps the socket open.
#[tokio::test]
async fn a_token_of_the_host_application_is_followed_by_the_next() -> Result<()> {
    const SECRET: &str = "3c9f5a1d7be0428694f1c6d2a8e7b5039d4c";
    /// The host application's clock may be wrong by so much.
    const LEEWAY_SECONDS: i64 = 60;
    let natter = natter().env("NATTER_AUTH_JWT_SECRET", SECRET).start().await?;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
    let token = |subject: &str, seconds_left: i64| {
        let exp = now + seconds_left - LEEWAY_SECONDS;
        SigningKey::secret(SECRET.as_bytes()).token(&json!({ "sub": subject, "exp": exp }))
    };
    let short = format!("token={}", token("42", 5)?);
    let ((mut kept, ready), (mut ended, _)) = (open(&natter, &short).await?, open(&natter, &short).await?);
    assert_eq!(ready.expires_at.context("it ends")?.seconds(), now + 5);
    let error = kept.ask("auth.refresh", json!({ "token": token("43", 600)? })).await?;
    assert_eq!(error["payload"]["code"], "forbidden", "{error}");
    let answer = kept.ask("auth.refresh", json!({ "token": token("42", 600)? })).await?;
    assert_eq!(answer["type"], "ack", "{answer}");
    assert_eq!(ended.closed().await?.0, CloseCode::Unauthenticated.code());
    // Opened after the one that was kept would have been closed.
    let (mut later, _) = open(&natter, &format!("token={}", token("42", 600)?)).await?;
    for socket in [&mut kept, &mut later] {
        assert_eq!(socket.ask("ping", Value::Null).await?["type"], "pong");
    }
    Ok(())
}
