//! Access tokens of this installation: JWTs with a secret that it has drawn.

use super::jwt::{Jwt, TokenFault, TokenKey};
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use natter_protocol::{SessionId, Timestamp, UserId};
use ring::hmac;
use serde::{Deserialize, Serialize};

const ISSUER: &str = "natter";
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

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
    secret: hmac::Key,
    key: TokenKey,
}

impl Signer {
    pub(crate) fn new(secret: &str) -> Result<Self> {
        let key = TokenKey::from_secret(secret)
            .map_err(|error| Error::Internal(format!("the secret of the access tokens {error}")))?;
        Ok(Self { secret: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), key })
    }

    /// The secret that follows another one: nobody but this installation can tell.
    pub(crate) fn next_secret(&self, secret: &[u8; 32]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.secret);
        // No token that is signed begins like this.
        context.update(b"refresh token after ");
        context.update(secret);
        let mut next = [0; 32];
        next.copy_from_slice(context.sign().as_ref());
        next
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
        let claims = serde_json::to_vec(&claims)
            .map_err(|error| Error::Internal(format!("a token could not be written: {error}")))?;
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let signature = hmac::sign(&self.secret, message.as_bytes());
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// What a token says, if this installation has signed it and it has not ended.
    pub(crate) fn verify(&self, jwt: &Jwt<'_>, now: Timestamp) -> Result<Claims, TokenFault> {
        let claims = serde_json::Value::Object(jwt.verified(&self.key)?);
        let claims: Claims = serde_json::from_value(claims).map_err(|_| TokenFault::Malformed)?;
        if claims.iss != ISSUER {
            return Err(TokenFault::Issuer);
        }
        if claims.exp <= now.seconds() { Err(TokenFault::Expired) } else { Ok(claims) }
    }
}
