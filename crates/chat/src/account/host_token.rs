//! Tokens of the host application: JWTs that it signs for its own users.

mod claims;
mod jwks;
mod provision;

pub use claims::ClaimNames;
pub use jwks::KeySource;
pub(crate) use provision::Host;

use super::jwt::{Jwt, TokenKey};
use crate::{Clock, Result};
use claims::Identity;
use jwks::Jwks;
use natter_protocol::Timestamp;
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
    Fixed(TokenKey),
    /// They are published as a JWKS (RFC 7517), and change.
    Published(Arc<dyn KeySource>),
}

/// Verifies tokens of the host application.
struct Verifier {
    keys: Keys,
    issuer: Option<String>,
    audience: Option<String>,
    claims: ClaimNames,
}

enum Keys {
    Fixed(Arc<TokenKey>),
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
    async fn verify(&self, jwt: &Jwt<'_>, now: Timestamp) -> Result<(Identity, Timestamp)> {
        let key = match &self.keys {
            Keys::Fixed(key) => Arc::clone(key),
            Keys::Published(jwks) => jwks.key(jwt.key_id.as_deref()).await?,
        };
        let claims = jwt.verified(&key)?;
        let expires_at = claims::check_time(&claims, now)?;
        claims::check_issuer(&claims, self.issuer.as_deref())?;
        claims::check_audience(&claims, self.audience.as_deref())?;
        Ok((claims::identity(&claims, &self.claims)?, expires_at))
    }
}
