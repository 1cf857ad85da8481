//! `/search`

use super::Failure;
use super::body::{Answer, Parameters, SignedIn, limit};
use crate::app::App;
use axum::extract::State;
use natter_chat::SearchRequest;
use natter_protocol::{ConversationId, Page, SearchHit, Timestamp, limits};
use serde::Deserialize;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct SearchParameters {
    /// Up to ten words, parts of words, or phrases in quotation marks; all of them must occur. In any language; accents
    /// and case do not matter.
    #[param(min_length = 1, max_length = 256, example = "deploy failed")]
    q: String,
    /// Only in this conversation.
    conversation_id: Option<ConversationId>,
    /// Only what this person wrote: a username or id.
    #[param(example = "ada")]
    from: Option<String>,
    /// Only what was written before this time.
    before: Option<Timestamp>,
    /// Only what was written then or later.
    after: Option<Timestamp>,
    /// Only messages that have this.
    #[param(inline)]
    has: Option<Has>,
    /// Entries on the page.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// Where the page begins: `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// What a message can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Has {
    /// A file.
    File,
}

/// Find messages
///
/// Those that people wrote in your conversations, without those of people whom you have blocked. The best of the newest
/// come first, then the best of those before them. A page can hold fewer than you asked for although there are more.
/// `highlights` tell in UTF-16 code units what of the text was found.
#[utoipa::path(get, path = "/search/messages", tag = "search", operation_id = "searchMessages", params(SearchParameters),
    responses((status = 200, description = "A page of messages", body = Page<SearchHit>)))]
pub(super) async fn messages(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Parameters(parameters): Parameters<SearchParameters>,
) -> Result<Answer<Page<SearchHit>>, Failure> {
    let limit = limit(parameters.limit, limits::PAGE_ENTRIES_MAX)?;
    let request = SearchRequest {
        text: parameters.q,
        conversation_id: parameters.conversation_id,
        from: parameters.from,
        before: parameters.before,
        after: parameters.after,
        has_file: parameters.has == Some(Has::File),
    };
    Ok(Answer::ok(app.chat.search(&actor, request, parameters.cursor.as_deref(), limit).await?))
}
