//! The web client's files, embedded in the binary.

use crate::rest::Failure;
use axum::extract::Request;
use axum::response::{AppendHeaders, IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use natter_protocol::ErrorCode;
use rust_embed::RustEmbed;
use std::borrow::Cow;

#[derive(RustEmbed)]
#[folder = "../../web/app/dist"]
struct Assets;

/// The first parts of paths that are not the web client's.
const OTHERS: [&str; 3] = ["api", "health", "metrics"];
const INDEX: &str = "index.html";

/// A file of the web client, or its page for any path that the client itself routes.
pub(crate) async fn serve(request: Request) -> Result<Response, Failure> {
    let path = request.uri().path().trim_start_matches('/');
    // A typing error in an API call must not answer 200 with a web page.
    if OTHERS.contains(&path.split('/').next().unwrap_or_default()) {
        return Err(Failure::new(ErrorCode::NotFound, format!("there is nothing at /{path}")));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Failure::Http {
            code: ErrorCode::MethodNotAllowed,
            detail: format!("/{path} does not take {}", request.method()),
            header: Some((header::ALLOW, HeaderValue::from_static("GET,HEAD"))),
        });
    }
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let name = if Assets::get(path).is_some() { path } else { INDEX };
    if is_file && name == INDEX && path != INDEX {
        return Err(Failure::new(ErrorCode::NotFound, format!("there is no file /{path}")));
    }
    let compressed = takes_gzip(&request).then(|| Assets::get(&format!("{name}.gz"))).flatten();
    let encoding = compressed.is_some().then_some((header::CONTENT_ENCODING, "gzip"));
    let Some(file) = compressed.or_else(|| Assets::get(name)) else {
        let detail = "this natter was built without its web client: build it with `make run`";
        return Err(Failure::new(ErrorCode::NotFound, detail));
    };
    let tag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..16]));
    // The names of all files but the page carry a hash of their content.
    let caching =
        if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    // By the name that was asked for: the compressed form is of no type of its own.
    let media_type = mime_guess::from_path(name).first_or_octet_stream();
    let headers = [
        (header::CONTENT_TYPE, media_type.to_string()),
        (header::CACHE_CONTROL, caching.to_owned()),
        (header::ETAG, tag.clone()),
        (header::VARY, header::ACCEPT_ENCODING.to_string()),
    ];
    let known =
        request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    if known {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    // The embedded bytes themselves.
    let content = match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    Ok((headers, AppendHeaders(encoding), content).into_response())
}

/// Whether whoever asks takes a compressed answer.
fn takes_gzip(request: &Request) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT_ENCODING).iter();
    accepted.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(";q=").unwrap_or((coding, "1"));
        name.trim().eq_ignore_ascii_case("gzip")
            && weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0)
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
