//! `message.forward`

use crate::execute::Submitted;
use crate::text::Check;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{
    ConversationStatus, ForwardMessage, ForwardedFrom, MessageId, MessageKind, Page, Reply, limits,
};
use natter_store::{Attachments, Mentions, NewMessage};
use std::collections::HashSet;
use std::sync::Arc;

impl Chat {
    /// Copies a message into other conversations. Each copy is a message of the actor that names where it comes from
    /// and mentions nobody. All conversations are checked before the first copy is put in line.
    pub(crate) async fn forward_message(
        self: &Arc<Self>,
        actor: &Actor,
        forward: ForwardMessage,
    ) -> Result<Submitted> {
        validate(&forward)?;
        let message = self.message(actor, forward.message_id).await?;
        if message.deleted_at.is_some() || message.kind == MessageKind::System {
            return Err(Error::NotFound("message"));
        }
        for id in &forward.conversation_ids {
            let standing = self.standing(actor, *id).await?;
            if standing.blocked {
                return Err(Error::Blocked);
            }
            if standing.status != ConversationStatus::Active {
                return Err(Error::ConversationNotActive);
            }
        }
        let origin = message
            .forwarded_from
            .unwrap_or(ForwardedFrom { sender: message.sender, created_at: message.created_at });
        let key = forward.client_message_id.or_else(|| actor.request.map(|id| id.to_string()));
        let files = match message.attachments.as_slice() {
            [] => Attachments::default(),
            _ => Attachments::Of(forward.message_id),
        };
        let mut copies = Vec::with_capacity(forward.conversation_ids.len());
        for conversation_id in forward.conversation_ids {
            let new = NewMessage {
                id: MessageId::from_uuid(self.new_id()),
                conversation_id,
                sender: actor.summary(),
                kind: message.kind,
                content: message.content.clone(),
                // One conversation gets at most one copy of each forward, so the key may be the same in all.
                client_message_id: key.as_ref().map(|key| format!("forward/{key}")),
                fingerprint: fingerprint(forward.message_id),
                reply_to: None,
                thread_id: None,
                mentions: Mentions::default(),
                forwarded_from: Some(origin.clone()),
                system: None,
                attachments: files.clone(),
                created_at: self.now(),
            };
            copies.push(self.append_message(actor, new).await?);
        }
        Ok(Submitted::new(async move {
            let mut messages = Vec::with_capacity(copies.len());
            for copy in copies {
                match copy.await? {
                    Reply::Message { message, .. } => messages.push(*message),
                    other => return Err(Error::Internal(format!("a send answered {other:?}"))),
                }
            }
            Ok(Reply::Messages(Page::new(messages, None)))
        }))
    }
}

fn validate(forward: &ForwardMessage) -> Result<()> {
    let mut check = Check::default();
    let (count, max) = (forward.conversation_ids.len(), limits::FORWARD_CONVERSATIONS_MAX);
    if count == 0 || count > max {
        check.fail("conversationIds", format!("names {count} conversations; 1 to {max} are allowed"));
    }
    if forward.conversation_ids.iter().collect::<HashSet<_>>().len() != count {
        check.fail("conversationIds", "names a conversation twice");
    }
    if let Some(key) = &forward.client_message_id {
        check.line("clientMessageId", key, limits::FORWARD_KEY_CHARS_MAX);
    }
    check.done()
}

/// Which message it is a copy of: the same key for another message is a slip of the client.
fn fingerprint(id: MessageId) -> i64 {
    let (high, low) = id.uuid().as_u64_pair();
    (high ^ low).cast_signed()
}
