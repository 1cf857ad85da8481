//! `message.read`

use crate::execute::{Submitted, unexpected};
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{MarkRead, Reply};
use natter_store::{Anchor, MarkRead as StoredMark, Write, Written};
use std::sync::Arc;

impl Chat {
    pub(crate) async fn mark_read(self: &Arc<Self>, actor: &Actor, mark: MarkRead) -> Result<Submitted> {
        let up_to = match (mark.message_id, mark.seq) {
            (Some(_), Some(_)) => return Err(Error::field("seq", "excludes messageId: pass one of them")),
            (Some(message), None) => Some(Anchor::Message(message)),
            (None, Some(seq)) => Some(Anchor::Seq(seq)),
            (None, None) => None,
        };
        let conversation_id = match (mark.conversation_id, mark.message_id) {
            (Some(id), _) => id,
            (None, Some(message)) => self.message(actor, message).await?.conversation_id,
            (None, None) => {
                return Err(Error::field("conversationId", "is required when there is no messageId"));
            }
        };
        let user_id = actor.id();
        let write = Write::MarkRead(StoredMark { conversation_id, user_id, up_to, at: self.now() });
        self.commit(write, async move |chat, written| match written {
            Written::Read { conversation_id, .. } => {
                let state = chat.store.read_state(conversation_id, user_id).await?;
                Ok(Reply::Read(state.ok_or(Error::NotFound("conversation"))?))
            }
            other => Err(unexpected(&other)),
        })
        .await
    }
}
