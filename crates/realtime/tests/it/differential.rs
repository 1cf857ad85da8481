//! Against tungstenite, an implementation of RFC 6455 by others: over real sockets both ways, and decoder by decoder.

use crate::support::*;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use natter_protocol::limits;
use natter_realtime::codec::{Decoder, Message, OpCode, Role, encode, encode_close};
use natter_realtime::{Hub, Io, Limits, serve};
use proptest::collection::vec;
use proptest::prelude::*;
use std::io::Cursor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role as TheirRole, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, WebSocket};

/// Around every border: of the length's forms, of a read, of the limit.
fn texts() -> Vec<String> {
    let lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 262_144];
    let ascii = lengths.iter().map(|&length| "x".repeat(length));
    let wide = lengths.iter().map(|&length| "💬".repeat(length / 4));
    ascii.chain(wide).collect()
}

#[tokio::test]
async fn their_client_is_understood_by_our_server() {
    let hub = Hub::start(Limits::default());
    let (client, server) = loopback().await;
    let task = tokio::spawn(serve(Io::Tcp(server), Bytes::new(), register(&hub, 1), echo()));
    let mut client = WebSocketStream::from_raw_socket(client, TheirRole::Client, None).await;
    within_a_minute(async {
        assert_eq!(client.next().await.unwrap().unwrap(), tungstenite::Message::text("ready"));
        for text in texts() {
            client.send(tungstenite::Message::text(&text)).await.unwrap();
            assert_eq!(client.next().await.unwrap().unwrap(), tungstenite::Message::text(text));
        }
        client.send(tungstenite::Message::Ping(Bytes::from_static(b"payload"))).await.unwrap();
        let pong = tungstenite::Message::Pong(Bytes::from_static(b"payload"));
        assert_eq!(client.next().await.unwrap().unwrap(), pong);

        let close = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
        client.close(Some(close)).await.unwrap();
        match client.next().await.unwrap().unwrap() {
            tungstenite::Message::Close(Some(echo)) => assert_eq!(echo.code, CloseCode::Normal),
            other => panic!("{other:?} instead of the echo"),
        }
        assert!(client.next().await.is_none(), "their side sees a clean end");
        drop(client);
        task.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn their_client_sees_why_it_is_sent_away() {
    let hub = Hub::start(Limits::default());
    for (message, code) in [
        (tungstenite::Message::binary(vec![1, 2, 3]), CloseCode::Unsupported),
        (tungstenite::Message::text("x".repeat(limits::FRAME_BYTES_MAX + 1)), CloseCode::Size),
    ] {
        let (client, server) = loopback().await;
        tokio::spawn(serve(Io::Tcp(server), Bytes::new(), register(&hub, 1), echo()));
        let mut client = WebSocketStream::from_raw_socket(client, TheirRole::Client, None).await;
        within_a_minute(async {
            client.next().await.unwrap().unwrap();
            client.send(message).await.unwrap();
            match client.next().await.unwrap().unwrap() {
                tungstenite::Message::Close(Some(close)) => assert_eq!(close.code, code),
                other => panic!("{other:?} instead of a close frame"),
            }
        })
        .await;
    }
}

#[tokio::test]
async fn our_client_codec_is_understood_by_their_server() {
    let (client, server) = loopback().await;
    let mut client = Client::new(client);
    let mut server = WebSocketStream::from_raw_socket(server, TheirRole::Server, None).await;
    let echo = async {
        while let Some(message) = server.next().await {
            if let Ok(message @ tungstenite::Message::Text(_)) = message {
                server.send(message).await.unwrap();
            }
        }
        // It is the server that closes the stream, once both close frames were sent.
        drop(server);
    };
    let talk = async {
        for text in texts() {
            client.send(&text).await;
            assert_eq!(client.next().await, format!("text {text}"));
        }
        client.send_ping(b"payload").await;
        assert_eq!(client.next().await, "pong payload");
        client.send_close(1000).await;
        assert_eq!(client.rest().await, ["close Some(1000) "]);
    };
    within_a_minute(async { tokio::join!(echo, talk) }).await;
}

/// What a decoder makes of a stream: the messages up to the first fault, and whether there was one.
type Decoded = (Vec<String>, bool);

fn ours(role: Role, bytes: &[u8]) -> Decoded {
    let mut decoder = Decoder::new(role, 1000);
    let mut bytes = bytes.to_vec();
    let mut rest = bytes.as_mut_slice();
    let mut messages = Vec::new();
    loop {
        messages.push(match decoder.decode(&mut rest) {
            Ok(Some(Message::Text(text))) => format!("text {text}"),
            Ok(Some(Message::Ping(payload))) => format!("ping {payload:?}"),
            Ok(Some(Message::Pong(payload))) => format!("pong {payload:?}"),
            Ok(Some(Message::Close { code, reason })) => {
                let code = code.map_or("none".to_owned(), |code| code.to_string());
                messages.push(format!("close {code} {reason}"));
                return (messages, false);
            }
            Ok(None) => return (messages, false),
            Err(_) => return (messages, true),
        });
    }
}

/// What they read from; what they answer goes nowhere.
struct Memory(Cursor<Vec<u8>>);

impl std::io::Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl std::io::Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn theirs(role: Role, bytes: &[u8]) -> Decoded {
    let role = match role {
        Role::Server => TheirRole::Server,
        Role::Client => TheirRole::Client,
    };
    let config = WebSocketConfig::default().max_message_size(Some(1000)).max_frame_size(Some(1000));
    let mut socket = WebSocket::from_raw_socket(Memory(Cursor::new(bytes.to_vec())), role, Some(config));
    let mut messages = Vec::new();
    loop {
        messages.push(match socket.read() {
            Ok(tungstenite::Message::Text(text)) => format!("text {text}"),
            Ok(tungstenite::Message::Ping(payload)) => format!("ping {:?}", &payload[..]),
            Ok(tungstenite::Message::Pong(payload)) => format!("pong {:?}", &payload[..]),
            Ok(tungstenite::Message::Close(close)) => {
                let (code, reason) = close.map_or(("none".to_owned(), String::new()), |close| {
                    (u16::from(close.code).to_string(), close.reason.to_string())
                });
                messages.push(format!("close {code} {reason}"));
                return (messages, false);
            }
            Ok(other) => panic!("{other:?} was not sent"),
            // They report the end of the stream as a missing handshake or as an I/O error.
            Err(
                tungstenite::Error::Io(_)
                | tungstenite::Error::ConnectionClosed
                | tungstenite::Error::Protocol(
                    tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
                ),
            ) => return (messages, false),
            Err(_) => return (messages, true),
        });
    }
}

/// Frames that both decoders speak of: no binary ones, which ours refuses, and no close codes that theirs lets pass.
fn frame(mask: Option<[u8; 4]>) -> impl Strategy<Value = Vec<u8>> {
    let data = (
        prop_oneof![
            6 => Just(0x81_u8),
            3 => Just(0x01),
            6 => Just(0x80),
            3 => Just(0x00),
            3 => Just(0x89),
            3 => Just(0x8A),
            1 => (0x90..=0xFF_u8).prop_filter("binary", |first| first & 0x0F != 2),
        ],
        prop_oneof![
            12 => "\\PC{0,40}".prop_map(String::into_bytes),
            1 => vec(any::<u8>(), 0..130),
            1 => (0..1100_usize).prop_map(|length| vec![b'x'; length]),
        ],
    );
    let data = data.prop_map(move |(first, payload)| {
        let mut frame = encode(OpCode::Text, &payload, mask).to_vec();
        frame[0] = first;
        frame
    });
    let close = (prop::sample::select(vec![1000, 1001, 1011, 3000, 4999]), "\\PC{0,60}")
        .prop_map(move |(code, reason)| encode_close(code, &reason, mask).to_vec());
    prop_oneof![20 => data, 1 => close]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn both_decoders_agree(
        role in prop::sample::select(vec![Role::Server, Role::Client]),
        frames in any::<[u8; 4]>().prop_flat_map(|mask| (vec(frame(Some(mask)), 0..10), vec(frame(None), 0..10))),
    ) {
        let (masked, unmasked) = frames;
        let bytes = match role {
            Role::Server => masked.concat(),
            Role::Client => unmasked.concat(),
        };
        prop_assert_eq!(ours(role, &bytes), theirs(role, &bytes));
    }
}
