//! What happens to every request: an id, a time limit, a log line, metrics, security headers, problems.

use super::failure::{Carried, Failure};
use crate::app::App;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, header};
use natter_protocol::ErrorCode;
use std::time::{Duration, Instant};
use tower_http::cors::{AllowOrigin, CorsLayer};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Characters of a request id that a proxy in front brings along.
const REQUEST_ID_CHARS_MAX: usize = 64;
/// Seconds that a browser may remember the answer to a preflight request.
const PREFLIGHT_SECONDS: u64 = 600;

/// For pages of our own; `docs` widens it for Swagger UI.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types svelte-trusted-html";

/// Finds a request in the logs.
#[derive(Clone)]
struct RequestId(String);

pub(super) fn layer(router: Router<App>, app: &App) -> Router<App> {
    let router = router.layer(from_fn_with_state(app.clone(), limit_time));
    let router = router.layer(from_fn(answer_problems));
    let router = if app.config.cors.origins.is_empty() { router } else { router.layer(cors(app)) };
    router.layer(from_fn_with_state(app.clone(), observe))
}

fn cors(app: &App) -> CorsLayer {
    let origins =
        app.config.cors.origins.iter().filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
        ])
        .expose_headers([REQUEST_ID, header::RETRY_AFTER])
        .max_age(Duration::from_secs(PREFLIGHT_SECONDS))
}

/// Names the request, and tells the log and the metrics how it went.
async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = request_id(&request).unwrap_or_else(|| app.chat.new_id().to_string());
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    // The pattern, not the path: ids would make a metric of each of them.
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let begun = Instant::now();
    let mut response = next.run(request).await;
    let elapsed = begun.elapsed();
    let status = response.status().as_u16();
    tracing::info!(request_id = id, %method, route, status, elapsed_ms = elapsed.as_secs_f64() * 1_000.0, "request");
    metrics::histogram!(
        "natter_http_request_seconds",
        "method" => known(&method), "route" => route, "status" => status.to_string()
    )
    .record(elapsed.as_secs_f64());
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
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

/// Gives a failure its body, now that the request's id is known.
async fn answer_problems(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Carried>().and_then(|carried| carried.take()) {
        Some(failure) => {
            let allow = response.headers_mut().remove(header::ALLOW);
            let mut response = failure.into_response_for(&id);
            if let Some(allow) = allow {
                response.headers_mut().insert(header::ALLOW, allow);
            }
            response
        }
        None => response,
    }
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
