//! Key encapsulation mechanisms, once from RustCrypto and once from AWS-LC.

mod aws_lc;
mod check;
mod native;
mod x_wing;

use std::fmt;

use crate::{algorithm::Kem, secret::SecretBytes};

/// The mechanisms of one library.
#[derive(Debug)]
pub struct KemTable(&'static [(Kem, &'static dyn Mechanism)]);

impl KemTable {
    /// The mechanism, if the library has it.
    pub fn mechanism(&self, kem: Kem) -> Option<&'static dyn Mechanism> {
        self.0.iter().find(|(name, _)| *name == kem).map(|(_, mechanism)| *mechanism)
    }

    /// Whether the library has the mechanism.
    pub fn offers(&self, kem: Kem) -> bool {
        self.mechanism(kem).is_some()
    }
}

/// RustCrypto.
pub static NATIVE: KemTable = KemTable(&native::MECHANISMS);

/// AWS-LC.
pub static AWS_LC: KemTable = KemTable(&aws_lc::MECHANISMS);

/// One mechanism of one library. Nothing secret is left behind on the stack or on the heap.
pub trait Mechanism: fmt::Debug + Sync {
    /// The encapsulation key that belongs to a seed (FIPS 203 algorithm 16).
    ///
    /// # Errors
    /// `Length` for a seed that has not the mechanism's own.
    fn encapsulation_key(&self, seed: &[u8]) -> Result<Vec<u8>, KemError>;

    /// A fresh shared secret for the holder of the decapsulation key (FIPS 203 7.2).
    ///
    /// # Errors
    /// `Length` and `Modulus`.
    fn encapsulate(&self, key: &[u8]) -> Result<Encapsulated, KemError>;

    /// Takes the shared secret out of a ciphertext (FIPS 203 7.3). A ciphertext that was tampered with gives another secret.
    ///
    /// # Errors
    /// `Length`, `Modulus`, `Hash` and `Mismatch`.
    fn decapsulate(&self, key: &DecapsulationKey<'_>, ciphertext: &[u8]) -> Result<Decapsulated, KemError>;

    /// [`Self::encapsulate`] with these random bytes: m of ML-KEM, eseed of X-Wing.
    #[cfg(test)]
    fn encapsulate_with(&self, key: &[u8], randomness: &[u8]) -> Result<Encapsulated, KemError>;
}

/// A shared secret and its ciphertext.
#[derive(Debug)]
pub struct Encapsulated {
    /// As long as the mechanism has it.
    pub ciphertext: Vec<u8>,
    /// 32 bytes.
    pub shared_secret: SecretBytes,
}

/// A shared secret, and the public part of the key that it was taken out with.
#[derive(Debug)]
pub struct Decapsulated {
    /// 32 bytes.
    pub shared_secret: SecretBytes,
    /// The encapsulation key, as long as the mechanism has it.
    pub encapsulation_key: Vec<u8>,
}

/// A decapsulation key as it came: with more than one part, all must belong together.
#[derive(Clone, Copy)]
pub struct DecapsulationKey<'a> {
    /// The private part.
    pub private: PrivatePart<'a>,
    /// The encapsulation key beside it.
    pub public: Option<&'a [u8]>,
}

/// The private part of a decapsulation key.
#[derive(Clone, Copy)]
pub enum PrivatePart<'a> {
    /// d and z of ML-KEM (FIPS 203 7.1), or X-Wing's decapsulation key.
    Seed(&'a [u8]),
    /// dk of ML-KEM (FIPS 203 algorithm 16).
    Expanded(&'a [u8]),
    /// The two of them (RFC 9935 6).
    Both {
        /// d and z.
        seed: &'a [u8],
        /// dk.
        expanded: &'a [u8],
    },
}

/// Why there is no shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KemError {
    /// A key, a seed or a ciphertext has not the length of FIPS 203 table 3, or X-Wing's.
    #[error("a wrong length")]
    Length,
    /// FIPS 203 7.2.
    #[error("the modulus check of an encapsulation key fails (FIPS 203 7.2)")]
    Modulus,
    /// FIPS 203 7.3.
    #[error("the hash check of a decapsulation key fails (FIPS 203 7.3)")]
    Hash,
    /// RFC 9935 8.
    #[error("the parts of a decapsulation key do not belong together (RFC 9935 8)")]
    Mismatch,
    /// Nothing that the caller sent explains it.
    #[error("the crypto library failed")]
    Failed,
}

#[cfg(test)]
mod tests;
