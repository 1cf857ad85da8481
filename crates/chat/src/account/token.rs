//! Access tokens: JWT (RFC 7519) with HS256 and a secret of this installation.

use crate::{Error, Result};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use natter_protocol::{SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

const ISSUER: &str = "natter";

/// What an access token says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    pub(crate) sub: UserId,
    /// The session; absent in a minted token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<SessionId>,
    iat: i64,
    exp: i64,
}

impl Claims {
    /// When the token ends.
    pub(crate) const fn expires_at(&self) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(self.exp)
    }
}

/// Signs and verifies access tokens.
pub(crate) struct Signer {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Signer {
    pub(crate) fn new(secret: &str) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["iss", "sub", "exp"]);
        // The library reads the machine's clock; `verify` uses the one that was passed in.
        validation.validate_exp = false;
        Self {
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            validation,
        }
    }

    pub(crate) fn sign(
        &self,
        user: UserId,
        session: Option<SessionId>,
        now: Timestamp,
        seconds: u32,
    ) -> Result<String> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: user,
            sid: session,
            iat: now.seconds(),
            exp: now.seconds() + i64::from(seconds),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(|error| Error::Internal(format!("a token could not be signed: {error}")))
    }

    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Claims> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|_| Error::Unauthenticated)?
            .claims;
        if claims.exp <= now.seconds() { Err(Error::TokenExpired) } else { Ok(claims) }
    }
}
