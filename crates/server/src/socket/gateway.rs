//! What a socket's frames mean. Every socket, of whatever kind, talks to the domain through this.

use crate::json;
use crate::limit::{Limiter, Rate, Who};
use natter_chat::{Actor, Chat, Error};
use natter_protocol::{
    ClientFrame, CloseCode, Command, ConnectionId, ErrorCode, Pong, Presence, Problem, Ready, Reply,
    SendMessage, ServerFrame, SessionId, User, UserId, limits,
};
use natter_realtime::{Frame, Received, Session};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::sync::Arc;

/// One connection's way into the domain.
pub(super) struct Gateway {
    chat: Arc<Chat>,
    limiter: Arc<Limiter>,
    actor: Box<Actor>,
    connection_id: ConnectionId,
}

impl Gateway {
    pub(super) fn new(
        chat: Arc<Chat>,
        limiter: Arc<Limiter>,
        actor: Actor,
        connection_id: ConnectionId,
    ) -> Self {
        Self { chat, limiter, actor: Box::new(actor), connection_id }
    }

    pub(super) const fn user(&self) -> UserId {
        self.actor.id()
    }

    /// A minted token belongs to no session: its connection stands for one that nobody can sign out.
    pub(super) fn session(&self) -> SessionId {
        self.actor.session.unwrap_or_else(|| SessionId::from_uuid(self.connection_id.uuid()))
    }

    /// The first frame on the connection. Whoever reads it is online, on account of this very connection.
    pub(super) fn ready(&self, heartbeat_seconds: u32) -> Frame {
        let user = User { presence: Presence::Online, ..self.actor.user.clone() };
        let epoch = self.chat.epoch().to_owned();
        let ready = Ready {
            connection_id: self.connection_id,
            user,
            heartbeat_seconds,
            epoch,
            expires_at: self.actor.expires_at,
        };
        frame(None, "ready", &ready)
    }

    /// Fails if the session ended while the socket was being opened.
    pub(super) async fn check_session(&self) -> Result<(), Error> {
        self.chat.check_session(&self.actor).await
    }

    /// Counts once more, and tells what becomes of a frame that came too soon.
    fn limited(&self, rate: Rate, id: Option<&str>) -> Option<Received> {
        let standing = self.limiter.count(rate, Who::User(self.user()))?;
        if standing.hammering() {
            let reason = format!("wait {} seconds before you come back", standing.reset_seconds);
            return Some(Received::Close(CloseCode::RateLimited, reason.into()));
        }
        let problem = standing.exceeded().then(|| standing.problem(&self.connection_id.to_string()))?;
        Some(refuse(id, &problem))
    }

    fn problem(&self, code: ErrorCode, detail: impl Into<String>) -> Problem {
        Problem::new(code, detail, self.connection_id.to_string())
    }

    /// Submits a command. Its answer follows once it is committed.
    async fn submit(&self, id: Option<&str>, command: Command) -> Received {
        let submitted = match self.chat.submit(&self.actor, command).await {
            Ok(submitted) => submitted,
            Err(error) => return refuse(id, &error.problem(&self.connection_id.to_string())),
        };
        let (id, connection_id) = (id.map(str::to_owned), self.connection_id);
        Received::Later(Box::pin(async move {
            match (submitted.await, id) {
                (Ok(reply), Some(id)) => Some(acknowledge(&id, &reply)),
                (Ok(_), None) => None,
                (Err(error), id) => {
                    Some(frame(id.as_deref(), "error", &error.problem(&connection_id.to_string())))
                }
            }
        }))
    }
}

impl Session for Gateway {
    async fn receive(&mut self, text: &str) -> Received {
        let request = read(text);
        let id = request.as_ref().ok().and_then(|request| request.id.as_deref());
        if let Some(limited) = self.limited(Rate::SocketMessages, id) {
            return limited;
        }
        let request = match &request {
            Ok(request) => request,
            Err(detail) => return refuse(None, &self.problem(ErrorCode::InvalidJson, detail.as_str())),
        };
        let command = match &*request.kind {
            "ping" => return Received::Reply(frame(id, "pong", &Pong {})),
            "message.send" => payload::<SendMessage>(request.payload).map(Command::SendMessage),
            unknown => {
                let problem = self.problem(ErrorCode::UnknownType, format!("there is no type {unknown:?}"));
                return refuse(id, &problem);
            }
        };
        match command {
            Ok(command) => match rate(&command).and_then(|rate| self.limited(rate, id)) {
                Some(limited) => limited,
                None => self.submit(id, command).await,
            },
            Err(detail) => refuse(id, &self.problem(ErrorCode::InvalidJson, detail)),
        }
    }
}

fn read(text: &str) -> Result<ClientFrame<'_>, String> {
    let request: ClientFrame<'_> =
        json::object(text).map_err(|error| format!("the frame must be an object with a type: {error}"))?;
    if request.id.as_ref().is_some_and(|id| id.chars().count() > limits::FRAME_ID_CHARS_MAX) {
        return Err(format!("the id has more than {} characters", limits::FRAME_ID_CHARS_MAX));
    }
    Ok(request)
}

/// What a command counts against besides being a frame: the same as over REST.
const fn rate(command: &Command) -> Option<Rate> {
    match command {
        Command::SendMessage(_) | Command::ForwardMessage(_) | Command::ScheduleMessage(_) => {
            Some(Rate::Sends)
        }
        Command::CreateConversation(_) => Some(Rate::Conversations),
        _ => None,
    }
}

fn payload<T: DeserializeOwned>(raw: Option<&RawValue>) -> Result<T, String> {
    let raw = raw.ok_or("the frame has no payload")?;
    json::object(raw.get()).map_err(|error| format!("the payload: {error}"))
}

fn refuse(id: Option<&str>, problem: &Problem) -> Received {
    Received::Reply(frame(id, "error", problem))
}

fn acknowledge(id: &str, reply: &Reply) -> Frame {
    let id = Some(id);
    match reply {
        Reply::Message { message, .. } => frame(id, "ack", message),
        Reply::Messages(messages) => frame(id, "ack", messages),
        Reply::Conversation { conversation, .. } => frame(id, "ack", conversation),
        Reply::Read(state) => frame(id, "ack", state),
        Reply::Member { member, .. } => frame(id, "ack", member),
        Reply::Me(me) => frame(id, "ack", me),
        Reply::Invite(invite) => frame(id, "ack", invite),
        Reply::Draft(draft) => frame(id, "ack", draft),
        Reply::Scheduled(scheduled) => frame(id, "ack", scheduled),
        Reply::Block(block) => frame(id, "ack", block),
        Reply::User(user) => frame(id, "ack", user),
        Reply::Done => frame(id, "ack", &Nothing {}),
    }
}

/// The payload of an acknowledgement that has nothing to tell.
#[derive(Serialize)]
struct Nothing {}

fn frame(id: Option<&str>, kind: &str, payload: &impl Serialize) -> Frame {
    let frame = ServerFrame { id, kind, payload };
    // These types always have JSON; should one fail, the client sees an empty frame and the log the reason.
    let json = serde_json::to_string(&frame).unwrap_or_else(|error| {
        tracing::error!(%error, kind, "a frame has no JSON");
        String::new()
    });
    Frame::reply(&json)
}
