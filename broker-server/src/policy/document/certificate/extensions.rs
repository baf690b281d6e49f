//! The extensions whose contents a profile states: `AuthorityInformationAccess`, `CertificatePolicies` and
//! `CRLDistributionPoints`.

use crate::{
    policy::{
        document::{
            read::{DUPLICATE_ENTRY, Field, quote},
            report::Report,
            tree::Value,
            url::http_url,
        },
        profile::{AuthorityInformationAccess, CertificatePolicy, CrlDistributionPoints},
    },
    request::Oid,
};

/// Reads `AuthorityInformationAccess` (RFC 5280 4.2.2.1).
pub(super) fn authority_information_access(
    field: &Field<'_>,
    report: &mut Report,
) -> Option<AuthorityInformationAccess> {
    let section = field.field_map(&["OCSP", "CAIssuers"], report)?;
    let mut list = |key| match section.field(key) {
        Some(field) => urls(field, report),
        None => Some(Vec::new()),
    };
    let (ocsp, ca_issuers) = (list("OCSP"), list("CAIssuers"));
    if section.field("OCSP").is_none() && section.field("CAIssuers").is_none() {
        field.key_error("needs OCSP or CAIssuers (RFC 5280 4.2.2.1)", report);
    }
    Some(AuthorityInformationAccess { ocsp: ocsp?, ca_issuers: ca_issuers? })
}

/// Reads `CRLDistributionPoints` (RFC 5280 4.2.1.13).
pub(super) fn crl_distribution_points(
    field: &Field<'_>,
    report: &mut Report,
) -> Option<CrlDistributionPoints> {
    Some(CrlDistributionPoints { urls: urls(field, report)?, line: field.at.line })
}

/// Reads `CertificatePolicies` (RFC 5280 4.2.1.4): object identifiers, or sections with `OID` and `CPS`.
pub(super) fn certificate_policies(field: &Field<'_>, report: &mut Report) -> Option<Vec<CertificatePolicy>> {
    let mut policies: Vec<CertificatePolicy> = Vec::new();
    let mut valid = true;
    let entries = field.list(report)?;
    if entries.is_empty() {
        field.error("must have at least one policy; remove the key (RFC 5280 4.2.1.4)", report);
    }
    for entry in entries {
        match policy(&entry, report) {
            Some(policy) if policies.iter().any(|known| known.oid == policy.oid) => {
                entry.error("duplicate policy (RFC 5280 4.2.1.4)", report);
            }
            Some(policy) => policies.push(policy),
            None => valid = false,
        }
    }
    valid.then_some(policies)
}

fn policy(entry: &Field<'_>, report: &mut Report) -> Option<CertificatePolicy> {
    if !matches!(entry.node.value, Value::Map(_)) {
        return Some(CertificatePolicy { oid: object_identifier(entry, report)?, cps: None });
    }
    let section = entry.field_map(&["OID", "CPS"], report)?;
    let oid = section.require("OID", report).and_then(|field| object_identifier(field, report));
    let cps = match section.field("CPS") {
        Some(field) => http_url(field, report).map(Some),
        None => Some(None),
    };
    Some(CertificatePolicy { oid: oid?, cps: cps? })
}

fn object_identifier(field: &Field<'_>, report: &mut Report) -> Option<Oid> {
    let text = field.text(report)?;
    let oid = Oid::from_text(text).filter(Oid::is_loaded_by_verifiers);
    if oid.is_none() {
        let message = format!(
            "{} is not an object identifier in dotted form, such as 2.23.140.1.2.1, with numbers up to {} and of at \
             most {} octets",
            quote(text),
            Oid::MAX_LOADED_ARC,
            Oid::MAX_LOADED_LENGTH
        );
        field.error(message, report);
    }
    oid
}

/// Reads a list of URLs. There must be at least one, and none may occur twice.
fn urls(field: &Field<'_>, report: &mut Report) -> Option<Vec<String>> {
    let mut urls: Vec<String> = Vec::new();
    let mut valid = true;
    let entries = field.list(report)?;
    if entries.is_empty() {
        field.error("must have at least one URL; remove the key", report);
    }
    for entry in entries {
        match http_url(&entry, report) {
            Some(url) if urls.contains(&url) => entry.error(DUPLICATE_ENTRY, report),
            Some(url) => urls.push(url),
            None => valid = false,
        }
    }
    valid.then_some(urls)
}
