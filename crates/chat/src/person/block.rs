//! Keeping somebody away
//!
//! A block in either direction keeps two people from writing to each other, from adding each other to conversations
//! and from mentioning each other, and hides their presence, typing and receipts from one another. What the blocked
//! one writes in conversations of both is still shown to the one who blocked them, but counts neither as unread nor
//! as a mention, and is not found. Whoever is blocked finds the one who blocked them neither by name nor by search.

use crate::execute::{Submitted, unexpected};
use crate::relay::Signal;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{Block, BlockStatus, Page, Reply, UserId, UserSummary};
use natter_store::{Write, Written};
use std::collections::HashSet;
use std::sync::Arc;

/// Conversations of two people that are counted again when a block between them begins or ends.
const RECOUNTED_MAX: usize = 200;

impl Chat {
    /// A page of those whom the actor has blocked, by username.
    pub async fn blocks(&self, actor: &Actor, cursor: Option<&str>, limit: u32) -> Result<Page<Block>> {
        let list = format!("blocks/{}", actor.id());
        let after = self.name_in(&list, cursor)?;
        let blocks = self.store.blocks(actor.id(), after.as_deref(), limit + 1).await?;
        Ok(self.page(&list, blocks, limit, |block: &Block| block.user.username.clone().into_bytes()))
    }

    /// Whether the actor and somebody keep each other away.
    pub async fn block_status(&self, actor: &Actor, name: &str) -> Result<BlockStatus> {
        let other = self.person(name).await?;
        Ok(self.store.block_status(actor.id(), other.id).await?)
    }

    pub(crate) async fn block_user(self: &Arc<Self>, actor: &Actor, name: &str) -> Result<Submitted> {
        let other = self.person(name).await?;
        if other.id == actor.id() {
            return Err(Error::field("username", "is yourself"));
        }
        let (other_id, at) = (other.id, self.now());
        let user = UserSummary {
            id: other.id,
            username: other.username,
            display_name: other.display_name,
            avatar_url: other.avatar_url,
        };
        let write = Write::Block { blocker: actor.id(), blocked: other_id, at };
        let asker = actor.id();
        self.commit(write, async move |chat, written| match written {
            Written::Found(_) => {
                chat.signals.part(asker, other_id).await;
                chat.blocks_changed(asker, other_id).await;
                Ok(Reply::Block(Box::new(Block { user, created_at: at })))
            }
            other => Err(unexpected(&other)),
        })
        .await
    }

    pub(crate) async fn unblock_user(self: &Arc<Self>, actor: &Actor, name: &str) -> Result<Submitted> {
        let other = self.person(name).await?;
        let (asker, other_id) = (actor.id(), other.id);
        let write = Write::Unblock { blocker: asker, blocked: other_id };
        self.commit(write, async move |chat, written| match written {
            Written::Found(true) => {
                chat.blocks_changed(asker, other_id).await;
                Ok(Reply::Done)
            }
            Written::Found(false) => Err(Error::NotFound("block")),
            other => Err(unexpected(&other)),
        })
        .await
    }

    /// Has told anew what a block decides: whether the two see each other's presence, and what is unread between them.
    /// The block is committed by now, whatever becomes of that.
    async fn blocks_changed(&self, one: UserId, other: UserId) {
        for user_id in [one, other] {
            self.hub.tell_presence_anew(user_id);
        }
        if (self.hub.is_online(one) || self.hub.is_online(other))
            && let Err(error) = self.recount_between(one, other).await
        {
            tracing::warn!(%error, "what is unread between two people is not told anew");
        }
    }

    async fn recount_between(&self, one: UserId, other: UserId) -> Result<()> {
        let theirs: HashSet<_> =
            self.store.heads(other, None).await?.into_iter().map(|head| head.id).collect();
        let ours = self.store.heads(one, None).await?.into_iter().map(|head| head.id);
        let both: Vec<_> = ours.filter(|id| theirs.contains(id)).take(RECOUNTED_MAX).collect();
        for user_id in [one, other] {
            self.signals.send(Signal::Unread { user_id, conversation_ids: both.clone() });
        }
        Ok(())
    }
}
