//! The checks of `API.KEM`.

use super::{
    Denial, DenialKind,
    denial::denial,
    profile::{KemRule, Profile},
};
use crate::request::KemKeyKind;

/// Whether the key can be one of the profile's mechanism.
pub(super) fn key(profile: &Profile, rule: &KemRule, kind: KemKeyKind) -> Result<(), Denial> {
    if kind.fits(rule.algorithm) {
        return Ok(());
    }
    let message =
        format!("the key is of {kind}; profile {} encapsulates with {}", profile.name, rule.algorithm.name());
    Err(denial(profile, DenialKind::AlgorithmMismatch, "API.KEM.KemAlg", rule.line, message))
}

#[cfg(test)]
mod tests;
