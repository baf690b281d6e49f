//! Crypto libraries as tables of primitives, independent of profiles, messages and runtimes.

pub mod aead;
pub mod composite;
pub mod evp;
pub mod hash;
pub mod kem;
pub mod module;

/// The primitives of one crypto library.
#[derive(Clone, Copy, Debug)]
pub struct Backend {
    /// Hash functions.
    pub hash: &'static hash::HashTable,
    /// Authenticated ciphers.
    pub aead: &'static aead::AeadTable,
    /// Key encapsulation mechanisms.
    pub kem: &'static kem::KemTable,
}

/// `CryptoLibrary: native`.
pub static NATIVE: Backend = Backend { hash: &hash::NATIVE, aead: &aead::AWS_LC, kem: &kem::NATIVE };

/// `CryptoLibrary: aws-lc`.
pub static AWS_LC: Backend = Backend { hash: &hash::AWS_LC, aead: &aead::AWS_LC, kem: &kem::AWS_LC };
