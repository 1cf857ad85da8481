//! `/files/uploads`: files in any number of requests, by version 1.0.0 of the protocol of tus.io.
//!
//! Of its extensions: creation, creation-with-upload, expiration, checksum and termination.

mod checksum;

use super::incoming::{Incoming, broken};
use super::upload::length;
use crate::app::App;
use crate::rest::Failure;
use crate::rest::body::{Id, SignedIn};
use axum::body::Body;
use axum::extract::{FromRequestParts, OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use checksum::Checksum;
use futures_util::StreamExt as _;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use natter_chat::{Actor, UploadWay, Uploading};
use natter_protocol::{ErrorCode, FileId, Timestamp};
use std::time::{Duration, UNIX_EPOCH};
use tracing::Instrument as _;

/// The version that is spoken.
const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const EXTENSIONS: &str = "creation,creation-with-upload,expiration,checksum,termination";
const ALGORITHMS: &str = "sha1,sha256";
const OFFSET_STREAM: &str = "application/offset+octet-stream";

pub(in crate::rest) const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(in crate::rest) const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
pub(in crate::rest) const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
pub(in crate::rest) const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub(in crate::rest) const TUS_CHECKSUM_ALGORITHM: HeaderName =
    HeaderName::from_static("tus-checksum-algorithm");
pub(in crate::rest) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(in crate::rest) const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(in crate::rest) const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub(in crate::rest) const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
pub(in crate::rest) const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");

pub(in crate::rest) const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

/// What every answer says: which version is spoken here, and what of it if that is asked.
pub(in crate::rest) async fn introduce(State(app): State<App>, request: Request, next: Next) -> Response {
    let asks = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(TUS_RESUMABLE, VERSION);
    headers.insert(TUS_VERSION, VERSION);
    if asks {
        headers.insert(TUS_EXTENSION, HeaderValue::from_static(EXTENSIONS));
        headers.insert(TUS_CHECKSUM_ALGORITHM, HeaderValue::from_static(ALGORITHMS));
        headers.insert(TUS_MAX_SIZE, HeaderValue::from(app.config.files.size_bytes_max));
    }
    response
}

/// A request that says that it speaks the same version.
pub(in crate::rest) struct Spoken;

impl FromRequestParts<App> for Spoken {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Failure> {
        if parts.headers.get(TUS_RESUMABLE) == Some(&VERSION) {
            return Ok(Self);
        }
        let detail = "Tus-Resumable must be 1.0.0, the version of the protocol that is spoken here";
        Err(Failure::new(ErrorCode::PreconditionFailed, detail))
    }
}

/// What the protocol's server can do
///
/// `Tus-Version`, `Tus-Extension`, `Tus-Max-Size` and `Tus-Checksum-Algorithm` say it.
#[utoipa::path(options, path = "/files/uploads", tag = "files", operation_id = "describeUploads", security(()),
    responses((status = 204, description = "In the headers")))]
pub(in crate::rest) async fn describe() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Begin an upload
///
/// By the [tus](https://tus.io/protocols/resumable-upload) protocol, which has clients for most languages. `Upload-Length`
/// says how many bytes will come; `Upload-Metadata` has the `filename`, in base64. `Location` is where they go; its last
/// part is the id that the file has once it is here. A body may have the first bytes already, or all of them.
#[utoipa::path(post, path = "/files/uploads", tag = "files", operation_id = "beginUpload",
    params(
        ("Tus-Resumable" = String, Header, description = "`1.0.0`", example = "1.0.0"),
        ("Upload-Length" = u64, Header, description = "Bytes in all", example = 1_048_576),
        ("Upload-Metadata" = Option<String>, Header, description = "Keys and values, the values in base64", example = "filename aGFyYm91ci5qcGc=")),
    responses((status = 201, description = "It can be sent to `Location`",
        headers(("location" = String, description = "Where it is to be sent"),
                ("upload-offset" = u64, description = "How many bytes came along")))))]
pub(in crate::rest) async fn begin(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    _: Spoken,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    // What is wrong with the request is said before anything begins that would be left behind.
    let bytes = number(&headers, &UPLOAD_LENGTH)?;
    let (name, checksum) = (filename(&headers)?, Checksum::of(&headers)?);
    let upload = app.chat.begin_upload(&actor, &name, Some(bytes), UploadWay::InParts).await?;
    let place = format!("{}/{}", uri.path().trim_end_matches('/'), upload.id);
    let with_bytes = is_offset_stream(&headers) && length(&headers) != Some(0);
    let upload = if with_bytes { receive(app, actor, upload, checksum, body).await? } else { upload };
    let mut response = (StatusCode::CREATED, standing(&upload)).into_response();
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// Ask how far an upload is
#[utoipa::path(head, path = "/files/uploads/{id}", tag = "files", operation_id = "getUpload",
    params(("id" = FileId, Path, description = "The upload"), ("Tus-Resumable" = String, Header, description = "`1.0.0`", example = "1.0.0")),
    responses((status = 200, description = "`Upload-Offset` says how many bytes are here",
        headers(("upload-offset" = u64, description = "How many bytes are here")))))]
pub(in crate::rest) async fn ask(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    _: Spoken,
    Id(id): Id<FileId>,
) -> Result<Response, Failure> {
    let upload = app.chat.upload(&actor, id).await?;
    let mut response = standing(&upload).into_response();
    if let Some(length) = upload.length {
        response.headers_mut().insert(UPLOAD_LENGTH, HeaderValue::from(length));
    }
    Ok(response)
}

/// Go on with an upload
///
/// From `Upload-Offset` on, which must be where the upload is. With the last byte it is looked at: what cannot be taken is
/// refused then, and forgotten. With `Upload-Checksum`, bytes that do not fit it are thrown away.
#[utoipa::path(patch, path = "/files/uploads/{id}", tag = "files", operation_id = "continueUpload",
    request_body(content_type = "application/offset+octet-stream", description = "The bytes", content = String),
    params(
        ("id" = FileId, Path, description = "The upload"),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`", example = "1.0.0"),
        ("Upload-Offset" = u64, Header, description = "Where the bytes go", example = 65_536),
        ("Upload-Checksum" = Option<String>, Header, description = "`sha1` or `sha256`, and the digest of the bytes in base64", example = "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=")),
    responses((status = 204, description = "They are here; `Upload-Offset` says how many there are now",
        headers(("upload-offset" = u64, description = "How many bytes are here now")))))]
pub(in crate::rest) async fn proceed(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    _: Spoken,
    Id(id): Id<FileId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    if !is_offset_stream(&headers) {
        let detail = format!("the Content-Type must be {OFFSET_STREAM}");
        return Err(Failure::new(ErrorCode::UnsupportedMediaType, detail));
    }
    let offset = number(&headers, &UPLOAD_OFFSET)?;
    let upload = Uploading { offset, ..app.chat.upload(&actor, id).await? };
    let upload = receive(app, actor, upload, Checksum::of(&headers)?, body).await?;
    Ok((StatusCode::NO_CONTENT, standing(&upload)).into_response())
}

/// Give an upload up
#[utoipa::path(delete, path = "/files/uploads/{id}", tag = "files", operation_id = "cancelUpload",
    params(("id" = FileId, Path, description = "The upload"), ("Tus-Resumable" = String, Header, description = "`1.0.0`", example = "1.0.0")),
    responses((status = 204, description = "It is forgotten")))]
pub(in crate::rest) async fn cancel(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    _: Spoken,
    Id(id): Id<FileId>,
) -> Result<StatusCode, Failure> {
    app.chat.cancel_upload(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Does what `X-HTTP-Method-Override` says, for whoever can send nothing but POST. It is part of the protocol, and of
/// nothing else here, so the document does not have it.
pub(in crate::rest) async fn overridden(
    state: State<App>,
    signed_in: SignedIn,
    spoken: Spoken,
    id: Id<FileId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    match headers.get(METHOD_OVERRIDE).map(HeaderValue::as_bytes) {
        Some(b"PATCH") => proceed(state, signed_in, spoken, id, headers, body).await,
        Some(b"HEAD") => ask(state, signed_in, spoken, id).await,
        Some(b"DELETE") => cancel(state, signed_in, spoken, id).await.map(IntoResponse::into_response),
        _ => {
            let detail = "an upload takes POST only with X-HTTP-Method-Override: PATCH, HEAD or DELETE";
            Err(Failure::new(ErrorCode::MethodNotAllowed, detail))
        }
    }
}

/// Takes what comes, as far as it comes.
async fn receive(
    app: App,
    actor: Actor,
    upload: Uploading,
    checksum: Option<Checksum>,
    body: Body,
) -> Result<Uploading, Failure> {
    let tasks = app.connections.clone();
    // On a task of its own: what is here stays when its client leaves, and what is whole is kept.
    let work = async move { append(&app, &actor, upload, checksum, body).await };
    let taken = tasks.spawn(work.in_current_span()).await;
    taken.map_err(|error| natter_chat::Error::Internal(format!("an upload ended early: {error}")))?
}

async fn append(
    app: &App,
    actor: &Actor,
    upload: Uploading,
    mut checksum: Option<Checksum>,
    body: Body,
) -> Result<Uploading, Failure> {
    let mut appending = app.chat.append_upload(actor, upload.id, upload.offset).await?;
    let mut incoming = Incoming::new(app, body);
    let arrived = async {
        while let Some(bytes) = incoming.next().await {
            let bytes = bytes.map_err(|error| broken(&error))?;
            if let Some(checksum) = &mut checksum {
                checksum.update(&bytes);
            }
            appending.write(&bytes).await?;
        }
        checksum.as_ref().map_or(Ok(()), |checksum| checksum.check(upload.offset))
    };
    let arrived = arrived.await;
    if arrived.is_err() && checksum.is_some() {
        // Bytes that are not what was sent, or of which that cannot be told any more.
        appending.undo().await?;
        arrived?;
        return Ok(upload);
    }
    let offset = appending.finish().await;
    arrived?;
    let upload = Uploading { offset: offset?, ..upload };
    if upload.length == Some(upload.offset) {
        app.chat.finish_upload(actor, upload.id).await?;
    }
    Ok(upload)
}

/// The headers that say how far an upload is.
fn standing(upload: &Uploading) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(UPLOAD_OFFSET, HeaderValue::from(upload.offset));
    if let Some(expires_at) = upload.expires_at.filter(|_| upload.length != Some(upload.offset))
        && let Ok(date) = HeaderValue::from_str(&http_date(expires_at))
    {
        headers.insert(UPLOAD_EXPIRES, date);
    }
    headers
}

fn http_date(time: Timestamp) -> String {
    let since = Duration::from_millis(u64::try_from(time.millis()).unwrap_or_default());
    httpdate::fmt_http_date(UNIX_EPOCH + since)
}

fn is_offset_stream(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().eq_ignore_ascii_case(OFFSET_STREAM.as_bytes()))
}

/// A header that must have a number.
fn number(headers: &HeaderMap, name: &HeaderName) -> Result<u64, Failure> {
    let mut values = headers.get_all(name).iter();
    // Numbers of Rust may have a sign.
    let digits = |value: &HeaderValue| value.as_bytes().iter().all(u8::is_ascii_digit);
    let value = values.next().filter(|value| values.next().is_none() && digits(value));
    value.and_then(|value| value.to_str().ok()?.parse().ok()).ok_or_else(|| {
        Failure::new(ErrorCode::InvalidHeader, format!("{name} must be there once and be a number of bytes"))
    })
}

/// The name of the file among what the client says about it; empty if it says none.
fn filename(headers: &HeaderMap) -> Result<String, Failure> {
    let invalid = || {
        let detail = "Upload-Metadata must be pairs of a key and a value in base64, separated by commas, and the filename UTF-8";
        Failure::new(ErrorCode::InvalidHeader, detail)
    };
    let Some(metadata) = headers.get(UPLOAD_METADATA) else { return Ok(String::new()) };
    let metadata = metadata.to_str().map_err(|_| invalid())?;
    // Clients call it one or the other; the first is what the protocol's own say.
    for wanted in ["filename", "name"] {
        for pair in metadata.split(',') {
            let (key, value) = pair.trim().split_once(' ').unwrap_or((pair.trim(), ""));
            if key == wanted {
                let value = STANDARD.decode(value.trim()).map_err(|_| invalid())?;
                return String::from_utf8(value).map_err(|_| invalid());
            }
        }
    }
    Ok(String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_found_in_what_the_client_says() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(UPLOAD_METADATA, text.parse().unwrap());
            filename(&headers).map_err(|failure| failure.into_problem("").0.code)
        };
        assert_eq!(of("filename Ym9hdHMucG5n"), Ok("boats.png".to_owned()));
        assert_eq!(of("filetype aW1hZ2UvcG5n,filename w6Rib290ZS5wbmc="), Ok("äboote.png".to_owned()));
        assert_eq!(of("is_confidential, name Ym9hdHMucG5n"), Ok("boats.png".to_owned()));
        assert_eq!(of("name YQ==,filename Yg=="), Ok("b".to_owned()));
        assert_eq!(of("filename"), Ok(String::new()));
        assert_eq!(of("other Yg=="), Ok(String::new()));
        assert_eq!(of("filename not base64!"), Err(ErrorCode::InvalidHeader));
        assert_eq!(of("filename //4="), Err(ErrorCode::InvalidHeader));
        assert_eq!(filename(&HeaderMap::new()).unwrap(), "");
    }

    #[test]
    fn a_number_is_there_once_and_has_digits_only() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(UPLOAD_LENGTH, value.parse().unwrap());
            }
            number(&headers, &UPLOAD_LENGTH).map_err(|failure| failure.into_problem("").0.code)
        };
        assert_eq!(of(&["18446744073709551615"]), Ok(u64::MAX));
        for values in
            [&[][..], &[""], &["+5"], &["-5"], &["5 "], &["0x5"], &["18446744073709551616"], &["5", "5"]]
        {
            assert_eq!(of(values), Err(ErrorCode::InvalidHeader), "{values:?}");
        }
    }
}
