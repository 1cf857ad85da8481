//! What happens to every request: an id, a time limit, a log line, metrics, security headers, problems.

use super::failure::{Failure, settle};
use super::file;
use crate::app::App;
use crate::limit;
use crate::serve::Peer;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::{Extension, Router};
use http::{HeaderName, HeaderValue, Method, Version, header};
use natter_files::blobs::FilesUrl;
use natter_protocol::ErrorCode;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::Instrument as _;

pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub(super) const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Characters of a request id that a proxy in front brings along.
const REQUEST_ID_CHARS_MAX: usize = 64;
/// Seconds that a browser may remember the answer to a preflight request.
const PREFLIGHT_SECONDS: u64 = 600;

/// For pages of our own; `docs` widens it for Swagger UI.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; worker-src 'self'; \
    manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types svelte-trusted-html natter-service-worker";

/// What every answer says, unless it says something else.
const DEFAULT_HEADERS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    // What the API answers is for whoever asked, and only for now.
    (header::CACHE_CONTROL, "no-store"),
];

/// Finds a request in the logs.
#[derive(Clone, Default)]
pub(super) struct RequestId(pub(super) String);

/// The address that a request comes from.
#[derive(Clone, Copy)]
pub(crate) struct Address(pub(crate) IpAddr);

/// What happens to every request. Those to `uploads` and `sockets` may take as long as they like, and tell browsers
/// themselves which pages may make them.
pub(super) fn layer(
    router: Router<App>,
    uploads: Router<App>,
    sockets: Router<App>,
    app: &App,
) -> Router<App> {
    let router = share(router.layer(from_fn_with_state(app.clone(), limit_time)), app);
    let router = router.merge(uploads).merge(sockets).layer(from_fn(check_host));
    let router = router.layer(from_fn(answer_problems));
    router.layer(from_fn_with_state(app.clone(), observe))
}

/// Tells browsers which pages of other websites may ask.
pub(super) fn share(router: Router<App>, app: &App) -> Router<App> {
    if app.config.cors.origins.is_empty() { router } else { router.layer(cors(app)) }
}

/// Only requests from addresses that get in.
pub(super) fn guard(router: Router<App>, app: &App) -> Router<App> {
    router.layer(from_fn_with_state(app.clone(), check_address))
}

fn cors(app: &App) -> CorsLayer {
    let origins =
        app.config.cors.origins.iter().filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::RANGE,
            header::IF_RANGE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            IDEMPOTENCY_KEY,
            REQUEST_ID,
            file::TUS_RESUMABLE,
            file::UPLOAD_LENGTH,
            file::UPLOAD_OFFSET,
            file::UPLOAD_METADATA,
            file::UPLOAD_CHECKSUM,
            file::METHOD_OVERRIDE,
        ])
        .expose_headers([
            REQUEST_ID,
            IDEMPOTENCY_REPLAYED,
            limit::LIMIT,
            limit::REMAINING,
            limit::RESET,
            header::RETRY_AFTER,
            header::LOCATION,
            header::ETAG,
            header::ACCEPT_RANGES,
            header::CONTENT_RANGE,
            header::CONTENT_DISPOSITION,
            file::TUS_RESUMABLE,
            file::TUS_VERSION,
            file::TUS_EXTENSION,
            file::TUS_MAX_SIZE,
            file::TUS_CHECKSUM_ALGORITHM,
            file::UPLOAD_LENGTH,
            file::UPLOAD_OFFSET,
            file::UPLOAD_EXPIRES,
        ])
        .max_age(Duration::from_secs(PREFLIGHT_SECONDS))
}

/// Names the request, and tells the log and the metrics how it went.
async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = request_id(&request).unwrap_or_else(|| app.chat.new_id().to_string());
    request.extensions_mut().insert(RequestId(id.clone()));
    // Without a peer there is no connection, as in a test of the router.
    let peer = request.extensions().get().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |Peer(peer)| *peer);
    let address = app.access.client(peer, request.headers());
    request.extensions_mut().insert(Address(address));
    let method = request.method().clone();
    // The pattern, not the path: ids would make a metric of each of them.
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    // Whatever is logged on the way carries the id.
    let span = tracing::error_span!("request", request_id = id);
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let elapsed = begun.elapsed();
    let status = response.status().as_u16();
    span.in_scope(|| {
        let elapsed_ms = elapsed.as_secs_f64() * 1_000.0;
        tracing::info!(request_id = id, %address, %method, route, status, elapsed_ms, "request");
    });
    metrics::histogram!(
        "natter_http_request_seconds",
        "method" => known(&method), "route" => route, "status" => status.to_string()
    )
    .record(elapsed.as_secs_f64());
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in DEFAULT_HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| page_policy(&app));
    let hsts_seconds = app.config.access.hsts_seconds;
    if hsts_seconds > 0
        && let Ok(value) = HeaderValue::from_str(&format!("max-age={hsts_seconds}"))
    {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

/// What a page of ours may load: pictures and media from the store of files, too, if that is where browsers are sent.
fn page_policy(app: &App) -> HeaderValue {
    let widened = match app.config.files.url.url() {
        FilesUrl::S3(bucket) if app.config.files.redirect => {
            let policy = CONTENT_SECURITY_POLICY.replace(" blob:", &format!(" blob: {}", bucket.origin()));
            HeaderValue::from_str(&policy).ok()
        }
        _ => None,
    };
    widened.unwrap_or_else(|| HeaderValue::from_static(CONTENT_SECURITY_POLICY))
}

/// The method as the metrics name it. A client can make up any word, and each would be a metric of its own.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The id that a proxy in front gave, if it is harmless in a log.
fn request_id(request: &Request) -> Option<String> {
    let harmless = |id: &&str| {
        (1..=REQUEST_ID_CHARS_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(harmless).map(str::to_owned)
}

async fn answer_problems(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    settle(next.run(request).await, &id.0)
}

/// Whom a request is for must be said exactly once (RFC 9112, section 3.2): of two hosts, a proxy in front may have looked
/// at the other one.
async fn check_host(request: Request, next: Next) -> Result<Response, Failure> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() >= Version::HTTP_11) {
        let detail = format!("a request has one Host header, this one has {hosts}");
        return Err(Failure::new(ErrorCode::InvalidHeader, detail));
    }
    Ok(next.run(request).await)
}

async fn check_address(
    State(app): State<App>,
    Extension(Address(address)): Extension<Address>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    if app.access.admits(address) {
        return Ok(next.run(request).await);
    }
    Err(Failure::kept_out(address))
}

async fn limit_time(State(app): State<App>, request: Request, next: Next) -> Result<Response, Failure> {
    let seconds = app.config.limits.request_seconds_max;
    tokio::time::timeout(Duration::from_secs(u64::from(seconds)), next.run(request)).await.map_err(|_| {
        Failure::new(
            ErrorCode::RequestTimeout,
            format!("the request was not done within {seconds} seconds; it may still be carried out"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_method_makes_no_metric_of_its_own() {
        assert_eq!(known(&Method::PATCH), "PATCH");
        for word in ["BREW", "get", "M1", "M2"] {
            assert_eq!(known(&Method::from_bytes(word.as_bytes()).unwrap()), "other");
        }
    }
}
