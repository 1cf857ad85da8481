//! Reading conversations.

mod create;

use crate::{Actor, Chat, Error, Result};
use natter_protocol::{Conversation, ConversationId, Page, Timestamp, limits};
use natter_store::ListPosition;
use uuid::Uuid;

impl Chat {
    /// A conversation that the actor is a member of.
    pub async fn conversation(&self, actor: &Actor, id: ConversationId) -> Result<Conversation> {
        self.store.conversation(id, actor.id()).await?.ok_or(Error::NotFound("conversation"))
    }

    /// A page of the actor's conversations, newest activity first.
    pub async fn conversations(
        &self,
        actor: &Actor,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Conversation>> {
        let list = format!("conversations/{}", actor.id());
        let after = cursor.map(|cursor| position(&self.cursors.open(&list, cursor)?)).transpose()?;
        let limit = limit.clamp(1, limits::PAGE_ENTRIES_MAX);
        let mut conversations = self.store.conversations(actor.id(), after, limit + 1).await?;
        let more = conversations.len() > limit as usize;
        conversations.truncate(limit as usize);
        let next = conversations.last().filter(|_| more).map(|last| {
            let mut position = last.info.updated_at.millis().to_be_bytes().to_vec();
            position.extend_from_slice(last.info.id.uuid().as_bytes());
            self.cursors.seal(&list, &position)
        });
        Ok(Page::new(conversations, next))
    }
}

fn position(bytes: &[u8]) -> Result<ListPosition> {
    let (time, id) = bytes.split_at_checked(8).ok_or(Error::InvalidCursor)?;
    Ok(ListPosition {
        updated_at: Timestamp::from_millis(i64::from_be_bytes(
            time.try_into().map_err(|_| Error::InvalidCursor)?,
        )),
        id: ConversationId::from_uuid(Uuid::from_slice(id).map_err(|_| Error::InvalidCursor)?),
    })
}
