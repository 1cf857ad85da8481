//! Errors on their way out. A handler returns a [`Failure`]; the middleware, which knows the request's id, writes it.

use crate::limit::Standing;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use natter_protocol::{ErrorCode, Problem};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a handler or extractor answers when it cannot do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The domain said no.
    Chat(natter_chat::Error),
    /// The request never got to the domain.
    Http { code: ErrorCode, detail: String, header: Option<(HeaderName, HeaderValue)> },
    /// It came too soon.
    Limited(Standing),
    /// There is no room for one more of its kind.
    Crowded { detail: String, retry_after_seconds: u32 },
}

impl Failure {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::Http { code, detail: detail.into(), header: None }
    }

    /// Nobody at this address gets in; the connection ends.
    pub(crate) fn kept_out(address: IpAddr) -> Self {
        Self::Http {
            code: ErrorCode::AddressBlocked,
            detail: format!("requests from {address} are not taken here"),
            header: Some((header::CONNECTION, HeaderValue::from_static("close"))),
        }
    }

    /// What it says, and the header that goes with it.
    pub(crate) fn into_problem(self, request_id: &str) -> (Problem, Option<(HeaderName, HeaderValue)>) {
        match self {
            Self::Chat(error) => (error.problem(request_id), None),
            Self::Http { code, detail, header } => (Problem::new(code, detail, request_id), header),
            Self::Limited(standing) => (standing.problem(request_id), None),
            Self::Crowded { detail, retry_after_seconds } => {
                let mut problem = Problem::new(ErrorCode::RateLimited, detail, request_id);
                problem.retry_after_seconds = Some(retry_after_seconds);
                (problem, None)
            }
        }
    }

    /// The response on the wire.
    pub(crate) fn into_response_for(self, request_id: &str) -> Response {
        let limited = if let Self::Limited(standing) = &self { Some(*standing) } else { None };
        let (problem, extra) = self.into_problem(request_id);
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let json = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, json).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(seconds) = problem.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some((name, value)) = extra {
            headers.insert(name, value);
        }
        if let Some(standing) = limited {
            standing.write(headers);
        }
        response
    }
}

impl From<natter_chat::Error> for Failure {
    fn from(error: natter_chat::Error) -> Self {
        Self::Chat(error)
    }
}

/// Carries a failure to the middleware inside a response.
#[derive(Clone)]
struct Carried(Arc<Mutex<Option<Failure>>>);

/// Gives a failure its body, now that the request's id is known. What was added to its headers on the way stays.
pub(super) fn settle(mut response: Response, request_id: &str) -> Response {
    let carried = response.extensions_mut().remove::<Carried>();
    let Some(failure) = carried.and_then(|Carried(failure)| lock(&failure).take()) else { return response };
    let mut settled = failure.into_response_for(request_id);
    for (name, value) in response.headers() {
        settled.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    settled
}

fn lock(failure: &Mutex<Option<Failure>>) -> MutexGuard<'_, Option<Failure>> {
    failure.lock().unwrap_or_else(PoisonError::into_inner)
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Carried(Arc::new(Mutex::new(Some(self)))));
        response
    }
}

/// The path exists, but not with this method. Axum adds `Allow`.
pub(super) async fn method_not_allowed(request: Request) -> Failure {
    Failure::new(
        ErrorCode::MethodNotAllowed,
        format!("{} does not take {}", request.uri().path(), request.method()),
    )
}

/// The domain answered a command with what belongs to another one.
pub(super) fn unexpected(reply: &natter_protocol::Reply) -> Failure {
    natter_chat::Error::Internal(format!("the domain answered {reply:?}")).into()
}
