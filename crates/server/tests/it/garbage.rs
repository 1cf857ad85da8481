//! Strangers who send what they like: each gets the right answer, memory stays flat, and nobody else notices.

use crate::natter;
use crate::support::TIME_MAX;
use anyhow::{Context as _, Result, ensure};
use natter_protocol::limits;
use natter_realtime::codec::{OpCode, encode, encode_close};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use natter_testkit::random::SeededRandom;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

const MASK: [u8; 4] = [0xA5, 0x5A, 0x0F, 0xF0];

/// Two people who talk to each other for as long as a test does something else.
struct Bystanders {
    stop: Arc<AtomicBool>,
    talking: JoinHandle<Result<u64>>,
}

impl Bystanders {
    async fn start(natter: &Natter) -> Result<Self> {
        let (ada, bob) = (natter.person("bystander-a").await?, natter.person("bystander-b").await?);
        let id = ada.group("Bystanders", &[&bob]).await?.info.id;
        let mut sockets = [ada.socket().await?, bob.socket().await?];
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let talking = tokio::spawn(async move {
            let mut count = 0_u64;
            while !stopping.load(Ordering::Relaxed) {
                let payload = json!({ "conversationId": id, "content": count.to_string() });
                sockets[0].send(&json!({ "type": "message.send", "payload": payload })).await?;
                for socket in &mut sockets {
                    let message = &socket.next_of("message.new").await?["payload"];
                    ensure!(message["content"] == count.to_string().as_str(), "{message} instead of {count}");
                    ensure!(message["seq"] == count + 2, "{message}");
                }
                sockets.reverse();
                count += 1;
            }
            Ok(count)
        });
        Ok(Self { stop, talking })
    }

    /// They noticed nothing.
    async fn finish(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        let count = self.talking.await??;
        ensure!(count > 0, "they did not get to talk");
        Ok(())
    }
}

/// A socket whose bytes are the test's own.
struct Raw(BufReader<TcpStream>);

impl Raw {
    /// With its opening handshake done.
    async fn open(address: SocketAddr, person: &Person) -> Result<Self> {
        let mut raw = Self(BufReader::new(TcpStream::connect(address).await?));
        let handshake = format!(
            "GET /api/v1/ws HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            person.sign_in().tokens.access_token
        );
        raw.write(handshake.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(raw.0.read_u8().await?);
        }
        let head = String::from_utf8(head)?;
        ensure!(head.starts_with("HTTP/1.1 101 "), "{head}");
        // The example of RFC 6455, section 1.3.
        ensure!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
        Ok(raw)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.0.write_all(bytes).await?)
    }

    /// The code of the close frame that comes next, after whatever else; then the server ends the connection.
    async fn close_code(&mut self) -> Result<u16> {
        let reading = async {
            loop {
                let (opcode, payload) = self.frame().await?;
                if opcode == OpCode::Close as u8 {
                    let code = payload.first_chunk().context("the close frame has no code")?;
                    return anyhow::Ok(u16::from_be_bytes(*code));
                }
            }
        };
        let code = tokio::time::timeout(TIME_MAX, reading).await.context("nothing is closed")??;
        self.end().await?;
        Ok(code)
    }

    async fn frame(&mut self) -> Result<(u8, Vec<u8>)> {
        let first = self.0.read_u8().await?;
        let length = match self.0.read_u8().await? {
            126 => usize::from(self.0.read_u16().await?),
            127 => usize::try_from(self.0.read_u64().await?)?,
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).await?;
        Ok((first & 0x0F, payload))
    }

    /// Sends no more, and reads until the server has ended the connection.
    async fn end(&mut self) -> Result<()> {
        // The server may have gone first.
        drop(self.0.shutdown().await);
        let mut rest = Vec::new();
        // An end by reset is an end, too.
        let reading = self.0.read_to_end(&mut rest);
        drop(tokio::time::timeout(TIME_MAX, reading).await.context("the connection does not end")?);
        Ok(())
    }
}

/// A masked frame whose first byte is the test's own.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = encode(OpCode::Text, payload, Some(MASK)).to_vec();
    frame[0] = first;
    frame
}

/// The header of a masked frame of this length.
fn header(length: u64) -> Vec<u8> {
    [&[0x81, 0xFF], &length.to_be_bytes()[..], &MASK].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_break_the_protocol_get_the_right_close_code() -> Result<()> {
    let natter = natter().start().await?;
    let mallory = natter.person("mallory").await?;
    let bystanders = Bystanders::start(&natter).await?;
    let close = |code, reason: &str| encode_close(code, reason, Some(MASK)).to_vec();
    let fragments = [frame(0x01, &[0xE2, 0x82]), frame(0x80, b"x")].concat();
    let cases: [(&str, Vec<u8>, u16); 21] = [
        ("HTTP again", b"GET / HTTP/1.1\r\n\r\n".to_vec(), 1002),
        ("not masked", vec![0x81, 0x02, b'{', b'}'], 1002),
        ("reserved bits", frame(0xC1, b"{}"), 1002),
        ("unknown opcode", frame(0x83, b"{}"), 1002),
        ("unknown control opcode", frame(0x8B, b""), 1002),
        ("fragmented ping", frame(0x09, b"x"), 1002),
        ("long ping", frame(0x89, &[b'x'; 126]), 1002),
        ("continuation of nothing", frame(0x80, b"x"), 1002),
        ("a message within a message", [frame(0x01, b"x"), frame(0x81, b"x")].concat(), 1002),
        ("long form of a short length", [&[0x81, 0xFE, 0, 5], &MASK[..], b"abcde"].concat(), 1002),
        ("negative length", header(1 << 63), 1002),
        ("half a close code", frame(0x88, b"\x03"), 1002),
        ("a close code that is never sent", frame(0x88, &1005_u16.to_be_bytes()), 1002),
        ("a binary message", frame(0x82, b"{}"), 1003),
        ("not UTF-8", frame(0x81, b"\"\xFF\""), 1007),
        ("not UTF-8 over two fragments", fragments, 1007),
        ("a surrogate", frame(0x81, b"\xED\xA0\x80"), 1007),
        ("100 MB announced", header(100_000_000), 1009),
        ("one byte too many", header(limits::FRAME_BYTES_MAX as u64 + 1), 1009),
        ("an orderly end", close(1000, ""), 1000),
        ("an orderly end of an application", close(4321, "bye"), 4321),
    ];
    for (what, bytes, code) in cases {
        let mut raw = Raw::open(natter.address(), &mallory).await?;
        raw.write(&bytes).await?;
        assert_eq!(raw.close_code().await.context(what)?, code, "{what}");
    }
    let mut raw = Raw::open(natter.address(), &mallory).await?;
    raw.write(&frame(0x01, &[b' '; 1000])).await?;
    for _ in 0..2 * limits::FRAME_BYTES_MAX / 1000 {
        // The server may close in the middle of it.
        if raw.write(&frame(0x00, &[b' '; 1000])).await.is_err() {
            break;
        }
    }
    assert_eq!(raw.close_code().await.context("endless fragments")?, 1009);
    bystanders.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn huge_frames_cost_no_memory() -> Result<()> {
    const CLIENTS: usize = 200;
    /// What all of them send is more than three times as much.
    const GROWTH_BYTES_MAX: u64 = 64 << 20;
    let natter = natter().start().await?;
    let mallory = natter.person("mallory").await?;
    let bystanders = Bystanders::start(&natter).await?;
    let before = natter.peak_bytes()?;
    let mut attacks = Vec::new();
    for _ in 0..CLIENTS {
        let mut raw = Raw::open(natter.address(), &mallory).await?;
        attacks.push(tokio::spawn(async move {
            raw.write(&header(100_000_000)).await?;
            for _ in 0..16 {
                // The server may end the connection in the middle of it.
                if raw.write(&vec![b'x'; 64 << 10]).await.is_err() {
                    break;
                }
            }
            raw.close_code().await
        }));
    }
    for attack in attacks {
        // A reset on the way may take the close frame with it.
        if let Ok(code) = attack.await? {
            assert_eq!(code, 1009);
        }
    }
    let growth = natter.peak_bytes()? - before;
    assert!(growth < GROWTH_BYTES_MAX, "the server took {growth} bytes more");
    bystanders.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn random_bytes_harm_nobody() -> Result<()> {
    const CONNECTIONS: u64 = 500;
    let natter = natter().start().await?;
    let mallory = natter.person("mallory").await?;
    let bystanders = Bystanders::start(&natter).await?;
    for number in 0..CONNECTIONS {
        let dice = SeededRandom::new(number);
        let mut bytes: Vec<u8> = (0..dice.below(2000)).map(|_| dice.next().to_le_bytes()[0]).collect();
        let mut raw = if number % 5 == 0 {
            Raw(BufReader::new(TcpStream::connect(natter.address()).await?))
        } else {
            Raw::open(natter.address(), &mallory).await?
        };
        if let [first, second, ..] = &mut *bytes
            && number % 2 == 0
        {
            // A plausible beginning gets further.
            (*first, *second) = (0x81, 0x80 | (*second % 126));
        }
        raw.write(&bytes).await?;
        raw.end().await.with_context(|| format!("connection {number}"))?;
    }
    bystanders.finish().await
}

/// A client that vanishes without a word, and one that ends only its own direction.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_gone_is_let_go() -> Result<()> {
    let natter = natter().env("NATTER_SOCKET_HEARTBEAT_SECONDS", "1").start().await?;
    let mallory = natter.person("mallory").await?;
    let bystanders = Bystanders::start(&natter).await?;
    let mut half_open = Raw::open(natter.address(), &mallory).await?;
    half_open.end().await.context("half open")?;

    let mut mute = Raw::open(natter.address(), &mallory).await?;
    let mut rest = Vec::new();
    // It does not answer pings.
    drop(tokio::time::timeout(TIME_MAX, mute.0.read_to_end(&mut rest)).await.context("it is still there")?);
    assert!(rest.contains(&0x89), "it was asked");
    bystanders.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_does_not_come_is_not_waited_for() -> Result<()> {
    let natter = natter()
        .env("NATTER_LIMITS_HEADER_SECONDS_MAX", "1")
        .env("NATTER_LIMITS_REQUEST_SECONDS_MAX", "1")
        .start()
        .await?;
    let bystanders = Bystanders::start(&natter).await?;
    let body = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\n\r\n{";
    for (what, bytes, answer) in [
        ("silence", "", ""),
        ("half a head", "GET /health HTTP/1.1\r\nHost: x\r\nX-Slow", ""),
        ("no body", body, "HTTP/1.1 408 "),
    ] {
        let mut stream = TcpStream::connect(natter.address()).await?;
        stream.write_all(bytes.as_bytes()).await?;
        let mut text = Vec::new();
        let reading = stream.read_to_end(&mut text);
        tokio::time::timeout(TIME_MAX, reading).await.with_context(|| format!("{what}: still open"))??;
        let text = String::from_utf8(text)?;
        assert!(text.starts_with(answer), "{what}: {text}");
        assert!(answer.is_empty() || text.contains("request_timeout"), "{what}: {text}");
    }
    bystanders.finish().await
}
