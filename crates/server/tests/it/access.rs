//! Which addresses get in, and which address a request comes from.

use crate::natter;
use crate::support::{Answer, client, handshake};
use anyhow::{Context as _, Result};
use natter_protocol::ErrorCode;
use natter_testkit::natter::{Builder, Natter};
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A server behind a proxy, as which the tests speak.
fn behind_a_proxy() -> Builder {
    natter().env("NATTER_ACCESS_TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.0/8")
}

/// Asks on behalf of others.
async fn forwarded(natter: &Natter, path: &str, lines: &[&str]) -> Result<Answer> {
    let request = client()?.get(natter.url(path));
    Answer::to(lines.iter().fold(request, |request, line| request.header("x-forwarded-for", *line))).await
}

const PATHS: [&str; 5] = ["/", "/metrics", "/api/docs/", "/api/openapi.json", "/api/v1/there/is/nothing"];

#[tokio::test]
async fn what_is_blocked_is_kept_out_and_told_so() -> Result<()> {
    let natter = behind_a_proxy()
        .env("NATTER_ACCESS_IP_ALLOW", "192.0.2.0/24,2001:db8::/32")
        .env("NATTER_ACCESS_IP_BLOCK", "192.0.2.128/25,2001:db8:bad::/48")
        .start()
        .await?;
    for (address, gets_in) in [
        ("192.0.2.1", true),
        ("192.0.2.127", true),
        // What is blocked is blocked, also where it is allowed.
        ("192.0.2.128", false),
        // Once something is allowed, nothing else is.
        ("198.51.100.1", false),
        ("2001:db8::1", true),
        ("2001:db8:bad::1", false),
        ("::ffff:192.0.2.1", true),
        ("::ffff:192.0.2.200", false),
    ] {
        for path in PATHS {
            let answer = forwarded(&natter, path, &[address]).await?;
            assert_eq!(answer.status != StatusCode::FORBIDDEN, gets_in, "{address} {path}");
            if !gets_in {
                answer.problem(ErrorCode::AddressBlocked)?;
                assert_eq!(answer.header("connection"), "close");
            }
        }
        let socket = handshake(&natter, "/api/v1/ws?token=x", &[("x-forwarded-for", address)]).await?;
        let code = if gets_in { ErrorCode::Unauthenticated } else { ErrorCode::AddressBlocked };
        socket.problem(code).with_context(|| address.to_owned())?;
    }
    // Whoever watches over the server need not be let in.
    for path in ["/health", "/health/ready"] {
        assert_eq!(forwarded(&natter, path, &["198.51.100.1"]).await?.status, StatusCode::OK);
    }
    Ok(())
}

#[tokio::test]
async fn the_connection_of_a_blocked_address_is_closed() -> Result<()> {
    let natter = natter().env("NATTER_ACCESS_IP_BLOCK", "127.0.0.1").start().await?;
    let mut stream = TcpStream::connect(natter.address()).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    let mut answer = String::new();
    // It ends by itself.
    stream.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("\"address_blocked\""), "{answer}");
    Ok(())
}

/// Anybody can write anything into the header; only what trusted proxies have added to it counts.
#[tokio::test]
async fn only_trusted_proxies_are_believed() -> Result<()> {
    let blocked = "203.0.113.1";
    let behind = behind_a_proxy().env("NATTER_ACCESS_IP_BLOCK", blocked).start().await?;
    for (lines, is_blocked) in [
        (&["203.0.113.1"][..], true),
        (&["192.0.2.1, 203.0.113.1"], true),
        // It is what the client says of itself.
        (&["203.0.113.1, 192.0.2.1"], false),
        // Two proxies, the inner one of which is trusted as well.
        (&["203.0.113.1, 10.0.0.7"], true),
        (&["203.0.113.1 ,10.0.0.7,\t10.0.0.8 "], true),
        (&["192.0.2.1", "203.0.113.1", "10.0.0.7"], true),
        (&["203.0.113.1", "192.0.2.1"], false),
        (&["203.0.113.1:4711"], true),
        // What cannot be read was not written by a proxy of ours: it is the peer who asks.
        (&["203.0.113.1, unknown"], false),
        (&["203.0.113.1, "], false),
        (&["203.0.113"], false),
        (&[""], false),
        (&[], false),
    ] {
        let answer = forwarded(&behind, "/", lines).await?;
        assert_eq!(answer.status == StatusCode::FORBIDDEN, is_blocked, "{lines:?}");
    }
    let forwarded_only = client()?.get(behind.url("/")).header("forwarded", "for=203.0.113.1");
    assert_ne!(Answer::to(forwarded_only).await?.status, StatusCode::FORBIDDEN);

    let direct = natter().env("NATTER_ACCESS_IP_BLOCK", blocked).start().await?;
    assert_ne!(forwarded(&direct, "/", &[blocked]).await?.status, StatusCode::FORBIDDEN);
    let direct = natter().env("NATTER_ACCESS_IP_BLOCK", "127.0.0.1").start().await?;
    assert_eq!(forwarded(&direct, "/", &["192.0.2.1"]).await?.status, StatusCode::FORBIDDEN);
    Ok(())
}

#[tokio::test]
async fn browsers_are_asked_to_come_by_https_only_where_the_operator_says_so() -> Result<()> {
    for (seconds, header) in [("0", ""), ("31536000", "max-age=31536000")] {
        let natter = natter().env("NATTER_ACCESS_HSTS_SECONDS", seconds).start().await?;
        for path in ["/", "/health", "/api/v1/users/me"] {
            let answer = Answer::to(client()?.get(natter.url(path))).await?;
            assert_eq!(answer.header("strict-transport-security"), header, "{path}");
        }
    }
    Ok(())
}
