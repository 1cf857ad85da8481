//! How a client gets in: it names the namespace and proves who it is, and is then a connection like any other.

use super::packet::{DEFAULT_NAMESPACE, Kind, Packet};
use super::{ConnectError, SocketIo, message};
use crate::app::App;
use crate::json;
use crate::rest::{Address, Failure, Toll};
use crate::serve::reconnect_after_ms;
use crate::socket::engineio::{self, Frames, Place};
use crate::socket::gateway::Gateway;
use crate::socket::{Credentials, Proof};
use bytes::Bytes;
use natter_protocol::{CloseCode, ConnectionId, Problem, reconnect_hint};
use natter_realtime::{Dialect, Duplex, Io, Registration, Wire};
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;

/// For a client to get in, or to read why it did not. Whoever needs longer, such as to ask somebody else for a token first, comes again.
pub(in crate::socket) const ENTER_TIME_MAX: Duration = Duration::from_secs(10);
/// Packets of a client until it has said who it is: nothing counts them, as nobody knows whose they are.
const ENTER_PACKETS_MAX: usize = 16;

/// Serves a connection from its first message on until it ends. `proof` came with the request that opened it, and `place`
/// is left when the client is in or does not get in.
pub(in crate::socket) async fn serve(
    app: App,
    address: Address,
    proof: Proof,
    place: Place,
    frames: Frames<impl Duplex + Into<Io>>,
) {
    // On the heap, and gone before the connection is served: at rest it is not as large as its beginning.
    let entered = Box::pin(async {
        let _place = place;
        tokio::select! {
            entered = timeout(ENTER_TIME_MAX, enter(&app, address, proof, frames)) => entered.ok().flatten(),
            () = app.stopping.cancelled() => None,
        }
    })
    .await;
    if let Some((gateway, registration, io, early)) = entered {
        drop(app);
        natter_realtime::serve(io.into(), early, registration, SocketIo(gateway)).await;
    }
}

/// None if the client left, or was told why it does not get in.
async fn enter<T: Duplex>(
    app: &App,
    address: Address,
    proof: Proof,
    mut frames: Frames<T>,
) -> Option<(Gateway, Registration, T, Bytes)> {
    let auth = connect_packet(&mut frames).await?;
    match admit(app, address, proof.or_in(&auth)).await {
        Ok((gateway, registration)) => {
            #[derive(Serialize)]
            struct Connected {
                sid: ConnectionId,
            }
            let connected = Connected { sid: gateway.connection_id() };
            frames.send(&message(Kind::Connect, DEFAULT_NAMESPACE, None, &connected)).await.ok()?;
            let (io, early) = frames.into_parts();
            Some((gateway, registration, io, early))
        }
        Err(failure) => {
            let (problem, _) = failure.into_problem(&app.chat.new_id().to_string());
            // A client that does not wait for the reason does not need it.
            let _ = refuse(frames, &problem).await;
            None
        }
    }
}

async fn admit(app: &App, address: Address, proof: Proof) -> Result<(Gateway, Registration), Failure> {
    let wire = Wire { dialect: Dialect::SocketIo, deflate: false };
    Gateway::open(app, proof, address, &mut Toll::of(app), wire).await
}

/// Waits for the client to connect to the default namespace, and returns what it says about itself.
async fn connect_packet(frames: &mut Frames<impl Duplex>) -> Option<String> {
    for _ in 0..ENTER_PACKETS_MAX {
        let text = frames.next().await?;
        let text = match engineio::Packet::read(&text)? {
            engineio::Packet::Message(text) => text,
            engineio::Packet::Pong(_) | engineio::Packet::Noop => continue,
            _ => return None,
        };
        match Packet::read(text)? {
            Packet { kind: Kind::Connect, namespace: DEFAULT_NAMESPACE, data, .. } => {
                return Some(data.to_owned());
            }
            Packet { kind: Kind::Connect, namespace, .. } => {
                let error = ConnectError { message: "Invalid namespace", data: None };
                frames.send(&message(Kind::ConnectError, namespace, None, &error)).await.ok()?;
            }
            _ => return None,
        }
    }
    None
}

/// Official clients do not come back by themselves when they are told why they were refused. So those are not who may
/// be lucky the next time.
async fn refuse(frames: Frames<impl Duplex>, problem: &Problem) -> std::io::Result<()> {
    let (code, after_ms) = match problem.status {
        401 => (CloseCode::Unauthenticated, None),
        429 => {
            (CloseCode::RateLimited, problem.retry_after_seconds.map(|seconds| u64::from(seconds) * 1_000))
        }
        500.. => {
            let hint = reconnect_hint(reconnect_after_ms());
            return frames.close(&[], CloseCode::GoingAway, &hint).await;
        }
        _ => (CloseCode::SignedOut, None),
    };
    let hint = after_ms.map(reconnect_hint).unwrap_or_default();
    let error = ConnectError { message: &problem.detail, data: Some(problem) };
    frames.close(&[message(Kind::ConnectError, DEFAULT_NAMESPACE, None, &error)], code, &hint).await
}

impl Proof {
    /// What the client says about itself, if it does; otherwise this, which it said before.
    fn or_in(self, auth: &str) -> Self {
        match json::object::<Credentials>(auth).map(Self::from) {
            Ok(Self::None) | Err(_) => self,
            Ok(proof) => proof,
        }
    }
}
