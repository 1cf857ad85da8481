//! What the domain promises, on a real database, with a clock that is moved by hand.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod account;
mod conversation;
mod harness;
mod history;
mod message;
mod session;
mod ticket;
mod token;
