//! Opening a socket: the handshake of RFC 6455, section 4.2, and who may do it.

mod engineio;
mod extension;
mod gateway;
mod request;
mod socketio;
mod websocket;

pub(crate) use engineio::routes as socket_io;

use crate::app::App;
use crate::config::Origin;
use crate::net::Stream;
use crate::rest::{Address, Failure, Toll, bearer};
use crate::serve::ConnectionPermit;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gateway::Gateway;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use natter_chat::Actor;
use natter_protocol::ErrorCode;
use natter_realtime::{Dialect, Io, Wire};
use serde::Deserialize;
use sha1::{Digest as _, Sha1};
use websocket::WebSocket;

/// Appended to the client's key before it is hashed (RFC 6455, section 1.3).
const HANDSHAKE_GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// How a client says who it is, where it cannot set a header.
#[derive(Deserialize)]
struct Credentials {
    ticket: Option<String>,
    token: Option<String>,
}

/// What a client proves with who it is.
enum Proof {
    Ticket(String),
    Token(String),
    None,
}

/// `GET /ws`
pub(crate) async fn open(
    State(app): State<App>,
    Extension(address): Extension<Address>,
    request: Request,
) -> Response {
    let mut toll = Toll::of(&app);
    let opened = answer(&app, address, &mut toll, request).await.into_response();
    toll.tell(opened)
}

async fn answer(
    app: &App,
    address: Address,
    toll: &mut Toll<'_>,
    mut request: Request,
) -> Result<Response, Failure> {
    let accept = accept(&request)?;
    let extensions = extension::negotiate(request.headers())?;
    check_origin(request.headers(), &app.config.cors.origins)?;
    let proof = proof(&request)?;
    let wire = Wire { dialect: Dialect::Native, deflate: extensions.is_some() };
    let (gateway, registration) = Gateway::open(app, proof, address, toll, wire).await?;
    let permit = request.extensions_mut().remove::<ConnectionPermit>();
    let upgrade = hyper::upgrade::on(&mut request);
    app.connections.spawn(async move {
        if let Some((transport, early)) = transport(upgrade).await {
            natter_realtime::serve(transport, early, registration, WebSocket(gateway)).await;
        }
        drop(permit);
    });
    let mut response = switching_protocols(accept);
    response.headers_mut().extend(extensions.map(|answer| (header::SEC_WEBSOCKET_EXTENSIONS, answer)));
    Ok(response)
}

impl From<Credentials> for Proof {
    fn from(Credentials { ticket, token }: Credentials) -> Self {
        match (ticket, token) {
            (Some(ticket), _) => Self::Ticket(ticket),
            (None, Some(token)) => Self::Token(token),
            (None, None) => Self::None,
        }
    }
}

impl Proof {
    /// Whom it proves.
    async fn check(self, app: &App, address: Address, toll: &mut Toll<'_>) -> Result<Actor, Failure> {
        let actor = match self {
            Self::Ticket(ticket) => app.chat.redeem_ticket(&ticket).await,
            Self::Token(token) => app.chat.authenticate(&token).await,
            Self::None => Err(natter_chat::Error::Unauthenticated),
        };
        toll.admit(address, actor)
    }
}

/// The answer to an opening handshake.
fn switching_protocols(accept: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// Leaves HTTP behind: what is kept of the connection is its bare stream and what was read of it already.
async fn transport(upgrade: OnUpgrade) -> Option<(Io, Bytes)> {
    let upgraded = upgrade
        .await
        .inspect_err(|error| tracing::debug!(%error, "the client left during the handshake"))
        .ok()?;
    let Ok(parts) = upgraded.downcast::<TokioIo<Stream>>() else {
        tracing::error!("an upgraded connection is no stream of ours");
        return None;
    };
    Some((parts.io.into_inner().into_transport(), parts.read_buf))
}

/// The answer to the client's key, if this is an opening handshake.
fn accept(request: &Request) -> Result<HeaderValue, Failure> {
    let headers = request.headers();
    let has = |name, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').any(|entry| entry.trim().eq_ignore_ascii_case(token)))
    };
    let versions = (header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    // HTTP/1.0 has no upgrades, and the route for GET takes HEAD as well.
    let can_upgrade = request.method() == Method::GET && request.version() == Version::HTTP_11;
    if !can_upgrade
        || !has(header::UPGRADE, "websocket")
        || !has(header::CONNECTION, "upgrade")
        || !has(header::SEC_WEBSOCKET_VERSION, "13")
    {
        return Err(Failure::Http {
            code: ErrorCode::UpgradeRequired,
            detail: "send GET by HTTP/1.1 with `Connection: Upgrade`, `Upgrade: websocket` and \
                     `Sec-WebSocket-Version: 13`"
                .to_owned(),
            header: Some(versions),
        });
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    if STANDARD.decode(key).map_or(0, |nonce| nonce.len()) != 16 {
        let detail = "Sec-WebSocket-Key must be 16 bytes in base64";
        return Err(Failure::new(ErrorCode::InvalidParameter, detail));
    }
    let digest = Sha1::new().chain_update(key).chain_update(HANDSHAKE_GUID).finalize();
    HeaderValue::from_str(&STANDARD.encode(digest))
        .map_err(|error| natter_chat::Error::Internal(error.to_string()).into())
}

/// Browsers let any page open a socket to any server and only tell where the page came from, so it is the server that
/// must look. Programs that are no browsers send no origin.
fn check_origin(headers: &HeaderMap, allowed: &[Origin]) -> Result<(), Failure> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or("null");
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
    if own || allowed.iter().any(|entry| entry.as_str() == origin) {
        return Ok(());
    }
    let detail = format!("{origin} may not open sockets here; the operator can add it to cors.origins");
    Err(Failure::new(ErrorCode::OriginNotAllowed, detail))
}

fn proof(request: &Request) -> Result<Proof, Failure> {
    let query = request.uri().query().unwrap_or_default();
    let credentials: Credentials = serde_urlencoded::from_str(query)
        .map_err(|error| Failure::new(ErrorCode::InvalidParameter, error.to_string()))?;
    Ok(match (credentials.into(), bearer(request.headers())) {
        (Proof::None, Some(token)) => Proof::Token(token.to_owned()),
        (proof, _) => proof,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_get_by_http_1_1_opens_a_socket() {
        let handshake = |method, version| {
            let request = Request::builder()
                .method(method)
                .version(version)
                .header(header::CONNECTION, "keep-alive, Upgrade")
                .header(header::UPGRADE, "websocket")
                .header(header::SEC_WEBSOCKET_VERSION, "13")
                // The example of RFC 6455, section 1.3.
                .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")
                .body(Body::empty())
                .unwrap();
            accept(&request)
        };
        assert_eq!(handshake(Method::GET, Version::HTTP_11).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for (method, version) in [(Method::HEAD, Version::HTTP_11), (Method::GET, Version::HTTP_10)] {
            let refused = handshake(method.clone(), version);
            assert!(
                matches!(refused, Err(Failure::Http { code: ErrorCode::UpgradeRequired, .. })),
                "{method} {version:?}"
            );
        }
    }
}
