//! `/auth`

use crate::natter;
use crate::support::{Answer, ask, client, fields, handshake, on_both_databases, post, refused};
use anyhow::{Context as _, Result, ensure};
use natter_protocol::{CloseCode, ErrorCode, SignIn, Ticket, Tokens, User};
use natter_testkit::natter::Natter;
use natter_testkit::person::{PASSWORD, Person, Socket};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

on_both_databases! {
    an_account_is_created_and_signed_in,
    a_taken_name_is_refused_in_any_case,
    signing_in_does_not_tell_who_has_an_account,
    refresh_tokens_rotate,
    a_second_use_of_a_refresh_token_ends_the_session_and_closes_its_sockets,
    signing_out_ends_requests_and_sockets,
    no_socket_outlives_its_session,
    a_ticket_opens_one_socket,
}

async fn an_account_is_created_and_signed_in(natter: Natter) -> Result<()> {
    let body = json!({
        "username": "Ada", "password": PASSWORD, "displayName": "Ada Lovelace", "email": "ada@example.com"
    });
    let answer = post(&natter, "/api/v1/auth/register", &body).await?;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert!(!answer.text.contains("example.com") && !answer.text.contains(PASSWORD), "{}", answer.text);
    let sign_in: SignIn = serde_json::from_value(answer.json()?)?;
    assert_eq!((&*sign_in.user.username, &*sign_in.user.display_name), ("ada", "Ada Lovelace"));
    assert_eq!(sign_in.tokens.expires_in, 900);

    let ada = Person::login(natter.address(), "ADA").await?;
    assert_eq!(ada.sign_in().user, sign_in.user);
    let me: User = ada.with_tokens(sign_in.tokens).get("/users/me").await?;
    assert_eq!(me, sign_in.user);
    Ok(())
}

async fn a_taken_name_is_refused_in_any_case(natter: Natter) -> Result<()> {
    natter.person("ada").await?;
    for username in ["ada", "ADA", " Ada "] {
        let body = json!({ "username": username, "password": PASSWORD });
        post(&natter, "/api/v1/auth/register", &body).await?.problem(ErrorCode::UsernameTaken)?;
    }
    Ok(())
}

async fn signing_in_does_not_tell_who_has_an_account(natter: Natter) -> Result<()> {
    natter.person("ada").await?;
    let attempt = async |username: &str, password: &str| -> Result<(Value, Value)> {
        let body = json!({ "username": username, "password": password });
        let answer = post(&natter, "/api/v1/auth/login", &body).await?;
        answer.problem(ErrorCode::InvalidCredentials)?;
        let mut problem: Value = serde_json::from_str(&answer.text)?;
        problem["requestId"].take();
        let mut headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        Ok((problem, json!(headers)))
    };
    let wrong = attempt("ada", "not the password").await?;
    for (username, password) in [("nobody", PASSWORD), ("", ""), ("a\0", "x"), ("ada", "")] {
        assert_eq!(attempt(username, password).await?, wrong, "{username:?}");
    }
    Ok(())
}

async fn refresh(natter: &Natter, token: &str) -> Result<Answer> {
    post(natter, "/api/v1/auth/refresh", &json!({ "refreshToken": token })).await
}

async fn refresh_tokens_rotate(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let mut tokens = ada.sign_in().tokens.clone();
    for _ in 0..3 {
        let answer = refresh(&natter, &tokens.refresh_token).await?;
        assert_eq!(answer.status, StatusCode::OK);
        let next: Tokens = serde_json::from_value(answer.json()?)?;
        assert_ne!(next.refresh_token, tokens.refresh_token);
        let _: User = ada.clone().with_tokens(next.clone()).get("/users/me").await?;
        tokens = next;
    }
    for garbage in ["", "x", "natter_rt_AAAA", &tokens.access_token] {
        refresh(&natter, garbage).await?.problem(ErrorCode::SessionEnded)?;
    }
    Ok(())
}

async fn a_second_use_of_a_refresh_token_ends_the_session_and_closes_its_sockets(
    natter: Natter,
) -> Result<()> {
    let ada = natter.person("ada").await?;
    let other = Person::login(natter.address(), "ada").await?;
    let (mut first, mut second) = (ada.socket().await?, ada.socket().await?);
    let mut others = other.socket().await?;

    let old = &ada.sign_in().tokens.refresh_token;
    let next: Tokens = serde_json::from_value(refresh(&natter, old).await?.json()?)?;
    // Whoever did not get the answer asks again.
    let again: Tokens = serde_json::from_value(refresh(&natter, old).await?.json()?)?;
    assert_eq!(again.refresh_token, next.refresh_token);
    // Whoever trades the answer has got it.
    let next: Tokens = serde_json::from_value(refresh(&natter, &next.refresh_token).await?.json()?)?;
    refresh(&natter, old).await?.problem(ErrorCode::SessionEnded)?;

    for socket in [&mut first, &mut second] {
        assert_eq!(socket.closed().await?.0, CloseCode::SignedOut.code());
    }
    refresh(&natter, &next.refresh_token).await?.problem(ErrorCode::SessionEnded)?;
    refused(&ada.with_tokens(next), Method::GET, "/users/me", None, ErrorCode::SessionEnded).await?;
    still_open(&mut others).await?;
    let _: User = other.get("/users/me").await?;
    Ok(())
}

/// The socket answers.
async fn still_open(socket: &mut Socket) -> Result<()> {
    socket.send(&json!({ "id": "still", "type": "ping" })).await?;
    let pong = socket.next_of("pong").await?;
    ensure!(pong["id"] == "still", "{pong}");
    Ok(())
}

async fn signing_out_ends_requests_and_sockets(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let other = Person::login(natter.address(), "ada").await?;
    let (mut socket, mut others) = (ada.socket().await?, other.socket().await?);
    let token = json!({ "refreshToken": ada.sign_in().tokens.refresh_token });
    // Twice is no mistake, and garbage leaves nothing to do.
    for body in [&token, &token, &json!({ "refreshToken": "garbage" })] {
        let answer = post(&natter, "/api/v1/auth/logout", body).await?;
        assert_eq!((answer.status, &*answer.text), (StatusCode::NO_CONTENT, ""));
    }
    assert_eq!(socket.closed().await?.0, CloseCode::SignedOut.code());
    refused(&ada, Method::GET, "/users/me", None, ErrorCode::SessionEnded).await?;
    ensure!(ada.socket().await.is_err(), "a socket opens without a session");
    still_open(&mut others).await
}

/// A socket that is opened while its session ends is either refused or closed.
async fn no_socket_outlives_its_session(natter: Natter) -> Result<()> {
    natter.person("ada").await?;
    for _ in 0..20 {
        let ada = Person::login(natter.address(), "ada").await?;
        let token = json!({ "refreshToken": ada.sign_in().tokens.refresh_token });
        let opening: Vec<_> = (0..4)
            .map(|_| {
                let ada = ada.clone();
                tokio::spawn(async move { ada.socket().await })
            })
            .collect();
        post(&natter, "/api/v1/auth/logout", &token).await?;
        for socket in opening {
            if let Ok(mut socket) = socket.await? {
                assert_eq!(socket.closed().await?.0, CloseCode::SignedOut.code());
            }
        }
    }
    Ok(())
}

async fn a_ticket_opens_one_socket(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let ticket: Ticket = ada.post("/auth/ticket", Value::Null).await?;
    assert_eq!(ticket.expires_in, 30);
    let path = format!("/api/v1/ws?ticket={}", ticket.ticket);
    let mut socket = Socket::open(natter.address(), &path, &[]).await?;
    let ready = socket.next().await?;
    assert_eq!(ready["payload"]["user"]["username"], "ada");

    for path in [&*path, "/api/v1/ws?ticket=garbage", "/api/v1/ws?ticket="] {
        handshake(&natter, path, &[]).await?.problem(ErrorCode::InvalidTicket)?;
    }
    still_open(&mut socket).await
}

#[tokio::test]
async fn every_field_of_a_registration_is_checked() -> Result<()> {
    let natter = natter().start().await?;
    let good = json!({ "username": "ada", "password": PASSWORD });
    for (field, value) in [
        ("username", json!("a")),
        ("username", json!("no spaces")),
        ("username", json!("-ada")),
        ("username", json!("x".repeat(33))),
        ("password", json!("1234567")),
        ("password", json!("x".repeat(257))),
        ("displayName", json!("")),
        ("displayName", json!("x".repeat(65))),
        ("email", json!("nobody")),
        ("email", json!("x".repeat(255))),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let problem = post(&natter, "/api/v1/auth/register", &body).await?;
        let problem = problem.problem(ErrorCode::ValidationFailed)?;
        assert!(fields(&problem).contains(&field), "{body}: {problem:?}");
        assert!(problem.errors.iter().all(|error| !error.message.is_empty()));
    }
    for (body, missing) in [(json!({ "username": "ada" }), "password"), (json!({}), "username")] {
        let problem = post(&natter, "/api/v1/auth/register", &body).await?.problem(ErrorCode::InvalidJson)?;
        assert!(problem.detail.contains(missing), "{problem:?}");
    }
    let bad = json!({ "username": "!", "password": "short", "displayName": "", "email": "x" });
    let problem = post(&natter, "/api/v1/auth/register", &bad).await?.problem(ErrorCode::ValidationFailed)?;
    assert_eq!(fields(&problem), ["username", "displayName", "email", "password"]);
    Ok(())
}

#[tokio::test]
async fn where_sign_up_is_closed_strangers_are_told_so() -> Result<()> {
    let natter = natter().env("NATTER_AUTH_REGISTRATION", "false").start().await?;
    let body = json!({ "username": "ada", "password": PASSWORD });
    post(&natter, "/api/v1/auth/register", &body).await?.problem(ErrorCode::RegistrationClosed)?;
    Ok(())
}

#[tokio::test]
async fn a_token_must_be_one_of_ours() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let token = &ada.sign_in().tokens.access_token;
    let request = |authorization: String| {
        anyhow::Ok(client()?.get(natter.url("/api/v1/users/me")).header("authorization", authorization))
    };
    for accepted in [format!("Bearer {token}"), format!("bearer   {token} ")] {
        assert_eq!(Answer::to(request(accepted)?).await?.status, StatusCode::OK);
    }
    let mut parts = token.split('.');
    let (_, payload) = (parts.next(), parts.next().context("a token has three parts")?);
    // {"alg":"none"}
    let unsigned = format!("eyJhbGciOiJub25lIn0.{payload}.");
    let tampered = format!("{}x", &token[..token.len() - 1]);
    for wrong in ["", "Bearer", "Bearer ", token, &format!("Basic {token}"), "Bearer x", "Bearer \u{e9}"]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("Bearer {unsigned}"), format!("Bearer {tampered}")])
    {
        let answer = Answer::to(request(wrong.clone())?).await?;
        answer.problem(ErrorCode::Unauthenticated).with_context(|| wrong)?;
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    ask(&natter, Method::GET, "/api/v1/users/me").await?.problem(ErrorCode::Unauthenticated)?;
    Ok(())
}
