//! The direct conversation with somebody

use crate::execute::Submitted;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{
    Command, Conversation, ConversationId, ConversationKind, CreateConversation, Reply, UserId,
};
use std::sync::Arc;

impl Chat {
    /// The direct conversation with somebody, if there is one. Not where there is a block: what was written before stays
    /// readable under the conversation's id.
    pub async fn direct(&self, actor: &Actor, name: &str) -> Result<Option<Conversation>> {
        match self.direct_with(actor, name).await? {
            (_, Some(id)) => Ok(Some(self.conversation(actor, id).await?)),
            (_, None) => Ok(None),
        }
    }

    /// The direct conversation with somebody, created if there is none.
    pub(crate) async fn open_direct(self: &Arc<Self>, actor: &Actor, name: &str) -> Result<Submitted> {
        let (peer, there) = self.direct_with(actor, name).await?;
        if let Some(id) = there {
            let conversation = Box::new(self.conversation(actor, id).await?);
            return Ok(Submitted::at_once(Reply::Conversation { conversation, existed: true }));
        }
        let create = CreateConversation {
            kind: ConversationKind::Direct,
            name: None,
            topic: None,
            visibility: None,
            members: vec![peer.to_string()],
        };
        Box::pin(self.submit(actor, Command::CreateConversation(create))).await
    }

    /// Who the other is, and the conversation if there is one.
    async fn direct_with(&self, actor: &Actor, name: &str) -> Result<(UserId, Option<ConversationId>)> {
        let peer = self.person(name).await?;
        if peer.id == actor.id() {
            return Err(Error::NotFound("user besides yourself"));
        }
        let status = self.store.block_status(actor.id(), peer.id).await?;
        if status.blocked_by_me || status.blocked_me {
            return Err(Error::Blocked);
        }
        Ok((peer.id, self.store.direct(actor.id(), peer.id).await?))
    }
}
