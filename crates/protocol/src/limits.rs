//! Every bound that the wire promises. A bound that an operator may change has its default here and its key in the
//! configuration; one that is part of the protocol is only here.

/// Characters (Unicode scalar values) in a message.
pub const MESSAGE_CHARS_MAX: usize = 16_000;
/// Characters in a `clientMessageId`.
pub const CLIENT_MESSAGE_ID_CHARS_MAX: usize = 128;
/// Characters in the `id` of a client's frame.
pub const FRAME_ID_CHARS_MAX: usize = 128;
/// Files on one message.
pub const MESSAGE_ATTACHMENTS_MAX: usize = 10;

/// Characters in a username, at least.
pub const USERNAME_CHARS_MIN: usize = 2;
/// Characters in a username, at most.
pub const USERNAME_CHARS_MAX: usize = 32;
/// Characters in a display name.
pub const DISPLAY_NAME_CHARS_MAX: usize = 64;
/// Characters in an e-mail address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const EMAIL_CHARS_MAX: usize = 254;
/// Characters in a password, at least (OWASP ASVS 5.0, 6.2.1).
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Characters in a password, at most; a bound for the hash's work.
pub const PASSWORD_CHARS_MAX: usize = 256;

/// Characters in a conversation's name.
pub const CONVERSATION_NAME_CHARS_MAX: usize = 128;
/// Characters in a conversation's topic.
pub const CONVERSATION_TOPIC_CHARS_MAX: usize = 512;
/// People named when a conversation is created.
pub const CONVERSATION_MEMBERS_ADDED_MAX: usize = 500;

/// Entries on a page when the caller does not say.
pub const PAGE_ENTRIES_DEFAULT: u32 = 50;
/// Entries on a page.
pub const PAGE_ENTRIES_MAX: u32 = 100;
/// Events on a page of a conversation's log.
pub const EVENTS_PAGE_ENTRIES_MAX: u32 = 1_000;

/// Bytes of a JSON request body. A message of the greatest length fits with every character escaped as `\uXXXX\uXXXX`.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Bytes of one message on a socket, over all its fragments.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;
/// Bytes that wait for one connection before its queue is dropped.
pub const CONNECTION_QUEUE_BYTES_MAX: usize = 1024 * 1024;
/// Commands of one connection that wait for their commit; then the socket is not read.
pub const CONNECTION_COMMANDS_MAX: usize = 64;

/// Seconds of silence after which the server pings; after twice as long it closes.
pub const HEARTBEAT_SECONDS: u32 = 25;
/// Seconds that a write may stall before the connection is closed as too slow.
pub const WRITE_STALL_SECONDS_MAX: u32 = 20;

/// Seconds that an access token lives.
pub const ACCESS_TOKEN_SECONDS: u32 = 15 * 60;
/// Seconds that a refresh token lives unused.
pub const REFRESH_TOKEN_SECONDS: u32 = 30 * 24 * 60 * 60;
/// Seconds that a ticket lives.
pub const TICKET_SECONDS: u32 = 30;
/// Tickets that are out at one time; beyond it the server is overloaded.
pub const TICKETS_MAX: usize = 100_000;
