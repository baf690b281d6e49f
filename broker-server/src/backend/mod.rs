//! Crypto libraries as tables of primitives. Knows nothing of profiles, messages or runtimes.

pub mod composite;
pub mod evp;
pub mod hash;

/// The tables of one crypto library.
#[derive(Clone, Copy, Debug)]
pub struct Backend {
    /// Hash functions.
    pub hash: &'static hash::HashTable,
}

/// `CryptoLibrary: native`.
pub static NATIVE: Backend = Backend { hash: &hash::NATIVE };

/// `CryptoLibrary: aws-lc`.
pub static AWS_LC: Backend = Backend { hash: &hash::AWS_LC };
