//! `/conversations/{id}/pins` and `/messages/{id}/pin`

use crate::support::{answered, happened, on_both_databases, refused};
use anyhow::{Context as _, Result};
use natter_protocol::{
    Conversation, ConversationId, ErrorCode, Message, MessageId, Page, SystemNote, limits,
};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::json;

on_both_databases! {
    a_message_is_pinned_and_unpinned,
    in_a_channel_it_takes_a_moderator,
    what_makes_no_sense_is_refused,
    there_are_only_so_many_pins,
}

async fn pin(person: &Person, method: Method, id: MessageId) -> Result<Message> {
    answered(person, method, &format!("/messages/{id}/pin"), None, StatusCode::OK).await
}

async fn pins(person: &Person, id: ConversationId) -> Result<Vec<MessageId>> {
    let page: Page<Message> = person.get(&format!("/conversations/{id}/pins")).await?;
    Ok(page.data.into_iter().map(|message| message.id).collect())
}

async fn a_message_is_pinned_and_unpinned(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let group = ada.group("Harbour", &[&bob]).await?.info.id;
    let one = ada.send(group, "one").await?;
    let two = ada.send(group, "two").await?;
    for _ in 0..2 {
        assert!(pin(&bob, Method::PUT, one.id).await?.pinned_at.is_some());
    }
    assert_eq!(happened(&ada, group, two.seq).await?, ["message.updated", "message.new"]);
    let newest: Page<Message> = ada.get(&format!("/conversations/{group}/messages?limit=1")).await?;
    let note = newest.data.first().context("the newest message")?.system.clone();
    assert_eq!(note, Some(SystemNote::MessagePinned { message_id: one.id }));
    pin(&ada, Method::PUT, two.id).await?;
    assert_eq!(pins(&bob, group).await?, [two.id, one.id], "the newest pin first");

    for _ in 0..2 {
        assert_eq!(pin(&ada, Method::DELETE, one.id).await?.pinned_at, None);
    }
    assert_eq!(pins(&bob, group).await?, [two.id]);
    // What is deleted is not pinned any more.
    let path = format!("/messages/{}", two.id);
    answered::<Message>(&ada, Method::DELETE, &path, None, StatusCode::OK).await?;
    assert_eq!(pins(&bob, group).await?, []);
    Ok(())
}

async fn in_a_channel_it_takes_a_moderator(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let body = json!({ "type": "channel", "name": "harbour", "members": ["bob"] });
    let channel: Conversation = ada.post("/conversations", body).await?;
    let sent = bob.send(channel.info.id, "look").await?;
    let path = format!("/messages/{}/pin", sent.id);
    refused(&bob, Method::PUT, &path, None, ErrorCode::Forbidden).await?;
    pin(&ada, Method::PUT, sent.id).await?;
    refused(&bob, Method::DELETE, &path, None, ErrorCode::Forbidden).await?;
    // Between two, both may.
    let direct: Conversation = ada.get("/conversations/with/bob").await?;
    let sent = bob.send(direct.info.id, "look").await?;
    pin(&ada, Method::PUT, sent.id).await?;
    Ok(())
}

async fn what_makes_no_sense_is_refused(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let eve = natter.person("eve").await?;
    let group = ada.group("Harbour", &[&bob]).await?.info.id;
    let sent = ada.send(group, "one").await?;
    pin(&ada, Method::PUT, sent.id).await?;
    let page: Page<Message> = ada.get(&format!("/conversations/{group}/messages?limit=1")).await?;
    let system = page.data.first().context("the newest message")?.id;
    let pin_of = |id: MessageId| format!("/messages/{id}/pin");
    refused(&ada, Method::PUT, &pin_of(system), None, ErrorCode::NotFound).await?;
    for method in [Method::PUT, Method::DELETE] {
        refused(&eve, method, &pin_of(sent.id), None, ErrorCode::NotFound).await?;
    }
    refused(&eve, Method::GET, &format!("/conversations/{group}/pins"), None, ErrorCode::NotFound).await?;

    let other = ada.send(group, "two").await?;
    let body = Some(json!({ "status": "closed" }));
    let path = format!("/conversations/{group}");
    answered::<Conversation>(&ada, Method::PATCH, &path, body, StatusCode::OK).await?;
    refused(&ada, Method::PUT, &pin_of(other.id), None, ErrorCode::ConversationNotActive).await?;
    Ok(())
}

async fn there_are_only_so_many_pins(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let group = ada.group("Harbour", &[]).await?.info.id;
    let mut ids = Vec::new();
    for number in 0..=limits::CONVERSATION_PINS_MAX {
        ids.push(ada.send(group, &number.to_string()).await?.id);
    }
    let (one_more, some) = ids.split_last().context("messages")?;
    for id in some {
        pin(&ada, Method::PUT, *id).await?;
    }
    let path = format!("/messages/{one_more}/pin");
    refused(&ada, Method::PUT, &path, None, ErrorCode::LimitReached).await?;
    assert_eq!(pins(&ada, group).await?.len(), some.len());
    pin(&ada, Method::DELETE, some[0]).await?;
    pin(&ada, Method::PUT, *one_more).await?;
    Ok(())
}
