//! `/api/docs`, `/api/openapi.json` and `/api/asyncapi.json`: documentation that needs no network.

mod errors;

pub(super) use errors::{code as error_code, index as error_index};

use super::Failure;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::header;
use natter_protocol::ErrorCode;
use std::sync::{Arc, LazyLock};
use utoipa_swagger_ui::Config;

/// Swagger UI writes style attributes; its scripts are files of ours.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

pub(super) async fn openapi() -> Response {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| super::openapi().to_json().unwrap_or_default());
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

pub(super) async fn asyncapi() -> Response {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| super::asyncapi().to_string());
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

/// The files of Swagger UI are found relative to a folder.
pub(super) async fn redirect() -> Redirect {
    Redirect::permanent("/api/docs/")
}

/// And so are the pages of the error codes.
pub(super) async fn redirect_to_errors() -> Redirect {
    Redirect::permanent("/api/docs/errors/")
}

pub(super) async fn swagger_index() -> Result<Response, Failure> {
    swagger("index.html")
}

pub(super) async fn swagger_file(Path(file): Path<String>) -> Result<Response, Failure> {
    swagger(&file)
}

fn swagger(file: &str) -> Result<Response, Failure> {
    let config = Arc::new(Config::from("/api/openapi.json"));
    match utoipa_swagger_ui::serve(file, config) {
        Ok(Some(file)) => {
            let headers = [
                (header::CONTENT_TYPE, file.content_type),
                (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY.to_owned()),
            ];
            Ok((headers, file.bytes.into_owned()).into_response())
        }
        Ok(None) => {
            Err(Failure::new(ErrorCode::NotFound, format!("there is no documentation file {file:?}")))
        }
        Err(error) => Err(natter_chat::Error::Internal(format!("Swagger UI: {error}")).into()),
    }
}
