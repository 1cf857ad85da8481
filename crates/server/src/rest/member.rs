//! `/conversations/{id}/members`, joining and leaving

use super::body::{Answer, Id, Ids, Json, PageParameters, Parameters, SignedIn};
use super::failure::unexpected;
use super::{Failure, reply};
use crate::app::App;
use axum::extract::State;
use http::StatusCode;
use natter_protocol::{
    AddMember, Command, Conversation, ConversationId, Member, Page, Reply, UpdateMember, UserId,
};

/// List members
///
/// In the order of usernames.
#[utoipa::path(get, path = "/conversations/{id}/members", tag = "members", operation_id = "listMembers",
    params(("id" = ConversationId, Path, description = "The conversation"), PageParameters),
    responses((status = 200, description = "A page of members", body = Page<Member>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Answer<Page<Member>>, Failure> {
    let (cursor, limit) = page.read()?;
    Ok(Answer::ok(app.chat.members(&actor, id, cursor, limit).await?))
}

/// Add a member
///
/// By `userId` or `username`, with a role up to your own. For members of a group, and moderators of a channel.
#[utoipa::path(post, path = "/conversations/{id}/members", tag = "members", operation_id = "addMember", request_body = AddMember,
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses(
        (status = 201, description = "Added", body = Member),
        (status = 200, description = "They were a member before; nothing has changed", body = Member)))]
pub(super) async fn add(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
    Json(add): Json<AddMember>,
) -> Result<Answer<Member>, Failure> {
    match app.chat.execute(&actor, Command::AddMember(id, add)).await? {
        Reply::Member { member, existed } => Ok(Answer::created(*member, existed)),
        other => Err(unexpected(&other)),
    }
}

/// Change what a member may do
///
/// For admins, of members whom they outrank. The owner can make somebody else the owner, and becomes an admin then.
#[utoipa::path(patch, path = "/conversations/{id}/members/{userId}", tag = "members", operation_id = "updateMember", request_body = UpdateMember,
    params(
        ("id" = ConversationId, Path, description = "The conversation"),
        ("userId" = UserId, Path, description = "The member")),
    responses((status = 200, description = "The member as they are now", body = Member)))]
pub(super) async fn update(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Ids(id, user): Ids<ConversationId, UserId>,
    Json(update): Json<UpdateMember>,
) -> Result<Answer<Member>, Failure> {
    match app.chat.execute(&actor, Command::UpdateMember(id, user, update)).await? {
        Reply::Member { member, .. } => Ok(Answer::ok(*member)),
        other => Err(unexpected(&other)),
    }
}

/// Remove a member
///
/// For moderators, of members whom they outrank. Removing yourself is leaving.
#[utoipa::path(delete, path = "/conversations/{id}/members/{userId}", tag = "members", operation_id = "removeMember",
    params(
        ("id" = ConversationId, Path, description = "The conversation"),
        ("userId" = UserId, Path, description = "The member")),
    responses((status = 204, description = "Removed")))]
pub(super) async fn remove(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Ids(id, user): Ids<ConversationId, UserId>,
) -> Result<StatusCode, Failure> {
    reply::done(&app, &actor, Command::RemoveMember(id, user)).await
}

/// Join a public channel
///
/// Doing it twice is no mistake.
#[utoipa::path(post, path = "/conversations/{id}/join", tag = "members", operation_id = "joinConversation",
    params(("id" = ConversationId, Path, description = "The channel")),
    responses((status = 200, description = "The channel, which you are in now", body = Conversation)))]
pub(super) async fn join(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
) -> Result<Answer<Conversation>, Failure> {
    let (conversation, _) = reply::conversation(&app, &actor, Command::JoinConversation(id)).await?;
    Ok(Answer::ok(conversation))
}

/// Leave a conversation
///
/// When the owner leaves, whoever is next in rank becomes the owner; when the last one leaves, it is deleted. A direct
/// conversation cannot be left; archive it instead.
#[utoipa::path(post, path = "/conversations/{id}/leave", tag = "members", operation_id = "leaveConversation",
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 204, description = "You are not in it any more")))]
pub(super) async fn leave(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
) -> Result<StatusCode, Failure> {
    reply::done(&app, &actor, Command::LeaveConversation(id)).await
}
