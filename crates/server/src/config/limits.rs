//! `limits.*`

use super::setting::{Rule, settings};
use natter_protocol::limits;

settings! {
    /// What bounds a client, so that nobody harms the others.
    pub struct Limits {
        /// Bytes of a request's body.
        pub body_bytes_max: usize = limits::BODY_BYTES_MAX, Rule::Whole(1_024..=67_108_864);
        /// Bytes of one message on a WebSocket.
        pub frame_bytes_max: usize = limits::FRAME_BYTES_MAX, Rule::Whole(1_024..=16_777_216);
        /// Bytes that wait for one slow WebSocket before it has to catch up from the database.
        pub connection_queue_bytes_max: usize = limits::CONNECTION_QUEUE_BYTES_MAX, Rule::Whole(65_536..=67_108_864);
        /// Connections at one time. Each takes a file descriptor, so let the process have more of them than this
        /// (`ulimit -n`).
        pub connections_max: usize = 18_000, Rule::Whole(1..=1_000_000);
        /// Seconds that a request may take, body and answer.
        pub request_seconds_max: u32 = 30, Rule::Whole(1..=600);
        /// Seconds that a client may take to send the head of a request.
        pub header_seconds_max: u32 = 10, Rule::Whole(1..=600);
        /// Seconds that a stopping server waits for what is on its way.
        pub shutdown_seconds_max: u32 = 10, Rule::Whole(0..=600);
        /// Messages that a user may send in a minute; 0 is no limit, and the only value in this version.
        pub sends_per_minute: u32 = 0, Rule::Whole(0..=1_000_000);
        /// Conversations that a user may create in a minute; 0 is no limit, and the only value in this version.
        pub conversations_per_minute: u32 = 0, Rule::Whole(0..=1_000_000);
        /// Messages that one WebSocket may send in a minute; 0 is no limit, and the only value in this version.
        pub socket_messages_per_minute: u32 = 0, Rule::Whole(0..=1_000_000);
    }
}
