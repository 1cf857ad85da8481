//! `/conversations/{id}/messages` and `/messages`

use super::Failure;
use super::body::{Answer, Id, Json, Parameters, SignedIn, limit};
use crate::app::App;
use axum::extract::State;
use natter_chat::History;
use natter_protocol::{
    Command, ConversationId, ErrorCode, Message, MessageDraft, MessageId, Page, Reply, SendMessage, limits,
};
use serde::Deserialize;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryParameters {
    /// Entries on the page.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// `meta.nextCursor` of the page before.
    cursor: Option<String>,
    /// The page before this message.
    before: Option<MessageId>,
    /// The page after this message.
    after: Option<MessageId>,
    /// This message and what is around it.
    around: Option<MessageId>,
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
    Ok(Answer::ok(app.chat.messages(&actor, id, parameters.history()?, limit).await?))
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
    match app.chat.execute(&actor, command).await? {
        Reply::Message { message, repeat } => Ok(Answer::created(*message, repeat)),
        other @ Reply::Conversation { .. } => Err(super::failure::unexpected(&other)),
    }
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
