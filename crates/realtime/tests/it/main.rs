//! What the codec, the hub and the connection promise, checked from outside over real sockets.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed, as it should")]

mod codec;
mod connection;
mod deflate;
mod dialect;
mod differential;
mod heartbeat;
mod hub;
mod presence;
#[path = "../../../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "written for the fuzz targets")]
mod properties;
mod property;
mod resume;
mod session;
mod support;
