//! The checks of the CA certificate.

use super::validity::{effective_validity, timestamp};
use crate::policy::{
    CaFacts, Denial, DenialKind,
    check::CheckInput,
    collector::DenialCollector,
    facts::FactName,
    profile::{KeyUsage, Profile, SignCertificateRule},
};

/// Checks that the CA certificate may issue certificates (RFC 5280 4.2.1.3 and 4.2.1.9) and that the validity
/// is within the validity of the CA certificate.
pub(super) fn issuer_checks(
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
