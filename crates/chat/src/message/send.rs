//! `message.send`

use crate::execute::{Submitted, unexpected};
use crate::file::attach;
use crate::permission::{self, Act};
use crate::text::{Check, is_blank, mention};
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{
    ConversationId, GroupMention, MessageDraft, MessageId, MessageKind, Reply, SendMessage, UserId, limits,
};
use natter_store::{Attachments, Mentions, NewMessage, Write, Written};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

impl Chat {
    /// Whether the sender is a member is decided in the transaction that appends the message, so that nobody who was
    /// removed meanwhile gets another word in.
    pub(crate) async fn send_message(
        self: &Arc<Self>,
        actor: &Actor,
        send: SendMessage,
    ) -> Result<Submitted> {
        let SendMessage { conversation_id, draft } = send;
        let content = validate(&draft)?;
        self.check_voice(actor, draft.kind, &draft.attachments).await?;
        let new = NewMessage {
            id: MessageId::from_uuid(self.new_id()),
            conversation_id,
            sender: actor.summary(),
            kind: draft.kind,
            fingerprint: fingerprint(&draft),
            mentions: self.mentions(actor, conversation_id, &content).await?,
            content,
            // A request that can be told from others needs no other key.
            client_message_id: draft.client_message_id.or_else(|| actor.request.map(|id| id.to_string())),
            reply_to: draft.reply_to,
            thread_id: self.thread_root(actor, draft.thread_id).await?,
            forwarded_from: None,
            system: None,
            attachments: Attachments::Own(draft.attachments),
            created_at: self.now(),
        };
        self.append_message(actor, new).await
    }

    /// The message that started the thread: threads do not nest, so answering in a thread stays in it. What the sender
    /// cannot see is refused when the message is appended.
    pub(crate) async fn thread_root(
        &self,
        actor: &Actor,
        named: Option<MessageId>,
    ) -> Result<Option<MessageId>> {
        let Some(id) = named else { return Ok(None) };
        match self.store.message(id, actor.id()).await? {
            Some(message) if message.kind == MessageKind::System => {
                Err(Error::field("threadId", "is a system message, which starts no thread"))
            }
            Some(message) => Ok(message.thread_id.or(named)),
            None => Ok(named),
        }
    }

    /// Puts a message in line.
    pub(crate) async fn append_message(
        self: &Arc<Self>,
        actor: &Actor,
        new: NewMessage,
    ) -> Result<Submitted> {
        let actor = actor.clone();
        self.commit(Write::SendMessage(Box::new(new)), async move |chat, written| match written {
            Written::Message(message) => {
                chat.preview_later(&message);
                Ok(Reply::Message { message, repeat: false })
            }
            Written::MessageRepeat(id) => {
                let message = Box::new(chat.message(&actor, id).await?);
                Ok(Reply::Message { message, repeat: true })
            }
            other => Err(unexpected(&other)),
        })
        .await
    }

    /// Whom a text mentions. Parsed here and nowhere else; most texts mention nobody, and then nothing is read.
    pub(crate) async fn mentions(
        &self,
        actor: &Actor,
        id: ConversationId,
        content: &str,
    ) -> Result<Mentions> {
        let found = mention::mentions(content);
        if found.usernames.is_empty() && !found.here && !found.all {
            return Ok(Mentions::default());
        }
        // A stranger is refused when the message is appended; here it only mentions nobody.
        let Some(standing) = self.store.standing(id, actor.id()).await? else {
            return Ok(Mentions::default());
        };
        let named = self.store.users_named(&found.usernames).await?;
        let named: Vec<UserId> = named.into_iter().map(|user| user.id).collect();
        let may =
            permission::role_min(Act::MentionGroup, standing.kind).is_some_and(|min| standing.role >= min);
        let group = match (found.all, found.here) {
            (true, _) if may => Some(GroupMention::All),
            (false, true) if may => Some(GroupMention::Here),
            _ => None,
        };
        let here = match group {
            Some(GroupMention::Here) => self.here(id, actor.id()).await?,
            _ => None,
        };
        Ok(Mentions { named, group, here })
    }

    /// The members who are connected, unless they are too many to list.
    async fn here(&self, id: ConversationId, besides: UserId) -> Result<Option<Vec<UserId>>> {
        let Some(roster) = self.store.roster(id, None).await? else { return Ok(Some(Vec::new())) };
        let here: Vec<UserId> = roster
            .members
            .into_iter()
            .filter(|user| *user != besides && self.hub.is_online(*user))
            .take(limits::HERE_MENTIONS_MAX + 1)
            .collect();
        Ok((here.len() <= limits::HERE_MENTIONS_MAX).then_some(here))
    }
}

/// The text as it is kept.
pub(crate) fn validate(draft: &MessageDraft) -> Result<String> {
    let mut check = Check::default();
    let content = content(&mut check, &draft.content, !draft.attachments.is_empty());
    if let Some(key) = &draft.client_message_id {
        check.line("clientMessageId", key, limits::CLIENT_MESSAGE_ID_CHARS_MAX);
    }
    attach::check(&mut check, draft);
    check.done()?;
    Ok(content)
}

/// A text that replaces another one.
pub(crate) fn validate_content(text: &str, with_files: bool) -> Result<String> {
    let mut check = Check::default();
    let content = content(&mut check, text, with_files);
    check.done()?;
    Ok(content)
}

/// A text may show nothing where files do.
fn content(check: &mut Check, text: &str, with_files: bool) -> String {
    if with_files && is_blank(text) { String::new() } else { check.message("content", text) }
}

/// A digest of all that the sender chose. Sixty-four bits: it tells a slip of the client from a repeat; it guards
/// nothing against the sender, who could as well send the other message.
fn fingerprint(draft: &MessageDraft) -> i64 {
    let mut digest = Sha256::new();
    digest.update(draft.content.as_bytes());
    for reference in [draft.reply_to, draft.thread_id] {
        digest.update([0, u8::from(reference.is_some())]);
        digest.update(reference.map(|id| *id.uuid().as_bytes()).unwrap_or_default());
    }
    // What was sent before there was another kind has the digest that it had.
    if draft.kind != MessageKind::Text {
        digest.update([draft.kind as u8]);
    }
    for file in &draft.attachments {
        digest.update(file.uuid().as_bytes());
    }
    let digest = digest.finalize();
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(bytes)
}
