//! Describes to `policy`, which depends on no crypto library, what this build can serve.

use super::backend;
use crate::{
    backend::module,
    policy::{Capabilities, Requirement, Unsupported, profile::Section},
};

/// The capabilities of the libraries in this build.
pub const CAPABILITIES: Capabilities = Capabilities { unsupported, fips: module::FIPS };

/// Returns why the library cannot serve the section. Both libraries have every hash function, signature and authenticated cipher.
fn unsupported(requirement: &Requirement<'_>) -> Option<Unsupported> {
    match requirement.section {
        Section::Kem(rule) if !backend(requirement.library).kem.offers(rule.algorithm) => Some(Unsupported {
            key: "KemAlg",
            message: format!("CryptoLibrary {} has no {}", requirement.library.name(), rule.algorithm.name()),
        }),
        _ => None,
    }
}
