//! The checks of the subject's and the issuer's key.

use crate::{
    algorithm::KeyType,
    policy::{
        Denial, DenialKind,
        check::CheckInput,
        collector::DenialCollector,
        facts::FactName,
        profile::{KeyConstraints, SignCertificateRule},
    },
};

/// The input of [`key_constraints`]: one of the two keys of a request, and the constraints on it.
struct KeyCheck<'a> {
    /// The name of the section in `KeyConstraints`: `Subject` or `Issuer`.
    section: &'static str,
    constraints: &'a KeyConstraints,
    fact: FactName,
    key: Option<KeyType>,
    kind: DenialKind,
}

pub(super) fn subject_key(
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let check = KeyCheck {
        section: "Subject",
        constraints: &input.rule.subject_keys,
        fact: FactName::SubjectKey,
        key: input.facts.subject_key,
        kind: DenialKind::SubjectKeyNotAllowed,
    };
    key_constraints(&check, input, collector)
}

pub(super) fn issuer_key(
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let check = KeyCheck {
        section: "Issuer",
        constraints: &input.rule.issuer_keys,
        fact: FactName::IssuerKey,
        key: input.facts.issuer_key,
        kind: DenialKind::IssuerKeyNotAllowed,
    };
    key_constraints(&check, input, collector)
}

/// Checks that a key is within its constraints.
fn key_constraints(
    check: &KeyCheck<'_>,
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let KeyCheck { section, constraints, fact, key, kind } = *check;
    let Some(key) = collector.require(fact, key)? else { return Ok(()) };
    if constraints.allows(key) {
        return Ok(());
    }
    let message = format!(
        "the {} key is {key}; profile {} allows {constraints}",
        section.to_lowercase(),
        input.profile.name
    );
    let path = format!("API.SignCertificate.KeyConstraints.{section}");
    collector.add(input.key_denial(kind, &path, constraints, key.kind(), message))
}

/// Checks that the issuer's key makes signatures of the profile's algorithm.
pub(super) fn issuer_algorithm(
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let Some(key) = collector.require(FactName::IssuerKey, input.facts.issuer_key)? else { return Ok(()) };
    if input.rule.scheme.accepts_key(key) {
        return Ok(());
    }
    let name = input.rule.scheme.name();
    let message = format!("the issuer key is {key}; profile {} signs with {name}", input.profile.name);
    let path = "API.SignCertificate.SignAlg";
    collector.add(input.denial(DenialKind::AlgorithmMismatch, path, input.rule.line, message))
}
