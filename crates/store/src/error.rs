//! How the store says no.

/// A write that the state of the database forbids. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such conversation, or the sender is not in it.
    #[error("there is no such conversation, or the sender is not a member")]
    NotAMember,
    /// It is archived or closed.
    #[error("the conversation takes no messages")]
    ConversationNotActive,
    /// The key was used for a message with other content.
    #[error("the clientMessageId was used for another message")]
    ClientMessageIdConflict,
    /// `replyTo` names no message of this conversation.
    #[error("replyTo names no message of this conversation")]
    ReplyUnknown,
    /// `threadId` names no message of this conversation.
    #[error("threadId names no message of this conversation")]
    ThreadUnknown,
    /// A window is anchored at a message that this conversation does not have.
    #[error("there is no such message in this conversation")]
    AnchorUnknown,
    /// Another user has this name.
    #[error("the username is taken")]
    UsernameTaken,
    /// There is no such user.
    #[error("there is no such user")]
    UserUnknown,
}

/// Why a read or write did not happen.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The state of the database forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database cannot be reached or is shutting down. Nothing was done; it may work later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The disk is full. Nothing was done.
    #[error("the disk is full")]
    Full,
    /// The database failed during the commit. A repeat under the same key tells.
    #[error("it is not known whether the write was committed: {0}")]
    OutcomeUnknown(String),
    /// The database answered what this program did not expect: a fault of one of them.
    #[error("the database failed: {0}")]
    Broken(String),
}
