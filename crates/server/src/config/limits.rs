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
        /// Connections of one user at one time, each of them a device or a page.
        pub user_connections_max: usize = limits::USER_CONNECTIONS_MAX, Rule::Whole(1..=1_000_000);
        /// Seconds that a request may take, body and answer.
        pub request_seconds_max: u32 = 30, Rule::Whole(1..=600);
        /// Seconds that a client may take to send the head of a request.
        pub header_seconds_max: u32 = 10, Rule::Whole(1..=600);
        /// Seconds that a connection may wait for its next request. A proxy in front should close its idle connections
        /// earlier than that; their usual time is a minute.
        pub idle_seconds_max: u32 = 75, Rule::Whole(1..=3_600);
        /// Seconds within which a client must take some of the answer that waits for it. WebSockets have
        /// `socket.write_stall_seconds_max`.
        pub write_stall_seconds_max: u32 = limits::WRITE_STALL_SECONDS_MAX, Rule::Whole(1..=600);
        /// Seconds that a stopping server waits for what is on its way.
        pub shutdown_seconds_max: u32 = 10, Rule::Whole(0..=600);
        /// Messages that a user may send in a minute, over REST and sockets together; 0 is no limit.
        pub sends_per_minute: u32 = 30, Rule::Whole(0..=1_000_000);
        /// Conversations that a user may create in a minute; 0 is no limit.
        pub conversations_per_minute: u32 = 10, Rule::Whole(0..=1_000_000);
        /// Uploads that a user may begin in a minute; 0 is no limit.
        pub uploads_per_minute: u32 = 60, Rule::Whole(0..=1_000_000);
        /// Frames that a user may send in a minute, over all their sockets; 0 is no limit. Who goes on regardless is
        /// disconnected.
        pub socket_messages_per_minute: u32 = 30, Rule::Whole(0..=1_000_000);
        /// Attempts to sign in that a minute has for each address, and for each username; 0 is no limit.
        pub sign_ins_per_minute: u32 = 10, Rule::Whole(0..=1_000_000);
        /// Accounts that an address may ask for in a minute; 0 is no limit.
        pub registrations_per_minute: u32 = 10, Rule::Whole(0..=1_000_000);
        /// Requests to the API that a signed-in user may make in a minute; 0 is no limit.
        pub requests_per_minute: u32 = 600, Rule::Whole(0..=1_000_000);
        /// Requests to the API without a sign-in that an address may make in a minute; 0 is no limit.
        pub anonymous_requests_per_minute: u32 = 300, Rule::Whole(0..=1_000_000);
    }
}

impl Limits {
    /// The same bounds, but as often as anybody likes: for measuring what the server can do.
    #[must_use]
    pub fn without_rates(self) -> Self {
        Self {
            sends_per_minute: 0,
            conversations_per_minute: 0,
            uploads_per_minute: 0,
            socket_messages_per_minute: 0,
            sign_ins_per_minute: 0,
            registrations_per_minute: 0,
            requests_per_minute: 0,
            anonymous_requests_per_minute: 0,
            ..self
        }
    }
}
