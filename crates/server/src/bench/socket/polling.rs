//! What a client of Socket.IO asks for before it changes to a WebSocket.

use super::{Address, Stream};
use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

pub(super) const BY_WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";
const BY_POLLING: &str = "/socket.io/?EIO=4&transport=polling";

/// The packet that says who it is.
pub(super) fn connect(token: &str) -> String {
    format!("40{}", json!({ "token": token }))
}

/// Connects, and waits until it is ready. Answers the secret under which the connection is known.
pub(super) async fn enter(address: &Address) -> Result<String> {
    #[derive(Deserialize)]
    struct Greeting {
        sid: String,
    }
    let mut stream = BufReader::new(address.dial().await?);
    let opened = ask(&mut stream, address, "GET", BY_POLLING, "").await?;
    let greeting = opened.strip_prefix('0').with_context(|| format!("expected a greeting, got {opened}"))?;
    let Greeting { sid } = serde_json::from_str(greeting)?;
    let path = format!("{BY_POLLING}&sid={sid}");
    let said = ask(&mut stream, address, "POST", &path, &connect(&address.token)).await?;
    ensure!(said == "ok", "expected ok, got {said}");
    let mut told = String::new();
    while !told.contains("42[\"ready\",") {
        told = ask(&mut stream, address, "GET", &path, "").await?;
    }
    Ok(sid)
}

/// The body of an answer.
async fn ask(
    stream: &mut BufReader<Stream>,
    address: &Address,
    method: &str,
    path: &str,
    body: &str,
) -> Result<String> {
    let (host, bytes) = (address.server, body.len());
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {bytes}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let (mut status, mut length) = (String::new(), 0);
    stream.read_line(&mut status).await?;
    ensure!(status.starts_with("HTTP/1.1 200 "), "the server refused to be polled: {status}");
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        match line.trim().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(String::from_utf8(body)?)
}
