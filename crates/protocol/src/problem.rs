//! Errors, as the wire writes them (RFC 9457).

use crate::ErrorCode;
use serde::{Deserialize, Serialize};

/// What went wrong, in a form for programs (`code`) and for people (`detail`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Where the code is explained, relative to the server.
    #[serde(rename = "type")]
    #[schema(example = "/api/docs/errors/not_found")]
    pub kind: String,
    /// The code in words; the same each time.
    #[schema(example = "There is no such thing, or the caller may not see it")]
    pub title: String,
    /// The HTTP status, also over sockets.
    #[schema(example = 404)]
    pub status: u16,
    /// What went wrong this time, and what to do.
    #[schema(example = "there is no such message")]
    pub detail: String,
    /// Stable; made for programs.
    pub code: ErrorCode,
    /// Finds the request in the server's logs.
    #[schema(example = "0190163d-8694-739b-aea5-966c26f8ad91")]
    pub request_id: String,
    /// Whether the same request may succeed later. When the outcome is unknown, repeat it with the same key.
    pub retriable: bool,
    /// Seconds to wait before the next attempt; only with `rate_limited`. The same as `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub retry_after_seconds: Option<u32>,
    /// Which fields are wrong; only with `validation_failed`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldError {
    /// The field, as the request spells it.
    #[schema(example = "content")]
    pub field: String,
    /// What is wrong, and what would be right.
    #[schema(example = "must not be empty")]
    pub message: String,
}

impl Problem {
    /// A problem of the given code.
    pub fn new(code: ErrorCode, detail: impl Into<String>, request_id: impl Into<String>) -> Self {
        Self {
            kind: format!("/api/docs/errors/{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code,
            request_id: request_id.into(),
            retriable: code.retriable(),
            retry_after_seconds: None,
            errors: Vec::new(),
        }
    }
}
