//! Clients that let the server wait: with the head of a request, with its body, with taking the answer, with the next
//! request.

use crate::natter;
use crate::support::TIME_MAX;
use anyhow::{Context as _, Result, ensure};
use natter_testkit::natter::Natter;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Between two bytes of somebody who sends just enough not to be silent.
const DRIP: Duration = Duration::from_millis(20);
const LIMITS: [&str; 4] =
    ["HEADER_SECONDS_MAX", "REQUEST_SECONDS_MAX", "WRITE_STALL_SECONDS_MAX", "IDLE_SECONDS_MAX"];

/// A server that is patient with everything but this one thing.
async fn impatient(about: &str) -> Result<Natter> {
    LIMITS
        .iter()
        .fold(natter(), |builder, limit| {
            let seconds = if *limit == about { "1" } else { "600" };
            builder.env(&format!("NATTER_LIMITS_{limit}"), seconds)
        })
        .start()
        .await
}

/// Sends a byte now and then for as long as the connection is there; answers what came back until its end.
async fn drip(stream: &mut TcpStream, mut bytes: impl Iterator<Item = u8>) -> Result<String> {
    let mut answer = Vec::new();
    let dripping = async {
        loop {
            match timeout(DRIP, stream.read_buf(&mut answer)).await {
                Ok(Ok(0) | Err(_)) => return,
                Ok(Ok(_)) => {}
                Err(_) => {
                    let byte = bytes.next().unwrap_or(b'x');
                    // The server may have closed it meanwhile; the next read tells.
                    drop(stream.write_all(&[byte]).await);
                }
            }
        }
    };
    timeout(TIME_MAX, dripping).await.context("the connection is still there")?;
    Ok(String::from_utf8(answer)?)
}

const GET: &[u8] = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

/// Asks once and reads the answer, so that the connection is idle.
async fn ask(stream: &mut TcpStream) -> Result<()> {
    stream.write_all(GET).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"{\"status\":\"ok\"}") {
        ensure!(stream.read_buf(&mut answer).await? > 0, "no answer");
    }
    Ok(())
}

#[tokio::test]
async fn a_head_that_drips_is_not_waited_for() -> Result<()> {
    let natter = impatient("HEADER_SECONDS_MAX").await?;
    let head = || "GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ".bytes();
    let mut fresh = TcpStream::connect(natter.address()).await?;
    assert_eq!(drip(&mut fresh, head()).await?, "");
    let mut used = TcpStream::connect(natter.address()).await?;
    ask(&mut used).await?;
    assert_eq!(drip(&mut used, head()).await?, "");
    Ok(())
}

#[tokio::test]
async fn a_body_that_drips_is_not_waited_for() -> Result<()> {
    let natter = impatient("REQUEST_SECONDS_MAX").await?;
    let mut stream = TcpStream::connect(natter.address()).await?;
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Content-Length: 100000\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let answer = drip(&mut stream, "{\"username\":\"".bytes()).await?;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"request_timeout\""), "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_connection_without_requests_is_closed() -> Result<()> {
    let natter = natter()
        .env("NATTER_LIMITS_HEADER_SECONDS_MAX", "1")
        .env("NATTER_LIMITS_IDLE_SECONDS_MAX", "1")
        .start()
        .await?;
    let mut stream = TcpStream::connect(natter.address()).await?;
    ask(&mut stream).await?;
    let mut rest = Vec::new();
    timeout(TIME_MAX, stream.read_to_end(&mut rest)).await.context("it is still there")??;
    assert_eq!(rest, b"");
    Ok(())
}

/// Whoever asks and asks and reads nothing is let go of, and holds no place any longer.
#[tokio::test]
async fn answers_that_nobody_takes_are_not_kept() -> Result<()> {
    let natter = impatient("WRITE_STALL_SECONDS_MAX").await?;
    let mut stream = TcpStream::connect(natter.address()).await?;
    let asking = async {
        let request = b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
        loop {
            if let Err(gone) = stream.write_all(request).await {
                return gone;
            }
        }
    };
    let gone = timeout(TIME_MAX, asking).await.context("it is still there")?;
    assert!(
        matches!(gone.kind(), std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe),
        "{gone}"
    );
    ask(&mut TcpStream::connect(natter.address()).await?).await
}
