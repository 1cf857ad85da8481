//! `/api/docs` and `/api/openapi.json`: documentation that needs no network.

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

/// The files of Swagger UI are found relative to a folder.
pub(super) async fn redirect() -> Redirect {
    Redirect::permanent("/api/docs/")
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

/// The page that a problem's `type` points at.
pub(super) async fn error_code(Path(code): Path<String>) -> Result<Response, Failure> {
    let code = ErrorCode::ALL
        .iter()
        .find(|known| known.as_str() == code)
        .ok_or_else(|| Failure::new(ErrorCode::NotFound, format!("there is no error code {code:?}")))?;
    let retriable = if code.retriable() { "may succeed later" } else { "will fail again" };
    // Nothing here comes from the request, so nothing needs escaping.
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>{code} · Natter</title>\n<h1><code>{code}</code></h1>\n\
         <p><strong>{}.</strong></p>\n<p>{}</p>\n<p>HTTP status {}. The same request {retriable}.</p>\n\
         <p><a href=\"/api/docs/\">API documentation</a></p>\n</html>\n",
        code.title(),
        code.help(),
        code.status(),
    );
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
}
