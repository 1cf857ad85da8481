//! `message.edit` and `message.delete`

use super::send::validate_content;
use crate::execute::{Submitted, unexpected};
use crate::permission::{self, Act as Deed};
use crate::{Actor, Chat, Result};
use natter_protocol::{EditMessage, MemberRole, MessageId, Reply};
use natter_store::{Act, DeleteMessage, EditMessage as StoredEdit, Write, Written};
use std::sync::Arc;

impl Chat {
    pub(crate) async fn edit_message(
        self: &Arc<Self>,
        actor: &Actor,
        edit: EditMessage,
    ) -> Result<Submitted> {
        let message = self.message(actor, edit.message_id).await?;
        let content = validate_content(&edit.content, !message.attachments.is_empty())?;
        let write = Write::EditMessage(Box::new(StoredEdit {
            message_id: message.id,
            actor: actor.summary(),
            mentions: self.mentions(actor, message.conversation_id, &content).await?,
            content,
            at: self.now(),
        }));
        self.commit_message(actor, write).await
    }

    pub(crate) async fn delete_message(self: &Arc<Self>, actor: &Actor, id: MessageId) -> Result<Submitted> {
        let message = self.message(actor, id).await?;
        let standing = self.standing(actor, message.conversation_id).await?;
        // Where nobody may delete what others wrote, no role is enough but the sender's own right.
        let role_min = permission::role_min(Deed::DeleteOthersMessage, standing.kind);
        let act = Act {
            conversation_id: message.conversation_id,
            actor: actor.summary(),
            role_min: role_min.unwrap_or(MemberRole::Owner),
            at: self.now(),
        };
        let write = Write::DeleteMessage(Box::new(DeleteMessage { message_id: id, act }));
        self.commit_message(actor, write).await
    }

    /// Puts a change of a message in line, and answers with the message as the actor sees it then.
    pub(crate) async fn commit_message(self: &Arc<Self>, actor: &Actor, write: Write) -> Result<Submitted> {
        let actor = actor.clone();
        let edited = matches!(write, Write::EditMessage(_));
        self.commit(write, async move |chat, written| match written {
            Written::Message(message) => {
                if edited {
                    chat.preview_later(&message);
                }
                let message = Box::new(chat.message(&actor, message.id).await?);
                Ok(Reply::Message { message, repeat: false })
            }
            other => Err(unexpected(&other)),
        })
        .await
    }
}
