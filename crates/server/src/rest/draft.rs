//! `/conversations/{id}/draft` and `/users/me/drafts`

use super::Failure;
use super::body::{Answer, Id, Json, PageParameters, Parameters, SignedIn};
use super::failure::unexpected;
use crate::app::App;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use natter_protocol::{Command, ConversationId, Draft, MessageId, Page, Reply, SaveDraft};
use serde::Deserialize;

/// List your drafts
///
/// Of all conversations, the newest first.
#[utoipa::path(get, path = "/users/me/drafts", tag = "drafts", operation_id = "listDrafts", params(PageParameters),
    responses((status = 200, description = "A page of drafts", body = Page<Draft>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Answer<Page<Draft>>, Failure> {
    let (cursor, limit) = page.read()?;
    Ok(Answer::ok(app.chat.drafts(&actor, cursor, limit).await?))
}

/// Get your draft
#[utoipa::path(get, path = "/conversations/{id}/draft", tag = "drafts", operation_id = "getDraft",
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 200, description = "The draft", body = Draft)))]
pub(super) async fn get(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
) -> Result<Answer<Draft>, Failure> {
    Ok(Answer::ok(app.chat.draft(&actor, id).await?))
}

/// A text that is not sent yet.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Unsent {
    /// The text so far, up to 16,000 characters; an empty one forgets the draft.
    #[schema(max_length = 16000, example = "Fresh herring")]
    content: String,
    /// The message that it will answer.
    #[serde(default)]
    reply_to: Option<MessageId>,
}

/// Save your draft
///
/// There is one in each conversation, the same on all your devices. An empty text forgets it.
#[utoipa::path(put, path = "/conversations/{id}/draft", tag = "drafts", operation_id = "saveDraft", request_body = Unsent,
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses(
        (status = 200, description = "The draft", body = Draft),
        (status = 204, description = "The text was empty: there is no draft any more")))]
pub(super) async fn save(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(conversation_id): Id<ConversationId>,
    Json(Unsent { content, reply_to }): Json<Unsent>,
) -> Result<Response, Failure> {
    let save = SaveDraft { conversation_id, content, reply_to };
    match app.chat.execute(&actor, Command::SaveDraft(save)).await? {
        Reply::Draft(Some(draft)) => Ok(Answer::ok(*draft).into_response()),
        Reply::Draft(None) => Ok(StatusCode::NO_CONTENT.into_response()),
        other => Err(unexpected(&other)),
    }
}

/// Forget your draft
///
/// Doing it twice is no mistake.
#[utoipa::path(delete, path = "/conversations/{id}/draft", tag = "drafts", operation_id = "deleteDraft",
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 204, description = "There is no draft any more")))]
pub(super) async fn delete(
    state: State<App>,
    actor: SignedIn,
    id: Id<ConversationId>,
) -> Result<Response, Failure> {
    save(state, actor, id, Json(Unsent { content: String::new(), reply_to: None })).await
}
