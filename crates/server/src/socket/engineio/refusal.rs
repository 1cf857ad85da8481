//! How a request is refused, in the words of the protocol.

use super::pipe::Refused;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// Why. The numbers are those that clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (code, message) = match self {
            Self::UnknownTransport => (0, "Transport unknown"),
            Self::UnknownSid => (1, "Session ID unknown"),
            Self::BadHandshakeMethod => (2, "Bad handshake method"),
            Self::BadRequest => (3, "Bad request"),
            Self::Forbidden => (4, "Forbidden"),
            Self::UnsupportedVersion => (5, "Unsupported protocol version"),
            Self::TooLarge => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Self::Overloaded => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        };
        let status = if self == Self::Forbidden { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
        (status, Json(json!({ "code": code, "message": message }))).into_response()
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
