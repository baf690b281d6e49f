//! The key: its size, its identifiers, and whether usage and constraints fit it.

use std::cmp::Ordering;

use broker_server::policy::profile::{KeyUsage, UsageRule};

use super::finding::Findings;
use crate::x509::{
    certificate::{BasicConstraints, Certificate, oid},
    der::{Tlv, tag},
    public_key::PublicKey,
};

const KEY_USAGE: &str = "RFC 5280 4.2.1.3";

/// Checks the key against the extensions.
pub(super) fn check(certificate: &Certificate<'_>, findings: &mut Findings) {
    let key = PublicKey::read(certificate.public_key);
    match &key {
        Ok(key) => size(key, findings),
        Err(error) => {
            findings.error("key-malformed", "RFC 5280 4.1.2.7", format!("subjectPublicKeyInfo {error}"))
        }
    }
    let constraints = certificate.basic_constraints();
    identifiers(certificate, constraints, findings);
    basic_constraints(certificate, constraints, findings);
    usage(certificate, key.ok().as_ref(), constraints.unwrap_or_default(), findings);
    if certificate.extension(oid::NAME_CONSTRAINTS).is_some()
        && !constraints.is_some_and(|constraints| constraints.ca)
    {
        findings.error(
            "name-constraints-not-a-ca",
            "RFC 5280 4.2.1.10",
            "nameConstraints are present, and the subject is not a CA",
        );
    }
}

fn size(key: &PublicKey<'_>, findings: &mut Findings) {
    match (key.kind.trim_start_matches("RSASSA-"), key.bits) {
        ("RSA", Some(bits @ ..2048)) => findings.error(
            "key-too-short",
            "SP 800-131A 3",
            format!("the RSA key has {bits} bits; at least 2048 are required"),
        ),
        ("EC", Some(bits @ ..224)) => {
            findings.error(
                "key-too-short",
                "SP 800-131A 3",
                format!("the curve has {bits} bits; at least 224 are required"),
            );
        }
        ("EC", None) => match &key.curve {
            Some(curve) => findings.notice(
                "curve-unknown",
                "RFC 5480 2.1.1",
                format!("the curve {curve} is not known, so nothing is said about its size"),
            ),
            None => findings.error(
                "curve",
                "RFC 5480 2.1.1",
                "the key does not name its curve: the parameters are missing or explicit",
            ),
        },
        ("RSA", None) => findings.error("key-malformed", "RFC 3279 2.3.1", "the RSA key is not well formed"),
        _ => {}
    }
    if key.kind == "RSA" && key.exponent.is_some_and(|exponent| exponent < 65537 || exponent % 2 == 0) {
        findings.warning(
            "rsa-exponent",
            "SP 800-89 5.3.3",
            "the public exponent of the RSA key is even or less than 65537",
        );
    }
}

fn identifiers(
    certificate: &Certificate<'_>,
    constraints: Option<BasicConstraints>,
    findings: &mut Findings,
) {
    let is_ca = constraints.is_some_and(|constraints| constraints.ca);
    let is_self_issued = certificate.issuer.raw == certificate.subject.raw;
    let clause = "RFC 5280 4.2.1.1";
    match certificate.extension(oid::AUTHORITY_KEY_ID) {
        None if is_self_issued => {}
        None => findings.error("authority-key-id-missing", clause, "authorityKeyIdentifier is missing"),
        Some(extension) => {
            let parts = Tlv::only(extension.value).and_then(|parts| parts.list(tag::SEQUENCE));
            let tags: Vec<u8> = parts.into_iter().flatten().map(|part| part.tag & 0x1f).collect();
            if !tags.contains(&0) && !is_self_issued {
                let message = "authorityKeyIdentifier has no keyIdentifier";
                findings.error("authority-key-id-without-key", clause, message);
            }
            if tags.contains(&1) != tags.contains(&2) {
                let message = "authorityKeyIdentifier has only one of authorityCertIssuer and authorityCertSerialNumber";
                findings.error("authority-key-id-half", clause, message);
            }
        }
    }
    if certificate.extension(oid::SUBJECT_KEY_ID).is_none() {
        match is_ca {
            true => findings.error(
                "subject-key-id-missing",
                "RFC 5280 4.2.1.2",
                "the subject is a CA, and subjectKeyIdentifier is missing",
            ),
            false => findings.warning(
                "subject-key-id-missing",
                "RFC 5280 4.2.1.2",
                "subjectKeyIdentifier is missing",
            ),
        }
    }
}

fn basic_constraints(
    certificate: &Certificate<'_>,
    constraints: Option<BasicConstraints>,
    findings: &mut Findings,
) {
    let clause = "RFC 5280 4.2.1.9";
    let (Some(constraints), Some(extension)) = (constraints, certificate.extension(oid::BASIC_CONSTRAINTS))
    else {
        return;
    };
    if constraints.ca && !extension.critical {
        findings.error(
            "basic-constraints-not-critical",
            clause,
            "the subject is a CA, and basicConstraints is not critical",
        );
    }
    if constraints.path_len.is_some() && !constraints.ca {
        findings.error(
            "path-length-not-a-ca",
            clause,
            "pathLenConstraint is present, and the subject is not a CA",
        );
    }
    // FALSE is the default, which DER does not encode.
    if !constraints.ca && extension.value.starts_with(&[0x30, 3, 1, 1, 0]) {
        findings.error(
            "ca-default",
            "X.690 11.5",
            "basicConstraints encodes cA although it is FALSE, the default",
        );
    }
}

fn usage(
    certificate: &Certificate<'_>,
    key: Option<&PublicKey<'_>>,
    constraints: BasicConstraints,
    findings: &mut Findings,
) {
    let Some(extension) = certificate.extension(oid::KEY_USAGE) else {
        if constraints.ca {
            findings.error("key-usage-missing", KEY_USAGE, "the subject is a CA, and keyUsage is missing");
        }
        return;
    };
    let Some(bits) = certificate.key_usage() else { return };
    if bits == 0 {
        findings.error("key-usage-empty", KEY_USAGE, "keyUsage has no bit");
    }
    match encoding_fault(extension.value) {
        Some(Fault::UnusedBits) => {
            findings.error("key-usage-encoding", "X.690 11.2.1", "an unused bit of keyUsage is set");
        }
        Some(Fault::TrailingZeros) => {
            findings.error(
                "key-usage-encoding",
                "X.690 11.2.2",
                "keyUsage is encoded with trailing zero bits",
            );
        }
        None => {}
    }
    let usage = KeyUsage(bits);
    match (constraints.ca, usage.has(KeyUsage::KEY_CERT_SIGN)) {
        (true, false) => findings.warning(
            "ca-without-cert-sign",
            KEY_USAGE,
            "the subject is a CA, and keyUsage has no keyCertSign",
        ),
        (false, true) => findings.error(
            "cert-sign-without-ca",
            "RFC 5280 4.2.1.9",
            "keyUsage has keyCertSign, and the subject is not a CA",
        ),
        _ => {}
    }
    if constraints.path_len.is_some() && !usage.has(KeyUsage::KEY_CERT_SIGN) {
        findings.error(
            "path-length-without-cert-sign",
            "RFC 5280 4.2.1.9",
            "pathLenConstraint is present, and keyUsage has no keyCertSign",
        );
    }
    let restricts_agreement = usage.has(KeyUsage::ENCIPHER_ONLY) || usage.has(KeyUsage::DECIPHER_ONLY);
    if restricts_agreement && !usage.has(KeyUsage::KEY_AGREEMENT) {
        findings.error(
            "only-without-agreement",
            KEY_USAGE,
            "keyUsage has encipherOnly or decipherOnly, and no keyAgreement",
        );
    }
    let Some(key) = key else { return };
    let Some(rule) = UsageRule::of(&key.oid) else { return };
    for name in KeyUsage(bits & rule.prohibited).names() {
        let message = format!("keyUsage has {name}, which a key of the kind {} cannot have", key.kind);
        findings.error("key-usage-for-key", rule.clause, message);
    }
}

/// Why a named bit list is not in DER.
enum Fault {
    UnusedBits,
    /// DER removes zero bits at the end.
    TrailingZeros,
}

fn encoding_fault(value: &[u8]) -> Option<Fault> {
    let [3, _, unused @ 0..=7, .., last] = value else { return None };
    match last.trailing_zeros().cmp(&u32::from(*unused)) {
        Ordering::Less => Some(Fault::UnusedBits),
        Ordering::Equal => None,
        Ordering::Greater => Some(Fault::TrailingZeros),
    }
}
