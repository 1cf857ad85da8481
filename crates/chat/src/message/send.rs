//! `message.send`

use crate::execute::{Submitted, unexpected};
use crate::text::Check;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{MessageDraft, MessageId, MessageKind, Reply, SendMessage, limits};
use natter_store::{NewMessage, Write, Written};
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
        validate(&draft)?;
        let new = NewMessage {
            id: MessageId::from_uuid(self.new_id()),
            conversation_id,
            sender: actor.summary(),
            kind: draft.kind,
            fingerprint: fingerprint(&draft),
            content: draft.content,
            client_message_id: draft.client_message_id,
            reply_to: draft.reply_to,
            thread_id: draft.thread_id,
            created_at: self.now(),
        };
        let committing = self.store.queue(Write::SendMessage(Box::new(new))).await?;
        let (chat, actor) = (Arc::clone(self), actor.id());
        Ok(Submitted::new(async move {
            match committing.await? {
                Written::Message(message) => Ok(Reply::Message { message, repeat: false }),
                Written::MessageRepeat(id) => {
                    let message = chat.store.message(id, actor).await?.ok_or(Error::NotFound("message"))?;
                    Ok(Reply::Message { message: Box::new(message), repeat: true })
                }
                other => Err(unexpected(&other)),
            }
        }))
    }
}

fn validate(draft: &MessageDraft) -> Result<()> {
    let mut check = Check::default();
    if draft.content.trim().is_empty() {
        check.fail("content", "must not be empty");
    }
    check.text("content", &draft.content, limits::MESSAGE_CHARS_MAX);
    if let Some(key) = &draft.client_message_id {
        check.line("clientMessageId", key, limits::CLIENT_MESSAGE_ID_CHARS_MAX);
    }
    if draft.attachments.len() > limits::MESSAGE_ATTACHMENTS_MAX {
        check.fail("attachments", format!("at most {} are allowed", limits::MESSAGE_ATTACHMENTS_MAX));
    } else if let Some(id) = draft.attachments.first() {
        check.fail("attachments", format!("there is no file {id}"));
    }
    if draft.kind == MessageKind::System {
        check.fail("kind", "only the server writes system messages");
    }
    check.done()
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
    for file in &draft.attachments {
        digest.update(file.uuid().as_bytes());
    }
    let digest = digest.finalize();
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(bytes)
}
