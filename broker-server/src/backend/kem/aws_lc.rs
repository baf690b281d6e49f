//! AWS-LC's ML-KEM, and X-Wing composed of AWS-LC's primitives.

use super::{
    Decapsulated, DecapsulationKey, Encapsulated, KemError, Mechanism, PrivatePart, check, x_wing::XWing,
};
use crate::{
    algorithm::{Kem, MlKem},
    backend::evp::{EvpError, KemKey},
    secret::SecretBytes,
};

pub(super) static MECHANISMS: [(Kem, &dyn Mechanism); 4] = [
    (Kem::MlKem(MlKem::MlKem512), &MlKem::MlKem512),
    (Kem::MlKem(MlKem::MlKem768), &MlKem::MlKem768),
    (Kem::MlKem(MlKem::MlKem1024), &MlKem::MlKem1024),
    (Kem::XWing, &XWing),
];

impl Mechanism for MlKem {
    fn encapsulation_key(&self, seed: &[u8]) -> Result<Vec<u8>, KemError> {
        Ok(from_seed(*self, seed)?.encapsulation_key()?)
    }

    fn encapsulate(&self, key: &[u8]) -> Result<Encapsulated, KemError> {
        encapsulated(public_key(*self, key)?.encapsulate())
    }

    fn decapsulate(&self, key: &DecapsulationKey<'_>, ciphertext: &[u8]) -> Result<Decapsulated, KemError> {
        check_length(ciphertext, self.ciphertext_length())?;
        let private = private_key(*self, key.private)?;
        let encapsulation_key = match key.private {
            PrivatePart::Expanded(expanded) => check::encapsulation_key(expanded)?.to_vec(),
            PrivatePart::Seed(_) | PrivatePart::Both { .. } => private.encapsulation_key()?,
        };
        if key.public.is_some_and(|stated| stated != encapsulation_key) {
            return Err(KemError::Mismatch);
        }
        // The only check of the library on a key of the right length is that of the hash.
        let shared_secret =
            private.decapsulate(ciphertext).map_err(|error| classify(error, KemError::Hash))?;
        Ok(Decapsulated { shared_secret, encapsulation_key })
    }

    #[cfg(test)]
    fn encapsulate_with(&self, key: &[u8], randomness: &[u8]) -> Result<Encapsulated, KemError> {
        encapsulated(public_key(*self, key)?.encapsulate_with(randomness))
    }
}

fn from_seed(set: MlKem, seed: &[u8]) -> Result<KemKey, KemError> {
    check_length(seed, Kem::MlKem(set).seed_length())?;
    Ok(KemKey::from_seed(set, seed)?)
}

fn public_key(set: MlKem, key: &[u8]) -> Result<KemKey, KemError> {
    check_length(key, set.encapsulation_key_length())?;
    Ok(KemKey::from_public(set, key)?)
}

/// Loads a key. Fails with `Mismatch` if its private parts do not match.
fn private_key(set: MlKem, private: PrivatePart<'_>) -> Result<KemKey, KemError> {
    match private {
        PrivatePart::Seed(seed) => from_seed(set, seed),
        PrivatePart::Expanded(expanded) => {
            check_length(expanded, set.decapsulation_key_length())?;
            check::modulus(check::encapsulation_key(expanded)?)?;
            Ok(KemKey::from_expanded(set, expanded)?)
        }
        PrivatePart::Both { seed, expanded } => {
            let key = from_seed(set, seed)?;
            if check::equal(key.expanded()?.expose(), expanded) { Ok(key) } else { Err(KemError::Mismatch) }
        }
    }
}

/// Converts a result. The only check of the library on a key of the right length is that of the modulus.
fn encapsulated(result: Result<(Vec<u8>, SecretBytes), EvpError>) -> Result<Encapsulated, KemError> {
    let (ciphertext, shared_secret) = result.map_err(|error| classify(error, KemError::Modulus))?;
    Ok(Encapsulated { ciphertext, shared_secret })
}

fn check_length(bytes: &[u8], expected: usize) -> Result<(), KemError> {
    if bytes.len() == expected { Ok(()) } else { Err(KemError::Length) }
}

/// Returns `fault` for an error that the caller's input caused.
fn classify(error: EvpError, fault: KemError) -> KemError {
    if error == EvpError::BadKey { fault } else { KemError::Failed }
}

impl From<EvpError> for KemError {
    fn from(_: EvpError) -> Self {
        Self::Failed
    }
}
