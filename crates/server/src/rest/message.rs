//! `/conversations/{id}/messages` and `/messages`

use super::body::{Answer, Id, Json, Parameters, SignedIn, limit};
use super::failure::unexpected;
use super::{Failure, Toll, reply};
use crate::app::App;
use crate::limit::{self, Rate, Who};
use axum::extract::State;
use natter_chat::History;
use natter_protocol::{
    Command, ConversationId, EditMessage, ErrorCode, ForwardMessage, Message, MessageDraft, MessageId,
    MessageVersion, Page, Reply, SendMessage, limits,
};
use serde::Deserialize;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(super) struct HistoryParameters {
    /// Entries on the page.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// `meta.nextCursor` of the page before. Excludes `before`, `after` and `around`, as these do each other.
    cursor: Option<String>,
    /// The page before this message.
    before: Option<MessageId>,
    /// The page after this message.
    after: Option<MessageId>,
    /// This message and what is around it.
    around: Option<MessageId>,
    /// Only the thread that this message started, and the message itself.
    thread_id: Option<MessageId>,
}

impl HistoryParameters {
    fn history(self) -> Result<History, Failure> {
        match (self.cursor, self.before, self.after, self.around) {
            (None, None, None, None) => Ok(History::Newest),
            (Some(cursor), None, None, None) => Ok(History::Cursor(cursor)),
            (None, Some(message), None, None) => Ok(History::Before(message)),
            (None, None, Some(message), None) => Ok(History::After(message)),
            (None, None, None, Some(message)) => Ok(History::Around(message)),
            _ => Err(Failure::new(
                ErrorCode::InvalidParameter,
                "cursor, before, after and around exclude each other: pass one of them",
            )),
        }
    }
}

/// List messages
///
/// In ascending order of `seq`; without parameters, the newest. `meta.nextCursor` goes on in the direction of
/// reading: to newer messages after `after`, to older ones otherwise.
#[utoipa::path(get, path = "/conversations/{id}/messages", tag = "messages", operation_id = "listMessages",
    params(("id" = ConversationId, Path, description = "The conversation"), HistoryParameters),
    responses((status = 200, description = "A page of messages", body = Page<Message>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
    Parameters(parameters): Parameters<HistoryParameters>,
) -> Result<Answer<Page<Message>>, Failure> {
    let limit = limit(parameters.limit, limits::PAGE_ENTRIES_MAX)?;
    let (thread, history) = (parameters.thread_id, parameters.history()?);
    Ok(Answer::ok(app.chat.messages(&actor, id, thread, history, limit).await?))
}

/// Send a message
///
/// The answer comes after the message is on disk. With a `clientMessageId` the request can be repeated until it is
/// answered: the message is there once, and a repeat answers with 200 and the first result.
#[utoipa::path(post, path = "/conversations/{id}/messages", tag = "messages", operation_id = "sendMessage", request_body = MessageDraft,
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses(
        (status = 201, description = "Sent", body = Message),
        (status = 200, description = "It was sent before, under the same clientMessageId", body = Message)))]
pub(super) async fn send(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(conversation_id): Id<ConversationId>,
    Json(draft): Json<MessageDraft>,
) -> Result<Answer<Message>, Failure> {
    let command = Command::SendMessage(SendMessage { conversation_id, draft });
    let (message, repeat) = reply::message(&app, &actor, command).await?;
    Ok(Answer::created(message, repeat))
}

/// Get a message
#[utoipa::path(get, path = "/messages/{id}", tag = "messages", operation_id = "getMessage",
    params(("id" = MessageId, Path, description = "The message")),
    responses((status = 200, description = "The message", body = Message)))]
pub(super) async fn get(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<MessageId>,
) -> Result<Answer<Message>, Failure> {
    Ok(Answer::ok(app.chat.message(&actor, id).await?))
}

/// The new text of a message.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(super) struct NewContent {
    /// 1 to 16,000 characters.
    #[schema(min_length = 1, max_length = 16000, example = "Fresh herring at pier 5")]
    content: String,
}

/// Replace a message's text
///
/// For whoever wrote it. What it said before is kept for moderators.
#[utoipa::path(put, path = "/messages/{id}", tag = "messages", operation_id = "replaceMessage", request_body = NewContent,
    params(("id" = MessageId, Path, description = "The message")),
    responses((status = 200, description = "The message as it is now", body = Message)))]
pub(super) async fn replace(
    state: State<App>,
    actor: SignedIn,
    id: Id<MessageId>,
    body: Json<NewContent>,
) -> Result<Answer<Message>, Failure> {
    // The text is all that can be changed, so changing and replacing are the same.
    edit(state, actor, id, body).await
}

/// Edit a message
///
/// For whoever wrote it. What it said before is kept for moderators.
#[utoipa::path(patch, path = "/messages/{id}", tag = "messages", operation_id = "editMessage", request_body = NewContent,
    params(("id" = MessageId, Path, description = "The message")),
    responses((status = 200, description = "The message as it is now", body = Message)))]
pub(super) async fn edit(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(message_id): Id<MessageId>,
    Json(NewContent { content }): Json<NewContent>,
) -> Result<Answer<Message>, Failure> {
    let command = Command::EditMessage(EditMessage { message_id, content });
    reply::changed_message(&app, &actor, command).await
}

/// Delete a message
///
/// For whoever wrote it, and for moderators. Its place in the log stays: `deletedAt` is set, and the text is gone.
#[utoipa::path(delete, path = "/messages/{id}", tag = "messages", operation_id = "deleteMessage",
    params(("id" = MessageId, Path, description = "The message")),
    responses((status = 200, description = "What is left of it", body = Message)))]
pub(super) async fn delete(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<MessageId>,
) -> Result<Answer<Message>, Failure> {
    reply::changed_message(&app, &actor, Command::DeleteMessage(id)).await
}

/// See what a message said before
///
/// On one page, oldest first, the present text not included. For moderators.
#[utoipa::path(get, path = "/messages/{id}/versions", tag = "messages", operation_id = "listVersions",
    params(("id" = MessageId, Path, description = "The message")),
    responses((status = 200, description = "The versions", body = Page<MessageVersion>)))]
pub(super) async fn versions(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<MessageId>,
) -> Result<Answer<Page<MessageVersion>>, Failure> {
    Ok(Answer::ok(Page::new(app.chat.versions(&actor, id).await?, None)))
}

/// Where copies of a message go.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Destinations {
    /// 1 to 20 conversations that you are in.
    #[schema(min_items = 1, max_items = 20)]
    conversation_ids: Vec<ConversationId>,
    /// Your own key, 1 to 64 characters: a repeat answers with the first copies.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, example = "5f1d-2")]
    client_message_id: Option<String>,
}

/// Forward a message
///
/// Sends copies of it to other conversations. They say who wrote it, not where.
#[utoipa::path(post, path = "/messages/{id}/forward", tag = "messages", operation_id = "forwardMessage", request_body = Destinations,
    params(("id" = MessageId, Path, description = "The message")),
    responses((status = 201, description = "The copies, in the order of the conversations", body = Page<Message>)))]
pub(super) async fn forward(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(message_id): Id<MessageId>,
    Json(Destinations { conversation_ids, client_message_id }): Json<Destinations>,
) -> Result<Answer<Page<Message>>, Failure> {
    let command = Command::ForwardMessage(ForwardMessage { message_id, conversation_ids, client_message_id });
    // One message was counted on the way in.
    let further = limit::cost(&command).map_or(0, |(_, copies)| copies - 1);
    for _ in 0..further {
        Toll::of(&app).pay(Rate::Sends, Who::User(actor.id()))?;
    }
    match app.chat.execute(&actor, command).await? {
        Reply::Messages(messages) => Ok(Answer::created(messages, false)),
        other => Err(unexpected(&other)),
    }
}
