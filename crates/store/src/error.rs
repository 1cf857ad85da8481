//! How the store says no.

/// Whose room for files is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaOf {
    /// That of the user.
    User,
    /// That of all together.
    Total,
}

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
    /// There is no such message, or the caller may not see it, or it is deleted.
    #[error("there is no such message")]
    MessageUnknown,
    /// What was asked takes a higher role than the caller has.
    #[error("this takes a higher role in the conversation")]
    RoleTooLow,
    /// Only whoever wrote a message may change its text, and nobody a system message.
    #[error("only its sender may do this")]
    NotTheSender,
    /// There is a block between the two.
    #[error("one of the two has blocked the other")]
    Blocked,
    /// This conversation cannot be joined without being invited.
    #[error("this conversation cannot be joined without an invitation")]
    NotJoinable,
    /// The person is not a member.
    #[error("there is no such member")]
    MemberUnknown,
    /// The link is unknown, has ended, or is used up.
    #[error("the invite link is not valid")]
    InviteNotValid,
    /// There is no such file, or it is not the sender's, or not of a message that the sender sees.
    #[error("there is no such file")]
    FileUnknown,
    /// A virus was found in the file.
    #[error("a virus was found in the file")]
    FileRejected,
    /// The file is attached to a message, sent or to be sent.
    #[error("a message holds the file")]
    FileHeld,
    /// There is no room for the file.
    #[error("there is no room left for files")]
    QuotaReached(QuotaOf),
    /// A named bound is reached.
    #[error("there can be at most {max} {what}")]
    LimitReached {
        /// What there is too much of, in the plural.
        what: &'static str,
        /// The bound.
        max: u64,
    },
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
