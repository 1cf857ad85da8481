//! Connections that are made of requests.

use super::{ByPolling, event, refused};
use crate::natter;
use crate::support::eventually;
use anyhow::Result;
use serde_json::{Value, json};

#[tokio::test]
async fn several_packets_travel_together_both_ways() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let client = ByPolling::connect(&natter, &ada).await?;
    let asked: Vec<_> = (0..40).map(|id| format!("42{id}[\"ping\"]")).collect();
    client.post(&asked.join("\x1e")).await?;
    let mut answered = Vec::new();
    while answered.len() < 40 {
        let packets = client.next().await?;
        assert!(packets.len() <= 16, "the client for Python takes no more");
        answered.extend(packets);
    }
    let expected: Vec<_> = (0..40).map(|id| format!("43{id}[{{}}]")).collect();
    assert_eq!(answered, expected);
    Ok(())
}

#[tokio::test]
async fn a_request_waits_for_what_happens() -> Result<()> {
    let natter = natter().start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let harbour = ada.group("Harbour", &[&bob]).await?.info.id;
    let client = ByPolling::connect(&natter, &bob).await?;
    let (told, sent) = tokio::join!(client.next(), ada.send(harbour, "Ahoy"));
    let mut told = told?;
    let is_message = |packet: &String| packet.starts_with("42[\"message.new\"");
    while !told.iter().any(is_message) {
        told = client.next().await?;
    }
    let message = told.iter().find(|packet| is_message(packet)).map(|packet| event(packet));
    assert_eq!(message.transpose()?.unwrap_or_default()["payload"]["id"], json!(sent?.id));
    Ok(())
}

#[tokio::test]
async fn what_is_no_payload_ends_the_connection() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    for payload in ["", "abc", "bAQID", "42[\"ping\"]\x1e", "\x1e"] {
        let client = ByPolling::connect(&natter, &ada).await?;
        refused(&client.says(payload).await?, 3, "Bad request");
        eventually(async || Ok((client.asks().await?.status == 400).then_some(()))).await?;
    }
    let client = ByPolling::connect(&natter, &ada).await?;
    client.post(&["3"; 1_000].join("\x1e")).await?;
    refused(&client.says(&["3"; 1_001].join("\x1e")).await?, 3, "Bad request");
    let client = ByPolling::connect(&natter, &ada).await?;
    assert_eq!(client.says(&"4".repeat(524_289)).await?.status, 413);
    Ok(())
}

#[tokio::test]
async fn a_second_request_for_the_same_ends_the_connection() -> Result<()> {
    let natter = natter().start().await?;
    let client = ByPolling::open(&natter).await?;
    let (first, second) = tokio::join!(client.asks(), client.asks());
    let mut answers = [first?, second?];
    answers.sort_by_key(|answer| answer.status);
    assert_eq!((answers[0].status.as_u16(), answers[0].text.as_str()), (200, "1"));
    refused(&answers[1], 3, "Bad request");
    Ok(())
}

#[tokio::test]
async fn who_leaves_is_answered_and_gone() -> Result<()> {
    let natter = natter().start().await?;
    let client = ByPolling::open(&natter).await?;
    let waiting = client.clone();
    let waiting = tokio::spawn(async move { waiting.get().await });
    client.post("1").await?;
    // It may have come too late to be told.
    if let Ok(packets) = waiting.await? {
        assert_eq!(packets, ["6"]);
    }
    eventually(async || Ok((client.asks().await?.status == 400).then_some(()))).await?;
    client.post("1").await?;
    Ok(())
}

#[tokio::test]
async fn who_goes_without_a_word_is_gone() -> Result<()> {
    let natter = natter().start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    ada.group("Harbour", &[&bob]).await?;
    let online = async || -> Result<Value> { ada.get("/users/online").await };
    let client = ByPolling::connect(&natter, &bob).await?;
    assert!(online().await?.to_string().contains("\"bob\""));
    // It hangs up while its request waits.
    let waiting = tokio::spawn(async move { client.get().await });
    eventually(async || {
        let polled: String = reqwest::get(natter.url("/metrics")).await?.text().await?;
        Ok(polled.contains("natter_connections 1").then_some(()))
    })
    .await?;
    waiting.abort();
    eventually(async || Ok((!online().await?.to_string().contains("\"bob\"")).then_some(()))).await
}

#[tokio::test]
async fn who_does_not_answer_a_ping_or_does_not_ask_is_gone() -> Result<()> {
    let natter = natter()
        .env("NATTER_SOCKET_HEARTBEAT_SECONDS", "1")
        .env("NATTER_SOCKET_WRITE_STALL_SECONDS_MAX", "1")
        .start()
        .await?;
    let ada = natter.person("ada").await?;
    let asks = ByPolling::connect(&natter, &ada).await?;
    assert_eq!(asks.get().await?, ["2"]);
    eventually(async || Ok((asks.asks().await?.status == 400).then_some(()))).await?;
    let only_says = ByPolling::connect(&natter, &ada).await?;
    eventually(async || Ok((only_says.says("3").await?.status == 400).then_some(()))).await?;
    Ok(())
}
