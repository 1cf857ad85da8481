//! `/ws`: what is said on a socket, and how it ends.

mod admission;
mod connections;
mod delivery;
mod presence;
mod resume;
mod revocation;
mod tokens;
mod types;

use anyhow::Result;
use natter_protocol::ConversationId;
use natter_testkit::natter::Natter;
use natter_testkit::person::{Person, Socket};
use serde_json::{Value, json};

/// People who talk in `harbour`, and one who does not.
struct World {
    ada: Person,
    bob: Person,
    eve: Person,
    harbour: ConversationId,
    /// All three are in it.
    square: ConversationId,
}

impl World {
    async fn new(natter: &Natter) -> Result<Self> {
        let (ada, bob, eve) =
            (natter.person("ada").await?, natter.person("bob").await?, natter.person("eve").await?);
        let harbour = ada.group("Harbour", &[&bob]).await?.info.id;
        let square = ada.group("Square", &[&bob, &eve]).await?.info.id;
        Ok(Self { ada, bob, eve, harbour, square })
    }

    /// What arrives on sockets up to now: events come in the order of their commits, so whatever was committed before
    /// this call comes before what it sends.
    async fn heard<const N: usize>(&self, sockets: [&mut Socket; N]) -> Result<[Vec<Value>; N]> {
        let mark = self.ada.send(self.square, "mark").await?;
        let mut heard = [const { Vec::new() }; N];
        for (socket, frames) in sockets.into_iter().zip(&mut heard) {
            loop {
                let frame = next(socket).await?;
                if frame["payload"]["id"] == json!(mark.id) {
                    break;
                }
                frames.push(frame);
            }
        }
        Ok(heard)
    }
}

/// The next frame. The creation of a conversation may be heard of on a socket that was opened after it.
async fn next(socket: &mut Socket) -> Result<Value> {
    loop {
        let frame = socket.next().await?;
        if frame["type"] != "conversation.created" {
            return Ok(frame);
        }
    }
}

fn send(id: Option<&str>, conversation: ConversationId, content: &str) -> Value {
    let mut frame =
        json!({ "type": "message.send", "payload": { "conversationId": conversation, "content": content } });
    if let Some(id) = id {
        frame["id"] = json!(id);
    }
    frame
}
