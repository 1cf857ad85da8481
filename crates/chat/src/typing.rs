//! `typing.start` and `typing.stop`

use crate::relay::Signal;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{ConversationId, ConversationStatus, limits};

impl Chat {
    /// Shows the other members that the actor writes, for [`limits::TYPING_SECONDS`] unless it is repeated by then, or
    /// that they do not any more. Whoever may not send a message may not do this either. Where too many are, nobody is
    /// shown anything.
    pub async fn set_typing(
        &self,
        actor: &Actor,
        conversation_id: ConversationId,
        active: bool,
    ) -> Result<()> {
        let user_id = actor.id();
        let standing = self.standing(actor, conversation_id).await?;
        if !active {
            self.signals.send(Signal::TypingStopped { conversation_id, user_id });
            return Ok(());
        }
        if standing.blocked {
            return Err(Error::Blocked);
        }
        if standing.status != ConversationStatus::Active {
            return Err(Error::ConversationNotActive);
        }
        if standing.member_count > limits::TYPING_MEMBERS_MAX as u64 {
            return Ok(());
        }
        let partings = self.signals.partings();
        let apart = self.store.kept_apart(user_id).await?;
        let roster = self.store.roster(conversation_id, None).await?;
        let members = roster.map(|roster| roster.members).unwrap_or_default();
        let others = members.into_iter().filter(|member| *member != user_id && !apart.contains(member));
        let audience = others.filter(|member| self.hub.is_online(*member)).collect();
        self.signals.send(Signal::Typing { conversation_id, user_id, audience, partings });
        Ok(())
    }
}
