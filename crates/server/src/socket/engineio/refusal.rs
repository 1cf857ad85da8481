//! How a request is refused, in the words of the protocol.

use super::pipe::Refused;
use crate::rest::Failure;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// Why. The numbers are those that clients know.
#[derive(Debug)]
pub(super) enum Refusal {
    UnknownTransport,
    UnknownSid,
    BadHandshakeMethod,
    BadRequest,
    Forbidden,
    UnsupportedVersion,
    /// The protocol has no number for it.
    TooLarge,
    /// Neither for this.
    Overloaded,
    /// Nor for what is refused as everywhere else.
    Failure(Failure),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, message) = match self {
            Self::UnknownTransport => (StatusCode::BAD_REQUEST, 0, "Transport unknown"),
            Self::UnknownSid => (StatusCode::BAD_REQUEST, 1, "Session ID unknown"),
            Self::BadHandshakeMethod => (StatusCode::BAD_REQUEST, 2, "Bad handshake method"),
            Self::BadRequest => (StatusCode::BAD_REQUEST, 3, "Bad request"),
            Self::Forbidden => (StatusCode::FORBIDDEN, 4, "Forbidden"),
            Self::UnsupportedVersion => (StatusCode::BAD_REQUEST, 5, "Unsupported protocol version"),
            Self::TooLarge => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Self::Overloaded => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Self::Failure(failure) => return failure.into_response(),
        };
        (status, Json(json!({ "code": code, "message": message }))).into_response()
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Overlap => Self::BadRequest,
            Refused::Gone => Self::UnknownSid,
        }
    }
}
