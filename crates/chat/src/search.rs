//! Finding messages

use crate::{Actor, Chat, Error, Result};
use natter_protocol::{ConversationId, Page, SearchHit, Timestamp, limits};
use natter_store::{Search, SearchPosition, SearchText, SearchTextError};

/// Entries of logs that wait before it is worth indexing them: searches look at so many one by one.
const INDEX_ENTRIES_MIN: usize = 1_024;

/// What to look for, and where.
#[derive(Debug, Clone, Default)]
pub struct SearchRequest {
    /// Words, parts of words, and phrases in quotation marks.
    pub text: String,
    /// Only in this conversation.
    pub conversation_id: Option<ConversationId>,
    /// Only what this person wrote: a username or id.
    pub from: Option<String>,
    /// Only what was written earlier.
    pub before: Option<Timestamp>,
    /// Only what was written then or later.
    pub after: Option<Timestamp>,
    /// Only messages with a file.
    pub has_file: bool,
}

impl Chat {
    /// A page of found messages: the best of the newest ones first, then the best of those before them. A page can hold
    /// fewer than were asked for although there are more.
    pub async fn search(
        &self,
        actor: &Actor,
        request: SearchRequest,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<SearchHit>> {
        let text = SearchText::parse(&request.text)
            .map_err(|error| Error::InvalidParameter { name: "q", message: advice(error) })?;
        let sender_id = match &request.from {
            Some(name) => match self.user(actor, name).await {
                Ok(user) => Some(user.id),
                // Nothing can be found of somebody who does not exist, or does not want to be found.
                Err(Error::NotFound(_)) => return Ok(Page::new(Vec::new(), None)),
                Err(error) => return Err(error),
            },
            None => None,
        };
        // All that selects the messages is part of the list's name: a cursor goes on in the list that it was given for.
        let list = format!("search/{}/{request:?}", actor.id());
        let from = cursor.map(|cursor| position(&self.cursors.open(&list, cursor)?)).transpose()?;
        let search = Search {
            text,
            conversation_id: request.conversation_id,
            sender_id,
            after: request.after,
            before: request.before,
            has_file: request.has_file,
            from,
            limit: limit.clamp(1, limits::PAGE_ENTRIES_MAX),
        };
        let slice = self.store.search(actor.id(), search).await?.ok_or(Error::NotFound("conversation"))?;
        let next = slice.next.map(|next| self.cursors.seal(&list, &next.to_bytes()));
        Ok(Page::new(slice.hits, next))
    }

    /// Indexes some of what waits for it, if that is worth it; answers whether there may be more. Nothing depends on it
    /// but the time that searches take.
    pub async fn index(&self) -> Result<bool> {
        Ok(self.store.index_messages(INDEX_ENTRIES_MIN).await? > 0)
    }
}

fn position(bytes: &[u8]) -> Result<SearchPosition> {
    SearchPosition::from_bytes(bytes).ok_or(Error::InvalidCursor)
}

const fn advice(error: SearchTextError) -> &'static str {
    match error {
        SearchTextError::Blank => "has nothing to look for: a word, a part of one, or a \"phrase\"",
        SearchTextError::TooLong => "has more than 256 characters",
        SearchTextError::TooManyTerms => {
            "has more than 10 words: put those that belong together into \"quotation marks\""
        }
    }
}
