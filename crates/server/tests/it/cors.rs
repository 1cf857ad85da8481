//! Pages of other origins: what they may ask, send and read.

use crate::natter;
use crate::support::{Answer, client};
use anyhow::Result;
use natter_protocol::ErrorCode;
use natter_testkit::natter::Natter;
use reqwest::{Method, StatusCode};

const ORIGIN: &str = "https://chat.example";

async fn shared() -> Result<Natter> {
    natter().env("NATTER_CORS_ORIGINS", ORIGIN).start().await
}

/// What a browser asks before the request itself.
async fn preflight(natter: &Natter, path: &str, origin: &str, method: &str, headers: &str) -> Result<Answer> {
    let request = client()?
        .request(Method::OPTIONS, natter.url(path))
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers);
    Answer::to(request).await
}

/// The entries of a list in a header.
fn list(answer: &Answer, name: &str) -> Vec<String> {
    answer.header(name).split(',').map(|entry| entry.trim().to_lowercase()).collect()
}

#[tokio::test]
async fn pages_of_other_origins_may_ask_where_the_operator_says_so() -> Result<()> {
    let own = natter().start().await?;
    let shared = shared().await?;
    for (natter, origin, allowed) in [
        (&own, "https://chat.example", ""),
        (&shared, "https://evil.example", ""),
        (&shared, "https://chat.example", "https://chat.example"),
    ] {
        let headers = "authorization,content-type";
        let preflight = preflight(natter, "/api/v1/conversations", origin, "POST", headers).await?;
        assert_eq!(preflight.header("access-control-allow-origin"), allowed);
        let ask = client()?.get(natter.url("/api/v1/users/me")).header("origin", origin);
        let answer = Answer::to(ask).await?;
        answer.problem(ErrorCode::Unauthenticated)?;
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
        assert_eq!(answer.header("access-control-allow-credentials"), "", "cookies mean nothing here");
    }
    Ok(())
}

#[tokio::test]
async fn every_method_and_header_of_the_api_may_be_sent() -> Result<()> {
    let natter = shared().await?;
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        for path in [
            "/api/v1/conversations",
            "/api/chat/messages/x",
            "/api/v1/files",
            "/api/chat/files/uploads/x",
            "/api/v1/there/is/nothing",
        ] {
            let answer = preflight(&natter, path, ORIGIN, method, "authorization").await?;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
            let methods = list(&answer, "access-control-allow-methods");
            assert!(methods.contains(&method.to_lowercase()), "{methods:?}");
            let headers = list(&answer, "access-control-allow-headers");
            for header in [
                "authorization",
                "content-type",
                "idempotency-key",
                "x-request-id",
                "range",
                "if-none-match",
                "tus-resumable",
                "upload-length",
                "upload-offset",
                "upload-metadata",
                "upload-checksum",
            ] {
                assert!(headers.iter().any(|allowed| allowed == header), "{header} of {headers:?}");
            }
            assert!(answer.header("access-control-max-age").parse::<u32>()? > 0);
            // A cache in between must not give it to another origin.
            assert!(list(&answer, "vary").contains(&"origin".to_owned()), "{answer:?}");
        }
    }
    Ok(())
}

/// Refusals are read, too: a client must see for how long to wait.
#[tokio::test]
async fn what_answers_say_beside_their_body_can_be_read() -> Result<()> {
    let natter = natter()
        .env("NATTER_CORS_ORIGINS", ORIGIN)
        .env("NATTER_LIMITS_ANONYMOUS_REQUESTS_PER_MINUTE", "1")
        .start()
        .await?;
    let me = || client().map(|client| client.get(natter.url("/api/v1/users/me")).header("origin", ORIGIN));
    let first = Answer::to(me()?).await?;
    first.problem(ErrorCode::Unauthenticated)?;
    let second = Answer::to(me()?).await?;
    second.problem(ErrorCode::RateLimited)?;
    for answer in [first, second] {
        assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
        let exposed = list(&answer, "access-control-expose-headers");
        for header in [
            "x-request-id",
            "retry-after",
            "ratelimit-limit",
            "ratelimit-remaining",
            "ratelimit-reset",
            "location",
            "idempotency-replayed",
        ] {
            assert!(exposed.iter().any(|name| name == header), "{header} of {exposed:?}");
        }
    }
    Ok(())
}
