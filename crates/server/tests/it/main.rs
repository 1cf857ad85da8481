//! The program as its users meet it: as a process, over its sockets, by its command line.

mod access;
mod assets;
mod auth;
mod bench;
mod cli;
mod config;
mod conversations;
mod cors;
mod docs;
mod durability;
mod events;
mod faults;
mod garbage;
mod handshake;
mod health;
mod host_tokens;
mod host_tokens;
mod http;
mod idempotency;
mod limits;
mod matrix;
mod messages;
mod seed;
mod support;
mod timeouts;
mod users;
mod ws;

use natter_testkit::natter::{Builder, Natter};

/// The program that these tests are about.
pub(crate) fn natter() -> Builder {
    Natter::builder(env!("CARGO_BIN_EXE_natter"))
}
