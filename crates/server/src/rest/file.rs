//! `/files`, and the files of a conversation

mod disposition;
mod download;
mod incoming;
mod tus;
mod upload;
mod wanted;

pub(super) use incoming::hear_out;
pub(super) use {download::*, tus::*, upload::*};

use super::Failure;
use super::body::{Answer, Id, Json, PageParameters, Parameters, SignedIn};
use crate::app::App;
use axum::extract::State;
use http::StatusCode;
use natter_chat::FileOrder;
use natter_protocol::{
    ConversationId, File, FileId, FileKind, FileLink, FileRejection, FileVariant, Page, SharedFile,
};
use serde::Deserialize;

/// Get what is known of a file
#[utoipa::path(get, path = "/files/{id}/info", tag = "files", operation_id = "getFile",
    params(("id" = FileId, Path, description = "The file")),
    responses((status = 200, description = "The file", body = File)))]
pub(super) async fn info(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<FileId>,
) -> Result<Answer<File>, Failure> {
    Ok(Answer::ok(app.chat.file(&actor, id).await?))
}

/// Delete a file
///
/// One that you uploaded and that no message holds. A file that was sent goes with its message.
#[utoipa::path(delete, path = "/files/{id}", tag = "files", operation_id = "deleteFile",
    params(("id" = FileId, Path, description = "The file")),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn delete(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<FileId>,
) -> Result<StatusCode, Failure> {
    app.chat.delete_file(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Files to which links are wanted.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(super) struct WantedLinks {
    /// Up to 100.
    #[schema(max_items = 100)]
    files: Vec<WantedLink>,
}

/// A file to which a link is wanted.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(super) struct WantedLink {
    /// Which.
    id: FileId,
    /// What of it; the file itself when absent.
    #[serde(default)]
    variant: FileVariant,
}

/// Get links to files
///
/// Addresses that work for a while without a token, for `<img>` and its like, in the order that was asked for. What you
/// may not see is left out. A link shows what you may see: once you may not see a file any more, its links end.
#[utoipa::path(post, path = "/files/links", tag = "files", operation_id = "createFileLinks", request_body = WantedLinks,
    responses((status = 200, description = "The links", body = Page<FileLink>)))]
pub(super) async fn links(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Json(WantedLinks { files }): Json<WantedLinks>,
) -> Result<Answer<Page<FileLink>>, Failure> {
    let wanted: Vec<_> = files.iter().map(|file| (file.id, file.variant)).collect();
    Ok(Answer::ok(Page::new(app.chat.file_links(&actor, &wanted).await?, None)))
}

/// Which files of a conversation are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SharedFileParameters {
    /// Only what is shown as this.
    #[param(inline)]
    kind: Option<FileKind>,
    /// `newest` first, for looking at them, or `oldest` first: then what is sent later changes nothing of the pages before.
    #[serde(default)]
    #[param(inline)]
    order: Order,
}

/// The order of a conversation's files.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Order {
    /// Those sent last come first.
    #[default]
    Newest,
    /// Those sent first come first.
    Oldest,
}

/// List the files of a conversation
///
/// With the messages that hold them.
#[utoipa::path(get, path = "/conversations/{id}/files", tag = "files", operation_id = "listFiles",
    params(("id" = ConversationId, Path, description = "The conversation"), SharedFileParameters, PageParameters),
    responses((status = 200, description = "A page of files", body = Page<SharedFile>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
    Parameters(SharedFileParameters { kind, order }): Parameters<SharedFileParameters>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Answer<Page<SharedFile>>, Failure> {
    let (cursor, limit) = page.read()?;
    let order = match order {
        Order::Newest => FileOrder::Newest,
        Order::Oldest => FileOrder::Oldest,
    };
    Ok(Answer::ok(app.chat.conversation_files(&actor, id, kind, order, cursor, limit).await?))
}

/// List the files in which a virus was found
///
/// The latest finding first, with who uploaded them and where they were sent. For moderators of the installation.
#[utoipa::path(get, path = "/files/rejected", tag = "files", operation_id = "listRejectedFiles", params(PageParameters),
    responses((status = 200, description = "A page of findings", body = Page<FileRejection>)))]
pub(super) async fn rejected(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Answer<Page<FileRejection>>, Failure> {
    let (cursor, limit) = page.read()?;
    Ok(Answer::ok(app.chat.rejected_files(&actor, cursor, limit).await?))
}
