//! Keys that a host application signs its tokens with, and the one algorithm that each of them is for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, crypto};
use pkcs1::RsaPublicKey;
use spki::SubjectPublicKeyInfoRef;
use spki::der::asn1::ObjectIdentifier;
use spki::der::{Decode as _, Document};

/// Bytes in a shared secret, at least: as many as the hash has (RFC 7518, section 3.2).
const SECRET_BYTES_MIN: usize = 32;
/// Bits of an RSA key, at least (RFC 7518, section 3.3).
const RSA_BITS_MIN: usize = 2_048;
/// Bits of an RSA key, at most: a larger one is more than the library verifies with.
const RSA_BITS_MAX: usize = 4_096;
/// Bytes of an Ed25519 public key (RFC 8032, section 5.1.5).
const ED25519_BYTES: usize = 32;

/// RFC 8017, appendix A.1.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 5480, section 2.1.1, also of the curves below.
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// RFC 8410, section 3.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A key and its algorithm. What a token says of its algorithm is compared with it and never decides.
#[derive(Clone, Debug)]
pub struct HostKey {
    algorithm: Algorithm,
    decoding: DecodingKey,
}

/// Why a key is not taken. Each sentence goes on from "it".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostKeyError {
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

impl HostKey {
    /// A secret that the host application shares with this server: HS256.
    pub fn from_secret(secret: &str) -> Result<Self, HostKeyError> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(HostKeyError::SecretTooShort);
        }
        Ok(Self { algorithm: Algorithm::HS256, decoding: DecodingKey::from_secret(secret.as_bytes()) })
    }

    /// A public key in PEM (`SubjectPublicKeyInfo`): RS256, ES256, ES384 or `EdDSA`, whichever the key is for.
    pub fn from_pem(pem: &str) -> Result<Self, HostKeyError> {
        let (label, document) = Document::from_pem(pem.trim()).map_err(|_| HostKeyError::NotPublicKey)?;
        let info = SubjectPublicKeyInfoRef::from_der(document.as_bytes());
        let (Ok(info), "PUBLIC KEY") = (info, label) else { return Err(HostKeyError::NotPublicKey) };
        let bytes = info.subject_public_key.raw_bytes();
        let key = match (info.algorithm.oid, info.algorithm.parameters_oid().ok()) {
            (RSA, _) => RsaPublicKey::from_der(bytes).ok().and_then(|key| {
                Self::rsa(Algorithm::RS256, key.modulus.as_bytes(), key.public_exponent.as_bytes())
            }),
            (EC, Some(P256)) => Self::usable(Algorithm::ES256, DecodingKey::from_ec_der(bytes)),
            (EC, Some(P384)) => Self::usable(Algorithm::ES384, DecodingKey::from_ec_der(bytes)),
            (ED25519, None) => Self::ed25519(bytes),
            _ => None,
        };
        key.ok_or(HostKeyError::Unsupported)
    }

    /// A key of a JWKS, if it is a public one that is meant for signatures and known here.
    pub(super) fn from_jwk(jwk: &Jwk) -> Option<Self> {
        let purpose = jwk.common.public_key_use.as_ref();
        let operations = jwk.common.key_operations.as_ref();
        if purpose.is_some_and(|purpose| *purpose != PublicKeyUse::Signature)
            || operations.is_some_and(|operations| !operations.contains(&KeyOperations::Verify))
        {
            return None;
        }
        let declared = match jwk.common.key_algorithm {
            Some(algorithm) => Some(Algorithm::try_from(algorithm).ok()?),
            None => None,
        };
        let key = match &jwk.algorithm {
            AlgorithmParameters::RSA(key) => {
                let algorithm = declared.unwrap_or(Algorithm::RS256);
                let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
                Self::rsa(algorithm, &decode(&key.n)?, &decode(&key.e)?)
            }
            AlgorithmParameters::EllipticCurve(key) => {
                let algorithm = match key.curve {
                    EllipticCurve::P256 => Algorithm::ES256,
                    EllipticCurve::P384 => Algorithm::ES384,
                    _ => return None,
                };
                Self::usable(algorithm, DecodingKey::from_jwk(jwk).ok()?)
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                Self::ed25519(&URL_SAFE_NO_PAD.decode(&key.x).ok()?)
            }
            // A secret among public keys is none.
            _ => None,
        }?;
        declared.is_none_or(|declared| declared == key.algorithm).then_some(key)
    }

    fn rsa(algorithm: Algorithm, modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let leading_zeros = modulus.iter().take_while(|byte| **byte == 0).count();
        let modulus = &modulus[leading_zeros..];
        let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
        let allowed =
            (RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) && algorithm.family() == AlgorithmFamily::Rsa;
        allowed.then(|| Self { algorithm, decoding: DecodingKey::from_rsa_raw_components(modulus, exponent) })
    }

    fn ed25519(key: &[u8]) -> Option<Self> {
        // The library takes the first bytes of a longer key, and panics over a shorter one.
        (key.len() == ED25519_BYTES)
            .then(|| Self::usable(Algorithm::EdDSA, DecodingKey::from_ed_der(key)))
            .flatten()
    }

    /// The key, unless the library cannot make a verifier of it: a point may lie beside the curve.
    fn usable(algorithm: Algorithm, decoding: DecodingKey) -> Option<Self> {
        crypto::verify("", b"", &decoding, algorithm).is_ok().then_some(Self { algorithm, decoding })
    }

    /// Whether a token that names this algorithm can be of this key.
    pub(super) fn is_for(&self, algorithm: &str) -> bool {
        algorithm.parse::<Algorithm>().is_ok_and(|algorithm| algorithm == self.algorithm)
    }

    /// Whether the signature (in base64) over these bytes is of this key.
    pub(super) fn verifies(&self, message: &[u8], signature: &str) -> bool {
        crypto::verify(signature, message, &self.decoding, self.algorithm).is_ok_and(|right| right)
    }
}
