//! The codes of errors. Stable: a code is never renamed, and never means something else later.

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($variant:ident = $code:literal, $status:literal, $retriable:literal, $title:literal, $help:literal;)*) => {
        /// The code of an error, shared by REST, WebSocket and Socket.IO.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorCode {
            $(
                #[doc = $title]
                $variant,
            )*
        }

        impl ErrorCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as the wire spells it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// Whether the same request may succeed later.
            pub const fn retriable(self) -> bool {
                match self { $(Self::$variant => $retriable,)* }
            }

            /// The code in words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// What it means and what to do, for the page that documents it.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }
        }
    };
}

error_codes! {
    InvalidJson = "invalid_json", 400, false, "The body is not the JSON that was expected",
        "The body or frame could not be read as JSON of the documented shape. The detail names the place.";
    InvalidParameter = "invalid_parameter", 400, false, "A parameter of the path or query is not valid",
        "An id is not a UUID, a number is out of range, or two parameters exclude each other. The detail names it.";
    InvalidCursor = "invalid_cursor", 400, false, "The cursor is not valid",
        "Cursors are opaque: pass back exactly what `meta.nextCursor` gave, to the same list.";
    UnknownType = "unknown_type", 400, false, "The type of the frame is not known",
        "The `type` of a frame, or the name of a Socket.IO event, is none that this server speaks. The detail repeats it.";
    InvalidHeader = "invalid_header", 400, false, "A header is not valid",
        "A header that the request must have once is missing or there twice, or its value is not of the documented \
         form. The detail names it.";
    Unauthenticated = "unauthenticated", 401, false, "Sign-in is needed",
        "No token was given, or it is not valid; the detail says why. Send `Authorization: Bearer` with an access token.";
    TokenExpired = "token_expired", 401, false, "The access token has ended",
        "Trade the refresh token for a new pair at `POST /auth/refresh`, or get the next token from the host application, \
         and repeat the request. On an open socket, send the next token by `auth.refresh` before the old one ends.";
    SessionEnded = "session_ended", 401, false, "The session has ended",
        "It was signed out, its refresh token was used twice, or it was not used for too long. Sign in again.";
    InvalidCredentials = "invalid_credentials", 401, false, "The username or password is wrong",
        "Which of the two is wrong is not said, so that nobody can find out who has an account.";
    InvalidTicket = "invalid_ticket", 401, false, "The ticket is not valid",
        "A ticket opens one socket, once, within 30 seconds. Get a new one at `POST /auth/ticket`.";
    Forbidden = "forbidden", 403, false, "This is not allowed",
        "The caller can see the resource but may not do this with it. The detail names the role that may.";
    OriginNotAllowed = "origin_not_allowed", 403, false, "The origin is not allowed",
        "A browser on a page of another origin tried to open a socket. Add the origin to `cors.origins`, or for Socket.IO \
         to `socket_io.cors_origin`.";
    RegistrationClosed = "registration_closed", 403, false, "Nobody can sign up here",
        "The operator has switched sign-up off with `auth.registration = false`.";
    AddressBlocked = "address_blocked", 403, false, "Requests from this address are not taken",
        "The operator or an admin lets only certain addresses in, or keeps this one out.";
    Blocked = "blocked", 403, false, "One of the two has blocked the other",
        "Nobody can write to, or be added by, somebody with whom there is a block in either direction. \
         `GET /blocks/status/{username}` tells which.";
    AccountDisabled = "account_disabled", 403, false, "The account is disabled",
        "The operator has disabled it. Its sessions have ended.";
    LinkExpired = "link_expired", 403, false, "The link to the file is not valid any more",
        "Links to files work for some minutes. Ask for a new one at `POST /files/links`.";
    NotFound = "not_found", 404, false, "There is no such thing, or the caller may not see it",
        "Which of the two is not said, so that nobody can find out what exists.";
    MethodNotAllowed = "method_not_allowed", 405, false, "The path does not take this method",
        "The `Allow` header lists the methods that the path takes.";
    RequestTimeout = "request_timeout", 408, true, "The request took too long",
        "The body did not arrive in time, or the answer was not ready in time. Repeat it with the same key.";
    UsernameTaken = "username_taken", 409, false, "The username is taken",
        "Choose another username.";
    ClientMessageIdConflict = "client_message_id_conflict", 409, false,
        "The clientMessageId was used for another message",
        "A repeat must carry the same content as the first request. Draw a new `clientMessageId` for a new message.";
    IdempotencyInProgress = "idempotency_in_progress", 409, true,
        "The request with this Idempotency-Key is still being carried out",
        "Another request with the same `Idempotency-Key` has not been answered yet. Repeat it a moment later.";
    ConversationNotActive = "conversation_not_active", 409, false, "The conversation takes no messages",
        "It is archived or closed. An admin of the conversation can make it active again.";
    AlreadyDone = "already_done", 409, false, "It is not in the state that this needs",
        "What was asked for cannot be done any more, such as cancelling a message that was sent. The detail names it.";
    WouldLockYouOut = "would_lock_you_out", 409, false, "This would keep the caller out",
        "After this change the address that the request comes from would not get in any more. Make it from another \
         address, or allow this one first.";
    FileScanning = "file_scanning", 409, true, "The file is still being looked through for viruses",
        "It can be fetched once its `status` is `ready`. `file.updated` tells its owner, `message.updated` everybody who \
         got it.";
    UploadOffset = "upload_offset", 409, true, "The upload goes on at another place",
        "The `Upload-Offset` of the request is not where the server is. Ask with `HEAD`, and go on from there.";
    LimitReached = "limit_reached", 409, false, "There is no room for another one",
        "A number that is bounded, such as members, pins, reactions, drafts or invites, has reached its bound. The \
         detail states it.";
    InviteNotValid = "invite_not_valid", 410, false, "The invite link is not valid",
        "It has ended, was revoked, or has let in as many people as it may.";
    FileRejected = "file_rejected", 410, false, "The file is gone, because a virus was found in it",
        "Its content is deleted. Moderators can see who sent it.";
    PreconditionFailed = "precondition_failed", 412, false, "What the request takes for granted is not so",
        "`If-Match` or `If-Unmodified-Since` names another version of the file, or `Tus-Resumable` is not `1.0.0`.";
    FileTooLarge = "file_too_large", 413, false, "The file is too large",
        "The detail states the limit, which the operator sets with `files.size_bytes_max`.";
    PayloadTooLarge = "payload_too_large", 413, false, "The body is too large",
        "The detail states the limit.";
    UnsupportedMediaType = "unsupported_media_type", 415, false, "The body is not of a type that is taken here",
        "Send `Content-Type: application/json`. Over Socket.IO, send no binary arguments.";
    FileTypeNotAllowed = "file_type_not_allowed", 415, false, "Files of this type are not taken",
        "The operator lists the types that are, with `files.types_allowed`. The detail names the type.";
    FileTypeMismatch = "file_type_mismatch", 415, false, "The file is not what its name says",
        "Its content is of another type than its extension, or of two types at once. The detail names what was found.";
    RangeNotSatisfiable = "range_not_satisfiable", 416, false, "The file has no such part",
        "The range begins behind the end. `Content-Range` states the size.";
    FileNotValid = "file_not_valid", 422, false, "The file cannot be taken as it is",
        "It is empty, damaged, or unpacks to more than is allowed, such as a picture of too many pixels. The detail says \
         which.";
    ValidationFailed = "validation_failed", 422, false, "Some fields are not valid",
        "`errors` lists each field and what would be right.";
    IdempotencyKeyReused = "idempotency_key_reused", 422, false,
        "The Idempotency-Key was used for another request",
        "A repeat must have the same method, path and body as the first request. Draw a new `Idempotency-Key` for a \
         new request.";
    UpgradeRequired = "upgrade_required", 426, false, "This path speaks WebSocket",
        "Open it with a WebSocket client: `Upgrade: websocket`, version 13.";
    TooManyConnections = "too_many_connections", 429, true, "The user has too many connections",
        "The detail states the limit. Close sockets that are not used; one for each device or page is enough.";
    RateLimited = "rate_limited", 429, true, "Too many requests",
        "Wait for as long as `Retry-After` says, or `retryAfterSeconds` in the problem. `RateLimit-Remaining` and \
         `RateLimit-Reset` tell beforehand.";
    ChecksumMismatch = "checksum_mismatch", 460, true, "The checksum does not fit the bytes",
        "What arrived is not what was sent, and was thrown away. Ask with `HEAD`, and go on from there.";
    Internal = "internal", 500, true, "The server failed",
        "This is a fault of the server. Its logs explain it under the `requestId`.";
    OutcomeUnknown = "outcome_unknown", 503, true, "It is not known whether this was done",
        "The database failed at the moment of the commit. Repeat a send with the same `clientMessageId`: the \
         message is there exactly once.";
    Unavailable = "unavailable", 503, true, "The server cannot do this right now",
        "The database does not answer, or too much is waiting, or the server is shutting down. Nothing was done. \
         Repeat it later.";
    QuotaReached = "quota_reached", 507, false, "There is no room left for files of this user",
        "The operator bounds what one user, or all together, may keep: `files.user_bytes_max`, `files.total_bytes_max`. \
         Delete messages with large files, or ask the operator.";
    StorageFull = "storage_full", 507, true, "The disk is full",
        "Nothing was done. Reading still works. The operator must make room.";
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
