//! Bringing in people, conversations and messages from elsewhere, with their own times.

use super::register::check_username;
use crate::text::{self, Check};
use crate::{Chat, Error, Result, execute::unexpected};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use natter_protocol::{
    ConversationId, ConversationInfo, ConversationKind, ConversationStatus, MessageId, MessageKind,
    PlatformRole, Timestamp, User, UserId, UserSummary, Visibility, limits,
};
use natter_store::{Attachments, Mentions, NewConversation, NewMessage, Write, Written};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use uuid::Uuid;

/// Bytes of a text's digest in a message's key: enough to tell two versions of one file apart.
const DIGEST_BYTES: usize = 9;

/// Writes as history what happened elsewhere; nobody is notified. For operators, through `natter seed`.
///
/// Everything goes under a key that the caller derives from its source, so that an import that was interrupted, or
/// is repeated, adds only what is missing.
pub struct Import<'a>(&'a Chat);

/// A conversation as it was elsewhere.
#[derive(Debug, Clone)]
pub struct ImportConversation {
    /// Tells it from all others of all sources.
    pub key: String,
    /// What kind of conversation it is. A channel is public.
    pub kind: ConversationKind,
    /// Its name; none for a direct conversation.
    pub name: Option<String>,
    /// What it is about.
    pub topic: Option<String>,
    /// Who created it.
    pub owner: UserId,
    /// Who else is in it, each once.
    pub members: Vec<UserId>,
    /// When it was created; the same in a repeat.
    pub created_at: Timestamp,
}

/// A message as it was elsewhere.
#[derive(Debug, Clone)]
pub struct ImportMessage {
    /// Tells it, together with its text, from all other messages of its sender in its conversation.
    pub key: String,
    /// Where it was written.
    pub conversation_id: ConversationId,
    /// Who wrote it.
    pub sender: UserSummary,
    /// The text.
    pub content: String,
    /// When.
    pub created_at: Timestamp,
}

/// Whether an import made something or found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It is new.
    New,
    /// An earlier run brought it.
    Known,
}

impl Chat {
    /// See [`Import`].
    pub const fn import(&self) -> Import<'_> {
        Import(self)
    }
}

impl Import<'_> {
    /// Whether nobody has an account yet.
    pub async fn is_empty(&self) -> Result<bool> {
        Ok(!self.0.store.has_users().await?)
    }

    /// When the import of this name first began: what is derived from it is the same in each repeat.
    pub async fn began(&self, name: &str) -> Result<Timestamp> {
        let now = self.0.now();
        let first = self.0.store.secret(&format!("import_began/{name}"), &now.millis().to_string()).await?;
        Ok(first.parse().map_or(now, Timestamp::from_millis))
    }

    /// The user of this name, created without a password if there is none.
    pub async fn user(&self, username: &str) -> Result<(User, Imported)> {
        if let Some(known) = self.known_user(username).await? {
            return Ok((known, Imported::Known));
        }
        let (username, display_name) = (username.to_owned(), username.to_owned());
        let user = self.0.insert_user(username, display_name, None, PlatformRole::User, None).await?;
        Ok((user, Imported::New))
    }

    /// The user of this name.
    pub async fn known_user(&self, username: &str) -> Result<Option<User>> {
        Ok(self.0.store.credentials(username).await?.map(|known| known.user))
    }

    /// The conversation under this key, created if there is none. One that is there must have these members.
    pub async fn conversation(&self, new: ImportConversation) -> Result<(ConversationId, Imported)> {
        let id = ConversationId::from_uuid(derived_id(&new.key, new.created_at));
        if let Some(roster) = self.0.store.roster(id, None).await? {
            let known: HashSet<_> = roster.members.into_iter().collect();
            return if new.members.iter().all(|member| known.contains(member)) {
                Ok((id, Imported::Known))
            } else {
                let name = new.name.unwrap_or_default();
                let message =
                    format!("{name:?} is there already without some of them, and nobody can be added to it");
                Err(Error::field("members", message))
            };
        }
        let public = new.kind == ConversationKind::Channel;
        let info = ConversationInfo {
            id,
            kind: new.kind,
            name: new.name,
            topic: new.topic,
            visibility: if public { Visibility::Public } else { Visibility::Private },
            status: ConversationStatus::Active,
            link_previews: true,
            created_by: new.owner,
            created_at: new.created_at,
            updated_at: new.created_at,
        };
        let write = Write::CreateConversation(Box::new(NewConversation { info, members: new.members }));
        match self.0.store.queue(write).await?.await? {
            Written::Conversation { id, existed: false } => Ok((id, Imported::New)),
            Written::Conversation { id, existed: true } => Ok((id, Imported::Known)),
            other => Err(unexpected(&other)),
        }
    }

    /// Puts a message in line, behind those that were put there before; it is kept once the answer resolves.
    pub async fn message(
        &self,
        new: ImportMessage,
    ) -> Result<impl Future<Output = Result<Imported>> + use<>> {
        let digest = Sha256::digest(new.content.as_bytes());
        let new = NewMessage {
            id: MessageId::from_uuid(self.0.new_id()),
            conversation_id: new.conversation_id,
            sender: new.sender,
            kind: MessageKind::Text,
            content: text::tidy(&new.content),
            client_message_id: Some(format!(
                "{}/{}",
                new.key,
                URL_SAFE_NO_PAD.encode(&digest[..DIGEST_BYTES])
            )),
            // The key tells other texts apart already.
            fingerprint: 0,
            reply_to: None,
            thread_id: None,
            mentions: Mentions::default(),
            forwarded_from: None,
            system: None,
            attachments: Attachments::default(),
            created_at: new.created_at,
        };
        let committing = self.0.store.queue(Write::SendMessage(Box::new(new))).await?;
        Ok(async {
            match committing.await? {
                Written::Message(_) => Ok(Imported::New),
                Written::MessageRepeat(_) => Ok(Imported::Known),
                other => Err(unexpected(&other)),
            }
        })
    }
}

/// Whether a message from elsewhere can be kept: by its sender's username, the name of its channel, and its text.
pub fn check_import(sender: &str, channel: &str, content: &str) -> Result<()> {
    let mut check = Check::default();
    check_username(&mut check, sender);
    check.line("conversation", channel, limits::CONVERSATION_NAME_CHARS_MAX);
    check.text("text", content, limits::MESSAGE_CHARS_MAX);
    check.done()
}

/// A UUID of version 7 whose random part is drawn from a key.
fn derived_id(key: &str, time: Timestamp) -> Uuid {
    let digest = Sha256::digest(key.as_bytes());
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&digest[..10]);
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(time.millis()).unwrap_or_default(), &bytes)
        .into_uuid()
}
