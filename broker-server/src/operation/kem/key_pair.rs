//! Generates key pairs for key encapsulation.

use aws_lc_rs::{constant_time::verify_slices_are_equal, rand};

use super::{KemError, check_length, encoding, mechanism};
use crate::{
    backend::{
        Backend,
        kem::{DecapsulationKey, Mechanism, PrivatePart},
    },
    operation::signature::KeyPair,
    policy::{Permit, permit},
    secret::SecretBytes,
    telemetry::audit::KeyUse,
};

/// Generates a key pair from the permit's seed or from the system's randomness, and tests it before it is returned. The
/// private key is always the seed.
#[allow(clippy::needless_pass_by_value)] // the permit must be used only once
pub fn generate_key_pair(
    permit: Permit<permit::GenerateKemKeyPair>,
    backend: &Backend,
    key_use: &KeyUse,
) -> Result<KeyPair, KemError> {
    let (request, algorithm) = (permit.request(), permit.rule().algorithm);
    let mechanism = mechanism(backend, algorithm)?;
    let random;
    let seed = match &request.seed {
        Some(seed) => {
            let seed = seed.expose(key_use);
            check_length("seed", seed, algorithm.seed_length())?;
            seed
        }
        None => {
            random = random_seed(algorithm.seed_length())?;
            random.expose()
        }
    };
    let public = mechanism.encapsulation_key(seed).map_err(|_| KemError::Internal)?;
    key_use.identify(|| Some(public.clone()));
    pairwise_consistency_test(mechanism, &public, seed)?;
    encoding::encode(algorithm, public, seed, request.encoding)
}

fn random_seed(length: usize) -> Result<SecretBytes, KemError> {
    let mut seed = vec![0; length];
    let filled = rand::fill(&mut seed);
    let seed = SecretBytes::new(seed);
    filled.map_err(|_| KemError::Internal)?;
    Ok(seed)
}

/// Runs the pair-wise consistency check of FIPS 203 7.1, so that a mismatched pair is never returned.
fn pairwise_consistency_test(mechanism: &dyn Mechanism, public: &[u8], seed: &[u8]) -> Result<(), KemError> {
    let encapsulated = mechanism.encapsulate(public).map_err(|_| KemError::Internal)?;
    let key = DecapsulationKey { private: PrivatePart::Seed(seed), public: None };
    let decapsulated =
        mechanism.decapsulate(&key, &encapsulated.ciphertext).map_err(|_| KemError::Internal)?;
    verify_slices_are_equal(encapsulated.shared_secret.expose(), decapsulated.shared_secret.expose())
        .map_err(|_| KemError::Internal)
}
