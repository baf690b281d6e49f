//! Version, serial number, signature algorithms and unique identifiers.

use super::finding::Findings;
use crate::x509::certificate::{Certificate, algorithm_name};

const SERIAL: &str = "RFC 5280 4.1.2.2";

/// Checks the fields that are neither names nor extensions.
pub(super) fn check(certificate: &Certificate<'_>, findings: &mut Findings) {
    version(certificate, findings);
    serial(certificate.serial, findings);
    if certificate.algorithm.raw != certificate.inner_algorithm.raw {
        findings.error(
            "signature-algorithms-differ",
            "RFC 5280 4.1.1.2",
            format!(
                "signatureAlgorithm is {} and tbsCertificate.signature is {}, or their parameters differ",
                algorithm_name(certificate.algorithm),
                algorithm_name(certificate.inner_algorithm)
            ),
        );
    }
    let algorithm = algorithm_name(certificate.algorithm);
    if algorithm.starts_with("md5")
        || algorithm.contains("sha1With")
        || algorithm.ends_with("SHA1")
        || algorithm.ends_with("SHA-1")
    {
        findings.error(
            "weak-signature-algorithm",
            "RFC 9155 1",
            format!("the signature algorithm is {algorithm}, for which collisions can be found"),
        );
    }
    if certificate.has_unique_ids {
        findings.error("unique-id", "RFC 5280 4.1.2.8", "issuerUniqueID or subjectUniqueID is present");
    }
    if certificate.signature.is_empty() {
        findings.error("no-signature", "RFC 5280 4.1.1.3", "the signature has no octets");
    }
}

fn version(certificate: &Certificate<'_>, findings: &mut Findings) {
    let clause = "RFC 5280 4.1.2.1";
    match (certificate.version, &certificate.extensions) {
        (Some(2), Some(list)) if list.is_empty() => {
            findings.error(
                "extensions-empty",
                "RFC 5280 4.1.2.9",
                "the list of extensions is present and empty",
            );
        }
        (Some(2), _) => {}
        (Some(0), _) => {
            findings.error("version-default", clause, "version 1 is encoded although it is the default")
        }
        (Some(version @ 3..), _) => {
            findings.error("version-unknown", clause, format!("the version is {}", version.saturating_add(1)))
        }
        (_, Some(_)) => findings.error("version", clause, "extensions are present, and the version is not 3"),
        (_, None) => findings.warning("version", clause, "the version is not 3"),
    }
}

fn serial(octets: &[u8], findings: &mut Findings) {
    match octets.split_first() {
        None => findings.error("serial-malformed", SERIAL, "the serial number has no octets"),
        Some((0x80.., _)) => findings.error("serial-negative", SERIAL, "the serial number is negative"),
        Some((0, [])) => findings.error("serial-zero", SERIAL, "the serial number is zero"),
        Some((0, [0..=0x7f, ..])) => {
            findings.error("serial-malformed", "X.690 8.3.2", "the serial number has a leading zero octet");
        }
        _ => {}
    }
    if octets.len() > 20 {
        findings.error(
            "serial-too-long",
            SERIAL,
            format!("the serial number has {} octets; at most 20 are allowed", octets.len()),
        );
    } else if octets.len() < 8 {
        findings.notice(
            "serial-short",
            "CA/Browser Forum BR 7.1",
            "the serial number has less than 64 bits, so it cannot be random enough",
        );
    }
}
