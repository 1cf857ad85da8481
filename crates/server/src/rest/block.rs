//! `/blocks`

use super::body::{Answer, Id, Json, PageParameters, Parameters, SignedIn};
use super::failure::unexpected;
use super::{Failure, reply};
use crate::app::App;
use axum::extract::State;
use http::StatusCode;
use natter_protocol::{Block, BlockStatus, Command, Page, Reply};
use serde::Deserialize;

/// List whom you have blocked
///
/// In the order of usernames.
#[utoipa::path(get, path = "/blocks", tag = "blocks", operation_id = "listBlocks", params(PageParameters),
    responses((status = 200, description = "A page of blocks", body = Page<Block>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Answer<Page<Block>>, Failure> {
    let (cursor, limit) = page.read()?;
    Ok(Answer::ok(app.chat.blocks(&actor, cursor, limit).await?))
}

/// Whom to keep away.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(super) struct Unwanted {
    /// A username or id.
    #[schema(example = "bob")]
    username: String,
}

/// Block somebody
///
/// Neither can write to the other or add them anywhere, mentions are not recorded, and each is hidden from the other
/// where presence, typing and receipts are concerned. Doing it twice is no mistake.
#[utoipa::path(post, path = "/blocks", tag = "blocks", operation_id = "blockUser", request_body = Unwanted,
    responses((status = 201, description = "They are blocked", body = Block)))]
pub(super) async fn add(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Json(Unwanted { username }): Json<Unwanted>,
) -> Result<Answer<Block>, Failure> {
    match app.chat.execute(&actor, Command::BlockUser(username)).await? {
        Reply::Block(block) => Ok(Answer::created(*block, false)),
        other => Err(unexpected(&other)),
    }
}

/// Unblock somebody
#[utoipa::path(delete, path = "/blocks/{username}", tag = "blocks", operation_id = "unblockUser",
    params(("username" = String, Path, description = "A username or id", example = "bob")),
    responses((status = 204, description = "They are not blocked any more")))]
pub(super) async fn remove(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(name): Id<String>,
) -> Result<StatusCode, Failure> {
    reply::done(&app, &actor, Command::UnblockUser(name)).await
}

/// See whether there is a block
///
/// In either direction.
#[utoipa::path(get, path = "/blocks/status/{username}", tag = "blocks", operation_id = "getBlockStatus",
    params(("username" = String, Path, description = "A username or id", example = "bob")),
    responses((status = 200, description = "Who has blocked whom", body = BlockStatus)))]
pub(super) async fn status(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(name): Id<String>,
) -> Result<Answer<BlockStatus>, Failure> {
    Ok(Answer::ok(app.chat.block_status(&actor, &name).await?))
}
