//! One domain behind three doors: whatever is done by REST, by the native sockets or by Socket.IO is acknowledged,
//! heard of and kept alike.

use crate::files;
use crate::socketio::{ByWebSocket, event};
use crate::support::{answered, done, on_both_databases};
use anyhow::{Context as _, Result, bail, ensure};
use natter_protocol::{Conversation, ConversationId, FileId, Message};
use natter_testkit::natter::Natter;
use natter_testkit::person::{Person, Socket};
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use uuid::Uuid;

on_both_databases! {
    the_same_is_done_alike_at_every_door,
}

/// A way to ask the server for something, by the types of the sockets.
enum Door {
    Rest(Person),
    WebSocket(Box<Socket>),
    SocketIo(Box<ByWebSocket>),
}

impl Door {
    async fn open(kind: &str, natter: &Natter, person: &Person) -> Result<Self> {
        Ok(match kind {
            "rest" => Self::Rest(person.clone()),
            "websocket" => Self::WebSocket(Box::new(person.socket().await?)),
            "socketio" => Self::SocketIo(Box::new(ByWebSocket::connect(natter, person).await?)),
            _ => bail!("there is no door {kind}"),
        })
    }

    /// What is answered: `{"ack": …}` or `{"error": …}`.
    async fn ask(&mut self, kind: &str, payload: &Value) -> Result<Value> {
        match self {
            Self::Rest(person) => {
                let (method, path, body) = request(kind, payload)?;
                let (status, answer) = person.request(method, &path, body).await?;
                Ok(match (status.is_success(), kind) {
                    (false, _) => json!({ "error": answer }),
                    // 204 has no body.
                    (true, "conversation.leave") => json!({ "ack": {} }),
                    (true, _) => json!({ "ack": answer }),
                })
            }
            Self::WebSocket(socket) => {
                let mut answer = socket.ask(kind, payload.clone()).await?;
                let name = answer["type"].as_str().context("no type")?.to_owned();
                Ok(json!({ name: answer["payload"].take() }))
            }
            Self::SocketIo(client) => {
                let (answer, _) = client.ask(kind, payload).await?;
                Ok(if answer.get("error").is_some() { answer } else { json!({ "ack": answer }) })
            }
        }
    }
}

/// The request that means the same as a type of the sockets.
fn request(kind: &str, payload: &Value) -> Result<(Method, String, Option<Value>)> {
    let text = |name: &str| payload[name].as_str().with_context(|| format!("no {name} in {payload}"));
    let message = || text("messageId").map(|id| format!("/messages/{id}"));
    let conversation = || text("conversationId").map(|id| format!("/conversations/{id}"));
    let body = Some(payload.clone());
    Ok(match kind {
        "message.send" => (Method::POST, conversation()? + "/messages", body),
        "message.edit" => (Method::PATCH, message()?, body),
        "message.delete" => (Method::DELETE, message()?, None),
        "message.forward" => (Method::POST, message()? + "/forward", body),
        "message.read" if payload.get("messageId").is_some() => (Method::POST, message()? + "/read", None),
        "message.read" => (Method::POST, conversation()? + "/read", body),
        "reaction.add" => (Method::POST, message()? + "/reactions", body),
        "reaction.remove" => (Method::DELETE, format!("{}/reactions/{}", message()?, text("emoji")?), None),
        "conversation.join" => (Method::POST, conversation()? + "/join", None),
        "conversation.leave" => (Method::POST, conversation()? + "/leave", None),
        _ => bail!("REST has no {kind}"),
    })
}

async fn the_same_is_done_alike_at_every_door(natter: Natter) -> Result<()> {
    let expected = Story::of("rest", &natter).await?;
    ensure!(expected.answers.len() > 20 && expected.heard.len() > 10, "{expected:?}");
    let of_ones_own = ["me.changed", "blocks.changed", "blocks.changed"];
    let heard = expected.heard.iter().filter_map(|frame| frame["type"].as_str());
    assert!(heard.filter(|kind| of_ones_own.contains(kind)).eq(of_ones_own), "{expected:?}");
    for door in ["websocket", "socketio"] {
        let story = Story::of(door, &natter).await?;
        for (answer, expected) in story.answers.iter().zip(&expected.answers) {
            assert_eq!(answer, expected, "{door}");
        }
        for (heard, expected) in story.heard.iter().zip(&expected.heard) {
            assert_eq!(heard, expected, "{door}");
        }
        assert_eq!(story, expected, "{door}");
    }
    Ok(())
}

/// All that came of the same things done at one door. Ids and times, which differ each time, are numbered.
#[derive(Debug, PartialEq)]
struct Story {
    answers: Vec<Value>,
    /// On the sockets of another member.
    heard: Vec<Value>,
    kept: Vec<Value>,
}

impl Story {
    async fn of(kind: &str, natter: &Natter) -> Result<Self> {
        let name = |name: &str| format!("{name}.{kind}");
        let ada = natter.person(&name("ada")).await?;
        let bob = natter.person(&name("bob")).await?;
        let mut teller = Teller { door: Door::open(kind, natter, &ada).await?, answers: Vec::new() };
        let mut native = bob.socket().await?;
        let mut socket_io = ByWebSocket::connect(natter, &bob).await?;
        let rooms = Rooms::of(&ada, &bob).await?;
        teller.tell(&rooms, &bob).await?;
        teller.tell_with_files(&rooms, &ada, &bob).await?;

        change_for_oneself(&bob, rooms.pier, &name("ada")).await?;
        let mark = bob.send(rooms.harbour, "the end").await?;
        let heard = heard(&mark, async || native.next().await).await?;
        let by_socket_io = self::heard(&mark, async || event(&socket_io.next().await?)).await?;
        assert_eq!(heard, by_socket_io, "both kinds of sockets tell the same");
        let mut kept = Vec::new();
        for id in [rooms.harbour, rooms.pier, rooms.channel] {
            kept.push(json!(bob.log(id).await?));
            kept.push(bob.get(&format!("/conversations/{id}/messages")).await?);
        }
        for id in [rooms.harbour, rooms.pier] {
            kept.push(ada.get(&format!("/conversations/{id}")).await?);
        }
        let mut names = Names { known: HashMap::new(), door: format!(".{kind}") };
        let mut anonymous = |values: Vec<Value>| values.into_iter().map(|value| names.cover(value)).collect();
        Ok(Self { answers: anonymous(teller.answers), heard: anonymous(heard), kept: anonymous(kept) })
    }
}

/// What only the other devices of the same person are told.
async fn change_for_oneself(person: &Person, id: ConversationId, other: &str) -> Result<()> {
    let pinned = Some(json!({ "pinned": true }));
    let path = format!("/conversations/{id}/me");
    let _: Value = answered(person, Method::PATCH, &path, pinned, StatusCode::OK).await?;
    let _: Value = person.post("/blocks", json!({ "username": other })).await?;
    done(person, Method::DELETE, &format!("/blocks/{other}"), None).await
}

/// Everything that a socket tells until this message.
async fn heard(until: &Message, mut next: impl AsyncFnMut() -> Result<Value>) -> Result<Vec<Value>> {
    let mut heard = Vec::new();
    loop {
        let event = next().await?;
        let end = event["payload"]["id"] == json!(until.id);
        let about_reading = ["message.read_receipt", "unread.changed"].map(|kind| json!(kind));
        // Several that follow one another closely are told as one, or not.
        if !about_reading.contains(&event["type"]) {
            heard.push(event);
        }
        if end {
            return Ok(heard);
        }
    }
}

/// Where it happens.
struct Rooms {
    harbour: ConversationId,
    pier: ConversationId,
    /// Public; only bob is in it.
    channel: ConversationId,
    /// Private; only bob is in it.
    secret: ConversationId,
}

impl Rooms {
    async fn of(ada: &Person, bob: &Person) -> Result<Self> {
        let channel = json!({ "type": "channel", "name": "Tides", "visibility": "public" });
        let channel: Conversation = bob.post("/conversations", channel).await?;
        Ok(Self {
            harbour: ada.group("Harbour", &[bob]).await?.info.id,
            pier: bob.group("Pier", &[ada]).await?.info.id,
            channel: channel.info.id,
            secret: bob.group("Secret", &[]).await?.info.id,
        })
    }
}

struct Teller {
    door: Door,
    answers: Vec<Value>,
}

impl Teller {
    async fn ask(&mut self, kind: &str, payload: Value) -> Result<&Value> {
        let answer = self.door.ask(kind, &payload).await.with_context(|| format!("{kind} {payload}"))?;
        self.answers.push(answer);
        self.answers.last().context("there is one")
    }

    /// Asks for what must succeed, and gives the id of what came of it.
    async fn id(&mut self, kind: &str, payload: Value) -> Result<String> {
        let answer = self.ask(kind, payload).await?;
        Ok(answer["ack"]["id"].as_str().with_context(|| answer.to_string())?.to_owned())
    }

    async fn tell(&mut self, rooms: &Rooms, bob: &Person) -> Result<()> {
        let Rooms { harbour, pier, channel, secret } = rooms;
        let send = |content: &str, key: &str| json!({ "conversationId": harbour, "content": content, "clientMessageId": key });
        let first =
            self.id("message.send", send("Fresh *herring* at https://example.com/pier", "k1")).await?;
        self.ask("message.send", send("Fresh *herring* at https://example.com/pier", "k1")).await?;
        self.ask("message.send", send("Old herring", "k1")).await?;
        self.ask("message.send", send("", "k2")).await?;
        self.ask("message.send", send(&"x".repeat(16_001), "k3")).await?;
        self.ask("message.send", json!({ "conversationId": secret, "content": "Let me in" })).await?;
        let mut answer = send("An answer", "k4");
        answer["replyTo"] = json!(first);
        self.ask("message.send", answer).await?;
        let theirs = bob.send(*harbour, "Mine").await?.id;

        self.ask("message.edit", json!({ "messageId": first, "content": "Fresher herring" })).await?;
        self.ask("message.edit", json!({ "messageId": theirs, "content": "Not mine" })).await?;
        for _ in 0..2 {
            self.ask("reaction.add", json!({ "messageId": theirs, "emoji": "🐟" })).await?;
        }
        self.ask("reaction.add", json!({ "messageId": theirs, "emoji": "fish" })).await?;
        for _ in 0..2 {
            self.ask("reaction.remove", json!({ "messageId": theirs, "emoji": "🐟" })).await?;
        }
        let forward =
            json!({ "messageId": first, "conversationIds": [pier, harbour], "clientMessageId": "f1" });
        for _ in 0..2 {
            self.ask("message.forward", forward.clone()).await?;
        }
        self.ask("message.forward", json!({ "messageId": first, "conversationIds": [secret] })).await?;
        self.ask("message.forward", json!({ "messageId": first, "conversationIds": [] })).await?;
        self.ask("message.read", json!({ "messageId": theirs })).await?;
        self.ask("message.read", json!({ "conversationId": harbour })).await?;
        self.ask("message.read", json!({ "conversationId": harbour, "seq": 1 })).await?;
        self.ask("message.read", json!({ "conversationId": secret })).await?;

        for _ in 0..2 {
            self.ask("conversation.join", json!({ "conversationId": channel })).await?;
        }
        self.ask("conversation.join", json!({ "conversationId": secret })).await?;
        let there = json!({ "conversationId": channel, "content": "Hello, channel" });
        self.ask("message.send", there.clone()).await?;
        for _ in 0..2 {
            self.ask("conversation.leave", json!({ "conversationId": channel })).await?;
        }
        self.ask("message.send", there).await?;

        self.ask("message.delete", json!({ "messageId": theirs })).await?;
        self.ask("message.delete", json!({ "messageId": first })).await?;
        self.ask("message.edit", json!({ "messageId": first, "content": "Gone" })).await?;
        self.ask("reaction.add", json!({ "messageId": first, "emoji": "🐟" })).await?;
        Ok(())
    }
}

impl Teller {
    async fn tell_with_files(&mut self, rooms: &Rooms, ada: &Person, bob: &Person) -> Result<()> {
        let Rooms { harbour, pier, .. } = rooms;
        let (note, tone) = (files::note(ada, "herring").await?.id, files::tone(ada).await?.id);
        let theirs = files::note(bob, "mine").await?.id;
        let send = |kind: &str, content: &str, files: &[FileId]| json!({ "conversationId": harbour, "kind": kind, "content": content, "attachments": files });
        let both = self.id("message.send", send("text", "Listen", &[tone, note])).await?;
        let voice = self.id("message.send", send("voice", "", &[tone])).await?;
        for (kind, files) in [
            ("text", vec![]),
            ("text", vec![note, note]),
            ("text", vec![note; 11]),
            ("text", vec![theirs]),
            ("voice", vec![]),
            ("voice", vec![note]),
            ("voice", vec![tone, note]),
            ("system", vec![note]),
        ] {
            self.ask("message.send", send(kind, "", &files)).await?;
        }
        self.ask("message.edit", json!({ "messageId": both, "content": "" })).await?;
        for id in [&both, &voice] {
            self.ask("message.forward", json!({ "messageId": id, "conversationIds": [pier] })).await?;
        }
        self.ask("message.delete", json!({ "messageId": both })).await?;
        Ok(())
    }
}

/// Makes stories of different people at different times comparable.
struct Names {
    known: HashMap<Uuid, usize>,
    door: String,
}

impl Names {
    fn cover(&mut self, value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.into_iter().filter(|(name, _)| name != "requestId");
                let fields: Map<_, _> = fields
                    .map(|(name, value)| {
                        let is_time = name.ends_with("At") && value.is_string();
                        let value = if is_time { json!("a time") } else { self.cover(value) };
                        (name, value)
                    })
                    .collect();
                Value::Object(fields)
            }
            Value::Array(values) => values.into_iter().map(|value| self.cover(value)).collect(),
            Value::String(text) => match text.parse::<Uuid>() {
                Ok(id) => {
                    let next = self.known.len();
                    json!(self.known.entry(id).or_insert(next))
                }
                Err(_) => json!(text.replace(&self.door, "")),
            },
            other => other,
        }
    }
}
