//! `socket.*`

use super::setting::{Rule, settings};
use natter_protocol::limits;

settings! {
    /// How long a WebSocket may be silent or slow.
    pub struct Socket {
        /// Seconds of silence after which the server pings; after twice as long it closes.
        pub heartbeat_seconds: u32 = limits::HEARTBEAT_SECONDS, Rule::Whole(1..=3_600);
        /// Seconds that a write may stall before the connection is closed as too slow.
        pub write_stall_seconds_max: u32 = limits::WRITE_STALL_SECONDS_MAX, Rule::Whole(1..=600);
    }
}
