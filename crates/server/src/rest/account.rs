//! `/auth`

use super::Failure;
use super::body::{Answer, Json, SignedIn};
use crate::app::App;
use axum::extract::State;
use http::StatusCode;
use natter_protocol::{LoginRequest, RefreshRequest, RegisterRequest, SignIn, Ticket, Tokens};
use serde::Deserialize;

/// Sign up
///
/// Creates an account and signs it in.
#[utoipa::path(post, path = "/auth/register", tag = "auth", operation_id = "register", security(()), request_body = RegisterRequest,
    responses((status = 201, description = "The account, signed in", body = SignIn)))]
pub(super) async fn register(
    State(app): State<App>,
    Json(request): Json<RegisterRequest>,
) -> Result<Answer<SignIn>, Failure> {
    Ok(Answer::created(app.chat.register(request).await?, false))
}

/// Sign in
#[utoipa::path(post, path = "/auth/login", tag = "auth", operation_id = "login", security(()), request_body = LoginRequest,
    responses((status = 200, description = "Signed in", body = SignIn)))]
pub(super) async fn login(
    State(app): State<App>,
    Json(request): Json<LoginRequest>,
) -> Result<Answer<SignIn>, Failure> {
    Ok(Answer::ok(app.chat.login(&request).await?))
}

/// Stay signed in
///
/// Trades the refresh token for the next pair. Whoever does not get the answer can ask again within a minute, and gets the
/// same refresh token. Later, or once that one is traded, a second use means that somebody else has the token, and ends the
/// session.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", operation_id = "refresh", security(()), request_body = RefreshRequest,
    responses((status = 200, description = "The next pair", body = Tokens)))]
pub(super) async fn refresh(
    State(app): State<App>,
    Json(request): Json<RefreshRequest>,
) -> Result<Answer<Tokens>, Failure> {
    Ok(Answer::ok(app.chat.refresh(&request.refresh_token).await?))
}

/// Ends a session.
// No Debug: a secret must not get into a log by a slip.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignOut {
    /// The newest refresh token of the session.
    #[schema(example = "natter_rt_4mGq0bTn")]
    refresh_token: String,
    /// Whether all other sessions of the user end, too.
    #[serde(default)]
    everywhere: bool,
}

/// Sign out
///
/// Ends the session and closes its sockets. Doing it twice is no mistake.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", operation_id = "logout", security(()), request_body = SignOut,
    responses((status = 204, description = "The session has ended")))]
pub(super) async fn logout(
    State(app): State<App>,
    Json(request): Json<SignOut>,
) -> Result<StatusCode, Failure> {
    app.chat.logout(&request.refresh_token, request.everywhere).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Get a ticket for a socket
///
/// A browser cannot set headers on a WebSocket, and a token does not belong into an address. A ticket opens one
/// socket, once, as `?ticket=`.
#[utoipa::path(post, path = "/auth/ticket", tag = "auth", operation_id = "issueTicket",
    responses((status = 200, description = "The ticket", body = Ticket)))]
pub(super) async fn ticket(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
) -> Result<Answer<Ticket>, Failure> {
    Ok(Answer::ok(app.chat.issue_ticket(&actor)?))
}
