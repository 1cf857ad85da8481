//! Tokens of the host application: JWTs (RFC 7519) that it signs for its own users.
//!
//! Invariant: nothing of a token is believed before its signature is verified, and nothing of it chooses how: the key
//! brings its algorithm, and the header's `kid` only picks among the keys that the operator named. Keys and addresses
//! that a header offers (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.

mod claims;
mod jwks;
mod key;
mod provision;

pub use claims::ClaimNames;
pub use jwks::KeySource;
pub use key::{HostKey, HostKeyError};
pub(crate) use provision::Host;

use crate::{Clock, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claims::{Claims, Identity};
use jwks::Jwks;
use natter_protocol::{Timestamp, limits};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What an operator says about the host application.
pub struct HostTokens {
    /// What it signs with.
    pub keys: HostKeys,
    /// What the claim `iss` must be; without it, it is not looked at.
    pub issuer: Option<String>,
    /// What the claim `aud` must be or contain; without it, it is not looked at.
    pub audience: Option<String>,
    /// Where the user is described.
    pub claims: ClaimNames,
}

/// Where the keys come from.
pub enum HostKeys {
    /// There is one, and a `kid` is not looked at.
    Fixed(HostKey),
    /// They are published as a JWKS (RFC 7517), and change.
    Published(Arc<dyn KeySource>),
}

/// Why a token is not taken. No sentence tells anything that its bearer does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It is not even parsed.
    #[error("the token has more than {} bytes", limits::TOKEN_BYTES_MAX)]
    TooLong,
    /// It is something else.
    #[error("the token is not a signed JWT: three parts in base64url with dots between them")]
    Malformed,
    /// It is a JWT for another purpose.
    #[error("the token's header has a `typ` other than JWT or at+jwt")]
    Type,
    /// It demands what is not understood here (RFC 7515, section 4.1.11).
    #[error("the token's header has a `crit`, and no extension is understood here")]
    Critical,
    /// Nothing tells which key it is of.
    #[error("the token's header has no `kid`, and there is more than one key")]
    NoKeyId,
    /// Its key is not among those of the host application.
    #[error("the token's `kid` is of none of the host application's keys")]
    UnknownKey,
    /// Its header is not true.
    #[error("the token's `alg` is not the algorithm of its key")]
    Algorithm,
    /// It is forged, or was changed.
    #[error("the token's signature is not valid")]
    Signature,
    /// A claim is missing or makes no sense.
    #[error("the token's claim {name:?} must be {expected}")]
    Claim {
        /// Which.
        name: String,
        /// What would be right.
        expected: &'static str,
    },
    /// It is for later.
    #[error("the token is not valid yet: its `nbf` lies ahead")]
    NotYet,
    /// Its time is over.
    #[error("the token has ended: its `exp` is past")]
    Expired,
    /// Somebody else made it.
    #[error("the token's `iss` is not the issuer that is configured here")]
    Issuer,
    /// It is for somebody else.
    #[error("the token's `aud` is not the audience that is configured here")]
    Audience,
}

/// Verifies tokens of the host application.
struct Verifier {
    keys: Keys,
    issuer: Option<String>,
    audience: Option<String>,
    claims: ClaimNames,
}

enum Keys {
    Fixed(Arc<HostKey>),
    Published(Jwks),
}

impl Verifier {
    fn new(tokens: HostTokens, clock: Arc<dyn Clock>) -> Self {
        let HostTokens { keys, issuer, audience, claims } = tokens;
        let keys = match keys {
            HostKeys::Fixed(key) => Keys::Fixed(Arc::new(key)),
            HostKeys::Published(source) => Keys::Published(Jwks::new(source, clock)),
        };
        Self { keys, issuer, audience, claims }
    }

    /// Whom a token describes and until when, if it is the host application's and its time is now.
    async fn verify(&self, token: &str, now: Timestamp) -> Result<(Identity, Timestamp)> {
        let (message, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenFault::Malformed)?;
        let header = Header::parse(&decode(header)?)?;
        let key = match &self.keys {
            Keys::Fixed(key) => Arc::clone(key),
            Keys::Published(jwks) => jwks.key(header.key_id.as_deref()).await?,
        };
        if !key.is_for(&header.algorithm) {
            return Err(TokenFault::Algorithm.into());
        }
        if !key.verifies(message.as_bytes(), signature) {
            return Err(TokenFault::Signature.into());
        }
        let claims = Claims::parse(&decode(payload)?)?;
        let expires_at = claims.check_time(now)?;
        claims.check_issuer(self.issuer.as_deref())?;
        claims.check_audience(self.audience.as_deref())?;
        Ok((claims.identity(&self.claims)?, expires_at))
    }
}

/// The part of a header that counts.
struct Header {
    algorithm: String,
    key_id: Option<String>,
}

impl Header {
    fn parse(json: &[u8]) -> Result<Self, TokenFault> {
        let mut fields: Map<String, Value> =
            serde_json::from_slice(json).map_err(|_| TokenFault::Malformed)?;
        if fields.contains_key("crit") {
            return Err(TokenFault::Critical);
        }
        let mut text = |name| match fields.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(TokenFault::Malformed),
        };
        if text("typ")?.is_some_and(|typ| !is_access_token(&typ)) {
            return Err(TokenFault::Type);
        }
        Ok(Self { algorithm: text("alg")?.ok_or(TokenFault::Malformed)?, key_id: text("kid")? })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenFault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::Malformed)
}

/// Whether a `typ` says that the token is for access (RFC 7519, section 5.1, and RFC 9068, section 2.1), and not, say,
/// for a logout that the same key has signed.
fn is_access_token(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
}
