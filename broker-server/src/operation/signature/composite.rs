//! Loads the keys of composite signatures. They can sign streams in every format but CMS, which they do not support.

use super::{SignatureError, load, load_public};
use crate::{
    algorithm::Composite,
    backend::composite::{CompositeSigner, CompositeVerifier},
    request::{COMPONENT_KEYS, SigningKey, VerificationKey},
    telemetry::audit::KeyUse,
};

/// Loads both private keys.
pub(super) fn signer(
    algorithm: Composite,
    keys: &[SigningKey; 2],
    key_use: &KeyUse,
) -> Result<CompositeSigner, SignatureError> {
    let ([traditional, ml_dsa], [first, second]) = (keys, COMPONENT_KEYS);
    Ok(CompositeSigner::new(algorithm, [load(traditional, first, key_use)?, load(ml_dsa, second, key_use)?])?)
}

/// Loads both public keys.
pub(super) fn verifier(
    algorithm: Composite,
    keys: &[VerificationKey; 2],
) -> Result<CompositeVerifier, SignatureError> {
    let ([traditional, ml_dsa], [first, second]) = (keys, COMPONENT_KEYS);
    Ok(CompositeVerifier::new(algorithm, [load_public(traditional, first)?, load_public(ml_dsa, second)?])?)
}
