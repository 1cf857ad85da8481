//! How the domain says no.

use crate::TokenFault;
use natter_files::Refused;
use natter_files::blobs::BlobsError;
use natter_files::intake::IntakeError;
use natter_protocol::{ErrorCode, FieldError, MemberRole, Problem, Timestamp};
use natter_store::{QuotaOf, Refusal, StoreError};

/// Why something was not done. [`Error::problem`] is the one place where it gets its words on the wire.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Some fields are not valid.
    #[error("{}", sentences(.0))]
    Validation(Vec<FieldError>),
    /// A parameter of the path or query makes no sense.
    #[error("{name}: {message}")]
    InvalidParameter {
        /// Its name, as the request spells it.
        name: &'static str,
        /// What would be right.
        message: &'static str,
    },
    /// A cursor that this server did not give out for this list.
    #[error("the cursor is not valid")]
    InvalidCursor,
    /// There is no token, or its user is gone.
    #[error("the access token is missing or not valid")]
    Unauthenticated,
    /// The access token is not taken.
    #[error(transparent)]
    Token(#[from] TokenFault),
    /// No key of the host application is known, so that its tokens can be neither taken nor refused.
    #[error("the keys of the host application cannot be fetched right now")]
    KeysUnavailable,
    /// The session is over.
    #[error("the session has ended")]
    SessionEnded,
    /// The username or password is wrong.
    #[error("the username or password is wrong")]
    InvalidCredentials,
    /// The ticket was used, is too old, or was never given out.
    #[error("the ticket was used before, is older than 30 seconds, or was never given out")]
    InvalidTicket,
    /// Strangers cannot sign up.
    #[error("nobody can sign up here")]
    RegistrationClosed,
    /// There is no such thing, or the caller may not see it.
    #[error("there is no such {0}, or you may not see it")]
    NotFound(&'static str),
    /// The caller sees it but may not do this, whatever their role.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The caller sees it, but this takes a higher role.
    #[error("this takes the role {} in the conversation, or a higher one", role(*.0))]
    RoleTooLow(MemberRole),
    /// There is a block between the two.
    #[error("one of the two has blocked the other")]
    Blocked,
    /// The account is disabled.
    #[error("the account is disabled")]
    AccountDisabled,
    /// The link is unknown, has ended, or is used up.
    #[error("the invite link is unknown, has ended, was revoked, or has let in as many people as it may")]
    InviteNotValid,
    /// It is not in the state that this needs.
    #[error("{0}")]
    AlreadyDone(&'static str),
    /// A named bound is reached.
    #[error("there can be at most {max} {what}")]
    LimitReached {
        /// What there is too much of, in the plural.
        what: &'static str,
        /// The bound.
        max: u64,
    },
    /// Another user has this name.
    #[error("the username is taken")]
    UsernameTaken,
    /// The key was used for another message.
    #[error("the clientMessageId was used for another message")]
    ClientMessageIdConflict,
    /// It is archived or closed.
    #[error("the conversation is archived or closed")]
    ConversationNotActive,
    /// The caller would keep themselves out.
    #[error("this would keep out the address that you ask from, and you with it")]
    WouldLockYouOut,
    /// Too much is waiting.
    #[error("{0}")]
    Overloaded(&'static str),
    /// The database is away. Nothing was done.
    #[error("{0}")]
    Unavailable(String),
    /// The commit's outcome is not known.
    #[error("{0}")]
    OutcomeUnknown(String),
    /// The disk is full. Nothing was done.
    #[error("the disk is full")]
    StorageFull,
    /// A virus was found in the file.
    #[error("a virus was found in the file, and its content is deleted")]
    FileRejected,
    /// The file is still being scanned.
    #[error("the file is still being looked through for viruses")]
    FileScanning,
    /// There is nothing in the file.
    #[error("the file is empty")]
    EmptyFile,
    /// The file cannot be taken.
    #[error(transparent)]
    File(Refused),
    /// The file is too large.
    #[error("a file has at most {0} bytes")]
    FileTooLarge(u64),
    /// The upload does not go on like that.
    #[error(transparent)]
    Upload(IntakeError),
    /// The link to the file does not work any more.
    #[error("the link was good until {0}")]
    LinkExpired(Timestamp),
    /// There is no room for more files.
    #[error("there is no room left {0}")]
    QuotaReached(&'static str),
    /// A fault of this program.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// One field that is not valid.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Validation(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }

    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Validation(_) => ErrorCode::ValidationFailed,
            Self::InvalidParameter { .. } => ErrorCode::InvalidParameter,
            Self::InvalidCursor => ErrorCode::InvalidCursor,
            Self::Token(TokenFault::Expired) => ErrorCode::TokenExpired,
            Self::Unauthenticated | Self::Token(_) => ErrorCode::Unauthenticated,
            Self::SessionEnded => ErrorCode::SessionEnded,
            Self::InvalidCredentials => ErrorCode::InvalidCredentials,
            Self::InvalidTicket => ErrorCode::InvalidTicket,
            Self::RegistrationClosed => ErrorCode::RegistrationClosed,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Forbidden(_) | Self::RoleTooLow(_) => ErrorCode::Forbidden,
            Self::Blocked => ErrorCode::Blocked,
            Self::AccountDisabled => ErrorCode::AccountDisabled,
            Self::InviteNotValid => ErrorCode::InviteNotValid,
            Self::AlreadyDone(_) => ErrorCode::AlreadyDone,
            Self::LimitReached { .. } => ErrorCode::LimitReached,
            Self::UsernameTaken => ErrorCode::UsernameTaken,
            Self::ClientMessageIdConflict => ErrorCode::ClientMessageIdConflict,
            Self::ConversationNotActive => ErrorCode::ConversationNotActive,
            Self::WouldLockYouOut => ErrorCode::WouldLockYouOut,
            Self::Overloaded(_) | Self::KeysUnavailable | Self::Unavailable(_) => ErrorCode::Unavailable,
            Self::OutcomeUnknown(_) => ErrorCode::OutcomeUnknown,
            Self::StorageFull => ErrorCode::StorageFull,
            Self::FileRejected => ErrorCode::FileRejected,
            Self::FileScanning => ErrorCode::FileScanning,
            Self::EmptyFile => ErrorCode::FileNotValid,
            Self::File(refused) => refused.code(),
            Self::FileTooLarge(_) => ErrorCode::FileTooLarge,
            Self::Upload(error) => error.code(),
            Self::LinkExpired(_) => ErrorCode::LinkExpired,
            Self::QuotaReached(_) => ErrorCode::QuotaReached,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// The error as the wire writes it. What only the operator should know goes to the log.
    pub fn problem(self, request_id: &str) -> Problem {
        let code = self.code();
        let detail = match &self {
            Self::Unavailable(reason) | Self::OutcomeUnknown(reason) | Self::Internal(reason) => {
                tracing::error!(request_id, %code, reason, "a request failed");
                code.help().to_owned()
            }
            other => other.to_string(),
        };
        let mut problem = Problem::new(code, detail, request_id);
        if let Self::Validation(fields) = self {
            problem.errors = fields;
        }
        problem
    }
}

fn sentences(fields: &[FieldError]) -> String {
    let sentences: Vec<_> =
        fields.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
    sentences.join("; ")
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => refusal.into(),
            StoreError::Unavailable(reason) => Self::Unavailable(reason),
            StoreError::Full => Self::StorageFull,
            StoreError::OutcomeUnknown(reason) => Self::OutcomeUnknown(reason),
            StoreError::Broken(reason) => Self::Internal(reason),
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::StorageFull => Self::StorageFull,
            Refused::Unreadable(error) => Self::Internal(format!("an upload cannot be read: {error}")),
            refused => Self::File(refused),
        }
    }
}

impl From<IntakeError> for Error {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::NotFound => Self::NotFound("upload"),
            IntakeError::TooLarge { bytes_max } => Self::FileTooLarge(bytes_max),
            IntakeError::TooMany { uploads_max } => {
                Self::LimitReached { what: "uploads under way", max: uploads_max }
            }
            IntakeError::StorageFull => Self::StorageFull,
            IntakeError::Closed(closed) => Self::Unavailable(closed.to_string()),
            IntakeError::Disk(error) => Self::Internal(format!("uploads: {error}")),
            error => Self::Upload(error),
        }
    }
}

impl From<BlobsError> for Error {
    fn from(error: BlobsError) -> Self {
        match error {
            BlobsError::StorageFull => Self::StorageFull,
            BlobsError::Failed(cause) => Self::Unavailable(format!("where files are kept: {cause}")),
            error @ (BlobsError::NotFound | BlobsError::NotBuiltIn) => Self::Internal(error.to_string()),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAMember | Refusal::NotJoinable => Self::NotFound("conversation"),
            Refusal::ConversationNotActive => Self::ConversationNotActive,
            Refusal::ClientMessageIdConflict => Self::ClientMessageIdConflict,
            Refusal::ReplyUnknown => Self::field("replyTo", "is no message of this conversation"),
            Refusal::ThreadUnknown => Self::field("threadId", "is no message of this conversation"),
            Refusal::AnchorUnknown => Self::NotFound("message in this conversation"),
            Refusal::UsernameTaken => Self::UsernameTaken,
            Refusal::UserUnknown => Self::NotFound("user"),
            Refusal::MessageUnknown => Self::NotFound("message"),
            Refusal::MemberUnknown => Self::NotFound("member"),
            Refusal::RoleTooLow => Self::Forbidden("this takes a higher role in the conversation"),
            Refusal::NotTheSender => Self::Forbidden("only whoever wrote a message may change it"),
            Refusal::Blocked => Self::Blocked,
            Refusal::InviteNotValid => Self::InviteNotValid,
            Refusal::FileUnknown => {
                Self::field("attachments", "names a file that is not there, or not yours")
            }
            Refusal::FileRejected => Self::FileRejected,
            Refusal::FileHeld => Self::AlreadyDone("a message holds the file; it goes with the message"),
            Refusal::QuotaReached(QuotaOf::User) => Self::QuotaReached("for your files"),
            Refusal::QuotaReached(QuotaOf::Total) => Self::QuotaReached("for anybody's files"),
            Refusal::LimitReached { what, max } => Self::LimitReached { what, max },
        }
    }
}

const fn role(role: MemberRole) -> &'static str {
    match role {
        MemberRole::Member => "member",
        MemberRole::Moderator => "moderator",
        MemberRole::Admin => "admin",
        MemberRole::Owner => "owner",
    }
}
