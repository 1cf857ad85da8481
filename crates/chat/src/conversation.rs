//! Reading conversations.

mod create;
mod invite;
mod member;
mod open;
mod update;

use crate::{Actor, Chat, Error, Result};
use natter_protocol::{Conversation, ConversationId, Page, PublicChannel, Timestamp, UnreadTotal, limits};
use natter_store::{ListFilter, ListPosition};
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
        mut filter: ListFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Conversation>> {
        filter.name = filter.name.as_deref().map(part_of_name).transpose()?.filter(|name| !name.is_empty());
        // The filter is part of the list's name: a cursor goes on in the list that it was given for.
        let list = format!("conversations/{}/{filter:?}", actor.id());
        let after = cursor.map(|cursor| position(&self.cursors.open(&list, cursor)?)).transpose()?;
        let limit = limit.clamp(1, limits::PAGE_ENTRIES_MAX);
        let conversations = self.store.conversations(actor.id(), filter, after, limit + 1).await?;
        Ok(self.page(&list, conversations, limit, |last| {
            let mut position = last.info.updated_at.millis().to_be_bytes().to_vec();
            position.extend_from_slice(last.info.id.uuid().as_bytes());
            position
        }))
    }

    /// A page of the public channels whose name contains this, by name.
    pub async fn public_channels(
        &self,
        actor: &Actor,
        query: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<PublicChannel>> {
        let query = part_of_name(query)?.to_lowercase();
        let list = format!("public/{query}");
        let after = cursor.map(|cursor| name_and_id(&self.cursors.open(&list, cursor)?)).transpose()?;
        let after = after.as_ref().map(|(name, id)| (name.as_str(), *id));
        let channels = self.store.public_channels(actor.id(), &query, after, limit + 1).await?;
        Ok(self.page(&list, channels, limit, |last| {
            let mut position = last.id.uuid().as_bytes().to_vec();
            position.extend_from_slice(last.name.as_bytes());
            position
        }))
    }

    /// The public channel of exactly this name.
    pub async fn channel_named(&self, actor: &Actor, name: &str) -> Result<ConversationId> {
        // The list is sorted by name and then by id, so they are what follows the least id.
        let first = (name, ConversationId::from_uuid(Uuid::nil()));
        let channels = self.store.public_channels(actor.id(), "", Some(first), 2).await?;
        let mut ids = channels.into_iter().filter(|channel| channel.name == name).map(|channel| channel.id);
        match (ids.next(), ids.next()) {
            (Some(id), None) => Ok(id),
            (None, _) => Err(Error::NotFound("channel")),
            (Some(_), Some(_)) => Err(Error::field("room", "several channels have this name; pass an id")),
        }
    }

    /// How much is unread over all of the actor's conversations.
    pub async fn unread_total(&self, actor: &Actor) -> Result<UnreadTotal> {
        Ok(self.store.unread_total(actor.id()).await?)
    }
}

/// What names are looked through for.
fn part_of_name(query: &str) -> Result<String> {
    let query = query.trim();
    if query.chars().count() > limits::CONVERSATION_NAME_CHARS_MAX {
        let message = "has more characters than the name of a conversation can have";
        return Err(Error::InvalidParameter { name: "query", message });
    }
    Ok(query.to_owned())
}

fn name_and_id(bytes: &[u8]) -> Result<(String, ConversationId)> {
    let (id, name) = bytes.split_at_checked(16).ok_or(Error::InvalidCursor)?;
    let id = Uuid::from_slice(id).map_err(|_| Error::InvalidCursor)?;
    let name = String::from_utf8(name.to_vec()).map_err(|_| Error::InvalidCursor)?;
    Ok((name, ConversationId::from_uuid(id)))
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
