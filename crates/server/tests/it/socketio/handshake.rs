//! The request that opens a connection.

use super::{BY_POLLING, BY_WEBSOCKET, ByPolling, ByWebSocket, connect_packet, refused};
use crate::natter;
use crate::support::ask;
use anyhow::{Context as _, Result, ensure};
use natter_protocol::ErrorCode;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_client_is_greeted_with_what_is_agreed_on() -> Result<()> {
    let natter = natter().env("NATTER_SOCKET_HEARTBEAT_SECONDS", "7").start().await?;
    let mut sids = Vec::new();
    for path in ["/socket.io/?EIO=4&transport=polling&t=abc", "/socket.io?transport=polling&EIO=4&b64=1"] {
        let answer = ask(&natter, Method::GET, path).await?;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        let mut greeting: Value = serde_json::from_str(answer.text.strip_prefix('0').unwrap_or_default())?;
        sids.push(greeting["sid"].take());
        let expected = json!({
            "sid": null, "upgrades": ["websocket"], "pingInterval": 7_000, "pingTimeout": 7_000, "maxPayload": 524_288
        });
        assert_eq!(greeting, expected);
    }
    assert_ne!(sids[0], sids[1]);
    assert_eq!(sids[0].as_str().map(str::len), Some(24), "144 bits");
    Ok(())
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_refused_as_the_protocol_says() -> Result<()> {
    let natter = natter().start().await?;
    for (method, path, code, message) in [
        (Method::GET, "/socket.io/", 0, "Transport unknown"),
        (Method::GET, "/socket.io/?EIO=4", 0, "Transport unknown"),
        (Method::GET, "/socket.io/?EIO=4&transport=webtransport", 0, "Transport unknown"),
        (Method::GET, "/socket.io/?EIO=4&transport=polling&sid=nobody", 1, "Session ID unknown"),
        (Method::POST, "/socket.io/?EIO=4&transport=polling&sid=nobody", 1, "Session ID unknown"),
        (Method::POST, BY_POLLING, 2, "Bad handshake method"),
        (Method::PUT, BY_POLLING, 2, "Bad handshake method"),
        (Method::GET, "/socket.io/?EIO=4&transport=polling&transport=websocket", 3, "Bad request"),
        (Method::GET, BY_WEBSOCKET, 3, "Bad request"),
        (Method::GET, "/socket.io/?transport=polling", 5, "Unsupported protocol version"),
        (Method::GET, "/socket.io/?EIO=3&transport=polling", 5, "Unsupported protocol version"),
        (Method::GET, "/socket.io/?EIO=3&transport=websocket", 5, "Unsupported protocol version"),
    ] {
        refused(&ask(&natter, method, path).await?, code, message);
    }
    Ok(())
}

#[tokio::test]
async fn it_is_where_the_operator_wants_it() -> Result<()> {
    let natter =
        natter().env("SOCKET_IO_PATH", "/api/rt/").env("REDIS_URL", "redis://127.0.0.1:1").start().await?;
    for path in ["/api/rt?EIO=4&transport=polling", "/api/rt/?EIO=4&transport=polling"] {
        assert_eq!(ask(&natter, Method::GET, path).await?.status, 200);
    }
    let elsewhere = ask(&natter, Method::GET, BY_POLLING).await?;
    assert!(!elsewhere.text.starts_with('0'), "{elsewhere:?}");
    Ok(())
}

#[tokio::test]
async fn who_has_not_signed_in_has_so_many_places() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let (mut by_websocket, mut by_polling) = (Vec::new(), Vec::new());
    // Places are left after a while, so only the server knows how many can be opened until none is left.
    let refused = loop {
        ensure!(by_polling.len() < 1_000, "nobody is refused");
        match (ByWebSocket::open(&natter).await, ByPolling::open(&natter).await) {
            (Err(by_websocket), Err(by_polling)) => break [by_websocket, by_polling],
            (one, other) => {
                by_websocket.extend(one);
                by_polling.extend(other);
            }
        }
    };
    assert!(refused.iter().all(|error| error.to_string().contains("429")), "{refused:?}");
    assert!(refused[1].to_string().contains("200 connections that have not signed in"), "{refused:?}");
    let crowded = ask(&natter, Method::GET, BY_POLLING).await?;
    let wait_seconds = crowded.problem(ErrorCode::RateLimited)?.retry_after_seconds.context("no time")?;
    assert_eq!(crowded.header("retry-after"), wait_seconds.to_string());
    assert_eq!((by_websocket.len().min(100), by_polling.len().min(100)), (100, 100));
    // Who signs in leaves a place to somebody else.
    let client = by_polling.pop().context("nobody is there")?;
    client.post(&connect_packet(&ada)).await?;
    assert!(client.next().await?[0].starts_with("40{"));
    ByPolling::connect(&natter, &ada).await?;
    Ok(())
}
