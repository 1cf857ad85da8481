//! Bringing in people, conversations and messages from elsewhere, with their own times.

use crate::{Actor, Chat, Result, execute::unexpected};
use natter_protocol::{
    ConversationId, ConversationInfo, ConversationKind, ConversationStatus, MessageId, MessageKind,
    PlatformRole, Timestamp, User, UserId, UserSummary, Visibility,
};
use natter_store::{Committing, NewConversation, NewMessage, Write, Written};

/// Writes as history what happened elsewhere. Nothing is checked but what the store checks, and nobody is notified:
/// for operators, through `natter seed`.
pub struct Import<'a>(&'a Chat);

impl Chat {
    /// See [`Import`].
    pub const fn import(&self) -> Import<'_> {
        Import(self)
    }
}

impl Import<'_> {
    /// The user of this name, created without a password if there is none.
    pub async fn user(&self, username: &str, display_name: &str) -> Result<User> {
        if let Some(known) = self.0.store.credentials(username).await? {
            return Ok(known.user);
        }
        let (username, display_name) = (username.to_owned(), display_name.to_owned());
        self.0.insert_user(username, display_name, None, PlatformRole::User, None).await
    }

    /// Acts for a user without their token.
    pub const fn actor(&self, user: User) -> Actor {
        Actor { user, session: None }
    }

    /// A conversation of the first of these people with the others.
    pub async fn conversation(
        &self,
        kind: ConversationKind,
        name: Option<&str>,
        owner: UserId,
        members: Vec<UserId>,
        created_at: Timestamp,
    ) -> Result<ConversationId> {
        let visibility =
            if kind == ConversationKind::Channel { Visibility::Public } else { Visibility::Private };
        let info = ConversationInfo {
            id: ConversationId::from_uuid(self.0.new_id()),
            kind,
            name: name.map(str::to_owned),
            topic: None,
            visibility,
            status: ConversationStatus::Active,
            created_by: owner,
            created_at,
            updated_at: created_at,
        };
        let write = Write::CreateConversation(Box::new(NewConversation { info, members }));
        match self.0.store.queue(write).await?.await? {
            Written::Conversation { id, .. } => Ok(id),
            other => Err(unexpected(&other)),
        }
    }

    /// Puts a message in line; it is kept once the answer resolves.
    pub async fn message(
        &self,
        conversation: ConversationId,
        sender: UserSummary,
        content: String,
        created_at: Timestamp,
    ) -> Result<Committing> {
        let new = NewMessage {
            id: MessageId::from_uuid(self.0.new_id()),
            conversation_id: conversation,
            sender,
            kind: MessageKind::Text,
            content,
            client_message_id: None,
            fingerprint: 0,
            reply_to: None,
            thread_id: None,
            created_at,
        };
        Ok(self.0.store.queue(Write::SendMessage(Box::new(new))).await?)
    }
}
