//! Key encapsulation mechanisms from RustCrypto and from AWS-LC.

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
    /// Returns the mechanism, if the library has it.
    pub fn mechanism(&self, kem: Kem) -> Option<&'static dyn Mechanism> {
        self.0.iter().find(|(name, _)| *name == kem).map(|(_, mechanism)| *mechanism)
    }

    /// Reports whether the library has the mechanism.
    pub fn offers(&self, kem: Kem) -> bool {
        self.mechanism(kem).is_some()
    }
}

/// RustCrypto.
pub static NATIVE: KemTable = KemTable(&native::MECHANISMS);

/// AWS-LC.
pub static AWS_LC: KemTable = KemTable(&aws_lc::MECHANISMS);

/// One mechanism of one library. Implementations leave no secrets on the stack or on the heap.
pub trait Mechanism: fmt::Debug + Sync {
    /// Derives the encapsulation key from a seed (FIPS 203 algorithm 16).
    ///
    /// # Errors
    /// Fails with `Length` if the seed does not have the mechanism's length.
    fn encapsulation_key(&self, seed: &[u8]) -> Result<Vec<u8>, KemError>;

    /// Generates a shared secret and encapsulates it for the holder of the decapsulation key (FIPS 203 7.2).
    ///
    /// # Errors
    /// Fails with `Length` or `Modulus`.
    fn encapsulate(&self, key: &[u8]) -> Result<Encapsulated, KemError>;

    /// Decapsulates the shared secret in a ciphertext (FIPS 203 7.3). A tampered ciphertext yields another secret.
    ///
    /// # Errors
    /// Fails with `Length`, `Modulus`, `Hash` or `Mismatch`.
    fn decapsulate(&self, key: &DecapsulationKey<'_>, ciphertext: &[u8]) -> Result<Decapsulated, KemError>;

    /// Encapsulates with the given random bytes: m of ML-KEM, eseed of X-Wing.
    #[cfg(test)]
    fn encapsulate_with(&self, key: &[u8], randomness: &[u8]) -> Result<Encapsulated, KemError>;
}

/// A shared secret and its ciphertext.
#[derive(Debug)]
pub struct Encapsulated {
    /// The ciphertext; it has the mechanism's length.
    pub ciphertext: Vec<u8>,
    /// The shared secret of 32 bytes.
    pub shared_secret: SecretBytes,
}

/// A shared secret and the public part of the key that decapsulated it.
#[derive(Debug)]
pub struct Decapsulated {
    /// The shared secret of 32 bytes.
    pub shared_secret: SecretBytes,
    /// The encapsulation key; it has the mechanism's length.
    pub encapsulation_key: Vec<u8>,
}

/// A decapsulation key as the caller sent it. All its parts must match.
#[derive(Clone, Copy)]
pub struct DecapsulationKey<'a> {
    /// The private part.
    pub private: PrivatePart<'a>,
    /// The encapsulation key, if the caller sent it with the private part.
    pub public: Option<&'a [u8]>,
}

/// The private part of a decapsulation key.
#[derive(Clone, Copy)]
pub enum PrivatePart<'a> {
    /// d and z of ML-KEM (FIPS 203 7.1), or X-Wing's decapsulation key.
    Seed(&'a [u8]),
    /// dk of ML-KEM (FIPS 203 algorithm 16).
    Expanded(&'a [u8]),
    /// Both forms (RFC 9935 6).
    Both {
        /// d and z.
        seed: &'a [u8],
        /// dk.
        expanded: &'a [u8],
    },
}

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KemError {
    /// A key, a seed or a ciphertext does not have the length of FIPS 203 table 3, or X-Wing's.
    #[error("a key, seed or ciphertext has the wrong length")]
    Length,
    /// An encapsulation key fails the modulus check of FIPS 203 7.2.
    #[error("an encapsulation key fails the modulus check (FIPS 203 7.2)")]
    Modulus,
    /// A decapsulation key fails the hash check of FIPS 203 7.3.
    #[error("a decapsulation key fails the hash check (FIPS 203 7.3)")]
    Hash,
    /// The parts of a decapsulation key do not match (RFC 9935 8).
    #[error("the parts of a decapsulation key do not belong together (RFC 9935 8)")]
    Mismatch,
    /// The crypto library failed for a reason that the caller did not cause.
    #[error("the crypto library failed")]
    Failed,
}

#[cfg(test)]
mod tests;
