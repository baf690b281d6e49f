//! Do it. Every function here takes a [`crate::policy::Permit`] by value.

pub mod aead;
mod algorithm_identifier;
pub mod certificate;
pub mod hash;

use crate::{
    backend::{self, Backend},
    policy::profile::CryptoLibrary,
};

/// The tables of the library that a profile names.
pub fn backend(library: CryptoLibrary) -> &'static Backend {
    match library {
        CryptoLibrary::Native => &backend::NATIVE,
        CryptoLibrary::AwsLc => &backend::AWS_LC,
    }
}
