//! Encodes key pairs. Private keys are in the seed form, which RFC 9935 6 recommends and which is X-Wing's only form.

use const_oid::ObjectIdentifier;
use der::{
    Encode as _, Sequence,
    asn1::{AnyRef, BitStringRef, OctetStringRef},
};
use spki::{AlgorithmIdentifier, SubjectPublicKeyInfo};
use zeroize::Zeroizing;

use super::KemError;
use crate::{
    algorithm::Kem,
    operation::{pem_text::pem_text, signature::KeyPair},
    request::KeyEncoding,
    secret::SecretBytes,
};

/// Encodes the pair as requested; the default is raw.
pub(super) fn encode(
    algorithm: Kem,
    public: Vec<u8>,
    seed: &[u8],
    encoding: Option<KeyEncoding>,
) -> Result<KeyPair, KemError> {
    let encoding = encoding.unwrap_or(KeyEncoding::Raw);
    if encoding == KeyEncoding::Raw {
        return Ok(KeyPair { public, private: SecretBytes::new(seed.to_vec()) });
    }
    let public = spki(algorithm, &public).map_err(|_| KemError::Internal)?;
    let private = pkcs8(algorithm, seed).map_err(|_| KemError::Internal)?;
    if encoding == KeyEncoding::Der {
        return Ok(KeyPair { public, private });
    }
    Ok(KeyPair {
        public: pem_text("PUBLIC KEY", &public),
        private: SecretBytes::new(pem_text("PRIVATE KEY", private.expose())),
    })
}

/// Encodes SubjectPublicKeyInfo, whose BIT STRING holds the key's octets (RFC 9935 4,
/// draft-connolly-cfrg-xwing-kem-10 5.8.1).
fn spki(algorithm: Kem, key: &[u8]) -> der::Result<Vec<u8>> {
    let subject_public_key = BitStringRef::from_bytes(key)?;
    SubjectPublicKeyInfo { algorithm: identifier(algorithm)?, subject_public_key }.to_der()
}

fn pkcs8(algorithm: Kem, seed: &[u8]) -> der::Result<SecretBytes> {
    let mut key = Zeroizing::new(Vec::with_capacity(seed.len() + 2));
    if let Kem::MlKem(_) = algorithm {
        // `seed [0] IMPLICIT OCTET STRING (SIZE (64))` (RFC 9935 6). X-Wing's seed has no header (draft 5.8.2).
        key.extend([0x80, 64]);
    }
    key.extend_from_slice(seed);
    let private_key = OctetStringRef::new(&key)?;
    let info = OneAsymmetricKey { version: 0, algorithm: identifier(algorithm)?, private_key };
    Ok(SecretBytes::new(info.to_der()?))
}

/// Returns the AlgorithmIdentifier, whose parameters are absent (RFC 9935 3, draft 5.8).
fn identifier(algorithm: Kem) -> der::Result<AlgorithmIdentifier<AnyRef<'static>>> {
    Ok(AlgorithmIdentifier { oid: ObjectIdentifier::new(algorithm.oid())?, parameters: None })
}

/// OneAsymmetricKey (RFC 5958 2) without attributes and public key.
#[derive(Sequence)]
struct OneAsymmetricKey<'a> {
    version: u8,
    algorithm: AlgorithmIdentifier<AnyRef<'a>>,
    private_key: &'a OctetStringRef,
}
