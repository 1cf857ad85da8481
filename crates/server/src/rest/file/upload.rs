//! `POST /files`: a file in one request.

use super::incoming::{FORM_BYTES_MAX, Incoming, Portions, broken};
use crate::app::App;
use crate::rest::Failure;
use crate::rest::body::{Answer, SignedIn};
use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, header};
use multer::{Field, Multipart};
use natter_chat::{Actor, UploadWay};
use natter_protocol::{ErrorCode, File};
use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tracing::Instrument as _;

/// The name of the part that has the file.
const PART: &str = "file";

/// A form with a file.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it is read piece by piece; this describes it")]
pub(in crate::rest) struct FileForm {
    /// The file, with its name.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Upload a file
///
/// In a part called `file`, with a name. What the file is is decided by its content, which must be what the extension of
/// its name says. Nobody else sees it until you send it: name its id in the `attachments` of a message within a day. Large
/// files, and those that come over a bad line, are better sent by [tus](https://tus.io/protocols/resumable-upload), at
/// `/files/uploads`.
///
/// With an `Idempotency-Key`, a repeat is recognised by the size of its body; the body itself is not read again.
#[utoipa::path(post, path = "/files", tag = "files", operation_id = "uploadFile",
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "It is here", body = File)))]
pub(in crate::rest) async fn upload(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer<File>, Failure> {
    let tasks = app.connections.clone();
    // On a task of its own: when its client leaves, what has arrived is thrown away at once.
    let work = async move { receive(&app, &actor, &headers, body).await };
    let file = tasks.spawn(work.in_current_span()).await;
    let file =
        file.map_err(|error| natter_chat::Error::Internal(format!("an upload ended early: {error}")))?;
    Ok(Answer::created(file?, false))
}

async fn receive(app: &App, actor: &Actor, headers: &HeaderMap, body: Body) -> Result<File, Failure> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| {
        let detail = "the Content-Type must be multipart/form-data, with a boundary";
        Failure::new(ErrorCode::UnsupportedMediaType, detail)
    })?;
    if let Some(file) = app.chat.uploaded_before(actor).await? {
        return Ok(file);
    }
    let bytes_max = app.config.files.size_bytes_max;
    if length(headers).is_some_and(|bytes| bytes > bytes_max.saturating_add(FORM_BYTES_MAX as u64)) {
        return Err(natter_chat::Error::FileTooLarge(bytes_max).into());
    }
    let (portions, untaken) = Portions::of(Incoming::new(app, body));
    let mut form = Multipart::new(portions, boundary);
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        untaken.store(0, Relaxed);
        if field.name() == Some(PART) {
            return take(app, actor, field, &untaken).await;
        }
    }
    Err(natter_chat::Error::field("file", "is missing").into())
}

async fn take(
    app: &App,
    actor: &Actor,
    mut field: Field<'_>,
    untaken: &Arc<AtomicUsize>,
) -> Result<File, Failure> {
    let name = field.file_name().unwrap_or_default();
    let upload = app.chat.begin_upload(actor, name, None, UploadWay::AtOnce).await?;
    let taken = async {
        let mut appending = app.chat.append_upload(actor, upload.id, 0).await?;
        while let Some(bytes) = field.chunk().await.map_err(|error| unreadable(&error))? {
            untaken.store(0, Relaxed);
            appending.write(&bytes).await?;
        }
        appending.finish().await?;
        Ok::<_, Failure>(app.chat.finish_upload(actor, upload.id).await?)
    };
    let taken = taken.await;
    if taken.is_err() {
        // It begins anew, if it does.
        match app.chat.cancel_upload(actor, upload.id).await {
            Ok(()) | Err(natter_chat::Error::NotFound(_)) => {}
            Err(error) => tracing::warn!(%error, "what is left of an upload stays for a while"),
        }
    }
    taken
}

/// Bytes of the body, if the client says so.
pub(super) fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn unreadable(error: &multer::Error) -> Failure {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause {
        Some(cause) if cause.kind() != io::ErrorKind::InvalidData => broken(cause),
        _ => natter_chat::Error::field("file", format!("the form cannot be read: {error}")).into(),
    }
}
