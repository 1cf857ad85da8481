//! Engine.IO 4: connections by long polling, by WebSocket, or by the one and then the other.
//!
//! All of them end up as one stream of WebSocket frames, so that above this there is one kind of connection. The
//! specification is that of `socketio/engine.io-protocol`; where it is silent, this does what the official server does.

mod frames;
mod lobby;
mod packet;
mod pipe;
mod refusal;
mod upgrade;

pub(super) use frames::Frames;
pub(super) use lobby::Place;
pub(super) use packet::Packet;

use super::{check_origin, proof, socketio};
use crate::app::App;
use crate::rest::Address;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use axum::{Extension, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Method, header};
use lobby::Lobby;
use natter_chat::{Random as _, SystemRandom};
use packet::read_payload;
use pipe::{Pipe, Stream};
use refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::timeout;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// Connections by polling at one time, of whom no more than the lobby has places for have not signed in; beyond it the
/// server is overloaded.
const POLLING_MAX: usize = 20_000;
/// Seconds that a browser may remember the answer to a preflight request.
const PREFLIGHT_SECONDS: u64 = 600;

/// Where clients connect, with a slash at the end of the path or without.
pub(crate) fn routes(app: &App) -> Router<App> {
    let path = app.config.socket_io.path.as_str();
    let engine = Engine::default();
    let router = Router::new().route(path, any(answer)).route(&format!("{path}/"), any(answer));
    router.layer(Extension(engine)).layer(cors(app))
}

/// Pages may send cookies along, as some hosts need them to find the right server; they mean nothing here.
fn cors(app: &App) -> CorsLayer {
    let config = Arc::clone(&app.config);
    let allowed = move |origin: &http::HeaderValue| {
        origin.to_str().is_ok_and(|origin| {
            config.cors.origins.iter().any(|allowed| allowed.as_str() == origin)
                || config.socket_io.allows(origin)
        })
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| allowed(origin)))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .allow_credentials(true)
        .max_age(Duration::from_secs(PREFLIGHT_SECONDS))
}

/// The connections that are made of requests. A clone is the same.
#[derive(Clone, Default)]
struct Engine {
    pipes: Arc<Mutex<HashMap<String, Arc<Pipe>>>>,
    lobby: Lobby,
}

/// A connection's place among those that are made of requests; dropping it leaves.
struct Seat {
    engine: Engine,
    /// Whoever knows it acts for the client, so it is a secret.
    sid: String,
    pipe: Arc<Pipe>,
}

impl Engine {
    fn seat(&self) -> Option<Seat> {
        let (sid, pipe) = (new_sid(), Arc::<Pipe>::default());
        let mut pipes = self.pipes();
        if pipes.len() >= POLLING_MAX {
            return None;
        }
        pipes.insert(sid.clone(), Arc::clone(&pipe));
        drop(pipes);
        Some(Seat { engine: self.clone(), sid, pipe })
    }

    fn find(&self, sid: &str) -> Option<Arc<Pipe>> {
        self.pipes().get(sid).cloned()
    }

    fn remove(&self, sid: &str) {
        self.pipes().remove(sid);
    }

    fn pipes(&self) -> MutexGuard<'_, HashMap<String, Arc<Pipe>>> {
        self.pipes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.engine.remove(&self.sid);
    }
}

/// 144 bits as text.
fn new_sid() -> String {
    let mut bytes = [0; 18];
    SystemRandom.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a client says in the address. Others, such as the time that keeps caches away, are passed over.
#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "EIO")]
    version: Option<String>,
    transport: Option<String>,
    sid: Option<String>,
}

async fn answer(
    State(app): State<App>,
    Extension(engine): Extension<Engine>,
    Extension(address): Extension<Address>,
    request: Request,
) -> Response {
    serve(&app, engine, address, request).await.unwrap_or_else(Refusal::into_response)
}

async fn serve(app: &App, engine: Engine, address: Address, request: Request) -> Result<Response, Refusal> {
    let parameters: Parameters = serde_urlencoded::from_str(request.uri().query().unwrap_or_default())
        .map_err(|_| Refusal::BadRequest)?;
    let by_websocket = match parameters.transport.as_deref() {
        Some("polling") => false,
        Some("websocket") => true,
        _ => return Err(Refusal::UnknownTransport),
    };
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if !origin.is_some_and(|origin| app.config.socket_io.allows(origin)) {
        check_origin(request.headers(), &app.config.cors.origins).map_err(|_| Refusal::Forbidden)?;
    }
    let Some(sid) = parameters.sid else {
        if request.method() != Method::GET {
            return Err(Refusal::BadHandshakeMethod);
        }
        if parameters.version.as_deref() != Some("4") {
            return Err(Refusal::UnsupportedVersion);
        }
        // Not counted against a rate: when a server has restarted, many come back at once from behind one address.
        let place = engine.lobby.enter(address)?;
        return if by_websocket {
            upgrade::open(app.clone(), address, place, request)
        } else {
            open(app.clone(), &engine, address, place, &request)
        };
    };
    let Some(pipe) = engine.find(&sid) else {
        return leave_again(request).await;
    };
    match *request.method() {
        Method::GET if by_websocket => upgrade::take_over(app, engine, sid, pipe, request),
        Method::GET => Ok(plain(pipe.take().await?)),
        Method::POST if !by_websocket => put(app, &pipe, request).await,
        _ => Err(Refusal::BadRequest),
    }
}

/// A new connection by polling.
fn open(
    app: App,
    engine: &Engine,
    address: Address,
    place: Place,
    request: &Request,
) -> Result<Response, Refusal> {
    let proof = proof(request).map_err(|_| Refusal::BadRequest)?;
    let seat = engine.seat().ok_or(Refusal::Overloaded)?;
    let greeting = Greeting::new(&app, &seat.sid, &["websocket"]).packet();
    let stream = Stream::new(Arc::clone(&seat.pipe));
    app.connections.clone().spawn(async move {
        socketio::serve(app, address, proof, place, Frames::new(stream, Bytes::new())).await;
        drop(seat);
    });
    Ok(plain(greeting))
}

/// A connection that is not there: to leave it again is no mistake, as the server may have been faster.
async fn leave_again(request: Request) -> Result<Response, Refusal> {
    let farewell = Packet::Close.to_string();
    let is_post = request.method() == Method::POST;
    let body = to_bytes(request.into_body(), farewell.len()).await;
    match body {
        Ok(body) if is_post && body == farewell => Ok(plain("ok".to_owned())),
        _ => Err(Refusal::UnknownSid),
    }
}

/// What a client says.
async fn put(app: &App, pipe: &Pipe, request: Request) -> Result<Response, Refusal> {
    let seconds = u64::from(app.config.limits.request_seconds_max);
    let put = async {
        let body = to_bytes(request.into_body(), app.config.limits.frame_bytes_max).await;
        let body = body.map_err(|_| Refusal::TooLarge)?;
        let packets = str::from_utf8(&body).ok().and_then(read_payload);
        let Some(packets) = packets else {
            pipe.end();
            return Err(Refusal::BadRequest);
        };
        Ok(pipe.put(&packets).await?)
    };
    timeout(Duration::from_secs(seconds), put).await.map_err(|_late| Refusal::BadRequest)??;
    Ok(plain("ok".to_owned()))
}

fn plain(text: String) -> Response {
    // Of this type without being asked: text.
    text.into_response()
}

/// What a client is told first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Greeting<'a> {
    sid: &'a str,
    upgrades: &'static [&'static str],
    ping_interval: u64,
    ping_timeout: u64,
    max_payload: usize,
}

impl<'a> Greeting<'a> {
    fn new(app: &App, sid: &'a str, upgrades: &'static [&'static str]) -> Self {
        let heartbeat_ms = u64::from(app.config.socket.heartbeat_seconds) * 1_000;
        let max_payload = app.config.limits.frame_bytes_max;
        // The server closes after two intervals of silence, and so does a client that adds up the two.
        Self { sid, upgrades, ping_interval: heartbeat_ms, ping_timeout: heartbeat_ms, max_payload }
    }

    fn packet(&self) -> String {
        // Texts and numbers always have JSON.
        let json = serde_json::to_string(self).unwrap_or_default();
        Packet::Open(&json).to_string()
    }
}
