//! The names of subjectAltName and issuerAltName, and the URLs of distribution points and access descriptions.

use std::collections::BTreeSet;

use broker_server::request::{AlternativeName, check_uri};

use super::finding::Findings;
use crate::{
    escape::printable_bytes,
    x509::{
        certificate::{Certificate, Extension, oid},
        der::{NotDer, Reader, Tlv, tag},
        distinguished_name::{rdns, string},
        names,
    },
};

const CLAUSE: &str = "RFC 5280 4.2.1.6";

/// Checks every extension that contains names.
pub(super) fn check(certificate: &Certificate<'_>, findings: &mut Findings) {
    for extension in certificate.extensions() {
        match extension.oid.as_str() {
            oid::SUBJECT_ALT_NAME | oid::ISSUER_ALT_NAME => alternative_names(extension, findings),
            oid::CRL_DISTRIBUTION_POINTS | oid::FRESHEST_CRL => urls(extension, findings),
            oid::AUTHORITY_INFO_ACCESS | oid::SUBJECT_INFO_ACCESS => urls(extension, findings),
            _ => {}
        }
    }
    common_names(certificate, findings);
}

fn alternative_names(extension: &Extension<'_>, findings: &mut Findings) {
    let field = names::extension(&extension.oid).unwrap_or_default();
    let Ok(list) = Tlv::only(extension.value).and_then(|names| names.list(tag::SEQUENCE)) else {
        // The extensions' own check says that the value is malformed.
        return;
    };
    let is_empty = list.is_empty();
    if is_empty {
        findings.error("names-empty", CLAUSE, format!("{field} has no name"));
    }
    for name in AlternativeName::read_all(extension.value) {
        if let AlternativeName::Invalid(fault) = name
            && !is_empty
        {
            findings.error("alternative-name", CLAUSE, format!("{field} {fault}"));
        }
    }
    let mut seen = BTreeSet::new();
    for name in list {
        if !seen.insert(name.raw) {
            findings.notice("name-duplicate", CLAUSE, format!("{field} has a name twice"));
        }
        if name.tag == 0x82 && name.value.contains(&b'_') {
            let text = printable_bytes(name.value);
            findings.warning(
                "dns-name-underscore",
                CLAUSE,
                format!("{field}: the dNSName `{text}` has an underscore"),
            );
        }
    }
}

/// Checks the URIs of distribution points and access descriptions, at any depth.
fn urls(extension: &Extension<'_>, findings: &mut Findings) {
    let field = names::extension(&extension.oid).unwrap_or_default();
    let mut found = Vec::new();
    if collect_uris(extension.value, 0, &mut found).is_err() {
        return;
    }
    for uri in found {
        let shown = printable_bytes(uri);
        // IA5String: a text with other characters has a fault, too.
        let text = String::from_utf8_lossy(uri);
        if let Err(fault) = check_uri(&text) {
            findings.error("url", "RFC 5280 4.2.1.6", format!("{field}: the URI `{shown}` {fault}"));
        } else if !["http://", "https://", "ldap://", "ldaps://"]
            .iter()
            .any(|scheme| text.to_ascii_lowercase().starts_with(scheme))
        {
            findings.warning(
                "url-scheme",
                "RFC 5280 4.2.1.13",
                format!("{field}: `{shown}` is neither an HTTP nor an LDAP URL"),
            );
        } else if text.to_ascii_lowercase().starts_with("https://") {
            findings.notice(
                "url-https",
                "RFC 5280 8",
                format!("{field}: to read `{shown}`, a program has to verify another certificate first"),
            );
        }
    }
}

fn collect_uris<'a>(bytes: &'a [u8], depth: u8, found: &mut Vec<&'a [u8]>) -> Result<(), NotDer> {
    for value in Reader::new(bytes).all()? {
        if value.tag == 0x86 {
            found.push(value.value);
        } else if value.tag & 0x20 != 0 && depth < 8 {
            collect_uris(value.value, depth + 1, found)?;
        }
    }
    Ok(())
}

/// RFC 9525 6.4.4: programs look at subjectAltName only.
fn common_names(certificate: &Certificate<'_>, findings: &mut Findings) {
    let allows_server = certificate.extension(oid::EXTENDED_KEY_USAGE).is_some_and(|extension| {
        // serverAuth
        extension.value.windows(10).any(|window| window == [6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1])
    });
    let has_names = certificate.extension(oid::SUBJECT_ALT_NAME).is_some();
    if !allows_server || has_names {
        return;
    }
    let rdns = rdns(certificate.subject).unwrap_or_default();
    let common_name = rdns.iter().flatten().find(|attribute| attribute.oid == "2.5.4.3");
    if let Some(name) = common_name.and_then(|attribute| string(attribute.value)) {
        findings.warning(
            "server-without-alternative-name",
            "RFC 9525 6.1",
            format!(
                "the certificate is for servers and has no subjectAltName; programs do not look at the CN `{}`",
                printable_bytes(name.as_bytes())
            ),
        );
    }
}
