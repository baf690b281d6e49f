//! The names of issuer and subject (RFC 5280 4.1.2.4 and 4.1.2.6), by the rules that the broker applies to them.

use std::collections::BTreeSet;

use broker_server::request::{FieldErrorKind, Name};

use super::finding::Findings;
use crate::x509::{
    certificate::{Certificate, oid},
    der::{NotDer, Tlv, tag},
    distinguished_name::{Attribute, rdns},
};

/// Checks both names.
pub(super) fn check(certificate: &Certificate<'_>, findings: &mut Findings) {
    name("issuer", certificate.issuer, Name::check_as_issuer, findings);
    name("subject", certificate.subject, Name::check_as_subject, findings);
    if is_empty(certificate.issuer) {
        findings.error("issuer-empty", "RFC 5280 4.1.2.4", "the issuer is empty");
    }
    if is_empty(certificate.subject) {
        match certificate.extension(oid::SUBJECT_ALT_NAME) {
            None => findings.error(
                "subject-empty",
                "RFC 5280 4.1.2.6",
                "the subject is empty, and there is no subjectAltName",
            ),
            Some(extension) if !extension.critical => findings.error(
                "subject-alt-name-not-critical",
                "RFC 5280 4.2.1.6",
                "the subject is empty, and subjectAltName is not critical",
            ),
            Some(_) => {}
        }
        if certificate.basic_constraints().is_some_and(|constraints| constraints.ca) {
            let message = "the certificate is one of a CA, and its subject is empty";
            findings.error("subject-empty-ca", "RFC 5280 4.1.2.6", message);
        }
    }
}

fn is_empty(name: Tlv<'_>) -> bool {
    name.value.is_empty()
}

fn name(field: &str, name: Tlv<'_>, check: fn(&Name) -> Result<(), FieldErrorKind>, findings: &mut Findings) {
    let rdns = match rdns(name) {
        Ok(rdns) => rdns,
        Err(NotDer) => {
            return findings.error(
                "name-malformed",
                "RFC 5280 4.1.2.4",
                format!("the {field} is not a Name"),
            );
        }
    };
    let checked = Name::from_der(name.raw).map(|name| check(&name));
    if let Some(Err(error)) = checked {
        // The broker's sentence begins with the field of its own message.
        let text = error.to_string();
        let text = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest);
        findings.error("name-value", "RFC 5280 A.1, X.680 41", format!("the {field}: {text}"));
    }
    for rdn in &rdns {
        let mut types = BTreeSet::new();
        if rdn.is_empty() {
            findings.error("rdn-empty", "X.501 9.3", format!("the {field} has an RDN without attributes"));
        }
        if !rdn.is_sorted_by_key(|attribute| attribute.encoded) {
            let message = format!("the attributes of an RDN of the {field} are not in DER's order");
            findings.error("rdn-order", "X.690 11.6", message);
        }
        for attribute in rdn {
            if !types.insert(&attribute.oid) {
                let message = format!("an RDN of the {field} has the attribute {} twice", attribute.name());
                findings.error("rdn-duplicate", "X.501 9.3", message);
            }
            string_type(field, attribute, findings);
        }
    }
}

/// The string types that RFC 5280 prescribes for an attribute, or advises against.
fn string_type(field: &str, attribute: &Attribute<'_>, findings: &mut Findings) {
    let found = attribute.value.tag;
    let place = format!("the {} of the {field}", attribute.name());
    let prescribed = match attribute.name() {
        "C" | "serialNumber" | "dnQualifier" => Some((tag::PRINTABLE_STRING, "PrintableString")),
        "DC" | "emailAddress" => Some((tag::IA5_STRING, "IA5String")),
        _ => None,
    };
    match prescribed {
        Some((expected, name)) if expected != found => {
            findings.warning("value-type", "RFC 5280 A.1", format!("{place} is not a {name}"));
        }
        None if matches!(found, tag::TELETEX_STRING | tag::BMP_STRING) => findings.notice(
            "value-outdated-type",
            "RFC 5280 4.1.2.4",
            format!("{place} is a TeletexString or a BMPString; new certificates have PrintableString or UTF8String"),
        ),
        _ => {}
    }
}
