//! The checks of `SignCertificate`.

use super::{
    CaFacts, Denial, DenialKind, Facts,
    decide::{Check, Decide},
    denial::denial,
    facts::Fact,
    findings::Findings,
    permit::{CertificateGrant, SignCertificate},
    profile::{KeyConstraints, KeyUsage, Profile, SignCertificateRule},
};
use crate::{algorithm::KeyType, duration, request};

impl Decide for SignCertificate {
    const CHECKS: &'static [Check<Self>] =
        &[subject_key, issuer_key, issuer_fits, validity, super::names::names, issuer_checks];

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

    fn grant(_: &Profile, rule: &SignCertificateRule, facts: &Facts<'_>) -> Result<CertificateGrant, Denial> {
        let (not_before, not_after) = granted(rule, facts);
        Ok(CertificateGrant { not_before, not_after, scheme: rule.scheme })
    }
}

/// Returns notBefore and notAfter in Unix seconds: what was asked for, else the window's edges.
fn granted(rule: &SignCertificateRule, facts: &Facts<'_>) -> (i64, i64) {
    let (first, last) = window(rule, facts.now);
    (facts.not_before.unwrap_or(first), facts.not_after.unwrap_or(last))
}

fn window(rule: &SignCertificateRule, now: i64) -> (i64, i64) {
    (now.saturating_add(rule.not_before_offset), now.saturating_add(rule.not_after_offset))
}

fn subject_key(
    profile: &Profile,
    rule: &SignCertificateRule,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Result<(), Denial> {
    let Some(key) = findings.known(Fact::SubjectKey, facts.subject_key)? else { return Ok(()) };
    let kind = DenialKind::SubjectKeyNotAllowed;
    findings.add(key_within(profile, &rule.subject_keys, key, "Subject", kind))
}

fn issuer_key(
    profile: &Profile,
    rule: &SignCertificateRule,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Result<(), Denial> {
    let Some(key) = findings.known(Fact::IssuerKey, facts.issuer_key)? else { return Ok(()) };
    findings.add(key_within(profile, &rule.issuer_keys, key, "Issuer", DenialKind::IssuerKeyNotAllowed))
}

fn key_within(
    profile: &Profile,
    constraints: &KeyConstraints,
    key: KeyType,
    side: &str,
    kind: DenialKind,
) -> Result<(), Denial> {
    if constraints.allow(key) {
        return Ok(());
    }
    let entry = match key {
        KeyType::Rsa { .. } => constraints.rsa.map(|range| (".RSA", range.line)),
        KeyType::Ec(_) => constraints.ecdsa.map(|range| (".ECDSA", range.line)),
        KeyType::Ed25519 | KeyType::MlDsa(_) => None,
    };
    let (suffix, line) = entry.unwrap_or(("", constraints.line));
    let path = format!("API.SignCertificate.KeyConstraints.{side}{suffix}");
    let message =
        format!("the {} key is {key}; profile {} allows {constraints}", side.to_lowercase(), profile.name);
    Err(denial(profile, kind, &path, line, message))
}

fn issuer_fits(
    profile: &Profile,
    rule: &SignCertificateRule,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Result<(), Denial> {
    let Some(key) = findings.known(Fact::IssuerKey, facts.issuer_key)? else { return Ok(()) };
    if rule.scheme.fits(key) {
        return Ok(());
    }
    let name = rule.scheme.name();
    let message = format!("the issuer key is {key}; profile {} signs with {name}", profile.name);
    let path = "API.SignCertificate.SignAlg";
    findings.refuse(denial(profile, DenialKind::AlgorithmMismatch, path, rule.line, message))
}

fn validity(
    profile: &Profile,
    rule: &SignCertificateRule,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Result<(), Denial> {
    let (first, last) = window(rule, facts.now);
    for (name, wanted) in [("notBefore", facts.not_before), ("notAfter", facts.not_after)] {
        let Some(wanted) = wanted else { continue };
        // The edge that was crossed is the rule at fault.
        let key = match (wanted < first, wanted > last) {
            (true, _) => "ValidNotBeforeOffset",
            (_, true) => "ValidNotAfterOffset",
            _ => continue,
        };
        let message = format!(
            "the {name} asked for is {}; profile {} allows {} to {} (now {} to {})",
            instant(wanted),
            profile.name,
            instant(first),
            instant(last),
            offset(rule.not_before_offset),
            offset(rule.not_after_offset),
        );
        let path = format!("API.SignCertificate.Validity.{key}");
        let kind = DenialKind::ValidityNotAllowed;
        findings.refuse(denial(profile, kind, &path, rule.validity_line, message))?;
    }
    Ok(())
}

/// Checks what RFC 5280 4.2.1.3 and 4.2.1.9 require of a certificate that signs certificates, and that the validity lies
/// inside the CA's.
fn issuer_checks(
    profile: &Profile,
    rule: &SignCertificateRule,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Result<(), Denial> {
    let checks = rule.issuer_checks;
    if !checks.require_ca && !checks.nest_validity {
        return Ok(());
    }
    let Some(ca) = findings.known(Fact::CaCertificate, facts.ca)? else { return Ok(()) };
    let mut refuse = |key: &str, message: String| {
        let path = format!("API.SignCertificate.IssuerChecks.{key}");
        findings.refuse(denial(profile, DenialKind::IssuerNotAllowed, &path, checks.line, message))
    };
    if checks.require_ca {
        for message in may_issue(profile, rule, ca) {
            refuse("RequireCA", message)?;
        }
    }
    if checks.nest_validity {
        let (not_before, not_after) = granted(rule, facts);
        if not_before < ca.not_before || not_after > ca.not_after {
            refuse(
                "NestValidity",
                format!(
                    "the certificate would hold from {} to {}; profile {} wants it inside the CA's validity, {} to \
                     {}: ask for not_before and not_after within it",
                    instant(not_before),
                    instant(not_after),
                    profile.name,
                    instant(ca.not_before),
                    instant(ca.not_after),
                ),
            )?;
        }
    }
    Ok(())
}

/// Returns what `RequireCA` holds against a CA certificate.
fn may_issue(profile: &Profile, rule: &SignCertificateRule, ca: CaFacts) -> Vec<String> {
    let mut found = Vec::new();
    if !ca.is_ca {
        found.push(format!(
            "the CA certificate is none: its basicConstraints do not say cA; profile {} requires one",
            profile.name
        ));
    }
    if ca.key_usage.is_some_and(|bits| !KeyUsage(bits).has(KeyUsage::KEY_CERT_SIGN)) {
        found.push(format!(
            "the CA certificate's keyUsage lacks keyCertSign; profile {} requires it",
            profile.name
        ));
    }
    if rule.basic_constraints.ca
        && let Some(limit) = ca.path_len
    {
        match rule.basic_constraints.path_len {
            _ if limit == 0 => found.push(format!(
                "the CA certificate's path length is 0, so no CA may stand below it; profile {} issues CAs",
                profile.name
            )),
            Some(ours) if ours >= limit => found.push(format!(
                "the CA certificate's path length is {limit}; profile {} issues CAs of path length {ours}, and it \
                 must be smaller",
                profile.name
            )),
            _ => {}
        }
    }
    found
}

/// Prints a time by RFC 3339 in UTC, or as a number where the calendar ends.
fn instant(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |instant| instant.to_string())
}

fn offset(seconds: i64) -> String {
    let sign = if seconds < 0 { "" } else { "+" };
    format!("{sign}{}", duration::print(seconds))
}
