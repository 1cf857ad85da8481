//! `auth.*`

use super::setting::{Rule, optional, settings};
use http::Uri;
use natter_chat::{TokenKey, TokenKeyError};
use natter_protocol::limits;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::net::IpAddr;

settings! {
    /// Who gets in.
    pub struct Auth {
        /// Whether strangers can sign up. Without it, `natter user create` makes the accounts.
        pub registration: bool = true, Rule::Switch;
        /// Seconds that an access token lives.
        pub access_token_seconds: u32 = limits::ACCESS_TOKEN_SECONDS, Rule::Whole(10..=86_400);
        /// Seconds that a session lives unused.
        pub refresh_token_seconds: u32 = limits::REFRESH_TOKEN_SECONDS, Rule::Whole(60..=31_536_000);
        /// Secret that the host application signs its own tokens with (HS256); such a token then gets its user in.
        #[serde(with = "optional")]
        pub jwt_secret: Option<Secret> = None,
            Rule::Secret("empty or at least 32 bytes, such as `openssl rand -hex 32` prints");
        /// Public key that the host application's tokens are verified with: RS256, ES256, ES384 or `EdDSA`, whichever
        /// the key is for. In the environment, `\n` may stand for a line break.
        // What is wrong is not shown: it may be the private key.
        #[serde(with = "optional")]
        pub jwt_public_key: Option<PublicKey> = None,
            Rule::Secret("empty or a PEM that begins with -----BEGIN PUBLIC KEY-----, of RSA (2048 to 8192 bits), P-256, \
                P-384 or Ed25519");
        /// Address where the host application publishes its keys (JWKS). They are fetched when they are needed, kept
        /// for ten minutes, and fetched at once when a token names a key that is not among them.
        #[serde(with = "optional")]
        pub jwks_url: Option<JwksUrl> = None,
            Rule::Secret("empty or an address that begins with https://, or with http:// on this machine");
        /// What the claim `iss` of the host application's tokens must be. When empty, it is not looked at.
        pub jwt_issuer: String = String::new(), Rule::Text("a text");
        /// What the claim `aud` of the host application's tokens must be or contain. When empty, it is not looked at,
        /// and a token that was made for another application gets in too.
        pub jwt_audience: String = String::new(), Rule::Text("a text");
        /// Claim of the host application's tokens that says who the user is, for ever.
        pub jwt_claim_id: Claim = Claim::new("sub"), Rule::Text("the name of a claim");
        /// Claim with the username that a new user gets, as far as it is possible and free.
        pub jwt_claim_username: Claim = Claim::new("preferred_username"), Rule::Text("the name of a claim");
        /// Claim with the name to show.
        pub jwt_claim_name: Claim = Claim::new("name"), Rule::Text("the name of a claim");
        /// Claim with the address of the picture to show.
        pub jwt_claim_avatar: Claim = Claim::new("picture"), Rule::Text("the name of a claim");
        /// Claim with what the user may do on the whole installation: `user`, `moderator` or `admin`.
        pub jwt_claim_role: Claim = Claim::new("role"), Rule::Text("the name of a claim");
    }
}

impl Auth {
    /// What is wrong with settings that are right one by one.
    pub(super) fn conflicts(&self) -> Vec<&'static str> {
        let mut conflicts = Vec::new();
        if self.refresh_token_seconds < self.access_token_seconds {
            conflicts.push(
                "auth.refresh_token_seconds is less than auth.access_token_seconds. A session must outlive its access \
                 tokens: make it at least as long",
            );
        }
        let keys = [self.jwt_secret.is_some(), self.jwt_public_key.is_some(), self.jwks_url.is_some()];
        match keys.into_iter().filter(|given| *given).count() {
            0 if self.host() != Self::default().host() => conflicts.push(
                "a setting about the host application's tokens is given, but not how they are verified. Set \
                 auth.jwt_secret, auth.jwt_public_key or auth.jwks_url as well",
            ),
            0 | 1 => {}
            _ => conflicts.push(
                "auth.jwt_secret, auth.jwt_public_key and auth.jwks_url exclude each other: keep the one that the host \
                 application signs with",
            ),
        }
        conflicts
    }

    /// What is allowed but hardly wanted.
    pub fn advice(&self) -> Option<&'static str> {
        (self.jwks_url.is_some() && self.jwt_audience.is_empty()).then_some(
            "auth.jwt_audience is empty: every token that is signed with a key of auth.jwks_url gets in, also one that \
             was made for another application",
        )
    }

    /// What is said about the host application's tokens, besides the key.
    fn host(&self) -> [&str; 7] {
        [
            &self.jwt_issuer,
            &self.jwt_audience,
            &self.jwt_claim_id.0,
            &self.jwt_claim_username.0,
            &self.jwt_claim_name.0,
            &self.jwt_claim_avatar.0,
            &self.jwt_claim_role.0,
        ]
    }
}

/// A secret that is neither printed nor logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Secret {
    type Error = TokenKeyError;

    fn try_from(text: String) -> Result<Self, TokenKeyError> {
        TokenKey::from_secret(&text).map(|_| Self(text))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A public key in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicKey(String);

impl PublicKey {
    /// The PEM.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PublicKey {
    type Error = TokenKeyError;

    fn try_from(text: String) -> Result<Self, TokenKeyError> {
        let pem = text.replace("\\n", "\n");
        TokenKey::from_pem(&pem).map(|_| Self(pem))
    }
}

/// Where a JWKS is fetched from, so that nobody on the way can put in a key of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwksUrl(Uri);

impl JwksUrl {
    /// The address.
    pub const fn uri(&self) -> &Uri {
        &self.0
    }
}

impl TryFrom<String> for JwksUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let uri: Uri = text.parse().map_err(|_| "not an address")?;
        let safe = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => uri.host().is_some_and(is_this_machine),
            _ => false,
        };
        let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if safe && plain { Ok(Self(uri)) } else { Err("not an address that can be trusted") }
    }
}

fn is_this_machine(host: &str) -> bool {
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

impl Serialize for JwksUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The name of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Claim(String);

impl Claim {
    fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Claim {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() { Err("not a name") } else { Ok(Self(text)) }
    }
}
