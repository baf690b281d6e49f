//! X-Wing (draft-connolly-cfrg-xwing-kem-10) composed of AWS-LC's ML-KEM-768, X25519, SHAKE256 and SHA3-256. Names are the
//! draft's: `_M` denotes ML-KEM's part, `_X` X25519's. The construction has not changed since draft 06, which the `x-wing`
//! crate implements.

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::{Decapsulated, DecapsulationKey, Encapsulated, KemError, Mechanism, PrivatePart};
use crate::{
    algorithm::{Kem, MlKem},
    backend::evp,
    secret::SecretBytes,
};

const ML_KEM: MlKem = MlKem::MlKem768;
/// XWingLabel (5.3).
const LABEL: &[u8; 6] = br"\.//^\";

#[derive(Debug)]
pub(super) struct XWing;

impl Mechanism for XWing {
    fn encapsulation_key(&self, seed: &[u8]) -> Result<Vec<u8>, KemError> {
        let key = expand(seed)?;
        let (seed_m, sk_x) = parts(&key)?;
        let mut public = ML_KEM.encapsulation_key(seed_m)?;
        public.extend_from_slice(&evp::x25519_public(sk_x));
        Ok(public)
    }

    fn encapsulate(&self, key: &[u8]) -> Result<Encapsulated, KemError> {
        let (pk_m, pk_x) = parts(key)?;
        let mut ek_x = Zeroizing::new([0; 32]);
        rand::fill(&mut *ek_x).map_err(|_| KemError::Failed)?;
        encapsulate(ML_KEM.encapsulate(pk_m)?, &ek_x, pk_x)
    }

    fn decapsulate(&self, key: &DecapsulationKey<'_>, ciphertext: &[u8]) -> Result<Decapsulated, KemError> {
        // The expanded form must not be exchanged, and the seed must have no public part (5.5.1, 5.8.2).
        let DecapsulationKey { private: PrivatePart::Seed(seed), public: None } = *key else {
            return Err(KemError::Length);
        };
        let (ct_m, ct_x) = parts(ciphertext)?;
        let key = expand(seed)?;
        let (seed_m, sk_x) = parts(&key)?;
        let m = ML_KEM
            .decapsulate(&DecapsulationKey { private: PrivatePart::Seed(seed_m), public: None }, ct_m)?;
        let pk_x = evp::x25519_public(sk_x);
        let shared_secret = combine(&m.shared_secret, &evp::x25519(sk_x, ct_x), ct_x, &pk_x);
        let mut encapsulation_key = m.encapsulation_key;
        encapsulation_key.extend_from_slice(&pk_x);
        Ok(Decapsulated { shared_secret, encapsulation_key })
    }

    #[cfg(test)]
    fn encapsulate_with(&self, key: &[u8], randomness: &[u8]) -> Result<Encapsulated, KemError> {
        let (pk_m, pk_x) = parts(key)?;
        let (m, ek_x) = parts(randomness)?;
        encapsulate(ML_KEM.encapsulate_with(pk_m, m)?, ek_x, pk_x)
    }
}

/// Expands a seed to d, z and sk_X (expandDecapsulationKey, 5.2).
fn expand(seed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KemError> {
    if seed.len() != Kem::XWing.seed_length() {
        return Err(KemError::Length);
    }
    let mut expanded = Zeroizing::new(vec![0; 96]);
    evp::shake256(seed, &mut expanded);
    Ok(expanded)
}

/// Splits a key, ciphertext or seed into ML-KEM's part and X25519's, which is the last 32 bytes.
fn parts(bytes: &[u8]) -> Result<(&[u8], &[u8; 32]), KemError> {
    bytes.split_last_chunk().ok_or(KemError::Length)
}

/// Completes Encapsulate (5.4) after ML-KEM's part.
fn encapsulate(m: Encapsulated, ek_x: &[u8; 32], pk_x: &[u8; 32]) -> Result<Encapsulated, KemError> {
    let ct_x = evp::x25519_public(ek_x);
    let shared_secret = combine(&m.shared_secret, &evp::x25519(ek_x, pk_x), &ct_x, pk_x);
    let mut ciphertext = m.ciphertext;
    ciphertext.extend_from_slice(&ct_x);
    Ok(Encapsulated { ciphertext, shared_secret })
}

/// Combines both shared secrets (Combiner, 5.3).
fn combine(ss_m: &SecretBytes, ss_x: &SecretBytes, ct_x: &[u8; 32], pk_x: &[u8; 32]) -> SecretBytes {
    let parts: [&[u8]; 5] = [ss_m.expose(), ss_x.expose(), ct_x, pk_x, LABEL];
    let mut input = Zeroizing::new(Vec::with_capacity(4 * 32 + LABEL.len()));
    for part in parts {
        input.extend_from_slice(part);
    }
    evp::sha3_256(&input)
}
