//! The checks of `API.KEM`.

use super::{
    Denial, DenialKind, Facts,
    check::{self, CheckInput},
    collector::DenialCollector,
    decide::{Check, Decide},
    facts::FactName,
    permit::{Decapsulate, Encapsulate, GenerateKemKeyPair, Operation as _},
    profile::{KemRule, Profile},
};
use crate::request;

impl Decide for GenerateKemKeyPair {
    const CHECKS: &'static [Check<Self>] = &[seed];

    fn facts(request: &request::GenerateKeyPair, now: i64) -> Facts<'_> {
        Facts { has_seed: request.seed.is_some(), ..Facts::new(now) }
    }

    fn parameters(_: &Profile, _: &KemRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

impl Decide for Encapsulate {
    const CHECKS: &'static [Check<Self>] = &[key];

    fn facts(request: &request::Encapsulate, now: i64) -> Facts<'_> {
        Facts { kem_key: Some(request.key.kind()), ..Facts::new(now) }
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
fn seed(input: &CheckInput<'_, KemRule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    collector.record(check::seed(input, GenerateKemKeyPair::SECTION, input.rule.allow_seed, input.rule.line))
}

/// Checks that the key can be a key of the profile's mechanism.
fn key(input: &CheckInput<'_, KemRule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    let Some(kind) = collector.require(FactName::Key, input.facts.kem_key)? else { return Ok(()) };
    if kind.fits(input.rule.algorithm) {
        return Ok(());
    }
    let name = input.rule.algorithm.name();
    let message = format!("the key is {kind}; profile {} encapsulates with {name}", input.profile.name);
    collector.add(input.denial(DenialKind::AlgorithmMismatch, "API.KEM.KemAlg", input.rule.line, message))
}

#[cfg(test)]
mod tests;
