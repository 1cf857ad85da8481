//! `/conversations`

use super::Failure;
use super::body::{Answer, Id, Json, PageParameters, Parameters, SignedIn, limit};
use crate::app::App;
use axum::extract::State;
use natter_protocol::{
    Command, Conversation, ConversationId, CreateConversation, ErrorCode, Event, Page, Reply, Seq, limits,
};
use serde::Deserialize;

/// List conversations
///
/// Those that you are in, newest activity first.
#[utoipa::path(get, path = "/conversations", tag = "conversations", operation_id = "listConversations", params(PageParameters),
    responses((status = 200, description = "A page of conversations", body = Page<Conversation>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Answer<Page<Conversation>>, Failure> {
    let limit = limit(page.limit, limits::PAGE_ENTRIES_MAX)?;
    Ok(Answer::ok(app.chat.conversations(&actor, page.cursor.as_deref(), limit).await?))
}

/// Create a conversation
///
/// You become its owner. There is one direct conversation for each pair of people: asking for it again gives it back
/// with 200.
#[utoipa::path(post, path = "/conversations", tag = "conversations", operation_id = "createConversation", request_body = CreateConversation,
    responses(
        (status = 201, description = "Created", body = Conversation),
        (status = 200, description = "The direct conversation that was there before", body = Conversation)))]
pub(super) async fn create(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Json(create): Json<CreateConversation>,
) -> Result<Answer<Conversation>, Failure> {
    match app.chat.execute(&actor, Command::CreateConversation(create)).await? {
        Reply::Conversation { conversation, existed } => Ok(Answer::created(*conversation, existed)),
        other @ Reply::Message { .. } => Err(super::failure::unexpected(&other)),
    }
}

/// Get a conversation
#[utoipa::path(get, path = "/conversations/{id}", tag = "conversations", operation_id = "getConversation",
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 200, description = "The conversation", body = Conversation)))]
pub(super) async fn get(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
) -> Result<Answer<Conversation>, Failure> {
    Ok(Answer::ok(app.chat.conversation(&actor, id).await?))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EventParameters {
    /// The last position that you have; 0 for the whole log.
    #[param(default = 0)]
    after: Option<Seq>,
    /// `meta.nextCursor` of the page before; the same as `after`.
    cursor: Option<Seq>,
    /// Entries on the page.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u32>,
}

/// Get what happened since
///
/// The durable events of the conversation after a position, in order and without gaps, for healing a gap. To go on,
/// pass `meta.nextCursor` as `cursor`, or the `seq` of the last event as `after`.
#[utoipa::path(get, path = "/conversations/{id}/events", tag = "conversations", operation_id = "listEvents",
    params(("id" = ConversationId, Path, description = "The conversation"), EventParameters),
    responses((status = 200, description = "A page of events", body = Page<Event>)))]
pub(super) async fn events(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
    Parameters(parameters): Parameters<EventParameters>,
) -> Result<Answer<Page<Event>>, Failure> {
    let limit = limit(parameters.limit, limits::EVENTS_PAGE_ENTRIES_MAX)?;
    if parameters.after.is_some() && parameters.cursor.is_some() {
        let detail = "cursor and after exclude each other: pass one of them";
        return Err(Failure::new(ErrorCode::InvalidParameter, detail));
    }
    let after = parameters.cursor.or(parameters.after);
    Ok(Answer::ok(app.chat.events(&actor, id, after.unwrap_or_default(), limit).await?))
}
