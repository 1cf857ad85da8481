//! `/conversations/{id}/scheduled-messages` and `/users/me/scheduled-messages`

use super::body::{Answer, Id, Json, SignedIn};
use super::failure::unexpected;
use super::{Failure, reply};
use crate::app::App;
use axum::extract::State;
use http::StatusCode;
use natter_protocol::{
    Command, ConversationId, FileId, MessageDraft, MessageId, MessageKind, Page, Reply, ScheduleMessage,
    ScheduledMessage, ScheduledMessageId, Timestamp,
};
use serde::Deserialize;

/// A message and when it is sent.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Later {
    /// The text: 1 to 16,000 characters; it may be absent when there are attachments.
    #[serde(default)]
    #[schema(max_length = 16000, example = "Fresh herring at pier 4")]
    content: String,
    /// When: in the future, at most 366 days ahead.
    send_at: Timestamp,
    /// The message that it answers; in the same conversation.
    #[serde(default)]
    reply_to: Option<MessageId>,
    /// The message that started the thread; in the same conversation.
    #[serde(default)]
    thread_id: Option<MessageId>,
    /// Files that you have uploaded.
    #[serde(default)]
    #[schema(max_items = 10)]
    attachments: Vec<FileId>,
    /// What it is: `text`, or `voice` with exactly one file of sound.
    #[serde(default)]
    kind: MessageKind,
}

/// Schedule a message
///
/// It is sent in your name when its time has come, if you may still send it then.
#[utoipa::path(post, path = "/conversations/{id}/scheduled-messages", tag = "scheduled messages", operation_id = "scheduleMessage", request_body = Later,
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 201, description = "It will be sent", body = ScheduledMessage)))]
pub(super) async fn schedule(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(conversation_id): Id<ConversationId>,
    Json(Later { content, send_at, reply_to, thread_id, attachments, kind }): Json<Later>,
) -> Result<Answer<ScheduledMessage>, Failure> {
    let draft = MessageDraft { content, reply_to, thread_id, attachments, kind, ..MessageDraft::default() };
    let command = Command::ScheduleMessage(ScheduleMessage { conversation_id, send_at, draft });
    match app.chat.execute(&actor, command).await? {
        Reply::Scheduled(scheduled) => Ok(Answer::created(*scheduled, false)),
        other => Err(unexpected(&other)),
    }
}

/// List your scheduled messages
///
/// Those that wait and those that could not be sent, on one page, by time.
#[utoipa::path(get, path = "/users/me/scheduled-messages", tag = "scheduled messages", operation_id = "listScheduledMessages",
    responses((status = 200, description = "The scheduled messages", body = Page<ScheduledMessage>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
) -> Result<Answer<Page<ScheduledMessage>>, Failure> {
    Ok(Answer::ok(Page::new(app.chat.scheduled(&actor).await?, None)))
}

/// Cancel a scheduled message
///
/// Or forget one that could not be sent.
#[utoipa::path(delete, path = "/users/me/scheduled-messages/{id}", tag = "scheduled messages", operation_id = "cancelScheduledMessage",
    params(("id" = ScheduledMessageId, Path, description = "The scheduled message")),
    responses((status = 204, description = "It will not be sent")))]
pub(super) async fn cancel(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ScheduledMessageId>,
) -> Result<StatusCode, Failure> {
    reply::done(&app, &actor, Command::CancelScheduledMessage(id)).await
}
