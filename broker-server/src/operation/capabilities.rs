//! What this build can serve, for `policy`, which knows no crypto library.

use super::backend;
use crate::policy::{
    Capabilities, Need, Objection,
    profile::{Section, SigningMode},
};

/// What the libraries of this build can do.
pub const CAPABILITIES: Capabilities = Capabilities { objection };

/// Hash functions, signatures and authenticated encryption are in both libraries; the composite signatures of the mode
/// `hybrid` are in none.
fn objection(need: &Need<'_>) -> Option<Objection> {
    match need.section {
        Section::SignData(rule) if rule.mode == SigningMode::Hybrid => Some(Objection {
            key: "SigningMode",
            message: "composite signatures are not served by this build; set `legacy` or `post-quantum`"
                .into(),
        }),
        Section::Kem(rule) if !backend(need.library).kem.offers(rule.algorithm) => Some(Objection {
            key: "KemAlg",
            message: format!("CryptoLibrary {} has no {}", need.library.name(), rule.algorithm.name()),
        }),
        _ => None,
    }
}
