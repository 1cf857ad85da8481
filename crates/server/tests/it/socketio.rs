//! `/socket.io`, packet by packet. What the official clients make of it is tested with them, in `web/e2e/`.

mod cors;
mod enter;
mod handshake;
mod polling;
mod upgrade;

use crate::support::{Answer, client};
use anyhow::{Context as _, Result, bail, ensure};
use natter_testkit::natter::Natter;
use natter_testkit::person::{Frame, Person, Socket};
use serde_json::{Value, json};

const BY_POLLING: &str = "/socket.io/?EIO=4&transport=polling";
const BY_WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

/// The token that somebody connects with, as the packet says it.
fn connect_packet(person: &Person) -> String {
    format!("40{}", json!({ "token": person.sign_in().tokens.access_token }))
}

/// A client by WebSocket that does nothing by itself but answer pings.
pub(crate) struct ByWebSocket {
    socket: Socket,
    asked: u64,
}

impl ByWebSocket {
    /// Opens a connection, which is not in the namespace yet.
    async fn open(natter: &Natter) -> Result<Self> {
        let mut socket = Socket::open(natter.address(), BY_WEBSOCKET, &[]).await?;
        let opened = text(socket.next_raw().await?)?;
        ensure!(opened.starts_with("0{"), "the first packet is {opened}");
        Ok(Self { socket, asked: 0 })
    }

    /// Opens a connection and waits until it is ready.
    pub(crate) async fn connect(natter: &Natter, person: &Person) -> Result<Self> {
        let mut client = Self::open(natter).await?;
        client.send(&connect_packet(person)).await?;
        let connected = client.next().await?;
        ensure!(connected.starts_with("40{\"sid\":"), "the namespace is answered with {connected}");
        let ready = client.next().await?;
        ensure!(ready.starts_with("42[\"ready\","), "the first event is {ready}");
        Ok(client)
    }

    pub(crate) async fn send(&mut self, packet: &str) -> Result<()> {
        self.socket.send_raw(Frame::Text(packet.into())).await
    }

    /// The next packet that is no ping.
    pub(crate) async fn next(&mut self) -> Result<String> {
        loop {
            match text(self.socket.next_raw().await?)?.as_str() {
                "2" => self.send("3").await?,
                packet => return Ok(packet.to_owned()),
            }
        }
    }

    /// What an event is acknowledged with, and the events that came before that.
    pub(crate) async fn ask(&mut self, kind: &str, payload: &Value) -> Result<(Value, Vec<Value>)> {
        self.asked += 1;
        let id = self.asked;
        self.send(&format!("42{id}{}", json!([kind, payload]))).await?;
        let mut before = Vec::new();
        loop {
            let packet = self.next().await?;
            if let Some(answer) = packet.strip_prefix(&format!("43{id}")) {
                let [answer] = serde_json::from_str::<[Value; 1]>(answer)?;
                return Ok((answer, before));
            }
            before.push(event(&packet)?);
        }
    }

    /// The code and reason with which the server closes; packets before it are passed over.
    pub(crate) async fn closed(&mut self) -> Result<(u16, String)> {
        let (code, reason) = self.socket.closed().await?;
        Ok((code, reason.to_string()))
    }

    /// The next event of a kind; others are passed over.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Result<Value> {
        loop {
            let event = event(&self.next().await?)?;
            if event["type"] == kind {
                return Ok(event);
            }
        }
    }
}

/// An event as the native dialect says it.
pub(crate) fn event(packet: &str) -> Result<Value> {
    let event = packet.strip_prefix("42").with_context(|| format!("{packet} is no event"))?;
    let [kind, payload] = serde_json::from_str::<[Value; 2]>(event)?;
    Ok(json!({ "type": kind, "payload": payload }))
}

fn text(frame: Frame) -> Result<String> {
    match frame {
        Frame::Text(text) => Ok(text.to_string()),
        other => bail!("expected a packet, got {other:?}"),
    }
}

/// A client by polling, request by request.
#[derive(Clone)]
struct ByPolling {
    url: String,
}

impl ByPolling {
    /// Opens a connection, which is not in the namespace yet.
    async fn open(natter: &Natter) -> Result<Self> {
        let opened = Answer::to(client()?.get(natter.url(BY_POLLING))).await?;
        ensure!(opened.status == 200, "{opened:?}");
        let greeting: Value = serde_json::from_str(opened.text.strip_prefix('0').context("no open packet")?)?;
        let sid = greeting["sid"].as_str().context("no sid")?;
        Ok(Self { url: format!("{}&sid={sid}", natter.url(BY_POLLING)) })
    }

    /// Opens a connection and waits until it is ready.
    async fn connect(natter: &Natter, person: &Person) -> Result<Self> {
        let client = Self::open(natter).await?;
        client.post(&connect_packet(person)).await?;
        let mut packets = Vec::new();
        while packets.len() < 2 {
            packets.extend(client.get().await?);
        }
        ensure!(packets[0].starts_with("40{\"sid\":"), "{packets:?}");
        ensure!(packets[1].starts_with("42[\"ready\","), "{packets:?}");
        Ok(client)
    }

    async fn asks(&self) -> Result<Answer> {
        Answer::to(client()?.get(&self.url)).await
    }

    async fn says(&self, payload: &str) -> Result<Answer> {
        Answer::to(client()?.post(&self.url).body(payload.to_owned())).await
    }

    /// The packets that wait.
    async fn get(&self) -> Result<Vec<String>> {
        let answer = self.asks().await?;
        ensure!(answer.status == 200, "{answer:?}");
        Ok(answer.text.split('\x1e').map(str::to_owned).collect())
    }

    async fn post(&self, payload: &str) -> Result<()> {
        let answer = self.says(payload).await?;
        ensure!(answer.status == 200 && answer.text == "ok", "{answer:?}");
        Ok(())
    }

    /// The next packet of what waits that is no ping, and what came with it; the connection must have one.
    async fn next(&self) -> Result<Vec<String>> {
        loop {
            let mut packets = self.get().await?;
            if packets.iter().any(|packet| packet == "2") {
                self.post("3").await?;
            }
            packets.retain(|packet| packet != "2");
            if !packets.is_empty() {
                return Ok(packets);
            }
        }
    }
}

/// How the protocol refuses a request.
fn refused(answer: &Answer, code: u32, message: &str) {
    let refusal = json!({ "code": code, "message": message });
    assert_eq!(serde_json::from_str::<Value>(&answer.text).ok(), Some(refusal), "{answer:?}");
    assert_eq!(answer.status, if code == 4 { 403 } else { 400 }, "{answer:?}");
}
