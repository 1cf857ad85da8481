//! Tokens of the host application, as strangers, attackers and its users send them.

mod attacks;
mod published;

use crate::cli::program;
use crate::natter;
use crate::support::{Answer, client, handshake};
use anyhow::{Context as _, Result, ensure};
use natter_protocol::{ErrorCode, PlatformRole, Problem, User};
use natter_testkit::host::SigningKey;
use natter_testkit::natter::{Builder, Natter};
use natter_testkit::person::Socket;
use natter_testkit::postgres;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const SECRET: &str = "3c9f5a1d7be0428694f1c6d2a8e7b5039d4c";
const ISSUER: &str = "https://host.example";
const AUDIENCE: &str = "chat";

/// A server that shares a secret with the host application.
fn host_with_secret() -> Builder {
    natter()
        .env("NATTER_AUTH_JWT_SECRET", SECRET)
        .env("NATTER_AUTH_JWT_ISSUER", ISSUER)
        .env("NATTER_AUTH_JWT_AUDIENCE", AUDIENCE)
}

fn secret() -> SigningKey {
    SigningKey::secret(SECRET.as_bytes())
}

fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

/// The claims of a token that is as it should be, with some of them replaced.
fn claims(more: &Value) -> Result<Value> {
    let mut claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "42", "exp": now()? + 600 });
    for (name, value) in more.as_object().context("an object")? {
        claims[name] = value.clone();
    }
    Ok(claims)
}

async fn ask(natter: &Natter, method: Method, path: &str, token: &str) -> Result<Answer> {
    Answer::to(client()?.request(method, natter.url(path)).bearer_auth(token)).await
}

/// Who the token belongs to.
async fn me(natter: &Natter, token: &str) -> Result<User> {
    let answer = ask(natter, Method::GET, "/api/v1/users/me", token).await?;
    ensure!(answer.status == StatusCode::OK, "{answer:?}");
    Ok(serde_json::from_value(answer.json()?)?)
}

/// The token must be refused with this code by REST and at a socket's door alike.
async fn refused_as(natter: &Natter, token: &str, code: ErrorCode) -> Result<Problem> {
    let by_rest = ask(natter, Method::GET, "/api/v1/users/me", token).await?.problem(code)?;
    let bearer = format!("Bearer {token}");
    let at_the_door = handshake(natter, "/api/v1/ws", &[("authorization", &bearer)]).await?.problem(code)?;
    ensure!(by_rest.detail == at_the_door.detail, "{by_rest:?} {at_the_door:?}");
    ensure!(!by_rest.detail.contains(SECRET), "{by_rest:?}");
    Ok(by_rest)
}

async fn refused(natter: &Natter, token: &str) -> Result<String> {
    Ok(refused_as(natter, token, ErrorCode::Unauthenticated).await?.detail)
}

/// Plays a scene on each database.
macro_rules! on_both_databases {
    ($($test:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() -> Result<()> {
            scene::$test(host_with_secret().start().await?, None).await?;
            let database = postgres::database()?;
            let natter = host_with_secret().database(database.url()).start().await?;
            scene::$test(natter, Some(database.url())).await
        }
    )*};
}

on_both_databases! {
    a_user_is_created_once_however_many_requests_bring_them,
    a_profile_follows_the_token,
    a_token_opens_a_socket_by_header_by_query_and_by_ticket,
    users_of_the_host_and_others_are_in_one_chat,
    who_is_disabled_is_not_let_in_again,
}

/// What happens, whatever the database.
mod scene {
    use super::*;

    pub(super) async fn a_user_is_created_once_however_many_requests_bring_them(
        natter: Natter,
        _: Option<&str>,
    ) -> Result<()> {
        let token = secret().token(&claims(&json!({ "preferred_username": "ada" }))?)?;
        let requests = (0..20).map(|_| {
            let (url, token, client) = (natter.url("/api/v1/users/me"), token.clone(), client());
            tokio::spawn(async move { Answer::to(client?.get(url).bearer_auth(token)).await?.json() })
        });
        let mut ids = Vec::new();
        for request in requests.collect::<Vec<_>>() {
            ids.push(request.await??["id"].clone());
        }
        ids.dedup();
        ensure!(ids.len() == 1, "{ids:?}");
        let another = secret().token(&claims(&json!({ "preferred_username": "ada", "sub": "43" }))?)?;
        let another = me(&natter, &another).await?;
        ensure!(another.username.starts_with("ada-"), "{another:?}");
        Ok(())
    }

    pub(super) async fn a_profile_follows_the_token(mut natter: Natter, _: Option<&str>) -> Result<()> {
        let said = |more: Value| anyhow::Ok(secret().token(&claims(&more)?)?);
        let first = said(json!({ "name": "Ada", "picture": "https://host.example/a.png", "role": "admin" }))?;
        let ada = me(&natter, &first).await?;
        ensure!(ada.display_name == "Ada" && ada.role == PlatformRole::Admin, "{ada:?}");
        ensure!(ada.avatar_url.as_deref() == Some("https://host.example/a.png"), "{ada:?}");

        let next = me(&natter, &said(json!({ "name": "Lady Ada", "role": "user" }))?).await?;
        ensure!(
            next.id == ada.id && next.display_name == "Lady Ada" && next.role == PlatformRole::User,
            "{next:?}"
        );
        ensure!(next.avatar_url == ada.avatar_url, "a token that says nothing of the picture changes it");

        natter.stop().await?;
        natter.start().await?;
        let bare = me(&natter, &said(json!({}))?).await?;
        ensure!(
            bare == User { last_seen: bare.last_seen, ..next },
            "a restart changes the profile: {bare:?}"
        );
        Ok(())
    }

    pub(super) async fn a_token_opens_a_socket_by_header_by_query_and_by_ticket(
        natter: Natter,
        _: Option<&str>,
    ) -> Result<()> {
        let token = secret().token(&claims(&json!({}))?)?;
        let id = json!(me(&natter, &token).await?.id);
        let ticket = ask(&natter, Method::POST, "/api/v1/auth/ticket", &token).await?.json()?;
        let ticket = ticket["ticket"].as_str().context("a ticket")?;
        let bearer = format!("Bearer {token}");
        for (path, headers) in [
            ("/api/v1/ws".to_owned(), vec![("authorization", &*bearer)]),
            (format!("/api/v1/ws?token={token}"), Vec::new()),
            (format!("/api/v1/ws?ticket={ticket}"), Vec::new()),
        ] {
            let mut socket = Socket::open(natter.address(), &path, &headers).await?;
            ensure!(socket.next().await?["payload"]["user"]["id"] == id, "{path}");
        }
        Ok(())
    }

    pub(super) async fn users_of_the_host_and_others_are_in_one_chat(
        natter: Natter,
        _: Option<&str>,
    ) -> Result<()> {
        let grace = natter.person("grace").await?;
        let token = secret().token(&claims(&json!({}))?)?;
        let ada = me(&natter, &token).await?;
        let conversation: Value = grace
            .post("/conversations", json!({ "type": "group", "name": "Harbour", "members": [ada.id] }))
            .await?;
        let id = conversation["id"].as_str().context("an id")?;
        let mut socket = Socket::open(natter.address(), &format!("/api/v1/ws?token={token}"), &[]).await?;
        socket.next_of("ready").await?;
        grace.send(id.parse()?, "Hello").await?;
        ensure!(socket.next_of("message.new").await?["payload"]["content"] == "Hello");
        Ok(())
    }

    pub(super) async fn who_is_disabled_is_not_let_in_again(
        natter: Natter,
        database: Option<&str>,
    ) -> Result<()> {
        let token = secret().token(&claims(&json!({ "preferred_username": "ada" }))?)?;
        let ada = me(&natter, &token).await?;
        let operate = |verb: &str| {
            let mut command = program(&["user", verb, "ada", "--data-dir"]);
            command.arg(natter.data_dir()).envs(database.map(|url| ("NATTER_DATABASE_URL", url)));
            let output = command.output()?;
            ensure!(output.status.success(), "{output:?}");
            anyhow::Ok(())
        };
        operate("disable")?;
        refused(&natter, &token).await?;
        // A token that has never been seen is no way around it.
        refused(&natter, &secret().token(&claims(&json!({ "name": "Ada" }))?)?).await?;
        operate("enable")?;
        ensure!(me(&natter, &token).await?.id == ada.id);
        Ok(())
    }
}

#[tokio::test]
async fn without_a_key_the_host_is_a_stranger() -> Result<()> {
    let natter = natter().start().await?;
    let detail = refused(&natter, &secret().token(&claims(&json!({}))?)?).await?;
    ensure!(detail == "the token's signature is not valid", "{detail}");
    Ok(())
}

#[tokio::test]
async fn a_server_with_a_host_still_signs_its_own_people_in() -> Result<()> {
    let natter = host_with_secret().start().await?;
    let ada = natter.person("ada").await?;
    let _: User = ada.get("/users/me").await?;
    ada.socket().await?;
    Ok(())
}

#[tokio::test]
async fn a_public_key_in_a_file_verifies_tokens() -> Result<()> {
    let key = SigningKey::p256("any")?;
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("key.pem");
    std::fs::write(&file, key.public_pem())?;
    let one_line = key.public_pem().replace('\n', "\\n");
    let path = file.to_str().context("a path")?;
    for (variable, value) in
        [("NATTER_AUTH_JWT_PUBLIC_KEY_FILE", path), ("NATTER_AUTH_JWT_PUBLIC_KEY", &one_line)]
    {
        let natter = natter().env(variable, value).start().await?;
        me(&natter, &key.token(&claims(&json!({}))?)?).await?;
    }
    Ok(())
}
