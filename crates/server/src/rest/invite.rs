//! `/conversations/{id}/invites` and `/invites`

use super::body::{Answer, Id, Ids, OptionalJson, SignedIn};
use super::failure::unexpected;
use super::{Failure, reply};
use crate::app::App;
use axum::extract::State;
use http::StatusCode;
use natter_protocol::{
    Command, Conversation, ConversationId, CreateInvite, Invite, InviteId, InvitePreview, Page, Reply,
};

/// List invite links
///
/// Those that are good, on one page, oldest first. For admins.
#[utoipa::path(get, path = "/conversations/{id}/invites", tag = "invites", operation_id = "listInvites",
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 200, description = "The links", body = Page<Invite>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
) -> Result<Answer<Page<Invite>>, Failure> {
    Ok(Answer::ok(Page::new(app.chat.invites(&actor, id).await?, None)))
}

/// Create an invite link
///
/// Whoever has its code can join. Without a body it never ends and lets in any number of people. For admins.
#[utoipa::path(post, path = "/conversations/{id}/invites", tag = "invites", operation_id = "createInvite", request_body = Option<CreateInvite>,
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 201, description = "The link", body = Invite)))]
pub(super) async fn create(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
    OptionalJson(create): OptionalJson<CreateInvite>,
) -> Result<Answer<Invite>, Failure> {
    match app.chat.execute(&actor, Command::CreateInvite(id, create)).await? {
        Reply::Invite(invite) => Ok(Answer::created(*invite, false)),
        other => Err(unexpected(&other)),
    }
}

/// Revoke an invite link
///
/// It lets nobody in any more. For admins.
#[utoipa::path(delete, path = "/conversations/{id}/invites/{inviteId}", tag = "invites", operation_id = "revokeInvite",
    params(
        ("id" = ConversationId, Path, description = "The conversation"),
        ("inviteId" = InviteId, Path, description = "The link")),
    responses((status = 204, description = "Revoked")))]
pub(super) async fn revoke(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Ids(id, invite): Ids<ConversationId, InviteId>,
) -> Result<StatusCode, Failure> {
    reply::done(&app, &actor, Command::RevokeInvite(id, invite)).await
}

/// See where an invite link leads
#[utoipa::path(get, path = "/invites/{code}", tag = "invites", operation_id = "previewInvite",
    params(("code" = String, Path, description = "The code of the link", example = "k3V9hQ2mTz8xWc1LrY0uPA")),
    responses((status = 200, description = "Where it leads", body = InvitePreview)))]
pub(super) async fn preview(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(code): Id<String>,
) -> Result<Answer<InvitePreview>, Failure> {
    Ok(Answer::ok(app.chat.invite(&actor, &code).await?))
}

/// Join by an invite link
///
/// Doing it twice is no mistake.
#[utoipa::path(post, path = "/invites/{code}", tag = "invites", operation_id = "acceptInvite",
    params(("code" = String, Path, description = "The code of the link", example = "k3V9hQ2mTz8xWc1LrY0uPA")),
    responses((status = 200, description = "The conversation, which you are in now", body = Conversation)))]
pub(super) async fn accept(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(code): Id<String>,
) -> Result<Answer<Conversation>, Failure> {
    Ok(Answer::ok(reply::conversation(&app, &actor, Command::AcceptInvite(code)).await?.0))
}
