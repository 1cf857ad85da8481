//! `Idempotency-Key`: a repeat of a write is answered with the first answer, and does nothing.

use crate::natter;
use crate::support::{Answer, client, eventually, on_both_databases};
use anyhow::{Context as _, Result, ensure};
use natter_chat::{Clock as _, SystemClock};
use natter_protocol::{Conversation, ErrorCode, Page};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use natter_testkit::postgres::database;
use reqwest::{Method, StatusCode};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

on_both_databases! {
    a_repeat_is_answered_with_the_first_answer,
    a_key_belongs_to_one_request_of_one_user,
    a_repeat_is_known_after_a_restart,
    requests_at_the_same_time_are_carried_out_once,
    a_client_that_leaves_finds_the_answer_when_it_comes_back,
}

/// A write with a key.
async fn write(
    natter: &Natter,
    person: &Person,
    key: &str,
    method: Method,
    path: &str,
    body: &Value,
) -> Result<Answer> {
    let request = client()?
        .request(method, natter.url(path))
        .bearer_auth(&person.sign_in().tokens.access_token)
        .header("idempotency-key", key);
    Answer::to(if body.is_null() { request } else { request.json(body) }).await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == "true"
}

/// Something that a repeat would be seen by.
async fn group(natter: &Natter, person: &Person, key: &str) -> Result<Answer> {
    let body = json!({ "type": "group", "name": "Harbour" });
    write(natter, person, key, Method::POST, "/api/v1/conversations", &body).await
}

async fn conversations(person: &Person) -> Result<Vec<Conversation>> {
    Ok(person.get::<Page<Conversation>>("/conversations").await?.data)
}

async fn a_repeat_is_answered_with_the_first_answer(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let message = ada.send(id, "hello").await?.id;
    let messages = format!("/api/v1/conversations/{id}/messages");
    let reactions = format!("/api/v1/messages/{message}/reactions");
    let reaction = format!("{reactions}/%F0%9F%91%8D");
    for (key, method, path, body, status) in [
        ("send", Method::POST, &*messages, json!({ "content": "once" }), 201),
        ("create", Method::POST, "/api/v1/conversations", json!({ "type": "group", "name": "Pier" }), 201),
        ("profile", Method::PATCH, "/api/v1/users/me", json!({ "displayName": "Ada L." }), 200),
        ("react", Method::POST, &*reactions, json!({ "emoji": "👍" }), 201),
        ("unreact", Method::DELETE, &*reaction, Value::Null, 200),
        ("block", Method::POST, "/api/v1/blocks", json!({ "username": "bob" }), 201),
        ("unblock", Method::DELETE, "/api/v1/blocks/bob", Value::Null, 204),
        // A refusal is an answer, too.
        ("empty", Method::POST, &*messages, json!({ "content": "" }), 422),
        ("nowhere", Method::DELETE, "/api/v1/blocks/nobody", Value::Null, 404),
    ] {
        let first = write(&natter, &ada, key, method.clone(), path, &body).await?;
        ensure!(first.status.as_u16() == status, "{key}: {first:?}");
        assert!(!is_replayed(&first), "{key}");
        // The same route under its other base.
        for path in [path.to_owned(), path.replace("/api/v1/", "/api/chat/")] {
            let again = write(&natter, &ada, key, method.clone(), &path, &body).await?;
            assert!(is_replayed(&again), "{key}: {again:?}");
            assert_eq!((again.status, &again.text), (first.status, &first.text), "{key}");
            assert_eq!(again.header("content-type"), first.header("content-type"), "{key}");
            assert_ne!(again.header("x-request-id"), first.header("x-request-id"), "{key}");
        }
    }
    let log = ada.log(id).await?;
    let sent: Page<Value> = ada.get(&format!("/conversations/{id}/messages")).await?;
    let once = sent.data.iter().filter(|message| message["content"] == "once").count();
    assert_eq!((once, conversations(&ada).await?.len()), (1, 2), "{log:?}");
    Ok(())
}

async fn a_key_belongs_to_one_request_of_one_user(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let path = format!("/api/v1/conversations/{id}/messages");
    let hello = json!({ "content": "hello" });
    let longest = "k".repeat(255);
    for key in ["k", "!~", "6f9619ff-8b86-d011-b42d-00c04fc964ff", "\"quoted\"", &longest] {
        let sent = write(&natter, &ada, key, Method::POST, &path, &hello).await?;
        assert_eq!(sent.status, StatusCode::CREATED, "{key}: {sent:?}");
    }
    for (method, path, body) in [
        (Method::POST, &*path, json!({ "content": "hello!" })),
        (Method::POST, &*format!("{path}?x=1"), hello.clone()),
        (Method::POST, "/api/v1/conversations", hello.clone()),
        (Method::PATCH, "/api/v1/users/me", hello.clone()),
        (Method::DELETE, &*path.replace("/messages", ""), Value::Null),
    ] {
        let other = write(&natter, &ada, "k", method, path, &body).await?;
        other.problem(ErrorCode::IdempotencyKeyReused).with_context(|| path.to_owned())?;
    }
    // Bob's key is another one, even if it is spelled alike.
    let sent = write(&natter, &bob, "k", Method::POST, &path, &hello).await?;
    assert!(sent.status == StatusCode::CREATED && !is_replayed(&sent), "{sent:?}");
    // It means nothing on what changes nothing.
    for _ in 0..2 {
        let read = write(&natter, &ada, "k", Method::GET, &path, &Value::Null).await?;
        assert!(read.status == StatusCode::OK && !is_replayed(&read), "{read:?}");
    }
    assert_eq!(ada.log(id).await?.len(), 7);
    Ok(())
}

async fn a_repeat_is_known_after_a_restart(mut natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let first = group(&natter, &ada, "k").await?;
    natter.kill().await?;
    natter.start().await?;
    let again = group(&natter, &ada, "k").await?;
    assert!(is_replayed(&again), "{again:?}");
    assert_eq!((again.status, again.text), (StatusCode::CREATED, first.text));
    assert_eq!(conversations(&ada).await?.len(), 1);
    Ok(())
}

async fn requests_at_the_same_time_are_carried_out_once(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let asking = (0..20).map(|_| group(&natter, &ada, "k"));
    let mut created = 0;
    for answer in futures_util::future::try_join_all(asking).await? {
        if answer.status == StatusCode::CREATED {
            created += usize::from(!is_replayed(&answer));
        } else {
            answer.problem(ErrorCode::IdempotencyInProgress)?;
            assert_eq!(answer.header("retry-after"), "1");
        }
    }
    assert_eq!((created, conversations(&ada).await?.len()), (1, 1));
    assert!(is_replayed(&group(&natter, &ada, "k").await?));
    Ok(())
}

async fn a_client_that_leaves_finds_the_answer_when_it_comes_back(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let body = json!({ "type": "group", "name": "Harbour" }).to_string();
    let request = format!(
        "POST /api/v1/conversations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nIdempotency-Key: k\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        ada.sign_in().tokens.access_token,
        body.len()
    );
    for _ in 0..20 {
        let mut stream = TcpStream::connect(natter.address()).await?;
        stream.write_all(request.as_bytes()).await?;
    }
    let answer = eventually(async || {
        let answer = group(&natter, &ada, "k").await?;
        Ok((answer.status == StatusCode::CREATED).then_some(answer))
    });
    let created: Conversation = serde_json::from_value(answer.await?.json()?)?;
    let there: Vec<_> = conversations(&ada).await?.into_iter().map(|there| there.info.id).collect();
    assert_eq!(there, [created.info.id]);
    Ok(())
}

#[tokio::test]
async fn a_key_is_visible_ascii_and_there_once() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let post = || {
        client().map(|client| {
            client
                .post(natter.url("/api/v1/conversations"))
                .bearer_auth(&ada.sign_in().tokens.access_token)
                .json(&json!({ "type": "group", "name": "Harbour" }))
        })
    };
    let long = "k".repeat(256);
    for key in ["", "two words", "tab\tbed", "schlüssel", &long] {
        let answer = Answer::to(post()?.header("idempotency-key", key)).await?;
        answer.problem(ErrorCode::InvalidHeader).with_context(|| key.to_owned())?;
    }
    let twice = post()?.header("idempotency-key", "k").header("idempotency-key", "k");
    Answer::to(twice).await?.problem(ErrorCode::InvalidHeader)?;
    assert!(conversations(&ada).await?.is_empty());
    Ok(())
}

/// What is secret is not kept anywhere, and a second ticket does no harm.
#[tokio::test]
async fn secrets_are_not_kept() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let ticket = async || {
        let answer = write(&natter, &ada, "k", Method::POST, "/api/v1/auth/ticket", &Value::Null).await?;
        assert!(!is_replayed(&answer), "{answer:?}");
        answer.json()
    };
    assert_ne!(ticket().await?["ticket"], ticket().await?["ticket"]);
    let kept: u64 = Connection::open(natter.data_dir().join("natter.db"))?.query_row(
        "select count(*) from idempotency_keys",
        [],
        |row| row.get(0),
    )?;
    assert_eq!(kept, 0);
    Ok(())
}

fn tomorrow() -> String {
    SystemClock.now().plus_seconds(24 * 60 * 60).to_string()
}

/// The process died after it had done everything but keep the answer.
async fn crashed(natter: Natter, forget_answers: impl Fn() -> Result<()>) -> Result<()> {
    let ada = natter.person("ada").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    let messages = format!("/api/v1/conversations/{id}/messages");
    let scheduled = format!("/api/v1/conversations/{id}/scheduled-messages");
    let mut writes = vec![
        ("create", "/api/v1/conversations".to_owned(), json!({ "type": "group", "name": "Pier" })),
        ("send", messages, json!({ "content": "hello" })),
        ("schedule", scheduled, json!({ "content": "later", "sendAt": tomorrow() })),
    ];
    let mut firsts = Vec::new();
    for (key, path, body) in &writes {
        let first = write(&natter, &ada, key, Method::POST, path, body).await?;
        assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
        firsts.push(first.json()?);
    }
    let copies = json!({ "conversationIds": [firsts[0]["id"]] });
    let path = format!("/api/v1/messages/{}/forward", firsts[1]["id"].as_str().unwrap_or_default());
    let first = write(&natter, &ada, "forward", Method::POST, &path, &copies).await?;
    assert!(first.status.is_success(), "{first:?}");
    firsts.push(first.json()?);
    writes.push(("forward", path, copies));

    forget_answers()?;
    for ((key, path, body), first) in writes.iter().zip(&firsts) {
        let again = eventually(async || {
            let answer = write(&natter, &ada, key, Method::POST, path, body).await?;
            if answer.status == StatusCode::CONFLICT {
                answer.problem(ErrorCode::IdempotencyInProgress)?;
                return Ok(None);
            }
            Ok(Some(answer))
        });
        let again = again.await?;
        assert!(again.status.is_success() && !is_replayed(&again), "{key}: {again:?}");
        let id = |value: &Value| value.pointer("/id").or(value.pointer("/data/0/id")).cloned();
        assert!(id(first).is_some(), "{first}");
        assert_eq!(id(&again.json()?), id(first), "{key}");
    }
    let there = conversations(&ada).await?;
    assert_eq!(there.len(), 2);
    assert_eq!(ada.log(id).await?.len(), 2, "the creation and one message");
    Ok(())
}

const FORGET: &str = "update idempotency_keys set status = null, body = null";

#[tokio::test]
async fn a_request_whose_answer_was_lost_in_a_crash_does_nothing_twice_on_sqlite() -> Result<()> {
    let natter = natter().env("NATTER_LIMITS_REQUEST_SECONDS_MAX", "1").start().await?;
    let database = natter.data_dir().join("natter.db");
    crashed(natter, || {
        let connection = Connection::open(&database)?;
        connection.busy_timeout(crate::support::TIME_MAX)?;
        ensure!(connection.execute(FORGET, [])? > 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_in_a_crash_does_nothing_twice_on_postgres() -> Result<()> {
    let database = database()?;
    let natter =
        natter().database(database.url()).env("NATTER_LIMITS_REQUEST_SECONDS_MAX", "1").start().await?;
    crashed(natter, || database.run_sql(FORGET).map(drop)).await
}

#[tokio::test]
async fn a_repeat_is_known_on_every_node() -> Result<()> {
    let database = database()?;
    let one = natter().database(database.url()).start().await?;
    let two = natter().database(database.url()).start().await?;
    let ada = one.person("ada").await?;
    let first = group(&one, &ada, "k").await?;
    let again = group(&two, &ada, "k").await?;
    assert!(is_replayed(&again), "{again:?}");
    assert_eq!((again.status, again.text), (first.status, first.text));
    Ok(())
}
