//! `/ws`: opening a socket, and who may.

use crate::natter;
use crate::support::{handshake, on_both_databases};
use anyhow::{Context as _, Result};
use natter_protocol::ErrorCode;
use natter_testkit::natter::Natter;
use natter_testkit::person::Socket;
use serde_json::Value;

on_both_databases! {
    ready_comes_first_and_says_who_is_connected,
}

async fn ready_comes_first_and_says_who_is_connected(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let conversation = ada.group("Harbour", &[]).await?;
    let token = &ada.sign_in().tokens.access_token;
    let bearer = format!("Bearer {token}");
    for base in ["/api/v1/ws", "/api/chat/ws"] {
        for (path, headers) in [
            (base.to_owned(), vec![("authorization", bearer.as_str())]),
            (format!("{base}?token={token}"), Vec::new()),
        ] {
            let mut socket = Socket::open(natter.address(), &path, &headers).await?;
            let ready = socket.next().await?;
            assert_eq!(ready["type"], "ready");
            assert_eq!(ready["payload"]["user"]["username"], "ada");
            assert_eq!(ready["payload"]["user"]["presence"], "online");
            assert_eq!(ready["payload"]["heartbeatSeconds"], 25);
            assert_eq!(ready["payload"]["epoch"], conversation.epoch.as_str());
            assert!(ready["payload"]["connectionId"].is_string() && ready.get("id").is_none(), "{ready}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_handshake_that_is_none_is_refused() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let token = format!("/api/v1/ws?token={}", ada.sign_in().tokens.access_token);
    for (path, headers, code) in [
        (&*token, [("upgrade", "h2c")], ErrorCode::UpgradeRequired),
        (&*token, [("connection", "keep-alive")], ErrorCode::UpgradeRequired),
        (&*token, [("sec-websocket-version", "8")], ErrorCode::UpgradeRequired),
        (&*token, [("sec-websocket-key", "")], ErrorCode::InvalidParameter),
        (&*token, [("sec-websocket-key", "not base64")], ErrorCode::InvalidParameter),
        (&*token, [("sec-websocket-key", "c2hvcnQ=")], ErrorCode::InvalidParameter),
        (&*token, [("origin", "https://evil.example")], ErrorCode::OriginNotAllowed),
        (&*token, [("origin", "null")], ErrorCode::OriginNotAllowed),
        (&*token, [("origin", "")], ErrorCode::OriginNotAllowed),
        ("/api/v1/ws", [("authorization", "Basic x")], ErrorCode::Unauthenticated),
        ("/api/v1/ws", [("authorization", "Bearer x")], ErrorCode::Unauthenticated),
        ("/api/v1/ws?token=x", [("accept", "*/*")], ErrorCode::Unauthenticated),
        ("/api/v1/ws", [("accept", "*/*")], ErrorCode::Unauthenticated),
    ] {
        let answer = handshake(&natter, path, &headers).await?;
        answer.problem(code).with_context(|| format!("{headers:?}"))?;
        if code == ErrorCode::UpgradeRequired {
            assert_eq!(answer.header("sec-websocket-version"), "13");
        }
    }
    // The foreign page was refused before its ticket was looked at, so the ticket is still good.
    let ticket: Value = ada.post("/auth/ticket", Value::Null).await?;
    let path = format!("/api/v1/ws?ticket={}", ticket["ticket"].as_str().unwrap_or_default());
    let foreign = handshake(&natter, &path, &[("origin", "https://evil.example")]).await?;
    foreign.problem(ErrorCode::OriginNotAllowed)?;
    Socket::open(natter.address(), &path, &[]).await?;
    Ok(())
}

#[tokio::test]
async fn pages_of_this_server_and_of_allowed_origins_may_open_sockets() -> Result<()> {
    let natter =
        natter().env("NATTER_CORS_ORIGINS", "https://chat.example,http://localhost:5173").start().await?;
    let ada = natter.person("ada").await?;
    let path = format!("/api/v1/ws?token={}", ada.sign_in().tokens.access_token);
    let own = format!("http://{}", natter.address());
    for origin in [&*own, "https://chat.example", "http://localhost:5173"] {
        Socket::open(natter.address(), &path, &[("origin", origin)]).await.context(origin.to_owned())?;
    }
    for origin in ["https://chat.example.evil", "http://chat.example", "http://localhost:51730"] {
        let refused = handshake(&natter, &path, &[("origin", origin)]).await?;
        refused.problem(ErrorCode::OriginNotAllowed)?;
    }
    Ok(())
}
