//! Every bound that the wire promises. A bound that an operator may change has its default here and its key in the
//! configuration; one that is part of the protocol is only here.

/// Characters (Unicode scalar values) in a message.
pub const MESSAGE_CHARS_MAX: usize = 16_000;
/// Bytes in a message. UTF-8 has four at most for a character, so this follows from the bound above; it is for those who
/// size a buffer or a column.
pub const MESSAGE_BYTES_MAX: usize = 4 * MESSAGE_CHARS_MAX;
/// Characters in a `clientMessageId`.
pub const CLIENT_MESSAGE_ID_CHARS_MAX: usize = 128;
/// Characters in the `id` of a client's frame.
pub const FRAME_ID_CHARS_MAX: usize = 128;
/// Files on one message.
pub const MESSAGE_ATTACHMENTS_MAX: usize = 10;
/// Bytes of a file.
pub const FILE_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Characters in the name of a file; a longer one is cut, its extension kept.
pub const FILE_NAME_CHARS_MAX: usize = 128;
/// Uploads of one user that have begun and not ended, and files that are uploaded and not sent.
pub const UPLOADS_MAX: u64 = 50;
/// Seconds after which an upload that nobody goes on with, or a file that nobody sends, is forgotten.
pub const UPLOAD_SECONDS_MAX: u32 = 24 * 60 * 60;
/// Links to files that are asked for at once.
pub const FILE_LINKS_MAX: usize = 100;
/// Seconds for which a link to a file works.
pub const FILE_LINK_SECONDS: u32 = 10 * 60;
/// Pixels of the longer side of a small thumbnail.
pub const THUMBNAIL_SMALL_PIXELS: u32 = 320;
/// Pixels of the longer side of a large thumbnail.
pub const THUMBNAIL_LARGE_PIXELS: u32 = 1_280;
/// Pixels of a picture in all; one that has more is refused before it is unpacked.
pub const IMAGE_PIXELS_MAX: u64 = 50_000_000;
/// Points of a waveform.
pub const WAVEFORM_POINTS: usize = 64;
/// Seconds of sound for which a waveform is made, and which a voice message may last.
pub const VOICE_SECONDS_MAX: u32 = 15 * 60;
/// Links of a message for which a preview is made.
pub const LINK_PREVIEWS_MAX: usize = 3;

/// Characters in a username, at least.
pub const USERNAME_CHARS_MIN: usize = 2;
/// Characters in a username, at most.
pub const USERNAME_CHARS_MAX: usize = 32;
/// Names that nobody can have: they mean something else in an address or a mention.
pub const USERNAMES_RESERVED: [&str; 5] = ["me", "online", "here", "all", "everyone"];
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

/// People in a conversation.
pub const CONVERSATION_MEMBERS_MAX: u64 = 100_000;
/// Messages pinned in a conversation.
pub const CONVERSATION_PINS_MAX: u64 = 100;
/// Invite links of a conversation that are good at one time.
pub const CONVERSATION_INVITES_MAX: u64 = 50;
/// Seconds that an invite link lives, at least.
pub const INVITE_SECONDS_MIN: u32 = 60;
/// Seconds that an invite link lives, at most, unless it lives for ever.
pub const INVITE_SECONDS_MAX: u32 = 365 * 24 * 60 * 60;
/// People that an invite link lets in, unless it lets in any number.
pub const INVITE_USES_MAX: u32 = 100_000;
/// Different emoji under one message.
pub const MESSAGE_REACTIONS_MAX: u64 = 50;
/// Bytes of an emoji; the longest sequences that Unicode recommends have 35.
pub const EMOJI_BYTES_MAX: usize = 64;
/// People that one message mentions by name.
pub const MESSAGE_MENTIONS_MAX: usize = 50;
/// Links that are kept of one message.
pub const MESSAGE_LINKS_MAX: usize = 10;
/// People for whom `@here` is resolved; in a larger crowd it counts for every member.
pub const HERE_MENTIONS_MAX: usize = 1_000;
/// Conversations that a message is forwarded to at once.
pub const FORWARD_CONVERSATIONS_MAX: usize = 20;
/// Characters in the `clientMessageId` of a forward: the copies' own keys are longer.
pub const FORWARD_KEY_CHARS_MAX: usize = 64;
/// Drafts of one user.
pub const DRAFTS_MAX: u64 = 1_000;
/// Messages of one user that wait for their time.
pub const SCHEDULED_MESSAGES_MAX: u64 = 100;
/// Seconds that a message can be scheduled ahead.
pub const SCHEDULE_SECONDS_MAX: u32 = 366 * 24 * 60 * 60;
/// People whom one user has blocked.
pub const BLOCKS_MAX: u64 = 1_000;
/// Characters in the address of a picture.
pub const AVATAR_URL_CHARS_MAX: usize = 2_048;
/// Users looked up at once.
pub const USERS_NAMED_MAX: usize = 100;
/// Characters in a search.
pub const SEARCH_QUERY_CHARS_MAX: usize = 256;
/// Rules about addresses.
pub const IP_RULES_MAX: u64 = 10_000;

/// Entries on a page when the caller does not say.
pub const PAGE_ENTRIES_DEFAULT: u32 = 50;
/// Entries on a page.
pub const PAGE_ENTRIES_MAX: u32 = 100;
/// Events on a page of a conversation's log.
pub const EVENTS_PAGE_ENTRIES_MAX: u32 = 1_000;

/// Bytes of a JSON request body. A message of the greatest length fits with every character escaped as `\uXXXX\uXXXX`.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Bytes of one message on a socket, over all its fragments. A `sync.resume` of the greatest length fits.
pub const FRAME_BYTES_MAX: usize = 512 * 1024;
/// Bytes that wait for one connection before its queue is dropped.
pub const CONNECTION_QUEUE_BYTES_MAX: usize = 1024 * 1024;
/// Commands of one connection that wait for their commit; then the socket is not read.
pub const CONNECTION_COMMANDS_MAX: usize = 64;

/// Conversations that one `sync.resume` names.
pub const RESUME_CONVERSATIONS_MAX: usize = 5_000;
/// Events of a conversation that are replayed; who is further behind starts anew from the head and pages.
pub const RESUME_EVENTS_MAX: u64 = 1_000;
/// Events in one `sync.events`.
pub const SYNC_EVENTS_MAX: usize = 100;
/// People whose presence one connection watches.
pub const PRESENCE_WATCHED_MAX: usize = 1_000;
/// Milliseconds for which changes of presence are gathered before they are told.
pub const PRESENCE_COALESCE_MS: u64 = 250;
/// Seconds for which somebody without a connection is still online, so that a reconnect is not seen by others.
pub const PRESENCE_GRACE_SECONDS: u32 = 5;
/// Seconds after which typing ends by itself.
pub const TYPING_SECONDS: u64 = 5;
/// Members of a conversation in which typing is shown; in a larger crowd it would only be noise.
pub const TYPING_MEMBERS_MAX: usize = 200;
/// Milliseconds for which read positions are gathered before they are told.
pub const RECEIPTS_COALESCE_MS: u64 = 100;
/// Members of a conversation in which it is shown who has read; in a larger one, only how many.
pub const RECEIPT_MEMBERS_MAX: u64 = 256;
/// Connections of one user at one time.
pub const USER_CONNECTIONS_MAX: usize = 50;
/// Seconds that events may wait for a connection that takes nothing before its queue is dropped.
pub const CONNECTION_QUEUE_SECONDS_MAX: u32 = 10;
/// Bytes of a message on a socket from which on compressing it pays.
pub const DEFLATE_BYTES_MIN: usize = 512;

/// Seconds of silence after which the server pings; after twice as long it closes.
pub const HEARTBEAT_SECONDS: u32 = 25;
/// Seconds that a write may stall before the connection is closed as too slow.
pub const WRITE_STALL_SECONDS_MAX: u32 = 20;

/// Seconds that an access token lives.
pub const ACCESS_TOKEN_SECONDS: u32 = 15 * 60;
/// Seconds that a refresh token lives unused.
pub const REFRESH_TOKEN_SECONDS: u32 = 30 * 24 * 60 * 60;
/// Bytes in an access token, of this server or of the host application.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Seconds that a ticket lives.
pub const TICKET_SECONDS: u32 = 30;
/// Tickets that are out at one time; beyond it the server is overloaded.
pub const TICKETS_MAX: usize = 100_000;
