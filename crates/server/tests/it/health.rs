//! `/health`, `/health/ready` and `/metrics`

use crate::natter;
use crate::support::{ask, eventually, on_both_databases};
use anyhow::Result;
use natter_protocol::ErrorCode;
use natter_testkit::natter::Natter;
use natter_testkit::postgres::Server;
use reqwest::{Method, StatusCode};
use serde_json::json;

on_both_databases! {
    a_healthy_server_says_so,
    metrics_count_what_happens,
}

async fn a_healthy_server_says_so(natter: Natter) -> Result<()> {
    assert_eq!(ask(&natter, Method::GET, "/health").await?.json()?, json!({ "status": "ok" }));
    let ada = natter.person("ada").await?;
    let _socket = ada.socket().await?;
    let ready = ask(&natter, Method::GET, "/health/ready").await?.json()?;
    assert_eq!(ready, json!({ "status": "ok", "connections": 1 }));
    Ok(())
}

async fn metrics_count_what_happens(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let (mut own, mut other) = (ada.socket().await?, bob.socket().await?);
    for _ in 0..3 {
        ada.send(id, "Hello").await?;
        own.next_of("message.new").await?;
        other.next_of("message.new").await?;
    }
    drop(other);
    let metrics = eventually(async || {
        let answer = ask(&natter, Method::GET, "/metrics").await?;
        assert!(answer.header("content-type").starts_with("text/plain"), "{answer:?}");
        Ok(answer.text.contains("natter_connections 1\n").then_some(answer.text))
    })
    .await?;
    for line in [
        "natter_committed_events_total 4",
        "natter_frames_delivered_total 6",
        "natter_connections_closed_total{code=\"1006\"} 1",
        "natter_http_request_seconds_count{method=\"POST\",\
         route=\"/api/v1/conversations/{id}/messages\",status=\"201\"} 3",
    ] {
        assert!(metrics.lines().any(|known| known == line), "{line} is not in\n{metrics}");
    }
    for name in ["natter_commit_batch_writes_bucket", "natter_http_request_seconds_bucket"] {
        assert!(metrics.contains(name), "{name} is not in\n{metrics}");
    }
    // No metric names anybody.
    for secret in ["ada", &id.to_string(), &ada.id().to_string()] {
        assert!(!metrics.contains(secret), "{secret} is in\n{metrics}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_its_database_is_alive_but_not_ready() -> Result<()> {
    let mut postgres = Server::start()?;
    let natter = natter().database(&postgres.create_database()?).start().await?;
    let ada = natter.person("ada").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    let first = ada.send(id, "before").await?;

    postgres.kill()?;
    eventually(async || {
        let ready = ask(&natter, Method::GET, "/health/ready").await?;
        if ready.status == StatusCode::OK {
            return Ok(None);
        }
        ready.problem(ErrorCode::Unavailable)?;
        assert_eq!(ready.header("retry-after"), "1");
        Ok(Some(()))
    })
    .await?;
    assert_eq!(ask(&natter, Method::GET, "/health").await?.status, StatusCode::OK);
    let (status, problem) = ada.request(Method::GET, &format!("/conversations/{id}"), None).await?;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable")));
    assert!(!problem["detail"].to_string().contains("postgres"), "strangers learn nothing: {problem}");

    postgres.restart()?;
    eventually(async || {
        let ready = ask(&natter, Method::GET, "/health/ready").await?.status;
        Ok((ready == StatusCode::OK).then_some(()))
    })
    .await?;
    let second = eventually(async || Ok(ada.send(id, "after").await.ok())).await?;
    assert!(second.seq > first.seq);
    let log = ada.log(id).await?;
    assert!(log.iter().map(|event| event.seq).eq(1..=second.seq), "{log:?}");
    Ok(())
}
