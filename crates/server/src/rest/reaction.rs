//! `/messages/{id}/reactions`

use super::body::{Answer, Id, Ids, Json, PageParameters, Parameters, SignedIn};
use super::{Failure, reply};
use crate::app::App;
use axum::extract::State;
use natter_protocol::{Command, Message, MessageId, Page, Reaction, ReactionRequest};
use serde::Deserialize;

/// List reactions
///
/// Who chose which emoji, oldest first.
#[utoipa::path(get, path = "/messages/{id}/reactions", tag = "reactions", operation_id = "listReactions",
    params(("id" = MessageId, Path, description = "The message"), PageParameters),
    responses((status = 200, description = "A page of reactions", body = Page<Reaction>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<MessageId>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Answer<Page<Reaction>>, Failure> {
    let (cursor, limit) = page.read()?;
    Ok(Answer::ok(app.chat.reactions(&actor, id, cursor, limit).await?))
}

/// What to react with.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(super) struct Choice {
    /// One emoji.
    #[schema(min_length = 1, max_length = 64, example = "👍")]
    emoji: String,
}

/// React to a message
///
/// Choosing the same emoji twice is no mistake.
#[utoipa::path(post, path = "/messages/{id}/reactions", tag = "reactions", operation_id = "addReaction", request_body = Choice,
    params(("id" = MessageId, Path, description = "The message")),
    responses((status = 201, description = "The message, with the emoji under it", body = Message)))]
pub(super) async fn add(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(message_id): Id<MessageId>,
    Json(Choice { emoji }): Json<Choice>,
) -> Result<Answer<Message>, Failure> {
    let command = Command::AddReaction(ReactionRequest { message_id, emoji });
    let (message, repeat) = reply::message(&app, &actor, command).await?;
    Ok(Answer::created(message, repeat))
}

/// Take a reaction back
///
/// Doing it twice is no mistake.
#[utoipa::path(delete, path = "/messages/{id}/reactions/{emoji}", tag = "reactions", operation_id = "removeReaction",
    params(
        ("id" = MessageId, Path, description = "The message"),
        ("emoji" = String, Path, description = "The emoji, percent-encoded", example = "👍")),
    responses((status = 200, description = "The message, without it", body = Message)))]
pub(super) async fn remove(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Ids(message_id, emoji): Ids<MessageId, String>,
) -> Result<Answer<Message>, Failure> {
    let command = Command::RemoveReaction(ReactionRequest { message_id, emoji });
    reply::changed_message(&app, &actor, command).await
}
