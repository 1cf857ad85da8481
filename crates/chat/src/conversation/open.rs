//! The direct conversation with somebody

use crate::execute::Submitted;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{Command, ConversationKind, CreateConversation, Reply};
use std::sync::Arc;

impl Chat {
    /// The direct conversation with somebody, created if there is none. Not where there is a block: what was written
    /// before stays readable under the conversation's id.
    pub(crate) async fn open_direct(self: &Arc<Self>, actor: &Actor, name: &str) -> Result<Submitted> {
        let peer = self.person(name).await?;
        if peer.id == actor.id() {
            return Err(Error::NotFound("user besides yourself"));
        }
        let status = self.store.block_status(actor.id(), peer.id).await?;
        if status.blocked_by_me || status.blocked_me {
            return Err(Error::Blocked);
        }
        if let Some(id) = self.store.direct(actor.id(), peer.id).await? {
            let conversation = Box::new(self.conversation(actor, id).await?);
            return Ok(Submitted::at_once(Reply::Conversation { conversation, existed: true }));
        }
        let create = CreateConversation {
            kind: ConversationKind::Direct,
            name: None,
            topic: None,
            visibility: None,
            members: vec![peer.id.to_string()],
        };
        Box::pin(self.submit(actor, Command::CreateConversation(create))).await
    }
}
