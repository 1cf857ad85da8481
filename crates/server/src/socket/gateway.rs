//! What is done with what a client asks for on a socket, in whatever dialect it asks.

use super::request::{Misunderstood, Request};
use crate::limit::{Limiter, Rate, Who};
use natter_chat::{Actor, Chat, Error};
use natter_protocol::{
    CloseCode, Command, ConnectionId, Presence, Problem, Ready, Reply, SessionId, User, UserId,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// One connection's way into the domain.
pub(super) struct Gateway {
    chat: Arc<Chat>,
    limiter: Arc<Limiter>,
    actor: Box<Actor>,
    connection_id: ConnectionId,
}

/// What becomes of a request.
pub(super) enum Handled {
    /// It has its outcome.
    Now(Outcome),
    /// It has its place in line, before those that come after it, and its outcome once it is committed.
    Later(Pin<Box<dyn Future<Output = Outcome> + Send>>),
    /// It was one too many.
    Close(CloseCode, Cow<'static, str>),
}

/// What a client is told of a request.
pub(super) enum Outcome {
    /// It was done; the payload of the acknowledgement.
    Done(Box<RawValue>),
    /// It was a `ping`.
    Pong,
    /// It was not done.
    Refused(Box<Problem>),
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

    /// What a connection is told first. Whoever reads it is online, on account of this very connection.
    pub(super) fn ready(&self, heartbeat_seconds: u32) -> Ready {
        Ready {
            connection_id: self.connection_id,
            user: User { presence: Presence::Online, ..self.actor.user.clone() },
            heartbeat_seconds,
            epoch: self.chat.epoch().to_owned(),
            expires_at: self.actor.expires_at,
        }
    }

    /// Fails if the session ended while the socket was being opened.
    pub(super) async fn check_session(&self) -> Result<(), Error> {
        self.chat.check_session(&self.actor).await
    }

    /// Handles a request. Whoever awaits this before the next request keeps the order of a client's commands.
    pub(super) async fn handle(&mut self, kind: &str, payload: Option<&RawValue>) -> Handled {
        match Request::read(kind, payload) {
            Ok(request) => self.carry_out(request).await.unwrap_or_else(|handled| handled),
            Err(misunderstood) => self.misunderstood(misunderstood),
        }
    }

    /// Handles what is no request. It counts like one.
    pub(super) fn misunderstood(&self, Misunderstood { code, detail }: Misunderstood) -> Handled {
        let problem = Problem::new(code, detail, self.request_id());
        self.count(Rate::SocketMessages).err().unwrap_or_else(|| refused(problem))
    }

    /// Submits a command, unless it comes too soon.
    pub(super) async fn submit(&self, command: Command) -> Result<Handled, Handled> {
        if let Some(rate) = rate(&command) {
            self.count(rate)?;
        }
        let submitted = self.chat.submit(&self.actor, command).await.map_err(|error| self.failed(error))?;
        let request_id = self.request_id();
        Ok(Handled::Later(Box::pin(async move {
            match submitted.await {
                Ok(reply) => acknowledgement(&reply, &request_id),
                Err(error) => Outcome::Refused(Box::new(error.problem(&request_id))),
            }
        })))
    }

    async fn carry_out(&mut self, request: Request) -> Result<Handled, Handled> {
        self.count(request.rate())?;
        match request {
            Request::Command(command) => self.submit(command).await,
            Request::Ping => Ok(Handled::Now(Outcome::Pong)),
        }
    }

    /// Counts once more, and tells what becomes of a request that comes too soon.
    fn count(&self, rate: Rate) -> Result<(), Handled> {
        let Some(standing) = self.limiter.count(rate, Who::User(self.user())) else { return Ok(()) };
        if standing.hammering() {
            let reason = format!("wait {} seconds before you come back", standing.reset_seconds);
            return Err(Handled::Close(CloseCode::RateLimited, reason.into()));
        }
        if standing.exceeded() { Err(refused(standing.problem(&self.request_id()))) } else { Ok(()) }
    }

    fn failed(&self, error: Error) -> Handled {
        refused(error.problem(&self.request_id()))
    }

    /// By which the log knows what is asked for on this connection.
    fn request_id(&self) -> String {
        self.connection_id.to_string()
    }
}

/// What a command counts against besides being a message: the same as over REST.
const fn rate(command: &Command) -> Option<Rate> {
    match command {
        Command::SendMessage(_)
        | Command::EditMessage(_)
        | Command::ForwardMessage(_)
        | Command::ScheduleMessage(_) => Some(Rate::Sends),
        Command::CreateConversation(_) => Some(Rate::Conversations),
        _ => None,
    }
}

fn refused(problem: Problem) -> Handled {
    Handled::Now(Outcome::Refused(Box::new(problem)))
}

fn acknowledgement(reply: &Reply, request_id: &str) -> Outcome {
    match reply {
        Reply::Message { message, .. } => done(message, request_id),
        Reply::Messages(messages) => done(messages, request_id),
        Reply::Conversation { conversation, .. } => done(conversation, request_id),
        Reply::Read(state) => done(state, request_id),
        Reply::Member { member, .. } => done(member, request_id),
        Reply::Me(me) => done(me, request_id),
        Reply::Invite(invite) => done(invite, request_id),
        Reply::Draft(draft) => done(draft, request_id),
        Reply::Scheduled(scheduled) => done(scheduled, request_id),
        Reply::Block(block) => done(block, request_id),
        Reply::OwnUser(user) => done(user, request_id),
        Reply::Done => done(&Nothing {}, request_id),
    }
}

/// The payload of an acknowledgement that has nothing to tell.
#[derive(Serialize)]
struct Nothing {}

fn done(payload: &impl Serialize, request_id: &str) -> Outcome {
    to_raw_value(payload).map_or_else(
        |error| {
            let error = Error::Internal(format!("an acknowledgement has no JSON: {error}"));
            Outcome::Refused(Box::new(error.problem(request_id)))
        },
        Outcome::Done,
    )
}
