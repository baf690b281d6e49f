//! The checks of the CA certificate.

use self::names::name_constraints;
use super::{
    names::escape_truncated,
    validity::{effective_validity, timestamp},
};
use crate::{
    policy::{
        CaFacts, Denial, DenialKind,
        check::CheckInput,
        collector::DenialCollector,
        facts::FactName,
        profile::{ExtendedKeyUsage, IssuerChecks, KeyUsage, SignCertificateRule},
    },
    request::Oid,
};

mod compare;
mod names;

pub use compare::CertificateNames;

/// Checks that the CA certificate is valid now, that a verifier accepts it as the issuer of the certificate, and that the
/// validity is within that of the CA certificate: each where the profile requires it.
pub(super) fn issuer_checks(
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let CheckInput { profile, rule, facts } = input;
    let checks = rule.issuer_checks;
    if checks == (IssuerChecks { line: checks.line, ..IssuerChecks::default() }) {
        return Ok(());
    }
    let Some(ca) = collector.require(FactName::CaCertificate, facts.ca)? else { return Ok(()) };
    if checks.refuse_expired && !(ca.not_before..=ca.not_after).contains(&facts.now) {
        let message = format!(
            "the CA certificate is valid from {} to {}, and now it is {}; profile {} requires an issuer that is valid now: \
             send a current certificate of the CA",
            timestamp(ca.not_before),
            timestamp(ca.not_after),
            timestamp(facts.now),
            profile.name,
        );
        deny(None, message, input, collector)?;
    }
    if checks.require_ca {
        require_ca(ca, input, collector)?;
        name_constraints(ca, input, collector)?;
    }
    if checks.nest_validity {
        let (not_before, not_after) = effective_validity(rule, facts);
        if not_before < ca.not_before || not_after > ca.not_after {
            let message = format!(
                "the certificate would be valid from {} to {}; profile {} requires that to be within the validity of \
                 the CA certificate, {} to {}: request not_before and not_after within it",
                timestamp(not_before),
                timestamp(not_after),
                profile.name,
                timestamp(ca.not_before),
                timestamp(ca.not_after),
            );
            deny(Some("NestValidity"), message, input, collector)?;
        }
    }
    Ok(())
}

/// Adds a denial by a key of `IssuerChecks`, or by the section.
fn deny(
    key: Option<&str>,
    message: String,
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let (dot, key) = key.map_or(("", ""), |key| (".", key));
    let path = format!("API.SignCertificate.IssuerChecks{dot}{key}");
    collector.add(input.denial(DenialKind::IssuerNotAllowed, &path, input.rule.issuer_checks.line, message))
}

/// Checks the extensions of the CA certificate as a verifier does (RFC 5280 6.1.4), except for name constraints.
fn require_ca(
    ca: CaFacts<'_>,
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let name = &input.profile.name;
    let mut deny = |message| deny(Some("RequireCA"), message, input, collector);
    if !ca.is_ca {
        deny(format!(
            "the CA certificate is not a CA: its basicConstraints do not assert cA; profile {name} requires a CA"
        ))?;
    }
    if ca.key_usage.is_some_and(|bits| !KeyUsage(bits).has(KeyUsage::KEY_CERT_SIGN)) {
        deny(format!("the CA certificate's keyUsage lacks keyCertSign; profile {name} requires it"))?;
    }
    if let Some(reason) = path_length(ca, input.rule) {
        deny(format!("the CA certificate's path length is {reason}; profile {name} issues CA certificates"))?;
    }
    if let Some(oids) = listed(ca.unknown_critical_extensions.iter().map(Oid::to_string)) {
        deny(format!(
            "the CA certificate has critical extensions that verifiers need not know: {oids}; profile {name} requires an \
             issuer that they accept (RFC 5280 4.2)"
        ))?;
    }
    if let Some(faults) = listed(ca.malformed_parts.iter().cloned()) {
        deny(format!(
            "the CA certificate {faults}; profile {name} requires an issuer that verifiers accept"
        ))?;
    }
    if let Some(purposes) = purposes_outside(ca, input.rule) {
        deny(format!(
            "the CA certificate's extKeyUsage does not include {purposes}, for which profile {name} issues certificates \
             (RFC 5280 4.2.1.12)"
        ))?;
    }
    Ok(())
}

/// Returns why the path length does not allow the CA to issue the CA certificates of a profile (RFC 5280 4.2.1.9).
fn path_length(ca: CaFacts<'_>, rule: &SignCertificateRule) -> Option<String> {
    let limit = ca.path_len.filter(|_| rule.basic_constraints.ca)?;
    match rule.basic_constraints.path_len {
        _ if limit == 0 => Some("0, so it may not issue CA certificates".to_owned()),
        Some(path_len) if u64::from(path_len) >= limit => {
            Some(format!("{limit}, and those that it issues must have a smaller one than {path_len}"))
        }
        _ => None,
    }
}

/// Returns the profile's purposes that the CA certificate does not have. A CA certificate without extKeyUsage, or with
/// anyExtendedKeyUsage, has all of them. OCSPSigning need not be among them: the CA delegates it by issuing the certificate
/// (RFC 6960 4.2.2.2), and verifiers do not ask for it.
fn purposes_outside(ca: CaFacts<'_>, rule: &SignCertificateRule) -> Option<String> {
    let has = ca.extended_key_usage?;
    if has.iter().any(|purpose| *purpose == const_oid::db::rfc5280::ANY_EXTENDED_KEY_USAGE) {
        return None;
    }
    let is_outside = |purpose: &&ExtendedKeyUsage| {
        **purpose != ExtendedKeyUsage::OcspSigning && !has.iter().any(|oid| *oid == purpose.oid())
    };
    let outside = rule.extended_key_usage.iter().filter(is_outside);
    listed(outside.map(|purpose| purpose.name().to_owned()))
}

/// Joins the first three of several texts, and says how many more there are. Returns `None` if there are none.
fn listed(texts: impl Iterator<Item = String>) -> Option<String> {
    const SHOWN: usize = 3;
    let mut count = 0;
    let mut list = String::new();
    for text in texts {
        count += 1;
        if count <= SHOWN {
            list.push_str(if count == 1 { "" } else { ", " });
            list.push_str(&escape_truncated(&text));
        }
    }
    if count > SHOWN {
        list.push_str(&format!(" and {} more", count - SHOWN));
    }
    (count > 0).then_some(list)
}
