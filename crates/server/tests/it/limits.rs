//! Rate limits: what a minute has room for, over REST and over sockets, and what the answers say about it.

use crate::natter;
use crate::socketio::ByWebSocket;
use crate::support::{Answer, ask, client, handshake, post};
use anyhow::{Context as _, Result};
use natter_protocol::{CloseCode, Conversation, ErrorCode};
use natter_testkit::natter::Natter;
use natter_testkit::person::{PASSWORD, Person, Socket};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A server with no rate limit but this one.
async fn with(rate: &str, per_minute: u32) -> Result<Natter> {
    natter().env(&format!("NATTER_LIMITS_{rate}_PER_MINUTE"), &per_minute.to_string()).start().await
}

/// A request as somebody, with the headers of its answer.
async fn asked(natter: &Natter, person: &Person, method: Method, path: &str, body: &Value) -> Result<Answer> {
    let token = &person.sign_in().tokens.access_token;
    let request = client()?.request(method, natter.url(&format!("/api/v1{path}"))).bearer_auth(token);
    Answer::to(if body.is_null() { request } else { request.json(body) }).await
}

fn number(answer: &Answer, name: &str) -> Result<u32> {
    answer.header(name).parse().with_context(|| format!("{name} of {answer:?}"))
}

/// What an answer says about the minute: the limit and what is left.
fn standing(answer: &Answer) -> Result<(u32, u32)> {
    assert!((1..=60).contains(&number(answer, "ratelimit-reset")?), "{answer:?}");
    Ok((number(answer, "ratelimit-limit")?, number(answer, "ratelimit-remaining")?))
}

/// A refusal, complete.
fn refused(answer: &Answer, limit: u32) -> Result<()> {
    let problem = answer.problem(ErrorCode::RateLimited)?;
    assert_eq!(standing(answer)?, (limit, 0));
    let wait_seconds = number(answer, "retry-after")?;
    assert_eq!(wait_seconds, number(answer, "ratelimit-reset")?);
    assert_eq!(problem.retry_after_seconds, Some(wait_seconds));
    assert!(problem.detail.contains(&format!("wait {wait_seconds} seconds")), "{problem:?}");
    Ok(())
}

#[tokio::test]
async fn by_default_a_user_sends_30_messages_and_creates_10_conversations_a_minute() -> Result<()> {
    let natter = natter().with_rates().start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let (path, hello) = (format!("/conversations/{id}/messages"), json!({ "content": "hello" }));
    for left in (0..30).rev() {
        let sent = asked(&natter, &ada, Method::POST, &path, &hello).await?;
        assert_eq!(sent.status, StatusCode::CREATED);
        assert_eq!(standing(&sent)?, (30, left));
        assert_eq!(sent.header("retry-after"), "");
    }
    refused(&asked(&natter, &ada, Method::POST, &path, &hello).await?, 30)?;
    // A forward counts as what it makes.
    let message = bob.send(id, "hello").await?.id;
    let forward = format!("/messages/{message}/forward");
    let mut groups = Vec::new();
    for number in 0..8 {
        groups.push(bob.group(&format!("Pier {number}"), &[]).await?.info.id);
    }
    let copies = json!({ "conversationIds": groups });
    for _ in 0..3 {
        let forwarded = asked(&natter, &bob, Method::POST, &forward, &copies).await?;
        assert_eq!(forwarded.status, StatusCode::CREATED);
    }
    refused(&asked(&natter, &bob, Method::POST, &forward, &copies).await?, 30)?;
    // A socket is no way around it.
    let mut socket = ada.socket().await?;
    let payload = json!({ "conversationId": id, "content": "hello" });
    socket.send(&json!({ "id": "c1", "type": "message.send", "payload": payload })).await?;
    assert_eq!(socket.next_of("error").await?["payload"]["code"], "rate_limited");
    // Others, and other things, are not concerned.
    natter.person("cleo").await?.group("Quay", &[]).await?;
    ada.get::<Value>(&path).await?;
    let group = json!({ "type": "group", "name": "Pier" });
    for left in (0..9).rev() {
        let created = asked(&natter, &ada, Method::POST, "/conversations", &group).await?;
        assert_eq!(standing(&created)?, (10, left));
    }
    refused(&asked(&natter, &ada, Method::POST, "/conversations", &group).await?, 10)?;
    // Neither is asking for a direct conversation, unless it is there.
    let with_bob = "/conversations/with/bob";
    refused(&asked(&natter, &ada, Method::GET, with_bob, &Value::Null).await?, 10)?;
    bob.get::<Value>("/conversations/with/ada").await?;
    let there = asked(&natter, &ada, Method::GET, with_bob, &Value::Null).await?;
    assert_eq!(there.status, StatusCode::OK);
    assert_eq!(ada.log(id).await?.len(), 32, "30 of ada's, one of bob's, and the creation");
    // The operator sees what was refused.
    let metrics = ask(&natter, Method::GET, "/metrics").await?.text;
    for line in ["{rate=\"sends\"} 3", "{rate=\"conversations\"} 2"] {
        assert!(metrics.contains(&format!("natter_rate_limited_total{line}\n")), "{metrics}");
    }
    Ok(())
}

#[tokio::test]
async fn a_repeat_counts_like_any_other_request() -> Result<()> {
    let natter = with("SENDS", 3).await?;
    let ada = natter.person("ada").await?;
    let path = format!("/conversations/{}/messages", ada.group("Harbour", &[]).await?.info.id);
    let draft = json!({ "content": "hello", "clientMessageId": "k1" });
    for status in [StatusCode::CREATED, StatusCode::OK, StatusCode::OK] {
        assert_eq!(asked(&natter, &ada, Method::POST, &path, &draft).await?.status, status);
    }
    refused(&asked(&natter, &ada, Method::POST, &path, &draft).await?, 3)
}

#[tokio::test]
async fn whoever_tries_passwords_is_stopped_at_each_address_and_for_each_name() -> Result<()> {
    let natter = natter()
        .env("NATTER_LIMITS_SIGN_INS_PER_MINUTE", "4")
        .env("NATTER_ACCESS_TRUSTED_PROXIES", "127.0.0.1")
        .start()
        .await?;
    natter.person("ada").await?;
    let login = async |address: &str, username: &str, password: &str| {
        let body = json!({ "username": username, "password": password });
        let request = client()?.post(natter.url("/api/v1/auth/login")).json(&body);
        Answer::to(request.header("x-forwarded-for", address)).await
    };
    for left in (0..4).rev() {
        let answer = login("192.0.2.1", "ada", "guess").await?;
        answer.problem(ErrorCode::InvalidCredentials)?;
        assert_eq!(standing(&answer)?, (4, left));
    }
    refused(&login("192.0.2.1", "bob", "guess").await?, 4).context("another name from the same address")?;
    let elsewhere = login("192.0.2.2", "ADA ", PASSWORD).await?;
    refused(&elsewhere, 4).context("the same name from another address, even with the password")?;
    login("192.0.2.2", "bob", "guess").await?.problem(ErrorCode::InvalidCredentials)?;
    // Attempts that no account is named in count, too.
    for _ in 0..2 {
        let request = client()?.post(natter.url("/api/v1/auth/login")).json(&json!([]));
        let answer = Answer::to(request.header("x-forwarded-for", "192.0.2.2")).await?;
        answer.problem(ErrorCode::InvalidJson)?;
        assert_eq!(standing(&answer)?.0, 4);
    }
    refused(&login("192.0.2.2", "carol", "guess").await?, 4)
}

#[tokio::test]
async fn an_address_gets_so_many_accounts() -> Result<()> {
    let natter = with("REGISTRATIONS", 2).await?;
    natter.person("ada").await?;
    natter.person("bob").await?;
    let body = json!({ "username": "carol", "password": PASSWORD });
    refused(&post(&natter, "/api/v1/auth/register", &body).await?, 2)?;
    Person::login(natter.address(), "ada").await?;
    Ok(())
}

#[tokio::test]
async fn requests_count_for_the_user_or_else_for_the_address() -> Result<()> {
    let natter = natter()
        .env("NATTER_LIMITS_REQUESTS_PER_MINUTE", "4")
        .env("NATTER_LIMITS_ANONYMOUS_REQUESTS_PER_MINUTE", "5")
        .start()
        .await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    for left in (1..4).rev() {
        let answer = asked(&natter, &ada, Method::GET, "/users/me", &Value::Null).await?;
        assert_eq!((answer.status, standing(&answer)?), (StatusCode::OK, (4, left)));
    }
    // Opening a socket is a request, and so is one under the other base.
    ada.socket().await?;
    let other =
        client()?.get(natter.url("/api/chat/users/me")).bearer_auth(&ada.sign_in().tokens.access_token);
    refused(&Answer::to(other).await?, 4)?;
    let token = format!("/api/v1/ws?token={}", ada.sign_in().tokens.access_token);
    refused(&handshake(&natter, &token, &[]).await?, 4)?;
    bob.get::<Value>("/users/me").await?;

    // Two have signed up; what has no good token counts for the address.
    let nobody = ask(&natter, Method::GET, "/api/v1/users/me").await?;
    nobody.problem(ErrorCode::Unauthenticated)?;
    assert_eq!(standing(&nobody)?, (5, 2));
    let guess = handshake(&natter, "/api/v1/ws?token=x", &[]).await?;
    guess.problem(ErrorCode::Unauthenticated)?;
    assert_eq!(standing(&guess)?, (5, 1));
    post(&natter, "/api/v1/auth/logout", &json!({ "refreshToken": "x" })).await?;
    refused(&ask(&natter, Method::GET, "/api/v1/users/me").await?, 5)?;
    refused(&post(&natter, "/api/v1/auth/refresh", &json!({ "refreshToken": "x" })).await?, 5)?;
    // The web client itself, its documentation and the health checks are for everybody.
    for path in ["/", "/health", "/health/ready", "/metrics", "/api/docs/", "/api/openapi.json"] {
        let answer = ask(&natter, Method::GET, path).await?;
        assert_eq!((answer.status, answer.header("ratelimit-limit")), (StatusCode::OK, ""), "{path}");
    }
    Ok(())
}

/// All sockets of a user share a minute, so that opening another one helps nobody.
#[tokio::test]
async fn frames_beyond_the_limit_are_refused_and_hammering_ends_the_socket() -> Result<()> {
    let natter = with("SOCKET_MESSAGES", 3).await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let (mut first, mut second) = (ada.socket().await?, ada.socket().await?);
    let read = |number: u32| {
        let payload = json!({ "conversationId": id });
        json!({ "id": number.to_string(), "type": "message.read", "payload": payload })
    };
    let ask = async |socket: &mut Socket, number: u32| {
        socket.send(&read(number)).await?;
        answer_to(socket, number).await
    };
    assert_eq!(ask(&mut first, 1).await?["type"], "ack");
    assert_eq!(ask(&mut second, 2).await?["type"], "ack");
    // What cannot be read counts, too.
    first.send(&json!("what")).await?;
    assert_eq!(first.next_of("error").await?["payload"]["code"], "invalid_json");
    for number in 4..=30 {
        let socket = if number % 2 == 0 { &mut first } else { &mut second };
        let error = ask(socket, number).await?;
        let problem = &error["payload"];
        assert_eq!((&error["type"], &problem["status"]), (&json!("error"), &json!(429)));
        assert_eq!(problem["code"], "rate_limited");
        assert!(problem["retryAfterSeconds"].as_u64().is_some_and(|seconds| (1..=60).contains(&seconds)));
    }
    assert_eq!(ask(&mut bob.socket().await?, 1).await?["type"], "ack", "others are not concerned");
    first.send(&read(31)).await?;
    let (code, reason) = first.closed().await?;
    assert_eq!(code, CloseCode::RateLimited.code());
    let hint: Value = serde_json::from_str(&reason)?;
    assert!(
        hint["reconnectAfterMs"].as_u64().is_some_and(|after_ms| (1..=60_000).contains(&after_ms)),
        "{hint}"
    );
    // The other one is still there, until it goes on as well.
    second.send(&read(32)).await?;
    assert_eq!(second.closed().await?.0, CloseCode::RateLimited.code());
    Ok(())
}

/// Pings and the like leave what their user wants to do alone, and are bounded all the same.
#[tokio::test]
async fn what_clients_send_by_themselves_counts_apart() -> Result<()> {
    let natter = with("SOCKET_MESSAGES", 3).await?;
    let ada = natter.person("ada").await?;
    let mut socket = ada.socket().await?;
    let ask = async |socket: &mut Socket, number: u32, kind: &str| {
        socket.send(&json!({ "id": number.to_string(), "type": kind })).await?;
        answer_to(socket, number).await
    };
    for number in 0..30 {
        let pong = ask(&mut socket, number, "ping").await?;
        assert_eq!(pong, json!({ "id": number.to_string(), "type": "pong", "payload": {} }));
    }
    assert_eq!(ask(&mut socket, 30, "ping").await?["payload"]["code"], "rate_limited");
    assert_eq!(ask(&mut socket, 31, "what").await?["payload"]["code"], "unknown_type");
    Ok(())
}

/// What a client of Socket.IO sends without asking for anything is not answered, and is bounded like that.
#[tokio::test]
async fn packets_that_ask_for_nothing_count_like_what_clients_send_by_themselves() -> Result<()> {
    let natter = with("SOCKET_MESSAGES", 1).await?;
    for packet in ["3", "6", "430[]"] {
        let ada = natter.person(&format!("ada{}", packet.len() + usize::from(packet == "6"))).await?;
        let mut client = ByWebSocket::connect(&natter, &ada).await?;
        for _ in 0..10 {
            client.send(packet).await?;
        }
        let (answer, _) = client.ask("ping", &Value::Null).await?;
        assert_eq!(answer["error"]["code"], "rate_limited", "{packet}");
        for _ in 0..100 {
            client.send(packet).await?;
        }
        let (code, reason) = client.closed().await?;
        assert_eq!(code, CloseCode::RateLimited.code(), "{packet}: {reason}");
    }
    Ok(())
}

/// Reading what was missed costs more than asking for it.
#[tokio::test]
async fn what_is_replayed_counts_by_the_hundred() -> Result<()> {
    let natter = with("SOCKET_MESSAGES", 3).await?;
    let ada = natter.person("ada").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    for _ in 0..250 {
        ada.send(id, "hello").await?;
    }
    let mut socket = ada.socket().await?;
    for number in 0..28 {
        socket.send(&json!({ "id": number.to_string(), "type": "ping" })).await?;
        answer_to(&mut socket, number).await?;
    }
    let epoch = ada.get::<Conversation>(&format!("/conversations/{id}")).await?.epoch;
    let resume = json!({ "conversations": [{ "id": id, "epoch": epoch, "seq": 1 }] });
    socket.send(&json!({ "id": "28", "type": "sync.resume", "payload": resume })).await?;
    let events = socket.next().await?;
    assert_eq!(events["type"], "sync.events");
    assert_eq!(events["payload"]["events"].as_array().map(Vec::len), Some(100));
    let refused = socket.next().await?;
    assert_eq!((&refused["id"], &refused["payload"]["code"]), (&json!("28"), &json!("rate_limited")));
    // The socket lives, and what happens from now on arrives.
    ada.send(id, "later").await?;
    assert_eq!(socket.next().await?["payload"]["content"], "later");
    Ok(())
}

/// The answer to a numbered frame; events are passed over.
async fn answer_to(socket: &mut Socket, number: u32) -> Result<Value> {
    loop {
        let frame = socket.next().await?;
        if frame["id"] == json!(number.to_string()) {
            return Ok(frame);
        }
    }
}
