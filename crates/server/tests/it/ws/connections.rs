//! How many sockets somebody can have.

use crate::natter;
use crate::support::{eventually, handshake};
use anyhow::Result;
use natter_protocol::ErrorCode;

#[tokio::test]
async fn a_user_has_so_many_connections_and_others_have_their_own() -> Result<()> {
    let natter = natter().env("NATTER_LIMITS_USER_CONNECTIONS_MAX", "2").start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let (first, _second) = (ada.socket().await?, ada.socket().await?);
    let path = format!("/api/v1/ws?token={}", ada.sign_in().tokens.access_token);
    let problem = handshake(&natter, &path, &[]).await?.problem(ErrorCode::TooManyConnections)?;
    assert!(problem.detail.contains('2') && problem.retriable, "{problem:?}");
    bob.socket().await?;
    // A place that is given up is free again, once the server has seen that the client is gone.
    drop(first);
    eventually(async || Ok(ada.socket().await.ok())).await?;
    Ok(())
}
