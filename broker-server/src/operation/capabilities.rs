//! Describes to `policy`, which depends on no crypto library, what this build can serve.

use super::backend;
use crate::{
    backend::module,
    policy::{Capabilities, Need, Unsupported, profile::Section},
};

/// The capabilities of the libraries in this build.
pub const CAPABILITIES: Capabilities = Capabilities { unsupported, fips: module::FIPS };

/// Returns why a need cannot be met. Both libraries have every hash function, signature and authenticated cipher.
fn unsupported(need: &Need<'_>) -> Option<Unsupported> {
    match need.section {
        Section::Kem(rule) if !backend(need.library).kem.offers(rule.algorithm) => Some(Unsupported {
            key: "KemAlg",
            message: format!("CryptoLibrary {} has no {}", need.library.name(), rule.algorithm.name()),
        }),
        _ => None,
    }
}
