//! `GET /files/{id}`: the content of a file, all of it or a part.

use super::disposition::disposition;
use super::wanted::{Wanted, wanted};
use crate::app::App;
use crate::rest::Failure;
use crate::rest::body::{Id, Parameters, SignedIn};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use futures_util::TryStreamExt as _;
use headers::{ETag, HeaderMapExt as _};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use natter_chat::{Actor, OpenFile};
use natter_protocol::{FileId, FileVariant, ThumbnailSize};
use serde::Deserialize;
use std::time::Duration;

/// Whatever a file holds, it can do nothing to the page that shows it, nor to this website.
pub(in crate::rest) const INERT: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
/// Only whoever fetched it may keep it, and it never changes. Whether they may still have it is asked again after that.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("private, no-cache");
/// Bytes of a thumbnail. Those that are made are far smaller.
const THUMBNAIL_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What of a file is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct VariantParameters {
    /// The file itself, or one of its thumbnails.
    #[serde(default)]
    #[param(inline)]
    variant: FileVariant,
}

/// Which thumbnail is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct SizeParameters {
    /// `small`, at most 320 pixels, or `large`, at most 1,280.
    #[serde(default)]
    #[param(inline)]
    size: ThumbnailSize,
}

/// Download a file
///
/// For members of a conversation in which a message holds it, and for whoever uploaded it as long as no message does. A
/// link of `POST /files/links` needs no token. A part can be had by `Range`, and `If-None-Match` saves fetching it twice.
/// Pictures, sound, films, PDF and plain text are shown by browsers, everything else is saved; nothing runs.
#[utoipa::path(get, path = "/files/{id}", tag = "files", operation_id = "downloadFile",
    params(("id" = FileId, Path, description = "The file"), VariantParameters),
    responses(
        (status = 200, description = "All of it", content_type = "*/*", body = String),
        (status = 206, description = "The part", content_type = "*/*", body = String),
        (status = 302, description = "It is to be fetched from the object store, at `Location`"),
        (status = 304, description = "It is what `If-None-Match` names")))]
pub(in crate::rest) async fn download(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<FileId>,
    Parameters(VariantParameters { variant }): Parameters<VariantParameters>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    give(&app, &actor, id, variant, &method, &headers).await
}

/// Get a thumbnail
///
/// Of a picture that is larger than that; `thumbnails` of the file says which there are.
#[utoipa::path(get, path = "/files/{id}/thumbnail", tag = "files", operation_id = "getThumbnail",
    params(("id" = FileId, Path, description = "The file"), SizeParameters),
    responses(
        (status = 200, description = "The picture", content_type = "image/*", body = String),
        (status = 304, description = "It is what `If-None-Match` names")))]
pub(in crate::rest) async fn thumbnail(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<FileId>,
    Parameters(SizeParameters { size }): Parameters<SizeParameters>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let variant = match size {
        ThumbnailSize::Small => FileVariant::Small,
        ThumbnailSize::Large => FileVariant::Large,
    };
    give(&app, &actor, id, variant, &method, &headers).await
}

async fn give(
    app: &App,
    actor: &Actor,
    id: FileId,
    variant: FileVariant,
    method: &Method,
    asked: &HeaderMap,
) -> Result<Response, Failure> {
    let open = app.chat.open_file(actor, id, variant).await?;
    let mut response = match variant {
        FileVariant::Original => original(app, &open, method, asked).await?,
        FileVariant::Small | FileVariant::Large => smaller(app, &open, asked).await?,
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, INERT);
    headers.insert(header::CACHE_CONTROL, CACHE_CONTROL);
    Ok(response)
}

async fn original(
    app: &App,
    open: &OpenFile,
    method: &Method,
    asked: &HeaderMap,
) -> Result<Response, Failure> {
    let file = &open.file;
    let tag = tag(&file.sha256)?;
    let wanted = wanted(asked, &tag, file.size)?;
    let (disposition, media_type) = (disposition(&file.name, &file.media_type), media_type(&file.media_type));
    if app.config.files.redirect && wanted != Wanted::Nothing {
        let valid = Duration::from_secs(u64::from(app.config.files.link_seconds));
        let shown = disposition.to_str().unwrap_or("attachment");
        if let Some(address) = app.chat.address_of(open, valid, shown, &media_type).await?
            && let Ok(address) = HeaderValue::from_str(&address)
        {
            return Ok((StatusCode::FOUND, [(header::LOCATION, address)]).into_response());
        }
    }
    let (status, range) = match wanted {
        Wanted::Nothing => return Ok(unchanged(tag)),
        Wanted::Whole => (StatusCode::OK, None),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, Some(range)),
    };
    let size = range.as_ref().map_or(file.size, |range| range.end - range.start);
    let content_range =
        range.as_ref().map(|range| format!("bytes {}-{}/{}", range.start, range.end - 1, file.size));
    // Whoever asks for the headers alone is not read to.
    let body = if *method == Method::HEAD {
        Body::empty()
    } else {
        metrics::counter!("natter_files_given_bytes_total").increment(size);
        Body::from_stream(app.chat.read_file(open, range).await?)
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    if let Ok(media_type) = HeaderValue::from_str(&media_type) {
        headers.insert(header::CONTENT_TYPE, media_type);
    }
    if let Some(Ok(range)) = content_range.map(|range| HeaderValue::from_str(&range)) {
        headers.insert(header::CONTENT_RANGE, range);
    }
    headers.typed_insert(tag);
    Ok(response)
}

/// A thumbnail, which is small enough to be read before it is given out.
async fn smaller(app: &App, open: &OpenFile, asked: &HeaderMap) -> Result<Response, Failure> {
    let tag = tag(&format!("{}-{:?}", open.file.sha256, open.variant))?;
    let known = asked.typed_get::<headers::IfNoneMatch>();
    if known.is_some_and(|known| !known.precondition_passes(&tag)) {
        return Ok(unchanged(tag));
    }
    let content = app.chat.read_file(open, Some(0..THUMBNAIL_BYTES_MAX as u64)).await?;
    let broke_off = |error| natter_chat::Error::Unavailable(format!("a thumbnail cannot be read: {error}"));
    let pieces: Vec<Bytes> = content.try_collect().await.map_err(broke_off)?;
    let bytes = pieces.concat();
    metrics::counter!("natter_files_given_bytes_total").increment(bytes.len() as u64);
    let mut response = ([(header::CONTENT_TYPE, picture_type(&bytes))], bytes).into_response();
    response.headers_mut().typed_insert(tag);
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    Ok(response)
}

fn unchanged(tag: ETag) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    response.headers_mut().typed_insert(tag);
    response
}

fn tag(text: &str) -> Result<ETag, Failure> {
    let invalid = |_| natter_chat::Error::Internal(format!("{text} is no tag")).into();
    format!("\"{text}\"").parse().map_err(invalid)
}

/// The type as the header has it. Text is read as UTF-8, whatever the browser would take it for.
fn media_type(media_type: &str) -> String {
    if media_type.starts_with("text/") {
        format!("{media_type}; charset=utf-8")
    } else {
        media_type.to_owned()
    }
}

/// What a thumbnail is: they are all made here, and of few types.
fn picture_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [b'R', b'I', b'F', b'F', ..] => "image/webp",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        _ => "image/jpeg",
    }
}
