//! The request that opens a connection.

use super::{BY_POLLING, BY_WEBSOCKET, refused};
use crate::natter;
use crate::support::ask;
use anyhow::Result;
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
