//! What operations can answer when they do not succeed.

use super::{Form, add_headers, show};
use http::header;
use natter_protocol::ErrorCode::{
    self, AccountDisabled, AddressBlocked, AlreadyDone, Blocked, ChecksumMismatch, ClientMessageIdConflict,
    ConversationNotActive, FileNotValid, FileRejected, FileScanning, FileTooLarge, FileTypeMismatch,
    FileTypeNotAllowed, Forbidden, IdempotencyInProgress, IdempotencyKeyReused, Internal, InvalidCredentials,
    InvalidCursor, InvalidHeader, InvalidJson, InvalidParameter, InvalidTicket, InviteNotValid, LimitReached,
    LinkExpired, MethodNotAllowed, NotFound, OriginNotAllowed, OutcomeUnknown, PayloadTooLarge,
    PreconditionFailed, QuotaReached, RangeNotSatisfiable, RateLimited, RegistrationClosed, RequestTimeout,
    SessionEnded, StorageFull, TokenExpired, TooManyConnections, Unauthenticated, Unavailable, UnknownType,
    UnsupportedMediaType, UpgradeRequired, UploadOffset, UsernameTaken, ValidationFailed, WouldLockYouOut,
};
use natter_protocol::{FieldError, Problem};
use std::collections::BTreeSet;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{
    AllOfBuilder, Components, Content, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type,
};

/// What an operation can answer beside what follows from its form.
const OWN: &[(&str, &[ErrorCode])] = &[
    ("register", &[RegistrationClosed, UsernameTaken, ValidationFailed]),
    ("login", &[InvalidCredentials, AccountDisabled]),
    ("refresh", &[SessionEnded, AccountDisabled]),
    ("updateMe", &[ValidationFailed]),
    ("changePassword", &[InvalidCredentials, ValidationFailed]),
    ("blockUser", &[NotFound, LimitReached, ValidationFailed]),
    ("createConversation", &[Blocked, NotFound, ValidationFailed]),
    ("getDirectConversation", &[Blocked, OutcomeUnknown, StorageFull]),
    ("replaceConversation", &[Forbidden, ValidationFailed]),
    ("updateConversation", &[Forbidden, ValidationFailed]),
    ("deleteConversation", &[Forbidden]),
    ("addMember", &[Forbidden, Blocked, ConversationNotActive, LimitReached, ValidationFailed]),
    ("updateMember", &[Forbidden]),
    ("removeMember", &[Forbidden]),
    ("joinConversation", &[ConversationNotActive, LimitReached]),
    ("leaveConversation", &[Forbidden]),
    ("listInvites", &[Forbidden]),
    ("createInvite", &[Forbidden, ConversationNotActive, LimitReached, ValidationFailed]),
    ("revokeInvite", &[Forbidden]),
    ("previewInvite", &[InviteNotValid]),
    ("acceptInvite", &[ConversationNotActive, LimitReached, InviteNotValid]),
    ("saveDraft", &[LimitReached, ValidationFailed]),
    ("scheduleMessage", &[Blocked, ConversationNotActive, LimitReached, FileRejected, ValidationFailed]),
    (
        "sendMessage",
        &[Blocked, ClientMessageIdConflict, ConversationNotActive, FileRejected, ValidationFailed],
    ),
    ("replaceMessage", &[Forbidden, Blocked, ConversationNotActive, ValidationFailed]),
    ("editMessage", &[Forbidden, Blocked, ConversationNotActive, ValidationFailed]),
    ("deleteMessage", &[Forbidden]),
    ("listVersions", &[Forbidden]),
    (
        "forwardMessage",
        &[Blocked, ClientMessageIdConflict, ConversationNotActive, FileRejected, ValidationFailed],
    ),
    ("addReaction", &[Blocked, ConversationNotActive, LimitReached, ValidationFailed]),
    ("removeReaction", &[Blocked, ConversationNotActive, ValidationFailed]),
    ("readConversation", &[ValidationFailed]),
    ("pinMessage", &[Forbidden, Blocked, ConversationNotActive, LimitReached]),
    ("unpinMessage", &[Forbidden, Blocked, ConversationNotActive]),
    (
        "uploadFile",
        &[
            LimitReached,
            FileTooLarge,
            FileTypeNotAllowed,
            FileTypeMismatch,
            FileNotValid,
            ValidationFailed,
            QuotaReached,
        ],
    ),
    (
        "beginUpload",
        &[
            UploadOffset,
            LimitReached,
            PreconditionFailed,
            FileTooLarge,
            FileTypeNotAllowed,
            FileTypeMismatch,
            UnsupportedMediaType,
            FileNotValid,
            ChecksumMismatch,
            QuotaReached,
        ],
    ),
    (
        "getUpload",
        &[LimitReached, PreconditionFailed, FileTypeNotAllowed, FileTypeMismatch, FileNotValid, QuotaReached],
    ),
    (
        "continueUpload",
        &[
            UploadOffset,
            LimitReached,
            PreconditionFailed,
            FileTypeNotAllowed,
            FileTypeMismatch,
            FileNotValid,
            ChecksumMismatch,
            QuotaReached,
        ],
    ),
    ("cancelUpload", &[PreconditionFailed]),
    ("downloadFile", &[LinkExpired, FileScanning, FileRejected, PreconditionFailed, RangeNotSatisfiable]),
    ("getThumbnail", &[FileScanning, FileRejected]),
    ("deleteFile", &[AlreadyDone]),
    ("createFileLinks", &[ValidationFailed]),
    ("listRejectedFiles", &[Forbidden]),
    ("searchMessages", &[NotFound]),
    ("listIpRules", &[Forbidden]),
    ("createIpRule", &[Forbidden, LimitReached, ValidationFailed, WouldLockYouOut]),
    ("deleteIpRule", &[Forbidden, WouldLockYouOut]),
];

/// Documents what an operation can answer when it does not succeed.
pub(super) fn document(operation: &mut Operation, form: Form, components: &mut Components) {
    let codes = codes(operation, form);
    let statuses: BTreeSet<u16> = codes.iter().map(|code| code.status()).collect();
    for status in statuses {
        let alike: Vec<ErrorCode> = codes.iter().copied().filter(|code| code.status() == status).collect();
        // The same answer has the same name, so it is described once.
        let name = alike.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(".");
        operation.responses.responses.insert(status.to_string(), Ref::from_response_name(&name).into());
        components.responses.insert(name, response(&alike).into());
        for code in alike {
            let value = serde_json::to_value(example(code)).ok();
            let example = ExampleBuilder::new().summary(code.title()).value(value).build();
            components.examples.insert(code.as_str().to_owned(), example.into());
        }
    }
}

/// All that an operation can answer when it does not succeed, in the order of the documentation.
fn codes(operation: &Operation, form: Form) -> Vec<ErrorCode> {
    let mut codes = vec![InvalidHeader, AddressBlocked, RequestTimeout, RateLimited, Internal, Unavailable];
    // An operation that needs no sign-in says so.
    if operation.security.is_none() {
        codes.extend([Unauthenticated, TokenExpired, SessionEnded, AccountDisabled]);
    }
    if form != Form::Read {
        codes.extend([OutcomeUnknown, StorageFull]);
    }
    if form == Form::KeyedWrite {
        codes.extend([IdempotencyInProgress, IdempotencyKeyReused]);
        // To be recognised by its key, a request is read to its end, whether or not it needs a body; but not a file.
        if !takes_file(operation) {
            codes.push(PayloadTooLarge);
        }
    }
    if let Some(RefOr::T(body)) = &operation.request_body {
        codes.push(UnsupportedMediaType);
        if body.content.contains_key("application/json") {
            codes.extend([InvalidJson, PayloadTooLarge]);
        }
    }
    for parameter in operation.parameters.iter().flatten() {
        let RefOr::T(Parameter { name, parameter_in, .. }) = parameter else { continue };
        // What is wrong with a header has a code that every operation can answer.
        if *parameter_in != ParameterIn::Header {
            codes.push(InvalidParameter);
        }
        match parameter_in {
            // What an invite's code leads to is nobody's secret from whoever has the code.
            ParameterIn::Path if name != "code" => codes.push(NotFound),
            ParameterIn::Query if name == "cursor" => codes.push(InvalidCursor),
            _ => {}
        }
    }
    let id = operation.operation_id.as_deref();
    codes.extend(OWN.iter().filter(|(name, _)| Some(*name) == id).flat_map(|(_, own)| *own));
    ErrorCode::ALL.iter().copied().filter(|code| codes.contains(code)).collect()
}

fn takes_file(operation: &Operation) -> bool {
    match &operation.request_body {
        Some(RefOr::T(body)) => !body.content.contains_key("application/json"),
        _ => false,
    }
}

/// The answer of one status, with the codes that it can have.
fn response(codes: &[ErrorCode]) -> Response {
    let meanings: Vec<_> = codes.iter().map(|code| format!("- `{code}`: {}", code.title())).collect();
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes.iter().map(|code| code.as_str())));
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name("Problem"))
        .item(ObjectBuilder::new().property("code", code));
    let mut content = Content::new(Some(schema));
    for code in codes {
        show(&mut content, code.as_str());
    }
    let mut response = ResponseBuilder::new()
        .description(meanings.join("\n"))
        .content("application/problem+json", content)
        .build();
    let more = codes.iter().find_map(|code| match code {
        Unauthenticated | InvalidCredentials | SessionEnded => Some(header::WWW_AUTHENTICATE),
        RateLimited | Unavailable | IdempotencyInProgress => Some(header::RETRY_AFTER),
        _ => None,
    });
    add_headers(&mut response, more);
    response
}

/// How a problem of this code may look.
pub(in crate::rest) fn example(code: ErrorCode) -> Problem {
    let mut problem = Problem::new(code, detail(code), "0190163d-8694-739b-aea5-966c26f8ad91");
    match code {
        ValidationFailed => {
            problem.errors =
                vec![FieldError { field: "content".to_owned(), message: "must not be empty".to_owned() }];
        }
        RateLimited => problem.retry_after_seconds = Some(12),
        _ => {}
    }
    problem
}

fn detail(code: ErrorCode) -> &'static str {
    match code {
        InvalidJson => "the body: missing field `content` at line 1 column 2",
        InvalidParameter => "limit: 500 is not in the range of 1 to 100",
        InvalidCursor => "the cursor is not valid",
        UnknownType => "there is no type \"message.shout\"",
        InvalidHeader => "Idempotency-Key must be there once and have 1 to 255 visible ASCII characters",
        Unauthenticated => "the access token is missing or not valid",
        TokenExpired => "the access token has ended",
        SessionEnded => "the session has ended",
        InvalidCredentials => "the username or password is wrong",
        InvalidTicket => "the ticket was used before, is older than 30 seconds, or was never given out",
        Forbidden => "this takes the role admin in the conversation, or a higher one",
        OriginNotAllowed => "the origin https://example.com is not allowed to open a socket",
        RegistrationClosed => "nobody can sign up here",
        AddressBlocked => "requests from 203.0.113.7 are not taken",
        Blocked => "one of the two has blocked the other",
        AccountDisabled => "the account is disabled",
        LinkExpired => "the link was good until 2026-11-21T10:00:00.000Z",
        NotFound => "there is no such message, or you may not see it",
        MethodNotAllowed => "/api/v1/auth/login does not take GET",
        RequestTimeout => "the request was not done within 30 seconds; it may still be carried out",
        UsernameTaken => "the username is taken",
        ClientMessageIdConflict => "the clientMessageId was used for another message",
        IdempotencyInProgress => "the first request with this Idempotency-Key has no answer yet",
        ConversationNotActive => "the conversation is archived or closed",
        AlreadyDone => "the message has been sent",
        WouldLockYouOut => "this would keep out the address that you ask from, and you with it",
        FileScanning => "harbour.jpg is still being looked through for viruses",
        UploadOffset => "the upload goes on at 65536, not at 0",
        LimitReached => "there can be at most 100 pinned messages in a conversation",
        InviteNotValid => {
            "the invite link is unknown, has ended, was revoked, or has let in as many people as it may"
        }
        FileRejected => "invoice.zip is gone: Eicar-Test-Signature was found in it",
        PreconditionFailed => "If-Match names another version",
        FileTooLarge => "a file has at most 10485760 bytes",
        PayloadTooLarge => "the body has more than 262144 bytes",
        UnsupportedMediaType => "the Content-Type must be application/json",
        FileTypeNotAllowed => "files of type exe are not taken",
        FileTypeMismatch => "harbour.png is not a picture but text/html",
        RangeNotSatisfiable => "the file has 48213 bytes",
        FileNotValid => "the picture has 50000 x 50000 pixels; 50000000 in all are allowed",
        ValidationFailed => "content: must not be empty",
        IdempotencyKeyReused => "this Idempotency-Key belongs to a request with another method, path or body",
        UpgradeRequired => "this path speaks WebSocket: Upgrade: websocket, version 13",
        TooManyConnections => "a user can have 50 connections at one time",
        RateLimited => "30 messages a minute are allowed",
        ChecksumMismatch => "the bytes from 65536 on do not have the SHA-1 that Upload-Checksum says",
        QuotaReached => "you keep 1073741824 bytes of files, which is all that you may",
        Internal | OutcomeUnknown | Unavailable | StorageFull => code.help(),
    }
}

#[cfg(test)]
mod tests {
    use super::OWN;
    use std::collections::HashSet;

    #[test]
    fn the_table_names_each_operation_once_and_no_other() {
        let document = serde_json::to_value(crate::rest::openapi()).unwrap();
        let items = document["paths"].as_object().unwrap().values();
        let operations: HashSet<&str> = items
            .flat_map(|item| item.as_object().unwrap().values())
            .filter_map(|operation| operation["operationId"].as_str())
            .collect();
        let mut seen = HashSet::new();
        for (name, codes) in OWN {
            assert!(operations.contains(name), "there is no operation {name}");
            assert!(seen.insert(name) && !codes.is_empty(), "{name}");
        }
    }
}
