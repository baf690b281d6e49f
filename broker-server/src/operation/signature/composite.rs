//! Composite signatures. Of all formats but SignedData, which is not made of them, the message may come in parts.

use super::{SignatureError, load, load_public};
use crate::{
    algorithm::Composite,
    backend::composite::{CompositeSigner, CompositeVerifier},
    request::{COMPONENT_KEYS, SigningKey, VerificationKey},
};

/// Loads both keys to sign.
pub(super) fn signer(
    algorithm: Composite,
    keys: &[SigningKey; 2],
) -> Result<CompositeSigner, SignatureError> {
    let ([traditional, ml_dsa], [first, second]) = (keys, COMPONENT_KEYS);
    Ok(CompositeSigner::new(algorithm, [load(traditional, first)?, load(ml_dsa, second)?])?)
}

/// Loads both keys to verify.
pub(super) fn verifier(
    algorithm: Composite,
    keys: &[VerificationKey; 2],
) -> Result<CompositeVerifier, SignatureError> {
    let ([traditional, ml_dsa], [first, second]) = (keys, COMPONENT_KEYS);
    Ok(CompositeVerifier::new(algorithm, [load_public(traditional, first)?, load_public(ml_dsa, second)?])?)
}
