//! The program as its users meet it: as a process, over its sockets, by its command line.

mod access;
mod assets;
mod auth;
mod bench;
mod blocks;
mod catalogue;
mod cli;
mod config;
mod conversations;
mod cors;
mod docs;
mod drafts;
mod durability;
mod events;
mod faults;
mod files;
mod garbage;
mod handshake;
mod health;
mod host_tokens;
mod http;
mod idempotency;
mod invites;
mod limits;
mod link_previews;
mod matrix;
mod members;
mod messages;
mod panics;
mod parity;
mod pins;
mod reactions;
mod receipts;
mod scheduled;
mod search;
mod seed;
mod sessions;
mod socketio;
mod support;
mod timeouts;
mod tls;
mod users;
mod ws;

use natter_testkit::natter::{Builder, Natter};

/// The program that these tests are about.
pub(crate) fn natter() -> Builder {
    Natter::builder(env!("CARGO_BIN_EXE_natter"))
}
