//! How a client gets into the namespace, and what it may say there.

use super::{ByPolling, ByWebSocket, connect_packet, event};
use crate::natter;
use anyhow::{Context as _, Result};
use natter_protocol::CloseCode;
use natter_testkit::natter::Natter;
use natter_testkit::person::Frame;
use serde_json::{Value, json};

/// Why somebody is not let in, and with which code the connection is closed.
async fn turned_away(natter: &Natter, packet: &str) -> Result<(Value, u16)> {
    let mut client = ByWebSocket::open(natter).await?;
    client.send(packet).await?;
    let refusal = client.next().await?;
    let refusal = serde_json::from_str(refusal.strip_prefix("44").with_context(|| refusal.clone())?)?;
    Ok((refusal, client.socket.closed().await?.0))
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why() -> Result<()> {
    let natter = natter().env("NATTER_LIMITS_USER_CONNECTIONS_MAX", "1").start().await?;
    let ada = natter.person("ada").await?;
    for packet in
        ["40", "40{}", "40{\"token\":\"nonsense\"}", "40{\"ticket\":\"used\"}", "40[\"token\"]", "40nonsense"]
    {
        let (refusal, code) = turned_away(&natter, packet).await?;
        let why = &refusal["data"];
        assert_eq!((&why["status"], &refusal["message"]), (&json!(401), &why["detail"]), "{packet}");
        assert_eq!(code, CloseCode::Unauthenticated.code());
    }
    // Over all kinds of connections.
    let _native = ada.socket().await?;
    let (refusal, _) = turned_away(&natter, &connect_packet(&ada)).await?;
    assert_eq!(refusal["data"]["code"], "too_many_connections");
    Ok(())
}

#[tokio::test]
async fn a_ticket_lets_in_once() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let ticket: Value = ada.post("/auth/ticket", json!({})).await?;
    let packet = format!("40{}", json!({ "ticket": ticket["ticket"] }));
    let mut client = ByWebSocket::open(&natter).await?;
    client.send(&packet).await?;
    assert!(client.next().await?.starts_with("40{"));
    let (refusal, _) = turned_away(&natter, &packet).await?;
    assert_eq!(refusal["data"]["code"], "invalid_ticket");
    Ok(())
}

#[tokio::test]
async fn other_namespaces_are_refused_and_this_one_is_not() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let mut client = ByWebSocket::open(&natter).await?;
    client.send("40/admin,{\"token\":\"x\"}").await?;
    assert_eq!(client.next().await?, r#"44/admin,{"message":"Invalid namespace"}"#);
    client.send(&connect_packet(&ada)).await?;
    assert!(client.next().await?.starts_with("40{"));
    assert_eq!(event(&client.next().await?)?["type"], "ready");
    client.send("40/chat,").await?;
    assert_eq!(client.next().await?, r#"44/chat,{"message":"Invalid namespace"}"#);
    Ok(())
}

#[tokio::test]
async fn what_breaks_the_protocol_ends_the_connection() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    for packet in [
        "",
        "7",
        "2probe",
        "5",
        "0{}",
        "4",
        "49",
        "40",
        "44{}",
        "42/admin,[\"ping\"]",
        "4299999999999999999999[]",
    ] {
        let mut client = ByWebSocket::connect(&natter, &ada).await?;
        client.send(packet).await?;
        let (code, reason) = client.socket.closed().await?;
        assert_eq!(code, CloseCode::ProtocolError.code(), "{packet:?}: {reason}");
    }
    for packet in ["1", "41"] {
        let mut client = ByWebSocket::connect(&natter, &ada).await?;
        client.send(packet).await?;
        assert_eq!(client.socket.closed().await?.0, CloseCode::Normal.code(), "{packet:?}");
    }
    // Before it is in, there is nothing to say but who it is.
    for packet in ["42[\"ping\"]", "41", "nonsense"] {
        let mut client = ByWebSocket::open(&natter).await?;
        client.send(packet).await?;
        assert!(client.next().await.is_err(), "{packet:?}");
    }
    Ok(())
}

#[tokio::test]
async fn who_says_much_before_who_it_is_does_not_get_in() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    for idle in ["3", "6", "40/admin,"] {
        for (packets, gets_in) in [(15, true), (16, false)] {
            let mut client = ByWebSocket::open(&natter).await?;
            for _ in 0..packets {
                client.send(idle).await?;
            }
            // The connection may have ended already.
            let sent = client.send(&connect_packet(&ada)).await;
            let mut next = client.next().await;
            while next.as_ref().is_ok_and(|packet| packet.starts_with("44/admin,")) {
                next = client.next().await;
            }
            assert_eq!(
                next.is_ok_and(|packet| packet.starts_with("40{")),
                gets_in,
                "{packets} of {idle}: {sent:?}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_event_that_is_none_is_answered_and_counts() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let mut client = ByWebSocket::connect(&natter, &ada).await?;
    for packet in [
        "42",
        "42[]",
        "42{}",
        "42[1]",
        "42[\"ping\"",
        "42[\"message.send\",[1]]",
        "42[\"message.send\"]",
        "42[\"join_room\",7]",
    ] {
        client.send(packet).await?;
        let error = event(&client.next().await?)?;
        assert_eq!(
            (&error["type"], &error["payload"]["code"]),
            (&json!("error"), &json!("invalid_json")),
            "{packet}"
        );
    }
    client.send("427[\"join_room\",{\"room\":7}]").await?;
    assert!(client.next().await?.starts_with("437[{\"error\":{"));
    client.send("43[\"nobody asked\"]").await?;
    client.send("451-8[\"message.send\",{\"_placeholder\":true,\"num\":0}]").await?;
    let refusal = client.next().await?;
    assert!(
        refusal.starts_with("438[{\"error\":{") && refusal.contains("unsupported_media_type"),
        "{refusal}"
    );
    client.socket.send_raw(Frame::Binary(vec![1, 2, 3].into())).await?;
    assert_eq!(client.socket.closed().await?.0, CloseCode::Unsupported.code());
    Ok(())
}

#[tokio::test]
async fn who_says_too_much_is_refused_and_then_sent_away() -> Result<()> {
    let natter = natter().with_rates().env("NATTER_LIMITS_SOCKET_MESSAGES_PER_MINUTE", "2").start().await?;
    let ada = natter.person("ada").await?;
    let mut client = ByWebSocket::connect(&natter, &ada).await?;
    for tries in 1..=20 {
        let (answer, _) = client.ask("join_room", &json!({ "room": "nowhere" })).await?;
        let expected = if tries <= 2 { "not_found" } else { "rate_limited" };
        assert_eq!(answer["error"]["code"], expected, "{tries}");
    }
    client.send("42[\"nonsense\"]").await?;
    assert_eq!(event(&client.next().await?)?["payload"]["code"], "rate_limited");
    assert_eq!(client.next().await?, "41");
    assert_eq!(client.socket.closed().await?.0, CloseCode::RateLimited.code());
    Ok(())
}

#[tokio::test]
async fn a_session_that_ends_takes_its_connections_along() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let mut by_websocket = ByWebSocket::connect(&natter, &ada).await?;
    let by_polling = ByPolling::connect(&natter, &ada).await?;
    natter.run(&["user", "disable", "ada"]).await?;
    let error = by_websocket.next_of("error").await?;
    assert_eq!(error["payload"]["code"], "session_ended");
    assert_eq!(by_websocket.next().await?, "41");
    assert_eq!(by_websocket.socket.closed().await?.0, CloseCode::SignedOut.code());
    let told = by_polling.next().await?;
    assert_eq!(event(&told[0])?["payload"]["code"], "session_ended");
    assert_eq!(told[1..], ["41"]);
    assert_eq!(by_polling.asks().await?.status, 400);
    Ok(())
}
