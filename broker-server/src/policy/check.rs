//! The checks themselves, over plain facts, so that `decide` and `explain` cannot come to different answers.

use super::{
    CaFacts, Denial, DenialKind, Facts,
    denial::denial,
    profile::{KeyConstraints, Profile, SignCertificateRule},
};
use crate::{algorithm::KeyType, duration};

/// A check of `SignCertificate`; adds what it refuses.
pub(super) type Check = fn(&Profile, &SignCertificateRule, &Facts<'_>, &mut Vec<Denial>);

/// The checks of `SignCertificate` in the order in which they refuse.
pub(super) const SIGN_CERTIFICATE: [Check; 6] =
    [subject_key, issuer_key, issuer_fits, validity, super::names::names, issuer_checks];

/// Whether the profile is past its sunset.
pub(super) fn sunset(profile: &Profile, now: i64) -> Result<(), Denial> {
    let Some(deprecation) = &profile.deprecation else { return Ok(()) };
    match deprecation.refused_from {
        Some(from) if now >= from => {
            let after = deprecation.remove_after.as_deref().unwrap_or_default();
            let next = deprecation
                .replaced_by
                .as_ref()
                .map_or_else(String::new, |name| format!("; use profile {name} instead"));
            let message = format!("profile {} is not served after {after}{next}", profile.name);
            Err(denial(
                profile,
                DenialKind::ProfileRetired,
                "Deprecation.RemoveAfter",
                deprecation.line,
                message,
            ))
        }
        _ => Ok(()),
    }
}

/// The denial of an operation that the profile has no section for.
pub(super) fn no_section(profile: &Profile, operation: &str) -> Denial {
    let allowed = profile.operations().join(", ");
    let message = format!("profile {} has no section API.{operation}; it allows {allowed}", profile.name);
    denial(profile, DenialKind::OperationNotAllowed, &format!("API.{operation}"), profile.line, message)
}

/// Whether a key pair may be made from a caller's seed: what `AllowSeed` of the section in `line` says.
pub(super) fn seed(profile: &Profile, section: &str, allowed: bool, line: u32) -> Result<(), Denial> {
    if allowed {
        return Ok(());
    }
    let rule = format!("API.{section}.AllowSeed");
    let message = format!(
        "profile {} makes keys from the system's randomness only: {rule} is not true; send no seed",
        profile.name
    );
    Err(denial(profile, DenialKind::SeedNotAllowed, &rule, line, message))
}

/// notBefore and notAfter in Unix seconds: what was asked for, else the window's edges.
pub(super) fn granted(rule: &SignCertificateRule, facts: &Facts<'_>) -> (i64, i64) {
    let (first, last) = window(rule, facts.now);
    (facts.not_before.unwrap_or(first), facts.not_after.unwrap_or(last))
}

fn window(rule: &SignCertificateRule, now: i64) -> (i64, i64) {
    (now.saturating_add(rule.not_before_offset), now.saturating_add(rule.not_after_offset))
}

fn subject_key(profile: &Profile, rule: &SignCertificateRule, facts: &Facts<'_>, denials: &mut Vec<Denial>) {
    if let Some(key) = facts.subject_key {
        let kind = DenialKind::SubjectKeyNotAllowed;
        denials.extend(key_within(profile, &rule.subject_keys, key, "Subject", kind));
    }
}

fn issuer_key(profile: &Profile, rule: &SignCertificateRule, facts: &Facts<'_>, denials: &mut Vec<Denial>) {
    if let Some(key) = facts.issuer_key {
        let kind = DenialKind::IssuerKeyNotAllowed;
        denials.extend(key_within(profile, &rule.issuer_keys, key, "Issuer", kind));
    }
}

fn key_within(
    profile: &Profile,
    constraints: &KeyConstraints,
    key: KeyType,
    side: &str,
    kind: DenialKind,
) -> Option<Denial> {
    if constraints.allow(key) {
        return None;
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
    Some(denial(profile, kind, &path, line, message))
}

fn issuer_fits(profile: &Profile, rule: &SignCertificateRule, facts: &Facts<'_>, denials: &mut Vec<Denial>) {
    let Some(key) = facts.issuer_key else { return };
    if !rule.scheme.fits(key) {
        let name = rule.scheme.name();
        let message = format!("the issuer key is {key}; profile {} signs with {name}", profile.name);
        denials.push(denial(
            profile,
            DenialKind::AlgorithmMismatch,
            "API.SignCertificate.SignAlg",
            rule.line,
            message,
        ));
    }
}

fn validity(profile: &Profile, rule: &SignCertificateRule, facts: &Facts<'_>, denials: &mut Vec<Denial>) {
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
        denials.push(denial(profile, DenialKind::ValidityNotAllowed, &path, rule.validity_line, message));
    }
}

/// RFC 5280 4.2.1.3 and 4.2.1.9: a certificate that may sign certificates; and validity inside the CA's.
fn issuer_checks(
    profile: &Profile,
    rule: &SignCertificateRule,
    facts: &Facts<'_>,
    denials: &mut Vec<Denial>,
) {
    let Some(ca) = facts.ca else { return };
    let checks = rule.issuer_checks;
    let mut refuse = |key: &str, message: String| {
        let path = format!("API.SignCertificate.IssuerChecks.{key}");
        denials.push(denial(profile, DenialKind::IssuerNotAllowed, &path, checks.line, message));
    };
    if checks.require_ca {
        for message in may_issue(profile, rule, ca) {
            refuse("RequireCA", message);
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
            );
        }
    }
}

/// What `RequireCA` holds against a CA certificate.
fn may_issue(profile: &Profile, rule: &SignCertificateRule, ca: CaFacts) -> Vec<String> {
    use super::profile::KeyUsage;
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

/// RFC 3339 in UTC, or the number where the calendar ends.
fn instant(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |instant| instant.to_string())
}

fn offset(seconds: i64) -> String {
    let sign = if seconds < 0 { "" } else { "+" };
    format!("{sign}{}", duration::print(seconds))
}
