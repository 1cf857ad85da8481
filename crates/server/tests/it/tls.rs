//! HTTPS and secure WebSockets without a proxy in front.

use crate::natter;
use crate::support::TIME_MAX;
use anyhow::{Context as _, Result, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use natter_testkit::natter::Natter;
use natter_testkit::person::{Frame, PASSWORD};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// The name in the certificates.
const NAME: &str = "chat.example.com";
/// Their acknowledgements and events are more than TLS holds, and less than a queue.
const MESSAGES: usize = 30;

/// A certificate, where it and its key are.
fn certificate(directory: &Path, name: &str) -> Result<CertifiedKey<KeyPair>> {
    let certificate = generate_simple_self_signed([name.to_owned()])?;
    std::fs::write(directory.join("certificate.pem"), certificate.cert.pem())?;
    std::fs::write(directory.join("key.pem"), certificate.signing_key.serialize_pem())?;
    Ok(certificate)
}

fn secure(directory: &Path) -> natter_testkit::natter::Builder {
    let path = |file| directory.join(file).display().to_string();
    natter()
        .env("NATTER_TLS_CERTIFICATE_PATH", &path("certificate.pem"))
        .env("NATTER_TLS_KEY_PATH", &path("key.pem"))
}

/// A client that trusts this certificate and no other.
async fn connect(natter: &Natter, certificate: &CertificateDer<'static>) -> Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(natter.address()).await?;
    Ok(TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(NAME)?, tcp).await?)
}

/// Posts something and reads the answer's body.
async fn post(stream: &mut TlsStream<TcpStream>, path: &str, body: &Value) -> Result<Value> {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    ensure!(head.starts_with("HTTP/1.1 201"), "{answer}");
    Ok(serde_json::from_str(body)?)
}

#[tokio::test]
async fn people_talk_over_tls() -> Result<()> {
    let directory = TempDir::new()?;
    let certificate = certificate(directory.path(), NAME)?;
    let natter = secure(directory.path()).start().await?;
    let der = certificate.cert.der();
    let account = json!({ "username": "ada", "password": PASSWORD });
    let ada = post(&mut connect(&natter, der).await?, "/api/v1/auth/register", &account).await?;
    let token = ada["accessToken"].as_str().context("no token")?;

    let request = format!("wss://{NAME}/api/v1/ws?token={token}");
    let (socket, _) = tokio_tungstenite::client_async(request, connect(&natter, der).await?).await?;
    let (mut write, mut read) = socket.split();
    let mut next = async || -> Result<Value> {
        let frame = tokio::time::timeout(TIME_MAX, read.next()).await.context("nothing comes")?;
        let frame = frame.context("the socket has ended")??;
        Ok(serde_json::from_str(frame.to_text()?)?)
    };
    assert_eq!(next().await?["type"], "ready");
    let group = json!({ "type": "group", "name": "Harbour" });
    let mut rest = connect(&natter, der).await?;
    let request = format!(
        "POST /api/v1/conversations HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{group}",
        group.to_string().len()
    );
    rest.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    rest.read_to_string(&mut answer).await?;
    let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    let id = serde_json::from_str::<Value>(body)?["id"].clone();

    // Nothing is read while all of it is sent, so that TLS has to hold some of what the socket does not take.
    let content = "tide ".repeat(2_800);
    for number in 0..MESSAGES {
        let payload = json!({ "conversationId": id, "content": format!("{number} {content}") });
        let frame = json!({ "id": number.to_string(), "type": "message.send", "payload": payload });
        write.send(Frame::Text(frame.to_string().into())).await?;
    }
    let (mut acked, mut seen) = (0, 0);
    while acked < MESSAGES || seen < MESSAGES {
        let frame = next().await?;
        match frame["type"].as_str() {
            Some("ack") => {
                assert_eq!(frame["id"], acked.to_string());
                acked += 1;
            }
            Some("message.new") => {
                let content = frame["payload"]["content"].as_str().context("no content")?;
                ensure!(content.starts_with(&format!("{seen} ")), "{seen}: {}", &content[..10]);
                seen += 1;
            }
            Some("conversation.created") => {}
            _ => anyhow::bail!("unexpected: {frame}"),
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_certificate_must_be_usable() -> Result<()> {
    let directory = TempDir::new()?;
    certificate(directory.path(), NAME)?;
    let path = |file: &str| directory.path().join(file);
    let refused = async |what: &str| -> Result<()> {
        let refused = secure(directory.path()).refused().await?;
        ensure!(!refused.status.success() && refused.stderr.contains(what), "{}", refused.stderr);
        Ok(())
    };
    // The key of another certificate.
    std::fs::write(path("key.pem"), KeyPair::generate()?.serialize_pem())?;
    refused("do not go together").await?;
    std::fs::write(path("key.pem"), "no key")?;
    refused("there is no private key in").await?;
    std::fs::write(path("certificate.pem"), "")?;
    refused("there is no certificate in").await?;
    std::fs::remove_file(path("certificate.pem"))?;
    refused("cannot read").await?;
    let half = natter().env("NATTER_TLS_KEY_PATH", "key.pem").refused().await?;
    ensure!(half.status.code() == Some(2) && half.stderr.contains("belong together"), "{}", half.stderr);
    Ok(())
}

#[tokio::test]
async fn plain_http_gets_no_answer() -> Result<()> {
    let directory = TempDir::new()?;
    certificate(directory.path(), NAME)?;
    let natter = secure(directory.path()).start().await?;
    let mut stream = TcpStream::connect(natter.address()).await?;
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    let mut answer = Vec::new();
    // Some kernels tell that the server has closed with unread bytes.
    let _ = tokio::time::timeout(TIME_MAX, stream.read_to_end(&mut answer)).await?;
    ensure!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
    Ok(())
}
