//! The program as its users meet it: as a process, over its sockets, by its command line.

mod cli;
mod config;
mod durability;
mod seed;

use natter_testkit::natter::{Builder, Natter};

/// The program that these tests are about.
pub(crate) fn natter() -> Builder {
    Natter::builder(env!("CARGO_BIN_EXE_natter"))
}
