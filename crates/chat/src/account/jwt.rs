//! Signed JWTs (RFC 7519), of this installation and of the host application.
//!
//! Invariant: nothing of a token is believed before its signature is verified, and nothing of it chooses how: the key
//! brings its algorithm, and the header's `kid` only picks among keys that the operator named. Keys and addresses that
//! a header offers (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.

mod key;

pub(super) use key::Jwk;
pub use key::{TokenKey, TokenKeyError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use natter_protocol::limits;
use serde_json::{Map, Value};

/// What a token claims.
pub(super) type Claims = Map<String, Value>;

/// A token that has the right form. Whether it is true is another question.
pub(crate) struct Jwt<'a> {
    /// What is signed: header and payload.
    message: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
    /// What its header says.
    algorithm: String,
    pub(super) key_id: Option<String>,
}

impl<'a> Jwt<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, TokenFault> {
        if token.len() > limits::TOKEN_BYTES_MAX {
            return Err(TokenFault::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenFault::Malformed)?;
        let mut header = object(header)?;
        if header.contains_key("crit") {
            return Err(TokenFault::Critical);
        }
        let mut text = |name| match header.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(TokenFault::Malformed),
        };
        if text("typ")?.is_some_and(|typ| !is_access_token(&typ)) {
            return Err(TokenFault::Type);
        }
        let algorithm = text("alg")?.ok_or(TokenFault::Malformed)?;
        Ok(Self { message, payload, signature: decode(signature)?, algorithm, key_id: text("kid")? })
    }

    /// What the token claims, if it is of this key.
    pub(super) fn verified(&self, key: &TokenKey) -> Result<Claims, TokenFault> {
        if !key.is_for(&self.algorithm) {
            return Err(TokenFault::Algorithm);
        }
        if !key.verifies(self.message.as_bytes(), &self.signature) {
            return Err(TokenFault::Signature);
        }
        object(self.payload)
    }
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
    #[error("the access token has ended")]
    Expired,
    /// Somebody else made it.
    #[error("the token's `iss` is not the issuer that is configured here")]
    Issuer,
    /// It is for somebody else.
    #[error("the token's `aud` is not the audience that is configured here")]
    Audience,
}

fn object(part: &str) -> Result<Map<String, Value>, TokenFault> {
    serde_json::from_slice(&decode(part)?).map_err(|_| TokenFault::Malformed)
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
