//! One's own sessions and password

use super::register::check_password;
use crate::execute::unexpected;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{ChangePassword, CloseCode, SessionId, SessionInfo, UserId};
use natter_store::{Write, Written};

impl Chat {
    /// The actor's sign-ins, newest first.
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<SessionInfo>> {
        let sessions = self.store.sessions(actor.id(), self.now()).await?;
        Ok(sessions
            .into_iter()
            .map(|session| SessionInfo { current: Some(session.id) == actor.session, ..session })
            .collect())
    }

    /// Ends one of the actor's sessions and closes its sockets.
    pub async fn end_session(&self, actor: &Actor, id: SessionId) -> Result<()> {
        let now = self.now();
        let live = self.store.session(id, now).await?.filter(|live| live.user.id == actor.id());
        let live = live.ok_or(Error::NotFound("session"))?;
        self.store.queue(Write::EndSession { id: live.id, now }).await?.await?;
        self.close_sessions(actor.id(), &[live.id]);
        Ok(())
    }

    /// Ends all of the actor's sessions but the one that asks.
    pub async fn end_other_sessions(&self, actor: &Actor) -> Result<()> {
        self.end_sessions(actor.id(), actor.session).await
    }

    /// Ends all sessions of a user but one, and closes their sockets.
    pub(crate) async fn end_sessions(&self, user_id: UserId, except: Option<SessionId>) -> Result<()> {
        let write = Write::EndSessions { user_id, except, now: self.now() };
        match self.store.queue(write).await?.await? {
            Written::SessionsEnded(ended) => {
                self.close_sessions(user_id, &ended);
                Ok(())
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Replaces the actor's password and ends all other sessions.
    pub async fn change_password(&self, actor: &Actor, change: ChangePassword) -> Result<()> {
        check_password(&change.new_password).map_err(|error| match error {
            Error::Validation(fields) => Error::Validation(
                fields
                    .into_iter()
                    .map(|field| natter_protocol::FieldError { field: "newPassword".to_owned(), ..field })
                    .collect(),
            ),
            other => other,
        })?;
        let credentials = self.store.credentials(&actor.user.username).await?;
        let known = credentials.and_then(|credentials| credentials.password_hash);
        if !self.passwords.verify(&change.current_password, known).await? {
            return Err(Error::InvalidCredentials);
        }
        let password_hash = self.passwords.hash(&change.new_password, &*self.random).await?;
        let except = actor.session;
        let write = Write::SetPassword { user_id: actor.id(), password_hash, except, now: self.now() };
        match self.store.queue(write).await?.await? {
            Written::SessionsEnded(ended) => {
                self.close_sessions(actor.id(), &ended);
                Ok(())
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Disables an account, which ends its sessions, or enables it again. For operators.
    pub async fn set_disabled(&self, username: &str, disabled: bool) -> Result<()> {
        let user = self.person(username).await?;
        let write = Write::SetDisabled { user_id: user.id, disabled, now: self.now() };
        self.store.queue(write).await?.await?;
        if disabled {
            self.close_disabled(user.id);
        }
        Ok(())
    }

    pub(super) fn close_sessions(&self, user: UserId, sessions: &[SessionId]) {
        for session in sessions {
            self.hub.close_session(user, *session, CloseCode::SignedOut, "the session has ended");
        }
    }
}
