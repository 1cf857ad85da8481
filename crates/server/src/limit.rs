//! Rate limits: how often somebody may do something in a minute.
//!
//! A minute begins with the first thing that somebody does after their last minute is over. What they may do in it is
//! a number, so what is left and how long it takes until everything is back are exact, and a client that waits for
//! that long is not refused again.

mod seen;

use crate::config::Limits;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use natter_chat::Clock;
use natter_protocol::{Command, ErrorCode, Problem, UserId, limits};
use seen::{Seen, Window};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// What a minute is here.
const MINUTE_MS: i64 = 60_000;
/// Bits of an IPv6 address that tell one customer of a provider from another (RFC 6177): with the others, somebody could
/// be a new address for each request.
const IPV6_PREFIX_BITS: u32 = 64;
/// Who goes on asking this many times as often as they may is not only refused.
const HAMMERING: u32 = 10;
/// Signals on sockets for each command that there may be.
const SIGNALS: u32 = 10;

pub(crate) const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
pub(crate) const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
pub(crate) const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Rate {
    /// Requests of a user.
    Requests,
    /// Requests of an address without a sign-in.
    AnonymousRequests,
    /// Attempts to sign in, of an address and for a username.
    SignIns,
    /// Accounts that an address asks for.
    Registrations,
    /// Messages of a user.
    Sends,
    /// Conversations that a user creates.
    Conversations,
    /// Uploads that a user begins.
    Uploads,
    /// Commands on all sockets of a user.
    SocketMessages,
    /// What clients send by themselves on all sockets of a user, such as pings.
    SocketSignals,
}

/// Whose minute it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    User(UserId),
    Address(IpAddr),
    /// The hash of a username, which may be any text as long as nobody has signed in.
    Name(u64),
}

/// Where somebody stands with what they may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What was counted.
    pub(crate) rate: Rate,
    /// How often it may be done in a minute.
    pub(crate) limit: u32,
    /// How often it was tried in this minute, this time included.
    tries: u32,
    /// Seconds until the minute is over.
    pub(crate) reset_seconds: u32,
}

/// Counts what everybody does.
pub(crate) struct Limiter {
    limits: Limits,
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
    names: RandomState,
}

impl Limiter {
    pub(crate) fn new(limits: Limits, clock: Arc<dyn Clock>) -> Self {
        Self { limits, clock, seen: Mutex::default(), names: RandomState::new() }
    }

    /// Counts once more, and tells where that leaves them; nothing if there is no limit.
    pub(crate) fn count(&self, rate: Rate, who: Who) -> Option<Standing> {
        let limit = self.limit(rate);
        if limit == 0 {
            return None;
        }
        let now_ms = self.clock.now().millis();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Window { tries, ends_ms } = seen.count((rate, who), now_ms);
        let reset_ms = u32::try_from(ends_ms - now_ms).unwrap_or_default();
        let standing = Standing { rate, limit, tries, reset_seconds: reset_ms.div_ceil(1000) };
        if standing.exceeded() {
            metrics::counter!("natter_rate_limited_total", "rate" => rate.label()).increment(1);
        }
        Some(standing)
    }

    /// The username as a key of bounded size. Another process would make another one of it.
    pub(crate) fn name(&self, username: &str) -> Who {
        Who::Name(self.names.hash_one(username.trim().to_lowercase()))
    }

    const fn limit(&self, rate: Rate) -> u32 {
        match rate {
            Rate::Requests => self.limits.requests_per_minute,
            Rate::AnonymousRequests => self.limits.anonymous_requests_per_minute,
            Rate::SignIns => self.limits.sign_ins_per_minute,
            Rate::Registrations => self.limits.registrations_per_minute,
            Rate::Sends => self.limits.sends_per_minute,
            Rate::Conversations => self.limits.conversations_per_minute,
            Rate::Uploads => self.limits.uploads_per_minute,
            Rate::SocketMessages => self.limits.socket_messages_per_minute,
            Rate::SocketSignals => self.limits.socket_messages_per_minute.saturating_mul(SIGNALS),
        }
    }
}

/// What a command counts against, whichever way it comes, and how often.
pub(crate) fn cost(command: &Command) -> Option<(Rate, usize)> {
    match command {
        Command::SendMessage(_) | Command::EditMessage(_) | Command::ScheduleMessage(_) => {
            Some((Rate::Sends, 1))
        }
        // Each copy is a message; how many there may be is checked later.
        Command::ForwardMessage(forward) => {
            Some((Rate::Sends, forward.conversation_ids.len().clamp(1, limits::FORWARD_CONVERSATIONS_MAX)))
        }
        Command::CreateConversation(_) => Some((Rate::Conversations, 1)),
        _ => None,
    }
}

impl Who {
    /// Whoever has this address.
    pub(crate) const fn at(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::Address(address),
            IpAddr::V6(v6) => {
                let prefix = v6.to_bits() & (u128::MAX << (128 - IPV6_PREFIX_BITS));
                Self::Address(IpAddr::V6(Ipv6Addr::from_bits(prefix)))
            }
        }
    }
}

impl Rate {
    /// What the metrics call it.
    const fn label(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::AnonymousRequests => "anonymous_requests",
            Self::SignIns => "sign_ins",
            Self::Registrations => "registrations",
            Self::Sends => "sends",
            Self::Conversations => "conversations",
            Self::Uploads => "uploads",
            Self::SocketMessages => "socket_messages",
            Self::SocketSignals => "socket_signals",
        }
    }

    /// What it counts, in the plural, for the sentence that refuses.
    const fn noun(self) -> &'static str {
        match self {
            Self::Requests => "requests of one user",
            Self::AnonymousRequests => "requests of one address without a sign-in",
            Self::SignIns => "attempts to sign in",
            Self::Registrations => "new accounts of one address",
            Self::Sends => "messages of one user",
            Self::Conversations => "new conversations of one user",
            Self::Uploads => "uploads of one user",
            Self::SocketMessages => "socket frames of one user",
            Self::SocketSignals => "socket frames of one user that change nothing",
        }
    }
}

impl Standing {
    /// How often it may still be done in this minute.
    pub(crate) const fn remaining(&self) -> u32 {
        self.limit.saturating_sub(self.tries)
    }

    /// Whether this was once too often.
    pub(crate) const fn exceeded(&self) -> bool {
        self.tries > self.limit
    }

    /// Whether this is somebody who does not listen.
    pub(crate) const fn hammering(&self) -> bool {
        self.tries > self.limit.saturating_mul(HAMMERING)
    }

    /// Tells the client, in the headers of the answer.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining()));
        headers.insert(RESET, HeaderValue::from(self.reset_seconds));
        if self.exceeded() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.reset_seconds));
        }
    }

    /// Why it is refused, and what to do.
    pub(crate) fn problem(&self, request_id: &str) -> Problem {
        let Self { rate, limit, reset_seconds, .. } = self;
        let detail = format!("a minute has room for {limit} {}; wait {reset_seconds} seconds", rate.noun());
        let mut problem = Problem::new(ErrorCode::RateLimited, detail, request_id);
        problem.retry_after_seconds = Some(*reset_seconds);
        problem
    }
}

#[cfg(test)]
mod tests;
