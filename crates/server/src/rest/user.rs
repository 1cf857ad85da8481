//! `/users`

use super::Failure;
use super::body::{Answer, Id, Json, PageParameters, Parameters, SignedIn, limit};
use super::failure::unexpected;
use crate::app::App;
use axum::extract::State;
use natter_protocol::{Command, ErrorCode, OwnUser, Page, Reply, UpdateProfile, User, limits};
use serde::Deserialize;

/// Get yourself
#[utoipa::path(get, path = "/users/me", tag = "users", operation_id = "getMe",
    responses((status = 200, description = "You", body = OwnUser)))]
pub(super) async fn me(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
) -> Result<Answer<OwnUser>, Failure> {
    Ok(Answer::ok(app.chat.me(&actor).await?))
}

/// Change how others see you
///
/// What is absent stays. With `presenceVisible: false` nobody else sees when you are connected, nor when you last were.
#[utoipa::path(patch, path = "/users/me", tag = "users", operation_id = "updateMe", request_body = UpdateProfile,
    responses((status = 200, description = "You, as you are now", body = OwnUser)))]
pub(super) async fn update_me(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Json(update): Json<UpdateProfile>,
) -> Result<Answer<OwnUser>, Failure> {
    match app.chat.execute(&actor, Command::UpdateProfile(update)).await? {
        Reply::OwnUser(user) => Ok(Answer::ok(*user)),
        other => Err(unexpected(&other)),
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UserParameters {
    /// What the username, or a word of the name to show, begins with. Without it: everybody.
    #[param(max_length = 64, example = "ada")]
    query: Option<String>,
    /// Usernames and ids, separated by commas, up to 100. They come on one page, without those who are not there.
    /// Excludes the other parameters.
    #[param(example = "ada,bob")]
    ids: Option<String>,
    /// Entries on the page.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// Where the page begins: `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// Find people
///
/// By what their names begin with, in the order of usernames; or some whom you know by name, all at once. Whoever has
/// blocked you, or is blocked by you, is not found.
#[utoipa::path(get, path = "/users", tag = "users", operation_id = "listUsers", params(UserParameters),
    responses((status = 200, description = "A page of users", body = Page<User>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Parameters(parameters): Parameters<UserParameters>,
) -> Result<Answer<Page<User>>, Failure> {
    let UserParameters { query, ids, limit: asked, cursor } = parameters;
    let Some(ids) = ids else {
        let (query, limit) = (query.unwrap_or_default(), limit(asked, limits::PAGE_ENTRIES_MAX)?);
        return Ok(Answer::ok(app.chat.users(&actor, &query, cursor.as_deref(), limit).await?));
    };
    if query.is_some() || asked.is_some() || cursor.is_some() {
        let detail = "ids: excludes query, limit and cursor";
        return Err(Failure::new(ErrorCode::InvalidParameter, detail));
    }
    let names: Vec<String> =
        ids.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    Ok(Answer::ok(Page::new(app.chat.users_by_name(&actor, &names).await?, None)))
}

/// List who is online
///
/// Of the people with whom you share a conversation, in the order of usernames.
#[utoipa::path(get, path = "/users/online", tag = "users", operation_id = "listOnlineUsers", params(PageParameters),
    responses((status = 200, description = "A page of users", body = Page<User>)))]
pub(super) async fn online(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Answer<Page<User>>, Failure> {
    let (cursor, limit) = page.read()?;
    Ok(Answer::ok(app.chat.users_online(&actor, cursor, limit).await?))
}

/// Get a user
///
/// Whoever has blocked you is not found.
#[utoipa::path(get, path = "/users/{username}", tag = "users", operation_id = "getUser",
    params(("username" = String, Path, description = "A username or id", example = "ada")),
    responses((status = 200, description = "The user", body = User)))]
pub(super) async fn get(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(name): Id<String>,
) -> Result<Answer<User>, Failure> {
    Ok(Answer::ok(app.chat.user(&actor, &name).await?))
}
