//! Reading messages.

mod send;

use crate::{Actor, Chat, Error, Result};
use natter_protocol::{ConversationId, Event, Message, MessageId, Page, Seq, limits};
use natter_store::{Anchor, MessageSlice, Window};

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

    /// A page of messages in ascending order. Its cursor goes on in the direction of reading: to newer messages after
    /// [`History::After`], to older ones otherwise.
    pub async fn messages(
        &self,
        actor: &Actor,
        id: ConversationId,
        history: History,
        limit: u32,
    ) -> Result<Page<Message>> {
        let list = format!("messages/{id}");
        let window = match history {
            History::Newest => Window::Newest,
            History::Before(message) => Window::Before(Anchor::Message(message)),
            History::After(message) => Window::After(Anchor::Message(message)),
            History::Around(message) => Window::Around(Anchor::Message(message)),
            History::Cursor(cursor) => window_of(&self.cursors.open(&list, &cursor)?)?,
        };
        let limit = limit.clamp(1, limits::PAGE_ENTRIES_MAX);
        let slice = self.store.messages(id, actor.id(), window, limit).await?;
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
