//! Somebody who uses a server, by REST and by socket, as any program would.

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use natter_protocol::{Conversation, ConversationId, Event, Message, Page, Seq, SignIn, Tokens, UserId};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

pub use tokio_tungstenite::tungstenite::Message as Frame;

/// The password of everybody in tests.
pub const PASSWORD: &str = "correct horse battery staple";
/// Until a frame arrives that a test waits for.
const TIME_MAX: Duration = Duration::from_secs(30);

/// A signed-in user.
#[derive(Debug, Clone)]
pub struct Person {
    http: reqwest::Client,
    address: SocketAddr,
    sign_in: SignIn,
}

impl Person {
    /// Signs up.
    pub async fn register(address: SocketAddr, username: &str) -> Result<Self> {
        Self::enter(address, "register", username).await
    }

    /// Signs in somebody who has signed up.
    pub async fn login(address: SocketAddr, username: &str) -> Result<Self> {
        Self::enter(address, "login", username).await
    }

    async fn enter(address: SocketAddr, door: &str, username: &str) -> Result<Self> {
        let http = reqwest::Client::new();
        let answer = http
            .post(format!("http://{address}/api/v1/auth/{door}"))
            .json(&json!({ "username": username, "password": PASSWORD }))
            .send()
            .await?;
        Ok(Self { sign_in: read(answer).await?, http, address })
    }

    /// The user's id.
    pub const fn id(&self) -> UserId {
        self.sign_in.user.id
    }

    /// What signing in answered.
    pub const fn sign_in(&self) -> &SignIn {
        &self.sign_in
    }

    /// The same person, from now on with this access token.
    #[must_use]
    pub fn with_access_token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.sign_in.tokens.access_token);
        self
    }

    /// The same person, from now on with these tokens.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Tokens) -> Self {
        self.sign_in.tokens = tokens;
        self
    }

    /// A request to a path under `/api/v1`, and its whole answer.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(StatusCode, Value)> {
        let answer = self.send_request(method, path, body).await?;
        let status = answer.status();
        let bytes = answer.bytes().await?;
        let value = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? };
        Ok((status, value))
    }

    async fn send_request(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<reqwest::Response> {
        let request = self.http(method, path);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        Ok(request.send().await?)
    }

    /// A request to a path under `/api/v1` that is not sent yet.
    pub fn http(&self, method: Method, path: &str) -> RequestBuilder {
        let address = format!("http://{}/api/v1{path}", self.address);
        self.http.request(method, address).bearer_auth(&self.sign_in.tokens.access_token)
    }

    /// What a path under `/api/v1` has; another answer than success is an error.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        read(self.send_request(Method::GET, path, None).await?).await
    }

    /// What comes of a body that is posted to a path under `/api/v1`; another answer than success is an error.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: Value) -> Result<T> {
        read(self.send_request(Method::POST, path, Some(body)).await?).await
    }

    /// Creates a group with these people.
    pub async fn group(&self, name: &str, members: &[&Self]) -> Result<Conversation> {
        let members: Vec<_> = members.iter().map(|member| member.id()).collect();
        self.post("/conversations", json!({ "type": "group", "name": name, "members": members })).await
    }

    /// Sends a message by REST.
    pub async fn send(&self, conversation: ConversationId, content: &str) -> Result<Message> {
        let path = format!("/conversations/{conversation}/messages");
        self.post(&path, json!({ "content": content })).await
    }

    /// The whole log of a conversation, page by page.
    pub async fn log(&self, conversation: ConversationId) -> Result<Vec<Event>> {
        let mut log: Vec<Event> = Vec::new();
        loop {
            let after: Seq = log.last().map_or(0, |event| event.seq);
            let path = format!("/conversations/{conversation}/events?limit=1000&after={after}");
            let page: Page<Event> = self.get(&path).await?;
            log.extend(page.data);
            if !page.meta.has_more {
                return Ok(log);
            }
        }
    }

    /// Opens a socket and waits until it is ready.
    pub async fn socket(&self) -> Result<Socket> {
        let token = format!("Bearer {}", self.sign_in.tokens.access_token);
        let mut socket = Socket::open(self.address, "/api/v1/ws", &[("authorization", &token)]).await?;
        let ready = socket.next().await?;
        ensure!(ready["type"] == "ready", "the first frame is {ready}");
        Ok(socket)
    }
}

async fn read<T: DeserializeOwned>(answer: reqwest::Response) -> Result<T> {
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        bail!("{status}: {text}");
    }
    serde_json::from_str(&text).with_context(|| text)
}

/// An open socket.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// Requests that were made by [`Socket::ask`].
    asked: u64,
    /// What came before the answers to them, and was not read yet.
    early: VecDeque<Value>,
}

impl Socket {
    /// Opens a socket at a path, with these headers, and reads nothing yet.
    pub async fn open(address: SocketAddr, path: &str, headers: &[(&'static str, &str)]) -> Result<Self> {
        let mut request = format!("ws://{address}{path}").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse()?);
        }
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (stream, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Self { stream, asked: 0, early: VecDeque::new() })
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: &Value) -> Result<()> {
        self.send_raw(Frame::Text(frame.to_string().into())).await
    }

    /// Asks for something, and gives the frame that answers. What comes before it is kept for those who read on.
    pub async fn ask(&mut self, kind: &str, payload: Value) -> Result<Value> {
        self.asked += 1;
        let id = format!("ask-{}", self.asked);
        self.send(&json!({ "id": id, "type": kind, "payload": payload })).await?;
        loop {
            let frame = self.read().await?;
            if frame["id"] == id.as_str() {
                return Ok(frame);
            }
            self.early.push_back(frame);
        }
    }

    /// Sends a message of any kind.
    pub async fn send_raw(&mut self, frame: Frame) -> Result<()> {
        Ok(self.stream.send(frame).await?)
    }

    /// Puts a frame into the buffer, to be sent with the next one that is sent.
    pub async fn feed(&mut self, frame: &Value) -> Result<()> {
        Ok(self.stream.feed(Frame::Text(frame.to_string().into())).await?)
    }

    /// Sends what was put into the buffer.
    pub async fn flush(&mut self) -> Result<()> {
        Ok(self.stream.flush().await?)
    }

    /// The next JSON frame.
    pub async fn next(&mut self) -> Result<Value> {
        match self.early.pop_front() {
            Some(frame) => Ok(frame),
            None => self.read().await,
        }
    }

    async fn read(&mut self) -> Result<Value> {
        match self.next_raw().await? {
            Frame::Text(text) => Ok(serde_json::from_str(&text)?),
            other => bail!("expected a JSON frame, got {other:?}"),
        }
    }

    /// The next JSON frame of a type; others are passed over.
    pub async fn next_of(&mut self, kind: &str) -> Result<Value> {
        loop {
            let frame = self.next().await?;
            if frame["type"] == kind {
                return Ok(frame);
            }
        }
    }

    /// The next message that is no ping or pong.
    pub async fn next_raw(&mut self) -> Result<Frame> {
        let next = async {
            loop {
                match self.stream.next().await.context("the socket has ended")?? {
                    Frame::Ping(_) | Frame::Pong(_) => {}
                    frame => return Ok(frame),
                }
            }
        };
        tokio::time::timeout(TIME_MAX, next).await.context("nothing arrives on the socket")?
    }

    /// The code and reason with which the server closes; frames before it are passed over.
    pub async fn closed(&mut self) -> Result<(u16, Utf8Bytes)> {
        loop {
            if let Frame::Close(close) = self.next_raw().await? {
                let close = close.context("the close frame has no code")?;
                return Ok((close.code.into(), close.reason));
            }
        }
    }
}
