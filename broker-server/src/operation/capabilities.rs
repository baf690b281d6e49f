//! What this build can serve, for `policy`, which knows no crypto library.

use super::backend;
use crate::{
    backend::module,
    policy::{Capabilities, Need, Unsupported, profile::Section},
};

/// What the libraries of this build can do.
pub const CAPABILITIES: Capabilities = Capabilities { unsupported, fips: module::FIPS };

/// Hash functions, signatures and authenticated encryption are in both libraries.
fn unsupported(need: &Need<'_>) -> Option<Unsupported> {
    match need.section {
        Section::Kem(rule) if !backend(need.library).kem.offers(rule.algorithm) => Some(Unsupported {
            key: "KemAlg",
            message: format!("CryptoLibrary {} has no {}", need.library.name(), rule.algorithm.name()),
        }),
        _ => None,
    }
}
