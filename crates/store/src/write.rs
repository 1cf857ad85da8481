//! The writes that the commit pipeline takes, and what becomes of each.

use crate::{NewConversation, NewMessage, NewSession, NewUser, Session, SessionRotation};
use natter_protocol::{ConversationId, Message, MessageId, PlatformRole, SessionId, Timestamp, UserId};

/// One change. A batch of them is one transaction.
#[derive(Debug, Clone)]
pub enum Write {
    /// Appends a message to its conversation.
    SendMessage(Box<NewMessage>),
    /// Creates a conversation and its log.
    CreateConversation(Box<NewConversation>),
    /// Creates a user.
    CreateUser(Box<NewUser>),
    /// Replaces a password.
    SetPassword {
        /// Whose.
        user_id: UserId,
        /// PHC string.
        password_hash: String,
        /// When; all sessions of the user end.
        now: Timestamp,
    },
    /// Replaces a platform role.
    SetRole {
        /// Whose.
        user_id: UserId,
        /// The new role.
        role: PlatformRole,
    },
    /// Starts a session.
    CreateSession(Box<NewSession>),
    /// Trades a refresh token. A token that is not the newest ends the session.
    RotateSession(Box<SessionRotation>),
    /// Ends a session; nothing happens if it has ended.
    EndSession {
        /// Which.
        id: SessionId,
        /// When.
        now: Timestamp,
    },
}

/// What became of a [`Write`].
#[derive(Debug, Clone)]
pub enum Written {
    /// The message is in the log.
    Message(Box<Message>),
    /// The message was there already, under this id.
    MessageRepeat(MessageId),
    /// The conversation is there.
    Conversation {
        /// Under this id.
        id: ConversationId,
        /// Whether it was there before.
        existed: bool,
    },
    /// The session goes on with the next refresh token.
    SessionRotated(Box<Session>),
    /// The session has ended, now or before, or is unknown.
    SessionOver,
    /// Done, and there is nothing to tell.
    Done,
}
