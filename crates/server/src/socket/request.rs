//! What a client can ask for on a socket, read from its type and its payload.

use crate::json;
use crate::limit::Rate;
use natter_protocol::{
    AuthRefresh, Command, ConversationRef, ErrorCode, MessageRef, PresenceUpdate, PresenceWatch, SyncResume,
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// A request that can be understood.
pub(super) enum Request {
    /// `ping`
    Ping,
    /// `typing.start` and `typing.stop`
    Typing { at: ConversationRef, active: bool },
    /// `presence.update`
    UpdatePresence(PresenceUpdate),
    /// `presence.watch`
    WatchPresence(PresenceWatch),
    /// `sync.resume`
    Resume(SyncResume),
    /// `auth.refresh`
    RefreshToken(AuthRefresh),
    /// Everything that changes something that is kept.
    Command(Command),
}

/// Why a request cannot be understood.
pub(super) struct Misunderstood {
    pub(super) code: ErrorCode,
    pub(super) detail: String,
}

impl Request {
    pub(super) fn read(kind: &str, payload: Option<&RawValue>) -> Result<Self, Misunderstood> {
        let command = match kind {
            "ping" => return Ok(Self::Ping),
            "typing.start" => return Ok(Self::Typing { at: object(payload)?, active: true }),
            "typing.stop" => return Ok(Self::Typing { at: object(payload)?, active: false }),
            "presence.update" => return object(payload).map(Self::UpdatePresence),
            "presence.watch" => return object(payload).map(Self::WatchPresence),
            "sync.resume" => return object(payload).map(Self::Resume),
            "auth.refresh" => return object(payload).map(Self::RefreshToken),
            "message.send" => Command::SendMessage(object(payload)?),
            "message.edit" => Command::EditMessage(object(payload)?),
            "message.delete" => Command::DeleteMessage(object::<MessageRef>(payload)?.message_id),
            "message.forward" => Command::ForwardMessage(object(payload)?),
            "message.read" => Command::MarkRead(object(payload)?),
            "reaction.add" => Command::AddReaction(object(payload)?),
            "reaction.remove" => Command::RemoveReaction(object(payload)?),
            "conversation.join" => {
                Command::JoinConversation(object::<ConversationRef>(payload)?.conversation_id)
            }
            "conversation.leave" => {
                Command::LeaveConversation(object::<ConversationRef>(payload)?.conversation_id)
            }
            unknown => {
                let detail = format!("there is no type {unknown:?}");
                return Err(Misunderstood { code: ErrorCode::UnknownType, detail });
            }
        };
        Ok(Self::Command(command))
    }

    /// What it counts against. What a client does by itself, without its user, has a rate of its own, so that nobody is
    /// kept from writing by the pings of their own client.
    pub(super) const fn rate(&self) -> Rate {
        match self {
            Self::Command(_) => Rate::SocketMessages,
            Self::Ping
            | Self::Typing { .. }
            | Self::UpdatePresence(_)
            | Self::WatchPresence(_)
            | Self::Resume(_)
            | Self::RefreshToken(_) => Rate::SocketSignals,
        }
    }
}

impl Misunderstood {
    pub(super) fn json(detail: impl Into<String>) -> Self {
        Self { code: ErrorCode::InvalidJson, detail: detail.into() }
    }
}

fn object<T: DeserializeOwned>(payload: Option<&RawValue>) -> Result<T, Misunderstood> {
    let payload = payload.ok_or_else(|| Misunderstood::json("there is no payload"))?;
    json::object(payload.get()).map_err(|error| Misunderstood::json(format!("the payload: {error}")))
}
