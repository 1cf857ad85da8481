//! Events that speak of rooms, for clients that think in them: a room is a conversation, named by its id or, if it is a
//! public channel, by its name.

use super::SocketIo;
use crate::json;
use crate::socket::gateway::Handled;
use crate::socket::request::Misunderstood;
use natter_protocol::ConversationId;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

/// The argument of such an event. What else is in it goes on to the event that it stands for.
#[derive(Deserialize)]
struct InRoom {
    room: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl SocketIo {
    /// Handles an event, one that speaks of rooms by what it stands for.
    pub(super) async fn handle(&mut self, name: &str, argument: Option<&RawValue>) -> Handled {
        let stands_for = match name {
            "join_room" => "conversation.join",
            "send_message" => "message.send",
            // Events come to every connection of a member. So there is nothing to leave but the membership, and for that
            // there is `conversation.leave`.
            "leave_room" => return self.0.nothing(),
            _ => return self.0.handle(name, argument).await,
        };
        match self.in_conversation(argument).await {
            Ok(argument) => self.0.handle(stands_for, Some(&argument)).await,
            Err(handled) => handled,
        }
    }

    /// The argument with the conversation in the place of the room.
    async fn in_conversation(&self, argument: Option<&RawValue>) -> Result<Box<RawValue>, Handled> {
        let misunderstood = |detail: String| self.0.misunderstood(Misunderstood::json(detail));
        let argument = argument.map_or("", RawValue::get);
        let InRoom { room, mut rest } =
            json::object(argument).map_err(|error| misunderstood(format!("the argument: {error}")))?;
        let id: ConversationId = match room.parse() {
            Ok(id) => id,
            Err(_) => self.0.channel_named(&room).await?,
        };
        rest.insert("conversationId".to_owned(), id.to_string().into());
        to_raw_value(&rest).map_err(|error| misunderstood(error.to_string()))
    }
}
