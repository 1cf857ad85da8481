//! Tickets: what a browser, which cannot set headers on a WebSocket, puts into the address instead of its token.

use super::jwt::TokenFault;
use crate::{Actor, Chat, Error, Result, random};
use natter_protocol::{SessionId, Ticket, Timestamp, UserId, limits};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The tickets that are out. They live in memory: after a restart the client asks for another.
#[derive(Default)]
pub(crate) struct Tickets(Mutex<HashMap<String, Grant>>);

struct Grant {
    user: UserId,
    session: Option<SessionId>,
    /// When the token ends that the ticket was given out for.
    token_expires_at: Option<Timestamp>,
    expires_at: Timestamp,
}

impl Chat {
    /// A ticket that opens one socket, once.
    pub fn issue_ticket(&self, actor: &Actor) -> Result<Ticket> {
        let now = self.now();
        let mut tickets = self.tickets.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tickets.len() >= limits::TICKETS_MAX {
            tickets.retain(|_, grant| grant.expires_at > now);
            if tickets.len() >= limits::TICKETS_MAX {
                return Err(Error::Overloaded("too many tickets are out"));
            }
        }
        let ticket = random::secret(&*self.random);
        let expires_at = now.plus_seconds(i64::from(limits::TICKET_SECONDS));
        let grant = Grant {
            user: actor.id(),
            session: actor.session,
            token_expires_at: actor.expires_at,
            expires_at,
        };
        tickets.insert(ticket.clone(), grant);
        Ok(Ticket { ticket, expires_in: limits::TICKET_SECONDS })
    }

    /// Who a ticket was given to. It works once.
    pub async fn redeem_ticket(&self, ticket: &str) -> Result<Actor> {
        let grant = self.tickets.0.lock().unwrap_or_else(PoisonError::into_inner).remove(ticket);
        let now = self.now();
        match grant {
            Some(grant) if grant.expires_at <= now => Err(Error::InvalidTicket),
            // A ticket opens no socket that its token could not.
            Some(grant) if grant.token_expires_at.is_some_and(|at| at <= now) => {
                Err(TokenFault::Expired.into())
            }
            Some(grant) => self.actor(grant.user, grant.session, grant.token_expires_at).await,
            None => Err(Error::InvalidTicket),
        }
    }
}
