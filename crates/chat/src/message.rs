//! Reading messages.

mod draft;
mod edit;
mod forward;
mod react;
mod read;
mod send;

use crate::permission::Act;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{
    ConversationId, Event, Message, MessageId, MessageVersion, Page, Reaction, Receipt, ReceiptPage, Seq,
    Timestamp, UserId, limits,
};
use natter_store::{Anchor, MessageSlice, Window};
use uuid::Uuid;

/// Which messages of a conversation are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum History {
    /// The newest.
    Newest,
    /// Those before a message.
    Before(MessageId),
    /// Those after a message.
    After(MessageId),
    /// A message and what is around it.
    Around(MessageId),
    /// Where an earlier page ended.
    Cursor(String),
}

/// In a cursor: the page went on to older messages.
const OLDER: u8 = 0;
/// In a cursor: the page went on to newer messages.
const NEWER: u8 = 1;

impl Chat {
    /// A message that the actor may see.
    pub async fn message(&self, actor: &Actor, id: MessageId) -> Result<Message> {
        self.store.message(id, actor.id()).await?.ok_or(Error::NotFound("message"))
    }

    /// The pinned messages of a conversation, newest pin first.
    pub async fn pins(&self, actor: &Actor, id: ConversationId) -> Result<Vec<Message>> {
        self.store.pins(id, actor.id()).await?.ok_or(Error::NotFound("conversation"))
    }

    /// What a message said before, oldest first; of more than a hundred versions the newest. For moderators of its conversation, and for moderators of the
    /// installation who are members.
    pub async fn versions(&self, actor: &Actor, id: MessageId) -> Result<Vec<MessageVersion>> {
        let message = self.message(actor, id).await?;
        if !Self::is_platform_moderator(actor) {
            self.require(actor, message.conversation_id, Act::SeeVersions).await?;
        }
        Ok(self.store.versions(id).await?)
    }

    /// A page of those who have read a message, by username, and how many there are. In a large conversation only that.
    pub async fn receipts(
        &self,
        actor: &Actor,
        id: MessageId,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<ReceiptPage> {
        let conversation_id = self.message(actor, id).await?.conversation_id;
        let standing = self.store.standing(conversation_id, actor.id()).await?;
        let member_count = standing.ok_or(Error::NotFound("message"))?.member_count;
        let list = format!("receipts/{id}");
        let after = self.name_in(&list, cursor)?;
        let receipts = if member_count > limits::RECEIPT_MEMBERS_MAX {
            Vec::new()
        } else {
            self.store.receipts(id, actor.id(), after.as_deref(), limit + 1).await?
        };
        let read_count = self.store.read_count(id, actor.id()).await?;
        let name = |receipt: &Receipt| receipt.user.username.clone().into_bytes();
        let Page { data, meta } = self.page(&list, receipts, limit, name);
        Ok(ReceiptPage { data, meta, read_count })
    }

    /// A page of who chose which emoji under a message, oldest first.
    pub async fn reactions(
        &self,
        actor: &Actor,
        id: MessageId,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Reaction>> {
        self.message(actor, id).await?;
        let list = format!("reactions/{id}");
        let after = cursor.map(|cursor| reaction_in(&self.cursors.open(&list, cursor)?)).transpose()?;
        let after = after.as_ref().map(|(at, user, emoji)| (*at, *user, emoji.as_str()));
        let reactions = self.store.reactions(id, after, limit + 1).await?;
        Ok(self.page(&list, reactions, limit, |last| {
            let mut position = last.created_at.millis().to_be_bytes().to_vec();
            position.extend_from_slice(last.user.id.uuid().as_bytes());
            position.extend_from_slice(last.emoji.as_bytes());
            position
        }))
    }

    /// A page of messages in ascending order. Its cursor goes on in the direction of reading: to newer messages after
    /// [`History::After`], to older ones otherwise.
    pub async fn messages(
        &self,
        actor: &Actor,
        id: ConversationId,
        thread: Option<MessageId>,
        history: History,
        limit: u32,
    ) -> Result<Page<Message>> {
        let list = match thread {
            Some(thread) => format!("messages/{id}/{thread}"),
            None => format!("messages/{id}"),
        };
        let window = match history {
            History::Newest => Window::Newest,
            History::Before(message) => Window::Before(Anchor::Message(message)),
            History::After(message) => Window::After(Anchor::Message(message)),
            History::Around(message) => Window::Around(Anchor::Message(message)),
            History::Cursor(cursor) => window_of(&self.cursors.open(&list, &cursor)?)?,
        };
        let limit = limit.clamp(1, limits::PAGE_ENTRIES_MAX);
        let slice = self.store.messages(id, actor.id(), thread, window, limit).await?;
        let slice = slice.ok_or(Error::NotFound("conversation"))?;
        let cursor = position_after(window, &slice).map(|position| self.cursors.seal(&list, &position));
        Ok(Page::new(slice.messages, cursor))
    }

    /// The durable events of a conversation past a position, in order and without gaps.
    pub async fn events(
        &self,
        actor: &Actor,
        id: ConversationId,
        after: Seq,
        limit: u32,
    ) -> Result<Page<Event>> {
        let limit = limit.clamp(1, limits::EVENTS_PAGE_ENTRIES_MAX);
        let events = self.store.events(id, actor.id(), after, limit + 1).await?;
        let mut events = events.ok_or(Error::NotFound("conversation"))?;
        let more = events.len() > limit as usize;
        events.truncate(limit as usize);
        // The position of the last event, in the clear: it is what `after` takes.
        let next = events.last().filter(|_| more).map(|event| event.seq.to_string());
        Ok(Page::new(events, next))
    }
}

fn window_of(position: &[u8]) -> Result<Window> {
    let [direction, seq @ ..] = position else { return Err(Error::InvalidCursor) };
    let seq = Anchor::Seq(Seq::from_be_bytes(seq.try_into().map_err(|_| Error::InvalidCursor)?));
    match *direction {
        OLDER => Ok(Window::Before(seq)),
        NEWER => Ok(Window::After(seq)),
        _ => Err(Error::InvalidCursor),
    }
}

fn position_after(window: Window, slice: &MessageSlice) -> Option<[u8; 9]> {
    let (direction, more, edge) = match window {
        Window::After(_) => (NEWER, slice.newer, slice.messages.last()),
        Window::Newest | Window::Before(_) | Window::Around(_) => {
            (OLDER, slice.older, slice.messages.first())
        }
    };
    let mut position = [direction; 9];
    position[1..].copy_from_slice(&edge.filter(|_| more)?.seq.to_be_bytes());
    Some(position)
}

fn reaction_in(bytes: &[u8]) -> Result<(Timestamp, UserId, String)> {
    let (time, rest) = bytes.split_at_checked(8).ok_or(Error::InvalidCursor)?;
    let (user, emoji) = rest.split_at_checked(16).ok_or(Error::InvalidCursor)?;
    let time = i64::from_be_bytes(time.try_into().map_err(|_| Error::InvalidCursor)?);
    let user = Uuid::from_slice(user).map_err(|_| Error::InvalidCursor)?;
    let emoji = String::from_utf8(emoji.to_vec()).map_err(|_| Error::InvalidCursor)?;
    Ok((Timestamp::from_millis(time), UserId::from_uuid(user), emoji))
}
