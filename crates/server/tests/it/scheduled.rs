//! `/conversations/{id}/scheduled-messages` and `/users/me/scheduled-messages`

use crate::support::{answered, done, eventually, fields, on_both_databases, refused};
use anyhow::Result;
use natter_protocol::{ConversationId, ErrorCode, Message, Page, ScheduledMessage, Timestamp, limits};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const MINE: &str = "/users/me/scheduled-messages";

on_both_databases! {
    a_message_waits_until_it_is_cancelled,
    a_message_is_sent_once_when_its_time_has_come,
    what_cannot_be_sent_says_why,
    what_makes_no_sense_is_refused,
    there_are_only_so_many_that_wait,
}

/// A time so many milliseconds ahead.
fn ahead_ms(millis: i64) -> Result<Timestamp> {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    Ok(Timestamp::from_millis(now + millis))
}

const HOUR_MS: i64 = 3_600_000;

fn path(id: ConversationId) -> String {
    format!("/conversations/{id}/scheduled-messages")
}

async fn schedule(person: &Person, id: ConversationId, body: Value) -> Result<ScheduledMessage> {
    answered(person, Method::POST, &path(id), Some(body), StatusCode::CREATED).await
}

async fn mine(person: &Person) -> Result<Vec<ScheduledMessage>> {
    Ok(person.get::<Page<ScheduledMessage>>(MINE).await?.data)
}

async fn messages(person: &Person, id: ConversationId) -> Result<Vec<Message>> {
    Ok(person.get::<Page<Message>>(&format!("/conversations/{id}/messages")).await?.data)
}

async fn a_message_waits_until_it_is_cancelled(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let first = ada.send(id, "first").await?.id;
    let (soon, late) = (ahead_ms(HOUR_MS)?, ahead_ms(2 * HOUR_MS)?);
    let later = schedule(&ada, id, json!({ "content": "late", "sendAt": late })).await?;
    let body = json!({ "content": "soon", "sendAt": soon, "replyTo": first, "threadId": first });
    let sooner = schedule(&ada, id, body).await?;
    assert_eq!((&*sooner.content, sooner.send_at, sooner.failure), ("soon", soon, None));
    assert_eq!((sooner.reply_to, sooner.thread_id), (Some(first), Some(first)));
    assert_eq!(mine(&ada).await?, [sooner.clone(), later.clone()], "by time");
    assert_eq!(mine(&bob).await?, []);

    let one = format!("{MINE}/{}", later.id);
    refused(&bob, Method::DELETE, &one, None, ErrorCode::NotFound).await?;
    done(&ada, Method::DELETE, &one, None).await?;
    refused(&ada, Method::DELETE, &one, None, ErrorCode::NotFound).await?;
    assert_eq!(mine(&ada).await?, [sooner]);
    assert_eq!(messages(&bob, id).await?.len(), 1, "nothing was sent");
    Ok(())
}

async fn a_message_is_sent_once_when_its_time_has_come(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let send_at = ahead_ms(1_000)?;
    schedule(&ada, id, json!({ "content": "Ahoy", "sendAt": send_at })).await?;
    eventually(async || Ok(mine(&ada).await?.is_empty().then_some(()))).await?;
    let sent = messages(&bob, id).await?;
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].sender.id, &*sent[0].content), (ada.id(), "Ahoy"));
    assert!(sent[0].created_at >= send_at, "not before");
    Ok(())
}

async fn what_cannot_be_sent_says_why(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    schedule(&ada, id, json!({ "content": "Ahoy", "sendAt": ahead_ms(1_000)? })).await?;
    let body = Some(json!({ "status": "archived" }));
    answered::<Value>(&ada, Method::PATCH, &format!("/conversations/{id}"), body, StatusCode::OK).await?;
    let failed =
        eventually(async || Ok(mine(&ada).await?.into_iter().find(|message| message.failure.is_some())))
            .await?;
    assert_eq!(failed.failure, Some(ErrorCode::ConversationNotActive));
    done(&ada, Method::DELETE, &format!("{MINE}/{}", failed.id), None).await?;
    assert_eq!(mine(&ada).await?, []);
    Ok(())
}

async fn what_makes_no_sense_is_refused(natter: Natter) -> Result<()> {
    let (ada, eve) = (natter.person("ada").await?, natter.person("eve").await?);
    let id = ada.group("Harbour", &[]).await?.info.id;
    let elsewhere = ada.group("Elsewhere", &[]).await?.info.id;
    let other = ada.send(elsewhere, "x").await?.id;
    let soon = ahead_ms(HOUR_MS)?;
    for (body, field) in [
        (json!({ "content": "x", "sendAt": ahead_ms(-1)? }), "sendAt"),
        (json!({ "content": "x", "sendAt": ahead_ms(367 * 24 * HOUR_MS)? }), "sendAt"),
        (json!({ "content": "", "sendAt": soon }), "content"),
        (json!({ "content": "x", "sendAt": soon, "replyTo": other }), "replyTo"),
        (json!({ "content": "x", "sendAt": soon, "threadId": other }), "threadId"),
    ] {
        let problem = refused(&ada, Method::POST, &path(id), Some(body), ErrorCode::ValidationFailed).await?;
        assert_eq!(fields(&problem), [field]);
    }
    for body in [json!({ "content": "x" }), json!({ "content": "x", "sendAt": "tomorrow" })] {
        refused(&ada, Method::POST, &path(id), Some(body), ErrorCode::InvalidJson).await?;
    }
    let body = json!({ "content": "x", "sendAt": soon });
    refused(&eve, Method::POST, &path(id), Some(body), ErrorCode::NotFound).await?;
    assert_eq!(mine(&ada).await?, []);
    Ok(())
}

async fn there_are_only_so_many_that_wait(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    let body = json!({ "content": "x", "sendAt": ahead_ms(HOUR_MS)? });
    for _ in 0..limits::SCHEDULED_MESSAGES_MAX {
        schedule(&ada, id, body.clone()).await?;
    }
    refused(&ada, Method::POST, &path(id), Some(body), ErrorCode::LimitReached).await?;
    assert_eq!(mine(&ada).await?.len() as u64, limits::SCHEDULED_MESSAGES_MAX);
    Ok(())
}
