//! What the domain promises, on a real database, with a clock that is moved by hand.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod account;
mod conversation;
mod device;
mod harness;
mod history;
mod host_token;
mod jwks;
mod message;
mod presence;
#[path = "../../../../fuzz/src/text.rs"]
#[expect(unreachable_pub, reason = "written for the fuzz target")]
mod properties;
mod reading;
mod receipt;
mod resume;
mod revocation;
mod session;
mod text;
mod ticket;
mod token;
mod typing;
