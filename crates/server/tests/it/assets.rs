//! The web client's files, and the headers of every answer.

use crate::natter;
use crate::support::{Answer, ask, client, post};
use anyhow::{Context as _, Result, ensure};
use natter_protocol::ErrorCode;
use natter_testkit::natter::Natter;
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn any_path_of_the_client_is_its_page() -> Result<()> {
    let natter = natter().start().await?;
    let page = ask(&natter, Method::GET, "/").await?;
    ensure!(page.status.is_success(), "build the web client first: make run, or npm --prefix web run build");
    assert_eq!(page.header("content-type"), "text/html");
    assert_eq!(page.header("cache-control"), "no-cache");
    for path in ["/index.html", "/login", "/c/0190163d-8694-739b-aea5-966c26f8ad91", "/apiary", "/?x=1"] {
        let answer = ask(&natter, Method::GET, path).await?;
        assert_eq!((answer.status, &answer.text), (StatusCode::OK, &page.text), "{path}");
    }
    Ok(())
}

/// The path of the page's script.
async fn script(natter: &Natter) -> Result<String> {
    let page = ask(natter, Method::GET, "/").await?;
    let script = page.text.split("src=\"").nth(1).and_then(|rest| rest.split('"').next());
    Ok(script.context("the page has no script")?.to_owned())
}

#[tokio::test]
async fn files_are_kept_by_browsers_for_as_long_as_they_are_the_same() -> Result<()> {
    let natter = natter().start().await?;
    let script = script(&natter).await?;
    assert!(script.starts_with("/assets/"), "{script}");
    for (path, caching) in [(&*script, "public, max-age=31536000, immutable"), ("/", "no-cache")] {
        let file = ask(&natter, Method::GET, path).await?;
        assert_eq!((file.status, file.header("cache-control")), (StatusCode::OK, caching));
        assert!(!file.text.is_empty());
        let tag = file.header("etag");
        let again = Answer::to(client()?.get(natter.url(path)).header("if-none-match", tag)).await?;
        assert_eq!((again.status, &*again.text), (StatusCode::NOT_MODIFIED, ""));
        let other = Answer::to(client()?.get(natter.url(path)).header("if-none-match", "\"other\"")).await?;
        assert_eq!(other.status, StatusCode::OK);
        let head = ask(&natter, Method::HEAD, path).await?;
        assert_eq!((head.status, head.header("etag"), &*head.text), (StatusCode::OK, tag, ""));
    }
    Ok(())
}

#[tokio::test]
async fn files_come_compressed_to_whoever_takes_that() -> Result<()> {
    let natter = natter().start().await?;
    // The page itself is too small to be worth it.
    let script = script(&natter).await?;
    let plain = ask(&natter, Method::GET, &script).await?;
    for (accepted, compressed) in [
        ("gzip", true),
        ("br, GZIP", true),
        ("deflate, gzip;q=0.5", true),
        ("gzip;q=0", false),
        ("br", false),
    ] {
        let asked = client()?.get(natter.url(&script)).header("accept-encoding", accepted);
        let answer = asked.send().await?;
        let encoding = answer.headers().get("content-encoding").map(http::HeaderValue::as_bytes);
        assert_eq!(encoding, compressed.then_some(&b"gzip"[..]), "{accepted}");
        assert_eq!(answer.headers()["vary"], "accept-encoding");
        assert_eq!(answer.headers()["content-type"], plain.header("content-type"));
        assert_eq!(answer.headers()["etag"] == plain.header("etag"), !compressed);
        let bytes = answer.bytes().await?;
        assert_eq!(bytes.starts_with(&[0x1f, 0x8b]), compressed, "{accepted}");
    }
    Ok(())
}

#[tokio::test]
async fn a_slip_is_not_answered_with_a_page() -> Result<()> {
    let natter = natter().start().await?;
    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/convesations",
        "/api/v2/users/me",
        "/api/v1/users/me/",
        "/assets/missing.js",
        "/favicon.ico",
        "/..%2f..%2fetc%2fpasswd.txt",
        "/robots.txt",
        "/health/",
        "/health/live",
        "/metrics/x",
    ] {
        ask(&natter, Method::GET, path).await?.problem(ErrorCode::NotFound).context(path)?;
    }
    // Where there would be a page, it is the method that is wrong.
    for path in ["/", "/login", "/assets"] {
        post(&natter, path, &json!({})).await?.problem(ErrorCode::MethodNotAllowed).context(path)?;
    }
    for path in ["/api", "/api/v1/nothing", "/health/nothing", "/metrics/nothing"] {
        post(&natter, path, &json!({})).await?.problem(ErrorCode::NotFound).context(path)?;
    }
    Ok(())
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect_its_reader() -> Result<()> {
    let natter = natter().start().await?;
    for path in
        ["/", "/health", "/metrics", "/nothing.js", "/api/v1/users/me", "/api/docs/", "/api/openapi.json"]
    {
        let answer = ask(&natter, Method::GET, path).await?;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{name} of {path}");
        }
        let policy = answer.header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]
        {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("script-src 'self' 'unsafe") && !policy.contains('*'), "{path}: {policy}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert!(answer.headers.get("server").is_none(), "{path}");
        let caching = if path == "/" { "no-cache" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), caching, "{path}");
    }
    Ok(())
}
