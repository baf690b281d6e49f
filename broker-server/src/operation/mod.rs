//! Carries out permitted requests. Every operation takes a [`crate::policy::Permit`] by value.

pub mod aead;
mod algorithm_identifier;
mod capabilities;
pub mod certificate;
pub mod groth16;
pub mod hash;
pub mod kem;
mod pem_text;
pub mod signature;

use crate::{
    backend::{self, Backend},
    policy::profile::CryptoLibrary,
};
pub use algorithm_identifier::algorithm_identifier;
pub use capabilities::CAPABILITIES;

/// Returns the primitives of the library that a profile selects.
pub fn backend(library: CryptoLibrary) -> &'static Backend {
    match library {
        CryptoLibrary::Native => &backend::NATIVE,
        CryptoLibrary::AwsLc => &backend::AWS_LC,
    }
}
