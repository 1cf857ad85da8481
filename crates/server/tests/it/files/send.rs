//! Messages with files: sent, forwarded, scheduled, found and told of.

use super::{note, send, tone, upload};
use crate::support::{answered, eventually, fields, on_both_databases, refused};
use anyhow::Result;
use natter_protocol::{
    ErrorCode, FileId, Message, MessageKind, Page, ScheduledMessage, SearchHit, Timestamp,
};
use natter_testkit::natter::Natter;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

on_both_databases! {
    a_message_holds_its_files_in_order,
    a_voice_message_is_one_file_of_sound,
    a_scheduled_message_brings_its_files,
}

fn ids(message: &Message) -> Vec<FileId> {
    message.attachments.iter().map(|file| file.id).collect()
}

async fn a_message_holds_its_files_in_order(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let mut files = Vec::new();
    for number in 0..10 {
        files.push(upload(&ada, &format!("{number}.txt"), format!("herring {number}").as_bytes()).await?.id);
    }
    files.reverse();
    let mut socket = bob.socket().await?;
    let sent = send(&ada, id, "", &files).await?;
    assert_eq!((ids(&sent), sent.content.as_str(), sent.kind), (files.clone(), "", MessageKind::Text));
    let heard: Message = serde_json::from_value(socket.next_of("message.new").await?["payload"].take())?;
    assert_eq!(heard.attachments, sent.attachments);
    let page: Page<Message> = bob.get(&format!("/conversations/{id}/messages")).await?;
    assert_eq!(page.data.last().map(ids), Some(files.clone()));
    let log = bob.log(id).await?;
    assert!(json!(log).to_string().contains(&files[0].to_string()), "the log has it as well");

    ada.send(id, "herring without").await?;
    let with_text = send(&ada, id, "Fresh herring", &files[..1]).await?;
    let hits: Page<SearchHit> = bob.get("/search/messages?has=file&q=herring").await?;
    assert_eq!(hits.data.iter().map(|hit| hit.message.id).collect::<Vec<_>>(), [with_text.id]);

    let path = format!("/conversations/{id}/messages");
    let eleven: Vec<FileId> = [&files[..], &files[..1]].concat();
    for body in [json!({ "attachments": eleven }), json!({ "attachments": [files[0], files[0]] })] {
        let problem = refused(&ada, Method::POST, &path, Some(body), ErrorCode::ValidationFailed).await?;
        assert_eq!(fields(&problem), ["attachments"]);
    }
    let problem =
        refused(&ada, Method::POST, &path, Some(json!({ "content": " " })), ErrorCode::ValidationFailed)
            .await?;
    assert_eq!(fields(&problem), ["content"]);
    let unknown = json!({ "attachments": ["0190163d-8694-739b-aea5-000000000000"] });
    let problem = refused(&ada, Method::POST, &path, Some(unknown), ErrorCode::ValidationFailed).await?;
    assert_eq!(fields(&problem), ["attachments"]);
    // A repeat with other files is a slip.
    let keyed = |files: &[FileId]| Some(json!({ "clientMessageId": "k", "attachments": files }));
    let first: Message = answered(&ada, Method::POST, &path, keyed(&files[..2]), StatusCode::CREATED).await?;
    let repeat: Message = answered(&ada, Method::POST, &path, keyed(&files[..2]), StatusCode::OK).await?;
    assert_eq!((first.id, ids(&first)), (repeat.id, ids(&repeat)));
    refused(&ada, Method::POST, &path, keyed(&files[..1]), ErrorCode::ClientMessageIdConflict).await?;
    Ok(())
}

async fn a_voice_message_is_one_file_of_sound(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let (sound, text) = (tone(&ada).await?.id, note(&ada, "herring").await?.id);
    let path = format!("/conversations/{id}/messages");
    let voice = |files: &[FileId]| json!({ "kind": "voice", "attachments": files });
    let sent: Message = ada.post(&path, voice(&[sound])).await?;
    assert_eq!(sent.kind, MessageKind::Voice);
    let look = &sent.attachments[0].look;
    assert_eq!((look.duration_ms, look.waveform.as_ref().map(Vec::len)), (Some(1_000), Some(64)));
    for files in [vec![], vec![text], vec![sound, text]] {
        let problem =
            refused(&ada, Method::POST, &path, Some(voice(&files)), ErrorCode::ValidationFailed).await?;
        assert!(fields(&problem).contains(&"attachments"), "{problem:?}");
    }
    let there = bob.group("Pier", &[]).await?.info.id;
    let forward = json!({ "conversationIds": [there] });
    let copies: Page<Message> = bob.post(&format!("/messages/{}/forward", sent.id), forward).await?;
    assert_eq!((copies.data[0].kind, ids(&copies.data[0])), (MessageKind::Voice, vec![sound]));
    Ok(())
}

async fn a_scheduled_message_brings_its_files(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let sound = tone(&ada).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)? + Duration::from_secs(2);
    let send_at = Timestamp::from_millis(i64::try_from(now.as_millis())?);
    let body = json!({ "content": "", "kind": "voice", "attachments": [sound.id], "sendAt": send_at });
    let path = format!("/conversations/{id}/scheduled-messages");
    let scheduled: ScheduledMessage = ada.post(&path, body).await?;
    assert_eq!(
        (scheduled.kind, scheduled.attachments.as_slice()),
        (MessageKind::Voice, [sound.clone()].as_slice())
    );
    let refused = ada.request(Method::DELETE, &format!("/files/{}", sound.id), None).await?;
    assert_eq!(refused.0, StatusCode::CONFLICT, "what is to be sent is held: {refused:?}");
    let sent = eventually(async || {
        let page: Page<Message> = bob.get(&format!("/conversations/{id}/messages")).await?;
        Ok(page.data.into_iter().find(|message| message.kind == MessageKind::Voice))
    });
    assert_eq!(ids(&sent.await?), [sound.id]);
    // It is forgotten after it was sent.
    eventually(async || {
        let left: Page<Value> = ada.get("/users/me/scheduled-messages").await?;
        Ok(left.data.is_empty().then_some(()))
    })
    .await
}
