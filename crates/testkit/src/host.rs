//! A host application: it has keys of its own and signs tokens for its users with them.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, KeypairBytes};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::{EncodePublicKey as _, LineEnding};
use rsa::rand_core::{OsRng, RngCore as _};
use serde_json::{Value, json};

/// Bits of an RSA key that is as strong as it must be.
pub const RSA_BITS: usize = 2_048;

/// A key that tokens are signed with.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    encoding: EncodingKey,
    /// Its `kid`.
    id: String,
    /// PEM; empty for a secret.
    public_pem: String,
}

impl SigningKey {
    /// A secret, for HS256.
    pub fn secret(secret: &[u8]) -> Self {
        let encoding = EncodingKey::from_secret(secret);
        Self { algorithm: Algorithm::HS256, encoding, id: "secret".to_owned(), public_pem: String::new() }
    }

    /// A new RSA key, for RS256.
    pub fn rsa(id: &str, bits: usize) -> Result<Self> {
        let key = rsa::RsaPrivateKey::new(&mut OsRng, bits)?;
        let encoding = EncodingKey::from_rsa_der(key.to_pkcs1_der()?.as_bytes());
        let public_pem = key.to_public_key().to_public_key_pem(LineEnding::LF)?;
        Ok(Self { algorithm: Algorithm::RS256, encoding, id: id.to_owned(), public_pem })
    }

    /// A new key on the curve P-256, for ES256.
    pub fn p256(id: &str) -> Result<Self> {
        let key = p256::SecretKey::random(&mut OsRng);
        let encoding = EncodingKey::from_ec_der(key.to_pkcs8_der()?.as_bytes());
        let public_pem = key.public_key().to_public_key_pem(LineEnding::LF)?;
        Ok(Self { algorithm: Algorithm::ES256, encoding, id: id.to_owned(), public_pem })
    }

    /// A new key on the curve Ed25519, for `EdDSA`.
    pub fn ed25519(id: &str) -> Result<Self> {
        let mut seed = [0; 32];
        OsRng.fill_bytes(&mut seed);
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        // Without the public key, as the library expects it.
        let private = KeypairBytes { secret_key: seed, public_key: None };
        let encoding = EncodingKey::from_ed_der(private.to_pkcs8_der()?.as_bytes());
        let public_pem = key.verifying_key().to_public_key_pem(LineEnding::LF)?;
        Ok(Self { algorithm: Algorithm::EdDSA, encoding, id: id.to_owned(), public_pem })
    }

    /// The public key in PEM.
    pub fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// The public key as a JWKS has it.
    pub fn jwk(&self) -> Result<Value> {
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&self.encoding, self.algorithm)?)?;
        jwk["kid"] = self.id.clone().into();
        jwk["use"] = "sig".into();
        Ok(jwk)
    }

    /// The header of a token that is as it should be.
    pub fn header(&self) -> Value {
        json!({ "alg": format!("{:?}", self.algorithm), "typ": "JWT", "kid": self.id })
    }

    /// A token with these claims.
    pub fn token(&self, claims: &Value) -> Result<String> {
        self.token_with(&self.header(), claims)
    }

    /// A token with this header, whatever it says, signed with this key.
    pub fn token_with(&self, header: &Value, claims: &Value) -> Result<String> {
        let message = format!("{}.{}", part(header), part(claims));
        let signature = crypto::sign(message.as_bytes(), &self.encoding, self.algorithm)?;
        Ok(format!("{message}.{signature}"))
    }
}

/// A part of a token.
pub fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}
