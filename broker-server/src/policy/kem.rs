//! The checks of `API.KEM`.

use super::{
    Denial, DenialKind, Facts, check,
    decide::{Check, Decide},
    denial::denial,
    facts::Fact,
    findings::Findings,
    permit::{Decapsulate, Encapsulate, GenerateKemKeyPair, Operation as _},
    profile::{KemRule, Profile},
};
use crate::request::{self, KemKeyKind};

impl Decide for GenerateKemKeyPair {
    const CHECKS: &'static [Check<Self>] = &[seed];

    fn facts(request: &request::GenerateKeyPair, now: i64) -> Facts<'_> {
        Facts { seed: request.seed.is_some(), ..Facts::new(now) }
    }

    fn grant(_: &Profile, _: &KemRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

impl Decide for Encapsulate {
    const CHECKS: &'static [Check<Self>] = &[key];

    fn facts(request: &request::Encapsulate, now: i64) -> Facts<'_> {
        Facts { kem_key: Some(KemKeyKind::Of(request.key.kem())), ..Facts::new(now) }
    }

    fn grant(_: &Profile, _: &KemRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

impl Decide for Decapsulate {
    const CHECKS: &'static [Check<Self>] = &[key];

    fn facts(request: &request::Decapsulate, now: i64) -> Facts<'_> {
        Facts { kem_key: Some(request.key.kind()), ..Facts::new(now) }
    }

    fn grant(_: &Profile, _: &KemRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

/// Refuses a seed that `AllowSeed` does not allow.
fn seed(profile: &Profile, rule: &KemRule, facts: &Facts<'_>, findings: &mut Findings) -> Result<(), Denial> {
    findings.add(check::seed(profile, GenerateKemKeyPair::SECTION, rule.allow_seed, rule.line, facts))
}

/// Refuses a key that cannot be one of the profile's mechanism.
fn key(profile: &Profile, rule: &KemRule, facts: &Facts<'_>, findings: &mut Findings) -> Result<(), Denial> {
    let Some(kind) = findings.known(Fact::Key, facts.kem_key)? else { return Ok(()) };
    if kind.fits(rule.algorithm) {
        return Ok(());
    }
    let message =
        format!("the key is of {kind}; profile {} encapsulates with {}", profile.name, rule.algorithm.name());
    findings.refuse(denial(profile, DenialKind::AlgorithmMismatch, "API.KEM.KemAlg", rule.line, message))
}

#[cfg(test)]
mod tests;
