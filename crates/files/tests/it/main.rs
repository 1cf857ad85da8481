//! The promises of this crate, kept against real disks, a real object store and a real virus scanner.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod blobs;
mod inspect;
mod intake;
mod kind;
mod name;
mod scan;
mod workshop;
