//! What handlers take from a request: who is asking, a JSON body, the parameters of a list.

use super::Failure;
use crate::app::App;
use crate::json;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{StatusCode, header};
use natter_chat::Actor;
use natter_protocol::{ErrorCode, limits};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::error::Error as _;
use std::fmt::Display;
use std::str::FromStr;

/// Whoever the access token belongs to. The gate in front of the route has put them into the request.
#[derive(Clone)]
pub(crate) struct SignedIn(pub(crate) Actor);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Failure> {
        let missing =
            || natter_chat::Error::Internal("a route asks who is signed in without a gate".to_owned());
        parts.extensions.remove::<Self>().ok_or_else(|| missing().into())
    }
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(headers: &http::HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A JSON body.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        check_is_json(&parts)?;
        parse(&read(body, app.config.limits.body_bytes_max).await?).map(Self)
    }
}

/// A JSON body in which everything may be absent, and which then may be absent itself.
pub(super) struct OptionalJson<T>(pub(super) T);

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalJson<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let bytes = read(body, app.config.limits.body_bytes_max).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        check_is_json(&parts)?;
        parse(&bytes).map(Self)
    }
}

fn check_is_json(parts: &Parts) -> Result<(), Failure> {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Failure::new(ErrorCode::UnsupportedMediaType, "the Content-Type must be application/json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let invalid = |error| Failure::new(ErrorCode::InvalidJson, format!("the body: {error}"));
    let text = str::from_utf8(bytes).map_err(|error| invalid(error.to_string()))?;
    json::object(text).map_err(|error| invalid(error.to_string()))
}

/// The whole body, if it is not too long.
pub(super) async fn read(body: Body, bytes_max: usize) -> Result<axum::body::Bytes, Failure> {
    to_bytes(body, bytes_max).await.map_err(|error| {
        let mut source: Option<&dyn std::error::Error> = Some(&error);
        while let Some(cause) = source {
            if cause.is::<http_body_util::LengthLimitError>() {
                let detail = format!("the body has more than {bytes_max} bytes");
                return Failure::new(ErrorCode::PayloadTooLarge, detail);
            }
            source = cause.source();
        }
        Failure::new(ErrorCode::InvalidJson, "the body ended before it was complete")
    })
}

/// A JSON answer.
pub(super) struct Answer<T>(pub(super) StatusCode, pub(super) T);

impl<T> Answer<T> {
    pub(super) const fn ok(value: T) -> Self {
        Self(StatusCode::OK, value)
    }

    /// 201, or 200 when what was to be created had been there before.
    pub(super) const fn created(value: T, existed: bool) -> Self {
        Self(if existed { StatusCode::OK } else { StatusCode::CREATED }, value)
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.1) {
            Ok(json) => (self.0, [(header::CONTENT_TYPE, "application/json")], json).into_response(),
            Err(error) => {
                Failure::from(natter_chat::Error::Internal(format!("an answer has no JSON: {error}")))
                    .into_response()
            }
        }
    }
}

/// The one id or name in the path.
pub(super) struct Id<T>(pub(super) T);

impl<T: FromStr<Err: Display> + Send> FromRequestParts<App> for Id<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let segments = Segments::of(parts, app).await?;
        Ok(Self(segments.read(0)?))
    }
}

/// The two ids or names in the path.
pub(super) struct Ids<A, B>(pub(super) A, pub(super) B);

impl<A: FromStr<Err: Display> + Send, B: FromStr<Err: Display> + Send> FromRequestParts<App> for Ids<A, B> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let segments = Segments::of(parts, app).await?;
        Ok(Self(segments.read(0)?, segments.read(1)?))
    }
}

/// What the path has in the places that its pattern names.
struct Segments(RawPathParams);

impl Segments {
    async fn of(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let segments = RawPathParams::from_request_parts(parts, app).await;
        segments.map(Self).map_err(|_| {
            Failure::new(ErrorCode::InvalidParameter, "the path is not UTF-8 once it is decoded")
        })
    }

    fn read<T: FromStr<Err: Display>>(&self, place: usize) -> Result<T, Failure> {
        let (name, text) = self.0.iter().nth(place).ok_or_else(|| {
            Failure::from(natter_chat::Error::Internal("a route lacks a part of its path".to_owned()))
        })?;
        text.parse().map_err(|error| Failure::new(ErrorCode::InvalidParameter, format!("{name}: {error}")))
    }
}

/// The parameters of the query.
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Parameters<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Failure> {
        Query::try_from_uri(&parts.uri).map(|Query(parameters)| Self(parameters)).map_err(|error| {
            // What lies below names the parameter and what is wrong with it; above is only that the query is wrong.
            let reason = error.source().map_or_else(|| error.body_text(), ToString::to_string);
            Failure::new(ErrorCode::InvalidParameter, reason)
        })
    }
}

/// The parameters that every list takes.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParameters {
    /// Entries on the page.
    #[param(minimum = 1, maximum = 100, default = 50)]
    pub(super) limit: Option<u32>,
    /// Where the page begins: `meta.nextCursor` of the page before.
    pub(super) cursor: Option<String>,
}

impl PageParameters {
    /// The cursor and the number of entries, or what is wrong with it.
    pub(super) fn read(&self) -> Result<(Option<&str>, u32), Failure> {
        Ok((self.cursor.as_deref(), limit(self.limit, limits::PAGE_ENTRIES_MAX)?))
    }
}

/// The number of entries asked for, or what is wrong with it.
pub(super) fn limit(asked: Option<u32>, max: u32) -> Result<u32, Failure> {
    match asked {
        None => Ok(limits::PAGE_ENTRIES_DEFAULT.min(max)),
        Some(limit) if (1..=max).contains(&limit) => Ok(limit),
        Some(limit) => Err(Failure::new(
            ErrorCode::InvalidParameter,
            format!("limit: {limit} is not in the range of 1 to {max}"),
        )),
    }
}
