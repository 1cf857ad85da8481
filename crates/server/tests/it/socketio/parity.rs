//! Whatever is done by REST, over a WebSocket or by Socket.IO has the same answer, the same events and the same outcome.

use super::ByWebSocket;
use crate::natter;
use anyhow::{Context as _, Result, bail, ensure};
use natter_protocol::{ConversationId, Event, MessageId};
use natter_testkit::natter::Natter;
use natter_testkit::person::{Person, Socket};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The ways to do something.
#[derive(Debug, Clone, Copy)]
enum Way {
    Rest,
    Native,
    SocketIo,
}

/// One who does things, one who is told of them, and where.
struct Stage {
    ada: Person,
    actor: Actor,
    native: Socket,
    socket_io: ByWebSocket,
    bob: Person,
    harbour: ConversationId,
    square: ConversationId,
    pier: ConversationId,
}

enum Actor {
    Rest,
    Native(Box<Socket>),
    SocketIo(Box<ByWebSocket>),
}

impl Stage {
    async fn set(natter: &Natter, way: Way) -> Result<Self> {
        let name = format!("{way:?}").to_lowercase();
        let (ada, bob) =
            (natter.person(&format!("ada{name}")).await?, natter.person(&format!("bob{name}")).await?);
        let harbour = ada.group("Harbour", &[&bob]).await?.info.id;
        let square = ada.group("Square", &[&bob]).await?.info.id;
        let channel = json!({ "type": "channel", "name": "Pier", "visibility": "public" });
        let pier: Value = bob.post("/conversations", channel).await?;
        let actor = match way {
            Way::Rest => Actor::Rest,
            Way::Native => Actor::Native(Box::new(ada.socket().await?)),
            Way::SocketIo => Actor::SocketIo(Box::new(ByWebSocket::connect(natter, &ada).await?)),
        };
        let (native, socket_io) = (bob.socket().await?, ByWebSocket::connect(natter, &bob).await?);
        let pier = serde_json::from_value(pier["id"].clone())?;
        Ok(Self { ada, actor, native, socket_io, bob, harbour, square, pier })
    }

    /// Does something, and gives what it is answered with: a payload, or a problem.
    async fn act(&mut self, kind: &str, payload: Value) -> Result<Value> {
        match &mut self.actor {
            Actor::Rest => {
                let (method, path, body) = request(kind, &payload)?;
                let mut answer = self.ada.request(method, &path, body).await?.1;
                // A list is a page there.
                let page = answer.get_mut("data").map(Value::take);
                Ok(page.unwrap_or(answer))
            }
            Actor::Native(socket) => Ok(socket.ask(kind, payload).await?["payload"].take()),
            Actor::SocketIo(client) => {
                let (mut answer, _) = client.ask(kind, &payload).await?;
                let problem = answer.get_mut("error").map(Value::take);
                Ok(problem.unwrap_or(answer))
            }
        }
    }

    /// What the other one has been told since the last time, natively and by Socket.IO.
    async fn heard(&mut self) -> Result<[Vec<Value>; 2]> {
        let mark = self.bob.send(self.square, "mark").await?.id;
        let (mut native, mut socket_io) = (Vec::new(), Vec::new());
        loop {
            let frame = self.native.next().await?;
            if frame["payload"]["id"] == json!(mark) {
                break;
            }
            native.push(frame);
        }
        loop {
            let event = super::event(&self.socket_io.next().await?)?;
            if event["payload"]["id"] == json!(mark) {
                break;
            }
            socket_io.push(event);
        }
        Ok([native, socket_io])
    }
}

/// How REST says what a type of the sockets says.
fn request(kind: &str, payload: &Value) -> Result<(Method, String, Option<Value>)> {
    let text = |field: &str| payload[field].as_str().map(str::to_owned).with_context(|| field.to_owned());
    let conversation = || Ok::<_, anyhow::Error>(format!("/conversations/{}", text("conversationId")?));
    let message = || Ok::<_, anyhow::Error>(format!("/messages/{}", text("messageId")?));
    Ok(match kind {
        "message.send" => (Method::POST, format!("{}/messages", conversation()?), Some(payload.clone())),
        "message.edit" => (Method::PATCH, message()?, Some(payload.clone())),
        "message.delete" => (Method::DELETE, message()?, None),
        "message.read" => (Method::POST, format!("{}/read", conversation()?), Some(payload.clone())),
        "message.forward" => (Method::POST, format!("{}/forward", message()?), Some(payload.clone())),
        "reaction.add" => (Method::POST, format!("{}/reactions", message()?), Some(payload.clone())),
        "reaction.remove" => (Method::DELETE, format!("{}/reactions/{}", message()?, text("emoji")?), None),
        "conversation.join" => (Method::POST, format!("{}/join", conversation()?), None),
        "conversation.leave" => (Method::POST, format!("{}/leave", conversation()?), None),
        other => bail!("there is no request for {other}"),
    })
}

/// What is compared: ids by the order in which they turn up, and no times.
#[derive(Default)]
struct Plain(HashMap<String, usize>);

impl Plain {
    fn of(&mut self, value: Value) -> Value {
        match value {
            Value::Object(fields) => fields
                .into_iter()
                .filter(|(name, _)| {
                    !name.ends_with("At") && !matches!(name.as_str(), "requestId" | "lastSeen")
                })
                .map(|(name, value)| (name, self.of(value)))
                .collect::<Map<_, _>>()
                .into(),
            Value::Array(entries) => entries.into_iter().map(|entry| self.of(entry)).collect(),
            Value::String(text) if text.parse::<MessageId>().is_ok() => {
                let next = self.0.len();
                json!(format!("id {}", self.0.entry(text).or_insert(next)))
            }
            Value::String(text) => {
                json!(text.replace("rest", "WAY").replace("native", "WAY").replace("socketio", "WAY"))
            }
            other => other,
        }
    }
}

/// Plays the same on each stage, and gives everything that can be seen of it.
async fn play(natter: &Natter, way: Way) -> Result<Vec<Value>> {
    let mut stage = Stage::set(natter, way).await?;
    let mut seen = Vec::new();
    let (harbour, square, pier) = (stage.harbour, stage.square, stage.pier);
    let sent = stage
        .act(
            "message.send",
            json!({ "conversationId": harbour, "content": "Ahoy **you**", "clientMessageId": "1" }),
        )
        .await?;
    let id = sent["id"].clone();
    ensure!(id.is_string(), "{sent}");
    seen.push(sent);
    for (kind, payload) in [
        (
            "message.send",
            json!({ "conversationId": harbour, "content": "Ahoy **you**", "clientMessageId": "1" }),
        ),
        ("message.send", json!({ "conversationId": harbour, "content": "another", "clientMessageId": "1" })),
        ("message.send", json!({ "conversationId": harbour, "content": "" })),
        ("message.send", json!({ "conversationId": pier, "content": "not in there" })),
        ("message.send", json!({ "conversationId": harbour, "content": "Yes?", "replyTo": id })),
        ("message.edit", json!({ "messageId": id, "content": "Ahoy all" })),
        ("reaction.add", json!({ "messageId": id, "emoji": "👍" })),
        ("reaction.add", json!({ "messageId": id, "emoji": "not one" })),
        ("reaction.remove", json!({ "messageId": id, "emoji": "👍" })),
        ("message.forward", json!({ "messageId": id, "conversationIds": [square] })),
        ("message.read", json!({ "conversationId": harbour })),
        ("message.delete", json!({ "messageId": id })),
        ("message.edit", json!({ "messageId": id, "content": "too late" })),
        ("conversation.join", json!({ "conversationId": pier })),
        ("conversation.join", json!({ "conversationId": pier })),
        ("conversation.leave", json!({ "conversationId": pier })),
        ("conversation.leave", json!({ "conversationId": pier })),
    ] {
        let answer = stage.act(kind, payload).await?;
        seen.push(if answer == json!({}) { Value::Null } else { answer });
    }
    let [native, socket_io] = stage.heard().await?;
    ensure!(native == socket_io, "{native:#?}\n{socket_io:#?}");
    // Read positions are gathered, and told between the others whenever it is time.
    let durable = |event: &Value| event["payload"].get("seq").is_some();
    seen.extend(native.into_iter().filter(durable));
    for conversation in [harbour, square, pier] {
        let log: Vec<Event> = stage.bob.log(conversation).await?;
        seen.push(serde_json::to_value(log)?);
        let page: Value = stage.bob.get(&format!("/conversations/{conversation}/messages")).await?;
        seen.push(page["data"].clone());
    }
    Ok(seen)
}

#[tokio::test]
async fn the_way_makes_no_difference() -> Result<()> {
    let natter = natter().start().await?;
    let mut played = Vec::new();
    for way in [Way::Rest, Way::Native, Way::SocketIo] {
        let mut plain = Plain::default();
        played.push(play(&natter, way).await?.into_iter().map(|seen| plain.of(seen)).collect::<Vec<_>>());
    }
    let [rest, native, socket_io] = played.try_into().map_err(|_| anyhow::anyhow!("three ways"))?;
    for (rest, (native, socket_io)) in rest.iter().zip(native.iter().zip(&socket_io)) {
        assert_eq!(rest, native);
        assert_eq!(native, socket_io);
    }
    assert_eq!((rest.len(), native.len()), (native.len(), socket_io.len()));
    Ok(())
}
