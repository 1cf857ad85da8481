//! `/api/docs/errors/`: a page for each error code, and one that lists them.

use crate::rest::{Failure, openapi};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header;
use natter_protocol::ErrorCode;
use std::fmt::Write as _;

/// The pages are one file each and run nothing.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = "body{max-width:44rem;margin:3rem auto;padding:0 1rem;font:1rem/1.6 system-ui,sans-serif;\
    color:#1b1f24;background:#fff}h1{font-size:1.5rem}table{border-collapse:collapse;width:100%}\
    td,th{padding:.4rem .8rem .4rem 0;text-align:left;vertical-align:top;border-bottom:1px solid #d0d7de}\
    code,pre{font:.9em/1.5 ui-monospace,monospace}pre{padding:1rem;overflow:auto;background:#f3f5f7;\
    border-radius:.5rem}a{color:#0a58ca}\
    @media(prefers-color-scheme:dark){body{color:#e6e8eb;background:#15181c}td,th{border-color:#343a41}\
    pre{background:#1f2429}a{color:#7db3ff}}";

/// All codes, with what they mean.
pub(in crate::rest) async fn index() -> Response {
    let mut rows = String::new();
    for code in ErrorCode::ALL {
        // Writing to a string does not fail.
        let _ = writeln!(
            rows,
            "<tr><td>{}</td><td><a href=\"{code}\"><code>{code}</code></a></td><td>{}</td></tr>",
            code.status(),
            marked_up(code.title())
        );
    }
    page(
        "Error codes",
        &format!(
            "<h1>Error codes</h1>\n<p>An error is a document of the type <code>application/problem+json</code>. Its \
             <code>code</code> is stable: it is never renamed and never means something else. Its <code>detail</code> \
             says what went wrong this time.</p>\n<table>\n<tr><th>Status</th><th>Code</th><th>Meaning</th></tr>\n\
             {rows}</table>\n<p><a href=\"/api/docs/\">All of the API</a></p>"
        ),
    )
}

/// The page that a problem's `type` points at.
pub(in crate::rest) async fn code(Path(code): Path<String>) -> Result<Response, Failure> {
    let code = *ErrorCode::ALL
        .iter()
        .find(|known| known.as_str() == code)
        .ok_or_else(|| Failure::new(ErrorCode::NotFound, format!("there is no error code {code:?}")))?;
    let again = if code.retriable() {
        "The same request may succeed later."
    } else {
        "The same request will fail again."
    };
    let example = serde_json::to_string_pretty(&openapi::problem_example(code))
        .map_err(|error| natter_chat::Error::Internal(format!("an example has no JSON: {error}")))?;
    let body = format!(
        "<p><a href=\"./\">Error codes</a></p>\n<h1><code>{code}</code></h1>\n<p><strong>{}.</strong></p>\n<p>{}</p>\n\
         <p>HTTP status {}. {again}</p>\n<h2>For example</h2>\n<pre>{}</pre>\n\
         <p><a href=\"/api/docs/\">All of the API</a></p>",
        marked_up(code.title()),
        marked_up(code.help()),
        code.status(),
        escaped(&example),
    );
    Ok(page(code.as_str(), &body))
}

fn page(title: &str, body: &str) -> Response {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>{title} · Natter</title>\n<style>{STYLE}</style>\n{body}\n</html>\n"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    ];
    (headers, page).into_response()
}

/// What stands between backticks is code.
fn marked_up(text: &str) -> String {
    let mut marked = String::new();
    for (place, part) in text.split('`').enumerate() {
        let part = escaped(part);
        if place % 2 == 0 {
            marked.push_str(&part);
        } else {
            // Writing to a string does not fail.
            let _ = write!(marked, "<code>{part}</code>");
        }
    }
    marked
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
