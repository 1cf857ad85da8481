//! `reaction.add`, `reaction.remove`, and pins

use crate::announce::announcement;
use crate::execute::Submitted;
use crate::permission::Act as Deed;
use crate::{Actor, Chat, Result, text};
use natter_protocol::{MessageId, ReactionRequest, SystemNote};
use natter_store::{Act, Write};
use std::sync::Arc;

impl Chat {
    pub(crate) async fn set_reaction(
        self: &Arc<Self>,
        actor: &Actor,
        request: ReactionRequest,
        on: bool,
    ) -> Result<Submitted> {
        let emoji = text::emoji::reaction(&request.emoji)?;
        let (message_id, actor_summary, at) = (request.message_id, actor.summary(), self.now());
        let write = Write::SetReaction { message_id, actor: actor_summary, emoji, on, at };
        self.commit_message(actor, write).await
    }

    pub(crate) async fn set_pin(
        self: &Arc<Self>,
        actor: &Actor,
        id: MessageId,
        on: bool,
    ) -> Result<Submitted> {
        let message = self.message(actor, id).await?;
        let (_, role_min) = self.require(actor, message.conversation_id, Deed::Pin).await?;
        let act = Act {
            conversation_id: message.conversation_id,
            actor: actor.summary(),
            role_min,
            at: self.now(),
        };
        let note = SystemNote::MessagePinned { message_id: id };
        let announcement = on.then(|| announcement(self, note, &act.actor, None));
        self.commit_message(actor, Write::SetPin { act, message_id: id, on, announcement }).await
    }
}
