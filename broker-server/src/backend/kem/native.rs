//! The mechanisms of RustCrypto's crates `ml-kem` and `x-wing`.

use std::{convert::Infallible, fmt, marker::PhantomData};

use aws_lc_rs::rand;
use ml_kem::{
    MlKem512, MlKem768, MlKem1024,
    kem::{
        self, Decapsulate, Decapsulator as _, Encapsulate as _, InvalidKey, KeyExport as _, KeyInit,
        TryKeyInit as _, common::rand_core,
    },
    ml_kem_512, ml_kem_768, ml_kem_1024,
};
use x_wing::XWingKem;
use zeroize::{Zeroize as _, Zeroizing};

use super::{Decapsulated, DecapsulationKey, Encapsulated, KemError, Mechanism, PrivatePart, check};
use crate::{
    algorithm::{Kem, MlKem},
    secret::SecretBytes,
};

pub(super) static MECHANISMS: [(Kem, &dyn Mechanism); 4] = [
    (Kem::MlKem(MlKem::MlKem512), &Native::<MlKem512>::new()),
    (Kem::MlKem(MlKem::MlKem768), &Native::<MlKem768>::new()),
    (Kem::MlKem(MlKem::MlKem1024), &Native::<MlKem1024>::new()),
    (Kem::XWing, &Native::<XWingKem>::new()),
];

/// The mechanism `K` of the crates.
struct Native<K>(PhantomData<K>);

impl<K> Native<K> {
    const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<K> fmt::Debug for Native<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Native")
    }
}

impl<K> Mechanism for Native<K>
where
    K: kem::Kem,
    K::DecapsulationKey: Decapsulate<Kem = K> + KeyInit + Expanded,
{
    fn encapsulation_key(&self, seed: &[u8]) -> Result<Vec<u8>, KemError> {
        Ok(from_seed::<K>(seed)?.encapsulation_key().to_bytes().to_vec())
    }

    fn encapsulate(&self, key: &[u8]) -> Result<Encapsulated, KemError> {
        // The length of eseed of X-Wing, the largest amount that a mechanism requires.
        let mut randomness = Zeroizing::new([0; 64]);
        rand::fill(&mut *randomness).map_err(|_| KemError::Failed)?;
        encapsulate::<K>(key, &*randomness)
    }

    fn decapsulate(&self, key: &DecapsulationKey<'_>, ciphertext: &[u8]) -> Result<Decapsulated, KemError> {
        let ciphertext = ciphertext.try_into().map_err(|_| KemError::Length)?;
        let private = private_key::<K>(key.private)?;
        let encapsulation_key = private.encapsulation_key().to_bytes().to_vec();
        if key.public.is_some_and(|stated| stated != encapsulation_key) {
            return Err(KemError::Mismatch);
        }
        let mut secret = private.decapsulate(&ciphertext);
        let shared_secret = SecretBytes::new(secret.to_vec());
        secret.as_mut_slice().zeroize();
        Ok(Decapsulated { shared_secret, encapsulation_key })
    }

    #[cfg(test)]
    fn encapsulate_with(&self, key: &[u8], randomness: &[u8]) -> Result<Encapsulated, KemError> {
        encapsulate::<K>(key, randomness)
    }
}

/// Loads a key. Fails with `Mismatch` if its private parts do not match.
fn private_key<K>(private: PrivatePart<'_>) -> Result<K::DecapsulationKey, KemError>
where
    K: kem::Kem,
    K::DecapsulationKey: KeyInit + Expanded,
{
    match private {
        PrivatePart::Seed(seed) => from_seed::<K>(seed),
        PrivatePart::Expanded(expanded) => K::DecapsulationKey::from_expanded(expanded),
        PrivatePart::Both { seed, expanded } => {
            let key = from_seed::<K>(seed)?;
            if check::equal(&key.to_expanded()?, expanded) { Ok(key) } else { Err(KemError::Mismatch) }
        }
    }
}

fn from_seed<K>(seed: &[u8]) -> Result<K::DecapsulationKey, KemError>
where
    K: kem::Kem,
    K::DecapsulationKey: KeyInit,
{
    K::DecapsulationKey::new_from_slice(seed).map_err(|_| KemError::Length)
}

fn encapsulate<K: kem::Kem>(key: &[u8], randomness: &[u8]) -> Result<Encapsulated, KemError> {
    let key = key.try_into().map_err(|_| KemError::Length)?;
    // The only check of the crates on a key of the right length is that of the modulus.
    let key = K::EncapsulationKey::new(key).map_err(|InvalidKey| KemError::Modulus)?;
    let (ciphertext, mut secret) = key.encapsulate_with_rng(&mut Pregenerated(randomness));
    let shared_secret = SecretBytes::new(secret.to_vec());
    secret.as_mut_slice().zeroize();
    Ok(Encapsulated { ciphertext: ciphertext.to_vec(), shared_secret })
}

/// Random bytes generated in advance. The system's generator can fail, but the crates require one that cannot.
struct Pregenerated<'a>(&'a [u8]);

impl rand_core::TryRng for Pregenerated<'_> {
    type Error = Infallible;

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        let (next, rest) = self.0.split_at(bytes.len());
        bytes.copy_from_slice(next);
        self.0 = rest;
        Ok(())
    }

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

impl rand_core::TryCryptoRng for Pregenerated<'_> {}

/// A decapsulation key that can have an expanded form.
trait Expanded: Sized {
    fn from_expanded(expanded: &[u8]) -> Result<Self, KemError>;
    fn to_expanded(&self) -> Result<Zeroizing<Vec<u8>>, KemError>;
}

/// Implements [`Expanded`]. The crate deprecates the form in favor of seeds, but callers still have such keys (RFC 9935 6).
macro_rules! expanded {
    ($($key:ty),+) => {$(
        #[allow(deprecated)]
        impl Expanded for $key {
            fn from_expanded(expanded: &[u8]) -> Result<Self, KemError> {
                let key = expanded.try_into().map_err(|_| KemError::Length)?;
                check::modulus(check::encapsulation_key(expanded)?)?;
                ml_kem::ExpandedKeyEncoding::from_expanded_bytes(key).map_err(|InvalidKey| KemError::Hash)
            }

            fn to_expanded(&self) -> Result<Zeroizing<Vec<u8>>, KemError> {
                let mut expanded = ml_kem::ExpandedKeyEncoding::to_expanded_bytes(self);
                let copy = Zeroizing::new(expanded.to_vec());
                expanded.as_mut_slice().zeroize();
                Ok(copy)
            }
        }
    )+};
}

expanded!(ml_kem_512::DecapsulationKey, ml_kem_768::DecapsulationKey, ml_kem_1024::DecapsulationKey);

impl Expanded for x_wing::DecapsulationKey {
    /// Rejects the expanded form, which must not be exchanged (draft-connolly-cfrg-xwing-kem 5.5.1).
    fn from_expanded(_expanded: &[u8]) -> Result<Self, KemError> {
        Err(KemError::Length)
    }

    fn to_expanded(&self) -> Result<Zeroizing<Vec<u8>>, KemError> {
        Err(KemError::Length)
    }
}
