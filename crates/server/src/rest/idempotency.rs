//! `Idempotency-Key`: a repeat of a write is answered with the first answer.
//!
//! The first request claims its key, is carried out, and leaves its answer; all in the database, so that a repeat finds it
//! on any node and after any restart. A process that dies in between leaves a claim without an answer. Once that is older
//! than any request may take, the same request may have the key and is carried out anew, which does nothing twice: what
//! it creates gets an id that follows from the claim, and every other write is a state that is wanted, not a step.

use super::body::{self, SignedIn};
use super::failure::{Failure, settle};
use super::middleware::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, RequestId};
use crate::app::App;
use axum::Extension;
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, header};
use natter_chat::{Actor, Claim, KeyHolder};
use natter_protocol::ErrorCode;
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

/// Characters of a key.
const KEY_CHARS_MAX: usize = 255;
/// Bytes of an answer that is kept. Those to writes are far smaller; a longer one is given once.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Carries a request out, unless it is a repeat.
pub(super) async fn once(
    State(app): State<App>,
    Extension(SignedIn(actor)): Extension<SignedIn>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let Some(key) = key(&request)? else { return Ok(next.run(request).await) };
    let body = std::mem::take(request.body_mut());
    let bytes = body::read(body, app.config.limits.body_bytes_max).await?;
    let fingerprint = fingerprint(&request, &bytes);
    *request.body_mut() = Body::from(bytes);
    carry_out(app, actor, key, fingerprint, request, next).await
}

/// The same for an upload. Its body is not read to recognise a repeat, which would have to send all of it again for that:
/// what must be the same of it is its size.
pub(super) async fn once_by_size(
    State(app): State<App>,
    Extension(SignedIn(actor)): Extension<SignedIn>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let Some(key) = key(&request)? else { return Ok(next.run(request).await) };
    let size = request.headers().get(header::CONTENT_LENGTH).map(|size| size.as_bytes().to_vec());
    let fingerprint = fingerprint(&request, &size.unwrap_or_default());
    carry_out(app, actor, key, fingerprint, request, next).await
}

async fn carry_out(
    app: App,
    mut actor: Actor,
    key: String,
    fingerprint: [u8; 32],
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    // On a task of its own from the claim on: a client that leaves, or is out of time, finds the answer when it comes back.
    let tasks = app.connections.clone();
    let working = async move {
        let patience_seconds = app.config.limits.request_seconds_max;
        match app.chat.claim_key(&actor, &key, fingerprint, patience_seconds).await? {
            Claim::Taken(holder) => return replay(holder, fingerprint),
            Claim::Mine(request_id) => actor.request = Some(request_id),
        }
        request.extensions_mut().insert(SignedIn(actor.clone()));
        let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
        let response = settle(next.run(request).await, &id.0);
        Ok(keep(&app, &actor, &key, response).await)
    };
    let worked = tasks.spawn(working.in_current_span()).await;
    worked.map_err(|error| natter_chat::Error::Internal(format!("a request ended early: {error}")))?
}

/// The key of a write, if it has one.
fn key(request: &Request) -> Result<Option<String>, Failure> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(None);
    }
    let mut keys = request.headers().get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| {
        (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    });
    match (key, keys.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => Err(Failure::new(
            ErrorCode::InvalidHeader,
            format!(
                "Idempotency-Key must be there once and have 1 to {KEY_CHARS_MAX} visible ASCII characters"
            ),
        )),
    }
}

/// What must be the same in a repeat. Each part is told from the next by its length.
fn fingerprint(request: &Request, body: &[u8]) -> [u8; 32] {
    let path = request.uri().path_and_query().map_or("", http::uri::PathAndQuery::as_str);
    let mut digest = Sha256::new();
    for part in [request.method().as_str().as_bytes(), path.as_bytes(), body] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// The answer to a request whose key somebody has.
fn replay(holder: KeyHolder, fingerprint: [u8; 32]) -> Result<Response, Failure> {
    if holder.fingerprint != fingerprint {
        let detail = "this Idempotency-Key belongs to a request with another method, path or body";
        return Err(Failure::new(ErrorCode::IdempotencyKeyReused, detail));
    }
    let Some((status, body)) = holder.answer else {
        return Err(Failure::Http {
            code: ErrorCode::IdempotencyInProgress,
            detail: "the first request with this Idempotency-Key has no answer yet".to_owned(),
            header: Some((header::RETRY_AFTER, HeaderValue::from_static("1"))),
        });
    };
    let status = StatusCode::from_u16(status).map_err(|error| {
        natter_chat::Error::Internal(format!("a kept answer has the status {status}: {error}"))
    })?;
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if response.body().size_hint().exact() != Some(0) {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// Keeps an answer that will not change, and gives the key back otherwise.
async fn keep(app: &App, actor: &Actor, key: &str, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let fits = body.size_hint().upper().is_some_and(|bytes| bytes <= ANSWER_BYTES_MAX as u64);
    let (body, bytes) = if fits && is_final(parts.status) {
        match to_bytes(body, ANSWER_BYTES_MAX).await {
            Ok(bytes) => (Body::from(bytes.clone()), Some(bytes)),
            // Bodies of this server are complete before they are given out.
            Err(error) => {
                tracing::error!(%error, "an answer broke off");
                (Body::empty(), None)
            }
        }
    } else {
        (body, None)
    };
    let answer = bytes.map(|bytes| (parts.status.as_u16(), bytes.to_vec()));
    if let Err(error) = app.chat.keep_answer(actor, key, answer).await {
        // The claim stays, is given up in a while, and then a repeat is carried out anew.
        tracing::warn!(%error, "the answer to a request with an Idempotency-Key was not kept");
    }
    Response::from_parts(parts, body)
}

/// Whether the same request would be answered like that again, whenever it came.
fn is_final(status: StatusCode) -> bool {
    let may_change = [StatusCode::UNAUTHORIZED, StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
    !status.is_server_error() && !may_change.contains(&status)
}
