//! `natter bench`: what this program does on this machine, measured from outside.
//!
//! The server under test is this same executable as a process of its own, on a port of 127.0.0.1 that the kernel chose
//! and with a database of its own that is removed afterwards. The load comes from further processes, so that what
//! generating it costs is not counted for the server. Everything is bounded in number and in time.

mod fanout;
mod figure;
mod histogram;
mod idle;
mod load;
mod machine;
mod process;
mod rest;
mod room;
mod scenario;
mod search;
mod send;
mod site;
mod socket;
mod stalled;
mod storm;
mod subject;
mod tls;
mod upload;

pub(crate) use fanout::FanOut;
pub(crate) use idle::Idle;
pub(crate) use load::run as run_load;
pub(crate) use rest::RestLoad;
pub(crate) use room::LargeRoom;
pub(crate) use scenario::{Runs, Scenario};
pub(crate) use search::Search;
pub(crate) use send::Send;
pub(crate) use stalled::Stalled;
pub(crate) use storm::Storm;
pub(crate) use upload::Upload;

/// A number between bounds, for clap.
fn between<const MIN: usize, const MAX: usize>(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (MIN..=MAX).contains(number));
    number.ok_or_else(|| format!("expected a number from {MIN} to {MAX}"))
}
