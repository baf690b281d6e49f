//! Key pairs for key encapsulation.

use aws_lc_rs::{constant_time::verify_slices_are_equal, rand};

use super::{KemError, encoding, exact, mechanism};
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

/// Makes a key pair, from the seed that was granted or from the system's randomness, and tries it before anybody relies on
/// it. The private key is always the seed.
#[allow(clippy::needless_pass_by_value)] // the permit is used once
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
            exact("seed", seed, algorithm.seed_length())?;
            seed
        }
        None => {
            random = random_seed(algorithm.seed_length())?;
            random.expose()
        }
    };
    let public = mechanism.encapsulation_key(seed).map_err(|_| KemError::Internal)?;
    key_use.identify(|| Some(public.clone()));
    try_out(mechanism, &public, seed)?;
    encoding::write(algorithm, public, seed, request.encoding)
}

fn random_seed(length: usize) -> Result<SecretBytes, KemError> {
    let mut seed = vec![0; length];
    let drawn = rand::fill(&mut seed);
    let seed = SecretBytes::new(seed);
    drawn.map_err(|_| KemError::Internal)?;
    Ok(seed)
}

/// The pair-wise consistency check of FIPS 203 7.1: a pair that does not belong together is never handed out.
fn try_out(mechanism: &dyn Mechanism, public: &[u8], seed: &[u8]) -> Result<(), KemError> {
    let made = mechanism.encapsulate(public).map_err(|_| KemError::Internal)?;
    let key = DecapsulationKey { private: PrivatePart::Seed(seed), public: None };
    let taken = mechanism.decapsulate(&key, &made.ciphertext).map_err(|_| KemError::Internal)?;
    verify_slices_are_equal(made.shared_secret.expose(), taken.shared_secret.expose())
        .map_err(|_| KemError::Internal)
}
