//! Pages of other origins.

use super::{BY_POLLING, refused};
use crate::natter;
use crate::support::{Answer, client};
use anyhow::Result;
use natter_testkit::natter::Natter;
use reqwest::Method;

const ORIGIN: &str = "https://shop.example";

async fn from(natter: &Natter, method: Method, origin: &str) -> Result<Answer> {
    let request = client()?
        .request(method, natter.url(BY_POLLING))
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-tenant,content-type");
    Answer::to(request).await
}

#[tokio::test]
async fn pages_may_connect_where_the_operator_says_so() -> Result<()> {
    let nobody = natter().start().await?;
    let all = natter().env("SOCKET_IO_CORS_ORIGIN", "*").start().await?;
    let one = natter().env("SOCKET_IO_CORS_ORIGIN", ORIGIN).start().await?;
    let api = natter().env("NATTER_CORS_ORIGINS", ORIGIN).start().await?;
    for (natter, origin, allowed) in [
        (&nobody, ORIGIN, false),
        (&nobody, "null", false),
        (&all, ORIGIN, true),
        (&all, "null", true),
        (&one, ORIGIN, true),
        (&one, "https://shop.example.evil", false),
        (&api, ORIGIN, true),
        (&api, "https://evil.example", false),
    ] {
        let preflight = from(natter, Method::OPTIONS, origin).await?;
        let answer = from(natter, Method::GET, origin).await?;
        for answer in [&preflight, &answer] {
            let expected = if allowed { origin } else { "" };
            assert_eq!(answer.header("access-control-allow-origin"), expected, "{answer:?}");
        }
        if allowed {
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("access-control-allow-credentials"), "true");
            assert_eq!(preflight.header("access-control-allow-headers"), "x-tenant,content-type");
        } else {
            refused(&answer, 4, "Forbidden");
        }
    }
    let own = from(&nobody, Method::GET, &nobody.url("")).await?;
    assert_eq!(own.status, 200, "a page of the server itself");
    Ok(())
}

#[tokio::test]
async fn what_pages_may_ask_of_socket_io_they_may_not_ask_of_the_rest() -> Result<()> {
    let natter = natter().env("SOCKET_IO_CORS_ORIGIN", ORIGIN).start().await?;
    let ask = client()?.get(natter.url("/api/v1/users/me")).header("origin", ORIGIN);
    assert_eq!(Answer::to(ask).await?.header("access-control-allow-origin"), "");
    Ok(())
}
