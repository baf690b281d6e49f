//! Generates key pairs for signatures.

use super::SignatureError;
use crate::{
    algorithm::{KeyType, SignatureScheme},
    backend::evp::{EvpError, PrivateKey, PublicKey},
    operation::pem_text::pem_text,
    policy::{Permit, permit},
    request::{FieldError, FieldErrorKind, KeyEncoding},
    secret::SecretBytes,
    telemetry::audit::KeyUse,
};

/// A key pair in the caller's encoding.
#[derive(Debug)]
pub struct KeyPair {
    /// The public key.
    pub public: Vec<u8>,
    /// The private key.
    pub private: SecretBytes,
}

/// Generates a key pair of the permitted kind and tests it before it is returned.
// The permit is taken by value so that it is used only once.
#[allow(clippy::needless_pass_by_value)]
pub fn generate_key_pair(
    permit: Permit<permit::GenerateSignatureKeyPair>,
    key_use: &KeyUse,
) -> Result<KeyPair, SignatureError> {
    let (request, key_type) = (permit.request(), permit.parameters().key_type);
    let encoding = encoding(request.encoding, key_type)?;
    let key = match &request.seed {
        Some(seed) => from_seed(key_type, seed.expose(key_use))?,
        None => PrivateKey::generate(key_type).map_err(internal)?,
    };
    key_use.identify(|| key.spki().ok());
    let public = key.public().map_err(internal)?;
    pairwise_consistency_test(&key, &public, permit.parameters().scheme)?;
    encode(&key, &public, encoding)
}

fn encoding(requested: Option<KeyEncoding>, key_type: KeyType) -> Result<KeyEncoding, SignatureError> {
    let has_raw_form = matches!(key_type, KeyType::Ed25519 | KeyType::MlDsa(_));
    match requested {
        Some(KeyEncoding::Raw) if !has_raw_form => {
            let kind = FieldErrorKind::Unsupported(
                "does not support RAW for RSA and ECDSA keys; use DER or PEM".into(),
            );
            Err(FieldError { field: "key_encoding", kind }.into())
        }
        Some(encoding) => Ok(encoding),
        // SignData accepts this encoding.
        None => Ok(KeyEncoding::Der),
    }
}

/// Derives the key from a seed (RFC 8032 5.1.5, FIPS 204 algorithm 6).
fn from_seed(key_type: KeyType, seed: &[u8]) -> Result<PrivateKey, SignatureError> {
    let seed: &[u8; 32] = seed.try_into().map_err(|_| {
        let kind = FieldErrorKind::WrongLength { length: seed.len(), expected: vec![32] };
        FieldError { field: "seed", kind }
    })?;
    PrivateKey::from_seed(key_type, seed).map_err(internal)
}

/// Signs and verifies once, so that a mismatched pair is never returned.
fn pairwise_consistency_test(
    key: &PrivateKey,
    public: &PublicKey,
    scheme: SignatureScheme,
) -> Result<(), SignatureError> {
    let message = b"a new key pair";
    let signature = key.sign(scheme, message).map_err(internal)?;
    public.verify(scheme, message, &signature).map_err(internal)
}

fn encode(key: &PrivateKey, public: &PublicKey, encoding: KeyEncoding) -> Result<KeyPair, SignatureError> {
    let missing = SignatureError::Internal;
    if encoding == KeyEncoding::Raw {
        let public = public.raw().ok_or_else(|| missing.clone())?;
        return Ok(KeyPair { public, private: key.seed().ok_or(missing)? });
    }
    let (public, private) = (public.to_spki().map_err(internal)?, key.to_pkcs8().map_err(internal)?);
    if encoding == KeyEncoding::Der {
        return Ok(KeyPair { public, private });
    }
    Ok(KeyPair {
        public: pem_text("PUBLIC KEY", &public),
        private: SecretBytes::new(pem_text("PRIVATE KEY", private.expose())),
    })
}

/// Converts an error of a key that the broker generated, which the caller did not cause.
fn internal(_: EvpError) -> SignatureError {
    SignatureError::Internal
}
