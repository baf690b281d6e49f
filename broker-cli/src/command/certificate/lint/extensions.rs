//! The list of extensions: duplicates, criticality, and values that are not well formed.

use std::collections::BTreeSet;

use super::finding::Findings;
use crate::x509::{
    certificate::{Certificate, Extension, oid},
    der::{Tlv, tag},
    extension_value,
};

/// Checks each extension for itself.
pub(super) fn check(certificate: &Certificate<'_>, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for extension in certificate.extensions() {
        let name = extension_value::name(extension);
        if !seen.insert(&extension.oid) {
            findings.error(
                "extension-duplicate",
                "RFC 5280 4.2",
                format!("the extension {name} is present twice"),
            );
        }
        if extension.critical_octets == Some(&[0]) {
            findings.error(
                "critical-default",
                "X.690 11.5",
                format!("{name} encodes `critical` although it is FALSE, the default"),
            );
        }
        if extension_value::is_malformed(extension) {
            findings.error(
                "extension-malformed",
                "RFC 5280 4.2.1",
                format!("the value of {name} is not well formed"),
            );
        }
        criticality(extension, name, findings);
        emptiness(extension, name, findings);
    }
    purposes(certificate, findings);
    policies(certificate, findings);
}

/// The extensions that are a SEQUENCE of at least one element, with the clause.
const NOT_EMPTY: [(&str, &str); 8] = [
    (oid::NAME_CONSTRAINTS, "RFC 5280 4.2.1.10"),
    (oid::CERTIFICATE_POLICIES, "RFC 5280 4.2.1.4"),
    (oid::POLICY_MAPPINGS, "RFC 5280 4.2.1.5"),
    (oid::POLICY_CONSTRAINTS, "RFC 5280 4.2.1.11"),
    (oid::CRL_DISTRIBUTION_POINTS, "RFC 5280 4.2.1.13"),
    (oid::FRESHEST_CRL, "RFC 5280 4.2.1.15"),
    (oid::AUTHORITY_INFO_ACCESS, "RFC 5280 4.2.2.1"),
    (oid::SUBJECT_INFO_ACCESS, "RFC 5280 4.2.2.2"),
];

fn emptiness(extension: &Extension<'_>, name: &str, findings: &mut Findings) {
    let Some((_, clause)) = NOT_EMPTY.iter().find(|(known, _)| *known == extension.oid) else { return };
    let Ok(list) = Tlv::only(extension.value).and_then(|list| list.list(tag::SEQUENCE)) else { return };
    if list.is_empty() {
        findings.error("extension-empty", clause, format!("{name} is an empty sequence"));
    }
    if extension.oid == oid::NAME_CONSTRAINTS && list.iter().any(|subtrees| subtrees.value.is_empty()) {
        findings.error("extension-empty", clause, format!("{name} has an empty list of subtrees"));
    }
}

/// RFC 5280 4.2.1.4 and 4.2.1.5.
fn policies(certificate: &Certificate<'_>, findings: &mut Findings) {
    let elements = |oid: &str| {
        let list = certificate.extension(oid).map(|found| Tlv::only(found.value)?.list(tag::SEQUENCE));
        list.and_then(Result::ok).unwrap_or_default()
    };
    let oids = |element: Tlv<'_>| -> Vec<String> {
        let parts = element.list(tag::SEQUENCE).unwrap_or_default();
        parts.into_iter().filter_map(|part| part.oid().ok()).collect()
    };
    let mut seen = BTreeSet::new();
    for policy in elements(oid::CERTIFICATE_POLICIES) {
        for id in oids(policy).into_iter().take(1) {
            if !seen.insert(id.clone()) {
                let message = format!("certificatePolicies has the policy {id} twice");
                findings.error("policy-duplicate", "RFC 5280 4.2.1.4", message);
            }
        }
    }
    if elements(oid::POLICY_MAPPINGS).into_iter().flat_map(oids).any(|id| id == oid::ANY_POLICY) {
        findings.error("policy-mapping-any", "RFC 5280 4.2.1.5", "policyMappings maps from or to anyPolicy");
    }
}

/// The extensions whose criticality the standard fixes, with the clause and whether it is a MUST.
const CRITICALITY: [(&str, bool, bool, &str); 14] = [
    (oid::AUTHORITY_KEY_ID, false, true, "RFC 5280 4.2.1.1"),
    (oid::SUBJECT_KEY_ID, false, true, "RFC 5280 4.2.1.2"),
    (oid::KEY_USAGE, true, false, "RFC 5280 4.2.1.3"),
    (oid::POLICY_MAPPINGS, true, false, "RFC 5280 4.2.1.5"),
    (oid::ISSUER_ALT_NAME, false, false, "RFC 5280 4.2.1.7"),
    (oid::NAME_CONSTRAINTS, true, true, "RFC 5280 4.2.1.10"),
    (oid::POLICY_CONSTRAINTS, true, true, "RFC 5280 4.2.1.11"),
    (oid::CRL_DISTRIBUTION_POINTS, false, false, "RFC 5280 4.2.1.13"),
    (oid::INHIBIT_ANY_POLICY, true, true, "RFC 5280 4.2.1.14"),
    (oid::FRESHEST_CRL, false, true, "RFC 5280 4.2.1.15"),
    (oid::AUTHORITY_INFO_ACCESS, false, true, "RFC 5280 4.2.2.1"),
    (oid::SUBJECT_INFO_ACCESS, false, true, "RFC 5280 4.2.2.2"),
    (oid::SCT_LIST, false, true, "RFC 6962 3.3"),
    (oid::TLS_FEATURE, false, false, "RFC 7633 4.2.1"),
];

fn criticality(extension: &Extension<'_>, name: &str, findings: &mut Findings) {
    let rule = CRITICALITY.iter().find(|(known, ..)| *known == extension.oid);
    let Some((_, critical, is_must, clause)) =
        rule.filter(|(_, critical, ..)| *critical != extension.critical)
    else {
        return;
    };
    let expected = if *critical { "is not critical" } else { "is critical" };
    let text = format!("{name} {expected}");
    match is_must {
        true => findings.error("criticality", clause, text),
        false => findings.warning("criticality", clause, text),
    }
}

/// RFC 3161 2.3 and RFC 5280 4.2.1.12.
fn purposes(certificate: &Certificate<'_>, findings: &mut Findings) {
    let Some(extension) = certificate.extension(oid::EXTENDED_KEY_USAGE) else { return };
    let Ok(list) = Tlv::only(extension.value).and_then(|list| list.list(tag::SEQUENCE)) else { return };
    let purposes: Vec<String> = list.into_iter().filter_map(|purpose| purpose.oid().ok()).collect();
    let mut seen = BTreeSet::new();
    if purposes.iter().any(|purpose| !seen.insert(purpose)) {
        findings.notice("purpose-duplicate", "RFC 5280 4.2.1.12", "extKeyUsage has a purpose twice");
    }
    if purposes.is_empty() {
        findings.error("purposes-empty", "RFC 5280 4.2.1.12", "extKeyUsage has no purpose");
    }
    if purposes.iter().any(|purpose| purpose == oid::TIME_STAMPING) {
        let clause = "RFC 3161 2.3";
        if !extension.critical {
            findings.error("time-stamping-critical", clause, "extKeyUsage with timeStamping is not critical");
        }
        if purposes.len() > 1 {
            findings.error(
                "time-stamping-alone",
                clause,
                "timeStamping is not the only purpose of extKeyUsage",
            );
        }
    }
    const ANY: &str = "2.5.29.37.0";
    if extension.critical && purposes.iter().any(|purpose| purpose == ANY) {
        findings.warning(
            "any-purpose-critical",
            "RFC 5280 4.2.1.12",
            "extKeyUsage with anyExtendedKeyUsage is critical",
        );
    }
}
