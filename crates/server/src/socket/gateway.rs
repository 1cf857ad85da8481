//! What is done with what a client asks for on a socket, in whatever dialect it asks.

use super::Proof;
use super::request::{Misunderstood, Request};
use crate::access::Entry;
use crate::app::App;
use crate::limit::{self, Limiter, Rate, Standing, Who};
use crate::rest::{Address, Failure, Toll};
use futures_util::{Stream, StreamExt as _};
use natter_chat::{Actor, Chat, Error, Resumed};
use natter_protocol::{
    AuthRefresh, AuthState, CloseCode, Command, ConnectionId, ConversationId, ErrorCode, Problem, Ready,
    Reply, SessionId, SyncResume, User, reconnect_hint,
};
use natter_realtime::{Frame, Handle, Newcomer, Refused, Registration, Replayed, Wire};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;
use std::future::{self, Future};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

/// Events of `sync.resume` that count like a request of their own, because reading them takes as long.
const SIGNAL_EVENTS: u64 = 100;

/// One connection's way into the domain.
pub(super) struct Gateway {
    chat: Arc<Chat>,
    limiter: Arc<Limiter>,
    actor: Box<Actor>,
    handle: Handle,
    _entry: Entry,
}

/// What becomes of a request.
pub(super) enum Handled {
    /// It has its outcome.
    Now(Outcome),
    /// It has its place in line, before those that come after it, and its outcome once it is committed.
    Later(Pin<Box<dyn Future<Output = Outcome> + Send>>),
    /// It is answered piece by piece, the last of which is its outcome.
    Replay(Pin<Box<dyn Stream<Item = Piece> + Send>>),
    /// It was one too many.
    Close(CloseCode, Cow<'static, str>),
}

/// A piece of what a client has missed.
pub(super) enum Piece {
    Missed(Replayed),
    End(Outcome),
}

/// What a client is told of a request.
pub(super) enum Outcome {
    /// It was done; the payload of the acknowledgement.
    Done(Box<RawValue>),
    /// It was a `ping`.
    Pong,
    /// It was a `sync.resume`, and everything is told; the payload of `sync.done`.
    Synced(Box<RawValue>),
    /// It was not done.
    Refused(Box<Problem>),
}

impl Gateway {
    /// Lets a client in who proves who they are, when it is their turn.
    pub(super) async fn open(
        app: &App,
        proof: Proof,
        address: Address,
        toll: &mut Toll<'_>,
        wire: Wire,
    ) -> Result<(Self, Registration), Failure> {
        let enter = async {
            let actor = proof.check(app, address, toll).await?;
            Self::enter(app, actor, address.0, wire).await
        };
        app.admission.admit(enter).await
    }

    /// Makes a connection known to everything that may have to reach it. From here on it gets its user's events, and
    /// before them `ready`.
    async fn enter(
        app: &App,
        actor: Actor,
        address: IpAddr,
        wire: Wire,
    ) -> Result<(Self, Registration), Failure> {
        let connection_id = ConnectionId::from_uuid(app.chat.new_id());
        let user_id = actor.id();
        // A minted token belongs to no session: its connection stands for one that nobody can sign out.
        let session_id = actor.session.unwrap_or_else(|| SessionId::from_uuid(connection_id.uuid()));
        let newcomer = Newcomer {
            user_id,
            session_id,
            connection_id,
            wire,
            expires_in_seconds: app.chat.seconds_left(&actor),
            first: Some(Frame::notice("ready", &ready(app, &actor, connection_id))),
        };
        let registration = app.hub.register(newcomer).map_err(|refused| match refused {
            Refused::ShuttingDown => Failure::new(ErrorCode::Unavailable, "the server is shutting down"),
            Refused::Suspended => Failure::new(ErrorCode::Unavailable, "the database does not answer"),
            Refused::TooMany => {
                let max = app.config.limits.user_connections_max;
                let detail = format!("a user can have {max} connections at one time");
                Failure::new(ErrorCode::TooManyConnections, detail)
            }
        })?;
        let entry = app.access.enter(connection_id, address, user_id, session_id);
        if !app.access.admits(address) {
            return Err(Failure::kept_out(address));
        }
        // Whatever happened to the user until now is in there; what happens from now on reaches the connection.
        let actor = Box::new(app.chat.renew(&actor).await?);
        let (chat, limiter) = (Arc::clone(&app.chat), Arc::clone(&app.limiter));
        let gateway = Self { chat, limiter, actor, handle: registration.handle(), _entry: entry };
        Ok((gateway, registration))
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
        self.count(Rate::SocketMessages).err().unwrap_or_else(|| self.refused(code, detail))
    }

    /// Names the connection.
    pub(super) fn connection_id(&self) -> ConnectionId {
        self.handle.connection_id()
    }

    /// The public channel of this name.
    pub(super) async fn channel_named(&self, name: &str) -> Result<ConversationId, Handled> {
        let channel = self.chat.channel_named(&self.actor, name).await;
        channel.map_err(|error| self.count(Rate::SocketMessages).err().unwrap_or_else(|| self.failed(error)))
    }

    /// Handles a request that there is nothing to do for.
    pub(super) fn nothing(&self) -> Handled {
        let done = || Handled::Now(done(&Nothing {}, &self.request_id()));
        self.count(Rate::SocketSignals).err().unwrap_or_else(done)
    }

    /// Looks at the user anew.
    pub(super) async fn renew(&mut self) -> Result<(), (CloseCode, Cow<'static, str>)> {
        match self.chat.renew(&self.actor).await {
            Ok(actor) => {
                *self.actor = actor;
                Ok(())
            }
            // What the user may do now is not known, so they may do nothing.
            Err(error) if error.code().status() >= 500 => {
                Err((CloseCode::InternalError, "the database does not answer".into()))
            }
            Err(error) => Err((CloseCode::SignedOut, error.to_string().into())),
        }
    }

    async fn carry_out(&mut self, request: Request) -> Result<Handled, Handled> {
        self.count(request.rate())?;
        match request {
            Request::Ping => Ok(Handled::Now(Outcome::Pong)),
            Request::Typing { at, active } => {
                let typing = self.chat.set_typing(&self.actor, at.conversation_id, active).await;
                self.answer(typing.map(|()| Nothing {}))
            }
            Request::UpdatePresence(update) => {
                self.handle.set_status(update.status);
                self.answer(Ok(Nothing {}))
            }
            Request::WatchPresence(watch) => {
                self.answer(self.chat.watch_presence(&self.actor, &self.handle, watch.user_ids).await)
            }
            Request::Resume(resume) => self.resume(resume),
            Request::RefreshToken(refresh) => self.refresh_token(refresh).await,
            Request::Command(command) => self.submit(command).await,
        }
    }

    /// Submits a command. Its outcome follows once it is committed.
    async fn submit(&self, command: Command) -> Result<Handled, Handled> {
        if let Some((rate, times)) = limit::cost(&command) {
            for _ in 0..times {
                self.count(rate)?;
            }
        }
        let submitted = self.chat.submit(&self.actor, command).await.map_err(|error| self.failed(error))?;
        let request_id = self.request_id();
        Ok(Handled::Later(Box::pin(async move {
            match submitted.await {
                Ok(reply) => acknowledge(&reply, &request_id),
                Err(error) => fail(error, &request_id),
            }
        })))
    }

    fn resume(&self, resume: SyncResume) -> Result<Handled, Handled> {
        let pieces = self.chat.resume(&self.actor, resume).map_err(|error| self.failed(error))?;
        let (request_id, limiter, user) =
            (self.request_id(), Arc::clone(&self.limiter), Who::User(self.actor.id()));
        let mut uncounted = 0;
        let mut tell = move |piece| match piece {
            Ok(Resumed::Events(frame, events)) => {
                uncounted += events;
                while uncounted >= SIGNAL_EVENTS {
                    uncounted -= SIGNAL_EVENTS;
                    let standing = limiter.count(Rate::SocketSignals, user);
                    if let Some(standing) = standing.filter(Standing::exceeded) {
                        return Piece::End(Outcome::Refused(Box::new(standing.problem(&request_id))));
                    }
                }
                Piece::Missed(Replayed::Frame(frame))
            }
            Ok(Resumed::Piece(piece)) => Piece::Missed(piece),
            Ok(Resumed::Done(done)) => Piece::End(encode(&done, &request_id, Outcome::Synced)),
            Err(error) => Piece::End(fail(error, &request_id)),
        };
        Ok(Handled::Replay(Box::pin(pieces.scan(false, move |ended, piece| {
            let told = (!*ended).then(|| tell(piece));
            *ended = matches!(told, Some(Piece::End(_)));
            future::ready(told)
        }))))
    }

    /// The token must be of the same session: whoever ends that must find this connection.
    async fn refresh_token(&mut self, AuthRefresh { token }: AuthRefresh) -> Result<Handled, Handled> {
        let actor = self.chat.authenticate(&token).await.map_err(|error| self.failed(error))?;
        if (actor.id(), actor.session) != (self.actor.id(), self.actor.session) {
            let detail = "the token is of another user or another session; open another socket with it";
            return Err(self.refused(ErrorCode::Forbidden, detail));
        }
        *self.actor = actor;
        self.handle.expire_in(self.chat.seconds_left(&self.actor));
        self.answer(Ok(AuthState { expires_at: self.actor.expires_at }))
    }

    /// What was done at once.
    fn answer(&self, answer: Result<impl Serialize, Error>) -> Result<Handled, Handled> {
        let payload = answer.map_err(|error| self.failed(error))?;
        Ok(Handled::Now(done(&payload, &self.request_id())))
    }

    /// Counts once more, and tells what becomes of a request that comes too soon.
    fn count(&self, rate: Rate) -> Result<(), Handled> {
        let Some(standing) = self.limiter.count(rate, Who::User(self.actor.id())) else { return Ok(()) };
        if standing.hammering() {
            let hint = reconnect_hint(u64::from(standing.reset_seconds) * 1_000);
            return Err(Handled::Close(CloseCode::RateLimited, hint.into()));
        }
        if !standing.exceeded() {
            return Ok(());
        }
        Err(Handled::Now(Outcome::Refused(Box::new(standing.problem(&self.request_id())))))
    }

    fn failed(&self, error: Error) -> Handled {
        Handled::Now(fail(error, &self.request_id()))
    }

    fn refused(&self, code: ErrorCode, detail: impl Into<String>) -> Handled {
        let problem = Problem::new(code, detail, self.request_id());
        Handled::Now(Outcome::Refused(Box::new(problem)))
    }

    /// By which the log knows what is asked for on this connection.
    fn request_id(&self) -> String {
        self.handle.connection_id().to_string()
    }
}

/// Whoever reads it is shown as what their connections say, this very one among them.
fn ready(app: &App, actor: &Actor, connection_id: ConnectionId) -> Ready {
    let presence = app.hub.presence_on_arrival(actor.id());
    Ready {
        connection_id,
        user: User { presence, ..actor.user.clone() },
        heartbeat_seconds: app.config.socket.heartbeat_seconds,
        epoch: app.chat.epoch().to_owned(),
        expires_at: actor.expires_at,
    }
}

fn acknowledge(reply: &Reply, request_id: &str) -> Outcome {
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
    encode(payload, request_id, Outcome::Done)
}

fn encode(payload: &impl Serialize, request_id: &str, outcome: fn(Box<RawValue>) -> Outcome) -> Outcome {
    match to_raw_value(payload) {
        Ok(json) => outcome(json),
        Err(error) => fail(Error::Internal(format!("an answer has no JSON: {error}")), request_id),
    }
}

fn fail(error: Error, request_id: &str) -> Outcome {
    Outcome::Refused(Box::new(error.problem(request_id)))
}
