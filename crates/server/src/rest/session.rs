//! `/users/me/sessions` and `/users/me/password`

use super::Failure;
use super::body::{Answer, Id, Json, SignedIn};
use crate::app::App;
use axum::extract::State;
use http::StatusCode;
use natter_protocol::{ChangePassword, Page, SessionId, SessionInfo};

/// List your sessions
///
/// Each is one sign-in. All of them are on the one page, newest first.
#[utoipa::path(get, path = "/users/me/sessions", tag = "sessions", operation_id = "listSessions",
    responses((status = 200, description = "The sessions", body = Page<SessionInfo>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
) -> Result<Answer<Page<SessionInfo>>, Failure> {
    Ok(Answer::ok(Page::new(app.chat.sessions(&actor).await?, None)))
}

/// End a session
///
/// Its sockets are closed, and its tokens are worthless.
#[utoipa::path(delete, path = "/users/me/sessions/{id}", tag = "sessions", operation_id = "endSession",
    params(("id" = SessionId, Path, description = "The session")),
    responses((status = 204, description = "It has ended")))]
pub(super) async fn end(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<SessionId>,
) -> Result<StatusCode, Failure> {
    app.chat.end_session(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all other sessions
///
/// All but the one that asks.
#[utoipa::path(delete, path = "/users/me/sessions", tag = "sessions", operation_id = "endOtherSessions",
    responses((status = 204, description = "They have ended")))]
pub(super) async fn end_others(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
) -> Result<StatusCode, Failure> {
    app.chat.end_other_sessions(&actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change your password
///
/// All other sessions end.
#[utoipa::path(put, path = "/users/me/password", tag = "sessions", operation_id = "changePassword", request_body = ChangePassword,
    responses((status = 204, description = "Changed")))]
pub(super) async fn change_password(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Json(change): Json<ChangePassword>,
) -> Result<StatusCode, Failure> {
    app.chat.change_password(&actor, change).await?;
    Ok(StatusCode::NO_CONTENT)
}
