//! `cors.*`

use super::setting::{Rule, settings};
use serde::{Deserialize, Serialize};

settings! {
    /// Which other websites may use this server from a browser.
    pub struct Cors {
        /// Origins of websites whose pages may call the API and open a WebSocket, besides the one that this server
        /// itself is seen under.
        pub origins: Vec<Origin> = Vec::new(),
            Rule::List("origins such as https://chat.example.com, without a path");
    }
}

/// The origin of a website as browsers write it: scheme, host and, unless it is the usual one, port.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Origin(String);

impl Origin {
    /// Its text, to be compared with the `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Origin {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.to_lowercase();
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        // A path, or a slash at the end, would never be equal to what a browser sends.
        let plausible = host.and_then(|host| host.parse::<http::uri::Authority>().ok());
        match plausible {
            Some(host) if !host.as_str().contains('@') => Ok(Self(text)),
            _ => Err("not an origin"),
        }
    }
}
