//! `/conversations/{id}/pins` and `/messages/{id}/pin`

use super::body::{Answer, Id, SignedIn};
use super::{Failure, reply};
use crate::app::App;
use axum::extract::State;
use natter_protocol::{Command, ConversationId, Message, MessageId, Page};

/// List pinned messages
///
/// On one page, the newest pin first.
#[utoipa::path(get, path = "/conversations/{id}/pins", tag = "pins", operation_id = "listPins",
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 200, description = "The pinned messages", body = Page<Message>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
) -> Result<Answer<Page<Message>>, Failure> {
    Ok(Answer::ok(Page::new(app.chat.pins(&actor, id).await?, None)))
}

/// Pin a message
///
/// For members of a group or direct conversation, and moderators of a channel. Doing it twice is no mistake.
#[utoipa::path(put, path = "/messages/{id}/pin", tag = "pins", operation_id = "pinMessage",
    params(("id" = MessageId, Path, description = "The message")),
    responses((status = 200, description = "The message, pinned", body = Message)))]
pub(super) async fn pin(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<MessageId>,
) -> Result<Answer<Message>, Failure> {
    reply::changed_message(&app, &actor, Command::PinMessage(id)).await
}

/// Unpin a message
///
/// For whoever may pin it. Doing it twice is no mistake.
#[utoipa::path(delete, path = "/messages/{id}/pin", tag = "pins", operation_id = "unpinMessage",
    params(("id" = MessageId, Path, description = "The message")),
    responses((status = 200, description = "The message, not pinned", body = Message)))]
pub(super) async fn unpin(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<MessageId>,
) -> Result<Answer<Message>, Failure> {
    reply::changed_message(&app, &actor, Command::UnpinMessage(id)).await
}
