//! What the codec, the hub and the connection promise, checked from outside over real sockets.

mod codec;
mod connection;
mod differential;
mod heartbeat;
mod hub;
#[path = "../../../../fuzz/src/lib.rs"]
#[expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    unreachable_pub,
    reason = "written for the fuzz targets"
)]
mod properties;
mod property;
mod support;
