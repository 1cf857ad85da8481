//! The protocol's catalogue of frames against the program: what documentation is made of is what happens.

use crate::natter;
use anyhow::{Context as _, Result, ensure};
use natter_protocol::catalogue::{ACK, Answer, CLIENT_TYPES, Payload, SERVER_TYPES};
use natter_protocol::{Conversation, Message};
use natter_testkit::person::{Person, Socket};
use serde_json::{Value, json};

#[tokio::test]
async fn each_type_of_a_client_is_answered_as_the_catalogue_says() -> Result<()> {
    let natter = natter().start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let mut socket = ada.socket().await?;
    for kind in CLIENT_TYPES {
        let payload = payload(kind.name, &ada, &bob).await.context(kind.name)?;
        if let Some(described) = kind.payload {
            described.read(&payload.to_string()).context(kind.name)?;
        }
        let mut request = json!({ "id": kind.name, "type": kind.name });
        if kind.payload.is_some() {
            request["payload"] = payload;
        }
        socket.send(&request).await?;
        let answer = answer(&mut socket, kind.name).await.context(kind.name)?;
        let (name, described) = match kind.answer {
            Answer::Ack(described) => (ACK, described),
            Answer::Frame(name) => (name, Some(described(name)?)),
        };
        assert_eq!(answer["type"], name, "{}: {answer}", kind.name);
        match described {
            Some(described) => described.read(&answer["payload"].to_string()).context(kind.name)?,
            None => assert_eq!(answer["payload"], json!({}), "{}", kind.name),
        }
    }
    Ok(())
}

/// The frame with this id. All that come before it must be in the catalogue, too.
async fn answer(socket: &mut Socket, id: &str) -> Result<Value> {
    loop {
        let frame = socket.next().await?;
        if frame["id"] == id {
            return Ok(frame);
        }
        let name = frame["type"].as_str().context("a frame has no type")?;
        described(name)?.read(&frame["payload"].to_string()).with_context(|| frame.to_string())?;
    }
}

fn described(name: &str) -> Result<Payload> {
    let known = SERVER_TYPES.iter().find(|kind| kind.name == name);
    Ok(known.with_context(|| format!("{name} is not in the catalogue"))?.payload)
}

/// What makes a frame of this type succeed.
async fn payload(kind: &str, ada: &Person, bob: &Person) -> Result<Value> {
    let room = ada.group("Harbour", &[bob]).await?;
    let message = ada.send(room.info.id, "Fresh herring at pier 4").await?;
    let (conversation, message) = (json!({ "conversationId": room.info.id }), &message);
    Ok(match kind {
        "message.send" => json!({ "conversationId": room.info.id, "content": "Hello" }),
        "message.edit" => json!({ "messageId": message.id, "content": "Fresh herring at pier 5" }),
        "message.delete" => json!({ "messageId": message.id }),
        "message.forward" => json!({ "messageId": message.id, "conversationIds": [room.info.id] }),
        "reaction.add" => json!({ "messageId": message.id, "emoji": "👍" }),
        "reaction.remove" => {
            let path = format!("/messages/{}/reactions", message.id);
            let reacted: Message = ada.post(&path, json!({ "emoji": "👍" })).await?;
            ensure!(reacted.reactions.len() == 1, "{reacted:?}");
            json!({ "messageId": message.id, "emoji": "👍" })
        }
        "conversation.join" => {
            let channel = json!({ "type": "channel", "name": "harbour", "visibility": "public" });
            let channel: Conversation = bob.post("/conversations", channel).await?;
            json!({ "conversationId": channel.info.id })
        }
        "message.read" | "conversation.leave" | "typing.start" | "typing.stop" => conversation,
        "presence.update" => json!({ "status": "busy" }),
        "presence.watch" => json!({ "userIds": [bob.id()] }),
        "sync.resume" => {
            let position = json!({ "id": room.info.id, "epoch": room.epoch, "seq": 0 });
            json!({ "conversations": [position] })
        }
        "auth.refresh" => json!({ "token": ada.sign_in().tokens.access_token }),
        "ping" => json!({}),
        unknown => anyhow::bail!("the test does not know what to say by {unknown}"),
    })
}
