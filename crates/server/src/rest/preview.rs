//! `/link-previews`

use super::Failure;
use super::body::Id;
use super::file::INERT;
use crate::app::App;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};
use natter_chat::PreviewPicture;
use uuid::Uuid;

/// It never changes under its id.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Get the picture of a link
///
/// What `image.url` of a preview leads to: a small picture that this server has made of the one on the page. It needs no
/// token, because it comes from a public place; its id cannot be guessed.
#[utoipa::path(get, path = "/link-previews/{id}/image", tag = "messages", operation_id = "getPreviewImage", security(()),
    params(("id" = Uuid, Path, description = "The picture")),
    responses((status = 200, description = "The picture", content_type = "image/*", body = String)))]
pub(super) async fn image(State(app): State<App>, Id(id): Id<Uuid>) -> Result<Response, Failure> {
    let PreviewPicture { media_type, content } = app.chat.preview_image(id).await?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::try_from(media_type).unwrap_or(HeaderValue::from_static("image/jpeg")),
        ),
        (header::CACHE_CONTROL, CACHE_CONTROL),
        (header::CONTENT_SECURITY_POLICY, INERT),
    ];
    Ok((headers, content).into_response())
}
