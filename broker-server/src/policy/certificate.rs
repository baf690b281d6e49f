//! The checks of `SignCertificate`.

use super::{
    CaFacts, Denial, DenialKind, Facts,
    check::CheckInput,
    collector::DenialCollector,
    decide::{Check, Decide},
    facts::FactName,
    names,
    permit::{CertificateParameters, SignCertificate},
    profile::{KeyConstraints, KeyUsage, Profile, SignCertificateRule},
};
use crate::{algorithm::KeyType, duration, request};

impl Decide for SignCertificate {
    const CHECKS: &'static [Check<Self>] =
        &[subject_key, issuer_key, issuer_algorithm, validity, names::names, issuer_checks];

    fn facts(request: &request::SignCertificate, now: i64) -> Facts<'_> {
        Facts {
            subject_key: Some(request.csr.key_type()),
            issuer_key: Some(request.issuer_key.key_type()),
            ca: Some(CaFacts::from(&request.ca_certificate)),
            names: Some(request.csr.subject_alternative_names()),
            not_before: request.not_before,
            not_after: request.not_after,
            ..Facts::new(now)
        }
    }

    fn parameters(
        _: &Profile,
        rule: &SignCertificateRule,
        facts: &Facts<'_>,
    ) -> Result<CertificateParameters, Denial> {
        let (not_before, not_after) = effective_validity(rule, facts);
        Ok(CertificateParameters { not_before, not_after, scheme: rule.scheme })
    }
}

/// Returns notBefore and notAfter in Unix seconds. A time that the request leaves out is the edge of the window.
fn effective_validity(rule: &SignCertificateRule, facts: &Facts<'_>) -> (i64, i64) {
    let (first, last) = window(rule, facts.now);
    (facts.not_before.unwrap_or(first), facts.not_after.unwrap_or(last))
}

/// Returns the first and the last second that the profile allows, in Unix seconds.
fn window(rule: &SignCertificateRule, now: i64) -> (i64, i64) {
    (now.saturating_add(rule.not_before_offset), now.saturating_add(rule.not_after_offset))
}

/// The input of [`key_constraints`]: one of the two keys of a request, and the constraints on it.
struct KeyCheck<'a> {
    /// The name of the section in `KeyConstraints`: `Subject` or `Issuer`.
    section: &'static str,
    constraints: &'a KeyConstraints,
    fact: FactName,
    key: Option<KeyType>,
    kind: DenialKind,
}

fn subject_key(
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

fn issuer_key(
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
fn issuer_algorithm(
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

/// Checks that the requested times are inside the window.
fn validity(
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let CheckInput { profile, rule, facts } = input;
    let (first, last) = window(rule, facts.now);
    for (name, requested) in [("notBefore", facts.not_before), ("notAfter", facts.not_after)] {
        let Some(requested) = requested else { continue };
        // The denial names the edge that the request crosses.
        let key = match (requested < first, requested > last) {
            (true, _) => "ValidNotBeforeOffset",
            (_, true) => "ValidNotAfterOffset",
            _ => continue,
        };
        let message = format!(
            "the requested {name} is {}; profile {} allows {} to {} (now {} to {})",
            timestamp(requested),
            profile.name,
            timestamp(first),
            timestamp(last),
            signed_duration(rule.not_before_offset),
            signed_duration(rule.not_after_offset),
        );
        let path = format!("API.SignCertificate.Validity.{key}");
        collector.add(input.denial(DenialKind::ValidityNotAllowed, &path, rule.validity_line, message))?;
    }
    Ok(())
}

/// Checks that the CA certificate may issue certificates (RFC 5280 4.2.1.3 and 4.2.1.9) and that the validity
/// is within the validity of the CA certificate.
fn issuer_checks(
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let CheckInput { profile, rule, facts } = input;
    let checks = rule.issuer_checks;
    if !checks.require_ca && !checks.nest_validity {
        return Ok(());
    }
    let Some(ca) = collector.require(FactName::CaCertificate, facts.ca)? else { return Ok(()) };
    let mut deny = |key: &str, message: String| {
        let path = format!("API.SignCertificate.IssuerChecks.{key}");
        collector.add(input.denial(DenialKind::IssuerNotAllowed, &path, checks.line, message))
    };
    if checks.require_ca {
        for message in ca_violations(profile, rule, ca) {
            deny("RequireCA", message)?;
        }
    }
    if checks.nest_validity {
        let (not_before, not_after) = effective_validity(rule, facts);
        if not_before < ca.not_before || not_after > ca.not_after {
            deny(
                "NestValidity",
                format!(
                    "the certificate would be valid from {} to {}; profile {} requires that to be within the validity of \
                     the CA certificate, {} to {}: request not_before and not_after within it",
                    timestamp(not_before),
                    timestamp(not_after),
                    profile.name,
                    timestamp(ca.not_before),
                    timestamp(ca.not_after),
                ),
            )?;
        }
    }
    Ok(())
}

/// Returns a message for each requirement of `RequireCA` that the CA certificate does not meet.
fn ca_violations(profile: &Profile, rule: &SignCertificateRule, ca: CaFacts) -> Vec<String> {
    let mut violations = Vec::new();
    if !ca.is_ca {
        violations.push(format!(
            "the CA certificate is not a CA: its basicConstraints do not assert cA; profile {} requires a CA",
            profile.name
        ));
    }
    if ca.key_usage.is_some_and(|bits| !KeyUsage(bits).has(KeyUsage::KEY_CERT_SIGN)) {
        violations.push(format!(
            "the CA certificate's keyUsage lacks keyCertSign; profile {} requires it",
            profile.name
        ));
    }
    if rule.basic_constraints.ca
        && let Some(limit) = ca.path_len
    {
        match rule.basic_constraints.path_len {
            _ if limit == 0 => violations.push(format!(
                "the CA certificate's path length is 0, so it may not issue CA certificates; profile {} issues them",
                profile.name
            )),
            Some(path_len) if path_len >= limit => violations.push(format!(
                "the CA certificate's path length is {limit}; profile {} issues CA certificates of path length \
                 {path_len}, which must be smaller",
                profile.name
            )),
            _ => {}
        }
    }
    violations
}

/// Formats a time as in RFC 3339 in UTC, or as a number where it is outside the calendar.
fn timestamp(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |timestamp| timestamp.to_string())
}

/// Formats a duration with its sign, such as `-1h` or `+24h`.
fn signed_duration(seconds: i64) -> String {
    let sign = if seconds < 0 { "" } else { "+" };
    format!("{sign}{}", duration::print(seconds))
}
