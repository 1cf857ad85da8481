//! From polling to a WebSocket.

use super::{BY_WEBSOCKET, ByPolling, connect_packet, event, refused, text};
use crate::natter;
use anyhow::{Context as _, Result};
use natter_testkit::natter::Natter;
use natter_testkit::person::{Frame, Socket};
use serde_json::json;

/// A WebSocket for a connection that polls.
async fn beside(natter: &Natter, client: &ByPolling) -> Result<Socket> {
    let sid = client.url.split("sid=").nth(1).context("no sid")?;
    Socket::open(natter.address(), &format!("{BY_WEBSOCKET}&sid={sid}"), &[]).await
}

async fn say(socket: &mut Socket, packet: &str) -> Result<()> {
    socket.send_raw(Frame::Text(packet.into())).await
}

async fn told(socket: &mut Socket) -> Result<String> {
    text(socket.next_raw().await?)
}

#[tokio::test]
async fn what_waits_goes_along() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let note = ada.group("Notes", &[]).await?.info.id;
    let client = ByPolling::connect(&natter, &ada).await?;
    let mut socket = beside(&natter, &client).await?;
    say(&mut socket, "2probe").await?;
    assert_eq!(told(&mut socket).await?, "3probe");
    // Whoever asks meanwhile is told to cease.
    while client.get().await? != ["6"] {}
    for number in 0..50 {
        let payload = json!({ "conversationId": note, "content": number.to_string() });
        client.post(&format!("42{number}{}", json!(["message.send", payload]))).await?;
    }
    say(&mut socket, "5").await?;
    let (mut acknowledged, mut heard) = (Vec::new(), Vec::new());
    while acknowledged.len() < 50 || heard.len() < 50 {
        let packet = told(&mut socket).await?;
        if let Some(answer) = packet.strip_prefix("43") {
            acknowledged.push(answer.split('[').next().unwrap_or_default().to_owned());
        } else {
            heard.extend(event(&packet)?["payload"]["content"].as_str().map(str::to_owned));
        }
    }
    let expected: Vec<_> = (0..50).map(|number| number.to_string()).collect();
    assert_eq!((&acknowledged, &heard), (&expected, &expected));
    Ok(())
}

#[tokio::test]
async fn after_it_requests_are_those_of_strangers() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let client = ByPolling::open(&natter).await?;
    let mut socket = beside(&natter, &client).await?;
    say(&mut socket, "2probe").await?;
    assert_eq!(told(&mut socket).await?, "3probe");
    say(&mut socket, "5").await?;
    say(&mut socket, &connect_packet(&ada)).await?;
    assert!(told(&mut socket).await?.starts_with("40{"));
    refused(&client.asks().await?, 1, "Session ID unknown");
    refused(&client.says("42[\"ping\"]").await?, 1, "Session ID unknown");
    assert!(beside(&natter, &client).await.is_err());
    assert_eq!(event(&told(&mut socket).await?)?["type"], "ready");
    Ok(())
}

#[tokio::test]
async fn who_does_not_get_that_far_polls_on() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let client = ByPolling::connect(&natter, &ada).await?;
    for packets in [
        &["5"][..],
        &["2"],
        &["2other"],
        &["nonsense"],
        &["2probe", "2probe"],
        &["2probe", "40"],
        &["2probe", "1"],
    ] {
        let mut socket = beside(&natter, &client).await?;
        for packet in packets {
            say(&mut socket, packet).await?;
        }
        while let Ok(packet) = told(&mut socket).await {
            assert_eq!(packet, "3probe");
        }
    }
    client.post("420[\"ping\"]").await?;
    let mut packets = Vec::new();
    while !packets.contains(&"430[{}]".to_owned()) {
        packets = client.get().await?;
    }
    Ok(())
}
