//! What the outside world sees of Natter, pinned: a change of a snapshot is a change for every client.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod code;
mod frame;
mod id;
mod request;
mod sample;
mod timestamp;
mod wire;
