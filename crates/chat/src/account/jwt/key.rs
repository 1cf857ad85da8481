//! Keys that tokens are signed with, and the one algorithm that each of them is for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pkcs1::{RsaPublicKey, UintRef};
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use spki::SubjectPublicKeyInfoRef;
use spki::der::asn1::ObjectIdentifier;
use spki::der::{Decode as _, Document, Encode as _};

/// Bytes in a shared secret, at least: as many as the hash has (RFC 7518, section 3.2).
const SECRET_BYTES_MIN: usize = 32;
/// Bits of an RSA key, at least (RFC 7518, section 3.3).
const RSA_BITS_MIN: usize = 2_048;
/// Bits of an RSA key, at most: a larger one is more than the library verifies with.
const RSA_BITS_MAX: usize = 8_192;
/// Stands before a point of which both numbers are given (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// What signs with a public key (RFC 7518, section 3.1; RFC 8037, section 3.1). A key that does not say more is for the
/// first of its kind.
const ALGORITHMS: [(&str, Kind, &dyn VerificationAlgorithm); 9] = [
    ("RS256", Kind::Rsa, &RSA_PKCS1_2048_8192_SHA256),
    ("RS384", Kind::Rsa, &RSA_PKCS1_2048_8192_SHA384),
    ("RS512", Kind::Rsa, &RSA_PKCS1_2048_8192_SHA512),
    ("PS256", Kind::Rsa, &RSA_PSS_2048_8192_SHA256),
    ("PS384", Kind::Rsa, &RSA_PSS_2048_8192_SHA384),
    ("PS512", Kind::Rsa, &RSA_PSS_2048_8192_SHA512),
    ("ES256", Kind::P256, &ECDSA_P256_SHA256_FIXED),
    ("ES384", Kind::P384, &ECDSA_P384_SHA384_FIXED),
    ("EdDSA", Kind::Ed25519, &ED25519),
];

/// RFC 8017, appendix A.1.
const OID_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 5480, section 2.1.1, also of the curves.
const OID_EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const OID_P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const OID_P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// RFC 8410, section 3.
const OID_ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A key and its algorithm. What a token says of its algorithm is compared with it and never decides.
#[derive(Clone, Debug)]
pub struct TokenKey {
    algorithm: &'static str,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    Secret(hmac::Key),
    Public(UnparsedPublicKey<Vec<u8>>),
}

/// Kinds of public keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

/// Why a key is not taken. Each sentence goes on from "it".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenKeyError {
    /// It could be guessed.
    #[error("needs at least {SECRET_BYTES_MIN} bytes")]
    SecretTooShort,
    /// It is something else, perhaps a private key.
    #[error("must be a public key in PEM, which begins with -----BEGIN PUBLIC KEY-----")]
    NotPublicKey,
    /// It is of another kind, too weak, or broken.
    #[error("must be an RSA key of {RSA_BITS_MIN} to {RSA_BITS_MAX} bits, or one on P-256, P-384 or Ed25519")]
    Unsupported,
}

/// A key of a JWKS (RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2).
#[derive(Deserialize)]
pub(in crate::account) struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    pub(in crate::account) kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl TokenKey {
    /// A secret that whoever signs shares with whoever verifies: HS256.
    pub fn from_secret(secret: &str) -> Result<Self, TokenKeyError> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(TokenKeyError::SecretTooShort);
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Ok(Self { algorithm: "HS256", material: Material::Secret(key) })
    }

    /// A public key in PEM (`SubjectPublicKeyInfo`): RS256, ES256, ES384 or `EdDSA`, whichever the key is for.
    pub fn from_pem(pem: &str) -> Result<Self, TokenKeyError> {
        let (label, document) = Document::from_pem(pem.trim()).map_err(|_| TokenKeyError::NotPublicKey)?;
        let info = SubjectPublicKeyInfoRef::from_der(document.as_bytes());
        let (Ok(info), "PUBLIC KEY") = (info, label) else { return Err(TokenKeyError::NotPublicKey) };
        let key = info.subject_public_key.raw_bytes();
        let (kind, key) = match (info.algorithm.oid, info.algorithm.parameters_oid().ok()) {
            (OID_RSA, _) => (Kind::Rsa, RsaPublicKey::from_der(key).ok().and_then(rsa)),
            (OID_EC, Some(OID_P256)) => (Kind::P256, Some(key.to_vec())),
            (OID_EC, Some(OID_P384)) => (Kind::P384, Some(key.to_vec())),
            (OID_ED25519, _) => (Kind::Ed25519, Some(key.to_vec())),
            _ => return Err(TokenKeyError::Unsupported),
        };
        key.and_then(|key| Self::public(kind, None, key)).ok_or(TokenKeyError::Unsupported)
    }

    /// A key of a JWKS, if it is a public one that is meant for signatures and known here.
    pub(in crate::account) fn from_jwk(jwk: &Jwk) -> Option<Self> {
        if jwk.purpose.as_ref().is_some_and(|purpose| purpose != "sig")
            || jwk.key_ops.as_ref().is_some_and(|operations| !operations.iter().any(|name| name == "verify"))
        {
            return None;
        }
        let number = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
        let point = || Some([&[UNCOMPRESSED][..], &number(&jwk.x)?, &number(&jwk.y)?].concat());
        let (kind, key) = match (&*jwk.kty, jwk.crv.as_deref()) {
            ("RSA", _) => {
                let (modulus, exponent) = (number(&jwk.n)?, number(&jwk.e)?);
                let uint = |bytes| UintRef::new(bytes).ok();
                (
                    Kind::Rsa,
                    rsa(RsaPublicKey { modulus: uint(&modulus)?, public_exponent: uint(&exponent)? })?,
                )
            }
            ("EC", Some("P-256")) => (Kind::P256, point()?),
            ("EC", Some("P-384")) => (Kind::P384, point()?),
            ("OKP", Some("Ed25519")) => (Kind::Ed25519, number(&jwk.x)?),
            // A secret among public keys is none.
            _ => return None,
        };
        Self::public(kind, jwk.alg.as_deref(), key)
    }

    /// The key for the algorithm that it declares, or for the usual one.
    fn public(kind: Kind, declared: Option<&str>, key: Vec<u8>) -> Option<Self> {
        let plausible = match kind {
            Kind::Rsa => true,
            // A point is two numbers, each as long as the curve is wide.
            Kind::P256 => key.len() == 65 && key[0] == UNCOMPRESSED,
            Kind::P384 => key.len() == 97 && key[0] == UNCOMPRESSED,
            Kind::Ed25519 => key.len() == 32,
        };
        let known = |(name, of, _): &&(&str, Kind, _)| {
            *of == kind && declared.is_none_or(|declared| declared == *name)
        };
        let (algorithm, _, verification) = ALGORITHMS.iter().find(known).filter(|_| plausible)?;
        Some(Self { algorithm, material: Material::Public(UnparsedPublicKey::new(*verification, key)) })
    }

    /// Whether a token that names this algorithm can be of this key.
    pub(super) fn is_for(&self, algorithm: &str) -> bool {
        algorithm == self.algorithm
    }

    /// Whether the signature over the message is of this key.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Secret(key) => hmac::verify(key, message, signature).is_ok(),
            Material::Public(key) => key.verify(message, signature).is_ok(),
        }
    }
}

/// The key in the form that the library takes, if it is neither weak nor more than the library can.
fn rsa(key: RsaPublicKey<'_>) -> Option<Vec<u8>> {
    let modulus = key.modulus.as_bytes();
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if (RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) { key.to_der().ok() } else { None }
}
