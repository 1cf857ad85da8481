//! `/conversations/{id}/read`, `/messages/{id}/read` and `/messages/{id}/receipts`

use super::body::{Answer, Id, OptionalJson, PageParameters, Parameters, SignedIn};
use super::{Failure, reply};
use crate::app::App;
use axum::extract::State;
use natter_protocol::{Command, ConversationId, MarkRead, MessageId, ReadState, ReceiptPage, Seq};
use serde::Deserialize;

/// How far you have read: up to a message, or a position; without either, everything.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReadUpTo {
    /// Up to this message.
    #[serde(default)]
    message_id: Option<MessageId>,
    /// Up to this position; excludes `messageId`.
    #[serde(default)]
    #[schema(value_type = Option<u64>, example = 17)]
    seq: Option<Seq>,
}

/// Mark a conversation as read
///
/// Up to a message or a position; without a body, all of it. It never goes back.
#[utoipa::path(post, path = "/conversations/{id}/read", tag = "receipts", operation_id = "readConversation", request_body = Option<ReadUpTo>,
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 200, description = "How far you have read it, and what is left", body = ReadState)))]
pub(super) async fn read_conversation(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
    OptionalJson(ReadUpTo { message_id, seq }): OptionalJson<ReadUpTo>,
) -> Result<Answer<ReadState>, Failure> {
    let mark = MarkRead { conversation_id: Some(id), message_id, seq };
    reply::read_state(&app, &actor, Command::MarkRead(mark)).await
}

/// Mark a message as read
///
/// And all before it in its conversation. It never goes back.
#[utoipa::path(post, path = "/messages/{id}/read", tag = "receipts", operation_id = "readMessage",
    params(("id" = MessageId, Path, description = "The message")),
    responses((status = 200, description = "How far you have read its conversation, and what is left", body = ReadState)))]
pub(super) async fn read_message(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<MessageId>,
) -> Result<Answer<ReadState>, Failure> {
    let mark = MarkRead { conversation_id: None, message_id: Some(id), seq: None };
    reply::read_state(&app, &actor, Command::MarkRead(mark)).await
}

/// List who has read a message
///
/// In the order of usernames, and how many they are. In a conversation of more than 256 members only how many. Whoever has
/// blocked you, or is blocked by you, is left out, and not counted.
#[utoipa::path(get, path = "/messages/{id}/receipts", tag = "receipts", operation_id = "listReceipts",
    params(("id" = MessageId, Path, description = "The message"), PageParameters),
    responses((status = 200, description = "A page of receipts", body = ReceiptPage)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<MessageId>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Answer<ReceiptPage>, Failure> {
    let (cursor, limit) = page.read()?;
    Ok(Answer::ok(app.chat.receipts(&actor, id, cursor, limit).await?))
}
