//! The checks of `API.KEM`.

use super::{
    Denial, DenialKind, Facts,
    check::{self, Case},
    decide::{Check, Decide},
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

    fn parameters(_: &Profile, _: &KemRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

impl Decide for Encapsulate {
    const CHECKS: &'static [Check<Self>] = &[key];

    fn facts(request: &request::Encapsulate, now: i64) -> Facts<'_> {
        Facts { kem_key: Some(KemKeyKind::Of(request.key.kem())), ..Facts::new(now) }
    }

    fn parameters(_: &Profile, _: &KemRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

impl Decide for Decapsulate {
    const CHECKS: &'static [Check<Self>] = &[key];

    fn facts(request: &request::Decapsulate, now: i64) -> Facts<'_> {
        Facts { kem_key: Some(request.key.kind()), ..Facts::new(now) }
    }

    fn parameters(_: &Profile, _: &KemRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

/// Checks that the request has no seed, unless `AllowSeed` allows one.
fn seed(case: &Case<'_, KemRule>, findings: &mut Findings) -> Result<(), Denial> {
    findings.record(check::seed(case, GenerateKemKeyPair::SECTION, case.rule.allow_seed, case.rule.line))
}

/// Checks that the key can be a key of the profile's mechanism.
fn key(case: &Case<'_, KemRule>, findings: &mut Findings) -> Result<(), Denial> {
    let Some(kind) = findings.require(Fact::Key, case.facts.kem_key)? else { return Ok(()) };
    if kind.fits(case.rule.algorithm) {
        return Ok(());
    }
    let name = case.rule.algorithm.name();
    let message = format!("the key is for {kind}; profile {} encapsulates with {name}", case.profile.name);
    findings.deny(case.denial(DenialKind::AlgorithmMismatch, "API.KEM.KemAlg", case.rule.line, message))
}

#[cfg(test)]
mod tests;
