//! `socket_io.*`

use super::cors::Origin;
use super::setting::{Rule, settings};
use serde::{Deserialize, Serialize};

settings! {
    /// Where clients of Socket.IO connect.
    pub struct SocketIo {
        /// Path that they connect at.
        pub path: SocketIoPath = SocketIoPath::default(),
            Rule::Text("a path such as /socket.io that nothing else is at");
        /// Origins of websites whose pages may connect, besides those of `cors.origins`; `*` stands for all.
        pub cors_origin: Vec<Origins> = Vec::new(),
            Rule::List("origins such as https://chat.example.com, without a path, or *");
    }
}

impl SocketIo {
    /// Whether pages of this origin may connect, going by what is said here.
    pub fn allows(&self, origin: &str) -> bool {
        self.cors_origin.iter().any(|allowed| match allowed {
            Origins::All => true,
            Origins::One(allowed) => allowed.as_str() == origin,
        })
    }
}

/// Which pages may connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Origins {
    /// Those of any website.
    All,
    /// Those of one.
    One(Origin),
}

impl TryFrom<String> for Origins {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "*" { Ok(Self::All) } else { Origin::try_from(text).map(Self::One) }
    }
}

impl From<Origins> for String {
    fn from(origins: Origins) -> Self {
        match origins {
            Origins::All => "*".to_owned(),
            Origins::One(origin) => origin.as_str().to_owned(),
        }
    }
}

/// A path without a slash at its end. Clients may write one there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct SocketIoPath(String);

impl SocketIoPath {
    /// Where something else is, and all below it.
    const TAKEN: [&str; 8] = [
        "/api/v1",
        "/api/chat",
        "/api/docs",
        "/api/openapi.json",
        "/api/asyncapi.json",
        "/health",
        "/metrics",
        "/assets",
    ];

    /// Its text, which begins with a slash and does not end with one.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for SocketIoPath {
    fn default() -> Self {
        Self("/socket.io".to_owned())
    }
}

impl TryFrom<String> for SocketIoPath {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let path = text.strip_suffix('/').unwrap_or(&text);
        let segments = path.strip_prefix('/').ok_or("it does not begin with a slash")?;
        // None that a client, a proxy or the router would take for something else.
        let plain = |segment: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            !matches!(segment, "" | "." | "..") && segment.bytes().all(plain)
        };
        if !segments.split('/').all(plain) {
            return Err("it has other characters than a path needs");
        }
        let below = |taken: &str| {
            path.strip_prefix(taken).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if Self::TAKEN.into_iter().any(below) {
            return Err("something else is there");
        }
        Ok(Self(path.to_owned()))
    }
}
