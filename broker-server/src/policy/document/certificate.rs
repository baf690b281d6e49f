//! `API.SignCertificate`.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{
    keys::key_constraints,
    read::{Field, FieldMap, quote},
    report::Report,
    scheme::{self, SignAlg},
    tree::{Node, Value},
};
use crate::{
    algorithm::{SignatureScheme, SkiHash},
    duration,
    policy::profile::{
        BasicConstraints, ExtendedKeyUsage, IssuerChecks, KeyConstraints, KeyUsage, SignCertificateRule,
        SubjectAlternativeNames,
    },
};

const KEYS: [&str; 10] = [
    "SignAlg",
    "HashAlg",
    "SKIHashAlg",
    "Validity",
    "KeyConstraints",
    "KeyUsage",
    "ExtendedKeyUsage",
    "BasicConstraints",
    "SubjectAlternativeNames",
    "IssuerChecks",
];

/// Reads `SignCertificate`.
pub(super) fn sign_certificate(field: &Field<'_>, report: &mut Report) -> Option<SignCertificateRule> {
    let section = field.field_map(&KEYS, report)?;
    let scheme = scheme::scheme(&section, &SignAlg::CERTIFICATES, report);
    let ski_hash = match section.non_empty("SKIHashAlg", report) {
        Some(field) => field.choice_ignoring_case(&SkiHash::ALL.map(|hash| (hash.name(), hash)), report),
        None => Some(SkiHash::Sha1),
    };
    let validity = section.require("Validity", report).and_then(|field| validity(field, report));
    let keys = match section.require_if_strict("KeyConstraints", report) {
        Some(field) => subject_and_issuer_keys(field, scheme, report),
        None => Some((deny_all_keys(section.at.line), deny_all_keys(section.at.line))),
    };
    let key_usage = key_usage(&section, report);
    let extended_key_usage = match section.non_empty("ExtendedKeyUsage", report) {
        Some(field) => field.choices(&ExtendedKeyUsage::ALL.map(|usage| (usage.name(), usage)), report),
        None => Some(Vec::new()),
    };
    let basic_constraints = basic_constraints(&section, key_usage, report);
    let subject_alternative_names = match section.field("SubjectAlternativeNames") {
        Some(field) => alternative_names(field, report).map(Some),
        None => Some(None),
    };
    let issuer_checks = match section.field("IssuerChecks") {
        Some(field) => issuer_checks(field, report),
        None => Some(IssuerChecks::default()),
    };
    let (not_before_offset, not_after_offset, validity_line) = validity?;
    let (subject_keys, issuer_keys) = keys?;
    Some(SignCertificateRule {
        scheme: scheme?,
        ski_hash: ski_hash?,
        not_before_offset,
        not_after_offset,
        subject_keys,
        issuer_keys,
        key_usage: key_usage?,
        extended_key_usage: extended_key_usage?,
        basic_constraints: basic_constraints?,
        subject_alternative_names: subject_alternative_names?,
        issuer_checks: issuer_checks?,
        line: section.at.line,
        validity_line,
    })
}

/// Reads `Validity`. Returns both offsets in seconds, and the line.
fn validity(field: &Field<'_>, report: &mut Report) -> Option<(i64, i64, u32)> {
    let section = field.field_map(&["ValidNotBeforeOffset", "ValidNotAfterOffset"], report)?;
    let mut offset = |key| section.require(key, report).and_then(|field| duration(field, report));
    let (before, after) = (offset("ValidNotBeforeOffset"), offset("ValidNotAfterOffset"));
    let (before, after) = (before?, after?);
    if after < before {
        let message = format!(
            "notAfter ({}) is before notBefore ({})",
            duration::print(after),
            duration::print(before)
        );
        section.field("ValidNotAfterOffset").unwrap_or(field).error(message, report);
        return None;
    }
    // The longest duration does not reach the year 9999, the last one of a certificate (RFC 5280 4.1.2.5).
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    for (key, offset) in [("ValidNotBeforeOffset", before), ("ValidNotAfterOffset", after)] {
        if now.checked_add_signed(offset).is_none() {
            let message = "leads to a time before the year 1970, which is not supported";
            section.field(key).unwrap_or(field).error(message, report);
            return None;
        }
    }
    Some((before, after, section.at.line))
}

fn duration(field: &Field<'_>, report: &mut Report) -> Option<i64> {
    // In Go `0` needs no unit, and in YAML it is a number.
    if let Value::Integer(number) = field.node.value {
        if number != 0 {
            field.error(format!("{number} needs a unit, such as `{number}h`"), report);
        }
        return (number == 0).then_some(0);
    }
    let text = field.text(report)?;
    match duration::parse(text) {
        Ok(seconds) => Some(seconds),
        Err(error) => {
            field.error(format!("{} {error}", quote(text)), report);
            None
        }
    }
}

/// Reads `Subject` and `Issuer`, the constraints on the two keys of a request.
fn subject_and_issuer_keys(
    field: &Field<'_>,
    scheme: Option<SignatureScheme>,
    report: &mut Report,
) -> Option<(KeyConstraints, KeyConstraints)> {
    let section = field.field_map(&["Subject", "Issuer"], report)?;
    let mut constraints = |key| match section.field(key) {
        Some(field) => key_constraints(field, report),
        None => {
            let message = format!("`{key}` is missing, so that every key is refused");
            report.error_if_strict(section.at, &section.path, message, None);
            Some(deny_all_keys(section.at.line))
        }
    };
    let (subject, issuer) = (constraints("Subject"), constraints("Issuer"));
    if let (Some(scheme), Some(issuer), Some(field)) = (scheme, &issuer, section.field("Issuer")) {
        let kind = scheme.key_kind();
        let is_kind = |word: &str| word.eq_ignore_ascii_case(kind.name());
        let names_kind = |(key, _): &(Node, Node)| matches!(&key.value, Value::Text(word) if is_kind(word));
        // An invalid entry and an empty section have been reported already.
        let reported = field.has_no_values()
            || matches!(&field.node.value, Value::Map(entries) if entries.iter().any(names_kind));
        if !issuer.has_entry_for(kind) && !reported {
            let message = format!(
                "has no entry for {}, the kind of key that SignAlg {} needs, so that no certificate could be issued",
                kind.name(),
                scheme.name()
            );
            field.key_error_if_strict(message, report);
        }
    }
    Some((subject?, issuer?))
}

/// Returns constraints that allow no key.
fn deny_all_keys(line: u32) -> KeyConstraints {
    KeyConstraints { line, ..KeyConstraints::default() }
}

fn key_usage(section: &FieldMap<'_>, report: &mut Report) -> Option<KeyUsage> {
    let Some(field) = section.non_empty("KeyUsage", report) else { return Some(KeyUsage::default()) };
    let bits = field.choices(&KeyUsage::NAMES, report)?;
    let usage = KeyUsage(bits.iter().fold(0, |all, bit| all | bit));
    let restricts_agreement = usage.has(KeyUsage::ENCIPHER_ONLY) || usage.has(KeyUsage::DECIPHER_ONLY);
    if restricts_agreement && !usage.has(KeyUsage::KEY_AGREEMENT) {
        let message = "encipherOnly and decipherOnly need keyAgreement (RFC 5280 4.2.1.3)";
        field.error_if_strict(message, report);
    }
    Some(usage)
}

fn basic_constraints(
    section: &FieldMap<'_>,
    usage: Option<KeyUsage>,
    report: &mut Report,
) -> Option<BasicConstraints> {
    let signs_certificates = usage.map(|usage| usage.has(KeyUsage::KEY_CERT_SIGN));
    let inner = match section.non_empty("BasicConstraints", report) {
        Some(field) => Some(field.field_map(&["CA", "PathLenConstraint"], report)?),
        None => None,
    };
    let ca = match inner.as_ref().and_then(|inner| inner.non_empty("CA", report)) {
        Some(field) => field.boolean(report)?,
        None => false,
    };
    let path = inner.as_ref().and_then(|inner| inner.non_empty("PathLenConstraint", report));
    let path_len = match path {
        Some(field) => path_length(field, report)?,
        None => None,
    };
    if signs_certificates == Some(true)
        && !ca
        && let Some(usage) = section.field("KeyUsage")
    {
        usage
            .error_if_strict("keyCertSign needs BasicConstraints with `CA: true` (RFC 5280 4.2.1.3)", report);
    }
    if let Some(path) = path {
        if !ca {
            path.key_error("needs `CA: true` (RFC 5280 4.2.1.9)", report);
        } else if signs_certificates == Some(false) {
            path.key_error_if_strict("needs keyCertSign in KeyUsage (RFC 5280 4.2.1.9)", report);
        }
    }
    Some(BasicConstraints { ca, path_len })
}

/// Reads a path length. In the code of the Go broker `-1` means that a certificate has none.
fn path_length(field: &Field<'_>, report: &mut Report) -> Option<Option<u8>> {
    let value = field.integer(report)?;
    match u8::try_from(value) {
        Ok(length) => Some(Some(length)),
        Err(_) if value == -1 => {
            field.error_if_strict("-1 is not a path length; remove the key", report);
            Some(None)
        }
        Err(_) => {
            field.error(format!("{value} is not allowed; the range is 0 to 255"), report);
            None
        }
    }
}

fn alternative_names(field: &Field<'_>, report: &mut Report) -> Option<SubjectAlternativeNames> {
    let section = field.field_map(&["Allow", "Suffixes"], report)?;
    let mut names = SubjectAlternativeNames { line: section.at.line, ..SubjectAlternativeNames::default() };
    let kinds = SubjectAlternativeNames::KINDS;
    let words = kinds.map(|kind| (kind, kind));
    let allow = section.require("Allow", report).and_then(|field| field.choices(&words, report));
    if let Some(allow) = &allow {
        [names.dns, names.ip, names.uri, names.email] = kinds.map(|kind| allow.contains(&kind));
    }
    if let Some(field) = section.field("Suffixes") {
        if allow.is_some() && !names.dns {
            field.key_error("applies to DNS names, but `Allow` does not have dns", report);
        }
        let entries = field.list(report)?;
        if entries.is_empty() {
            field.error("must not be empty; to allow every DNS name, remove the key", report);
        }
        for entry in entries {
            names.suffixes.extend(suffix(&entry, report));
        }
        names.suffixes.sort();
        names.suffixes.dedup();
    }
    allow?;
    Some(names)
}

fn suffix(entry: &Field<'_>, report: &mut Report) -> Option<String> {
    let text = entry.text(report)?;
    let lower = text.to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if lower.len() <= 254 && lower.strip_prefix('.').is_some_and(|rest| rest.split('.').all(is_label)) {
        return Some(lower);
    }
    let dotted = format!(".{lower}");
    let suggestion = (lower.len() <= 253 && lower.split('.').all(is_label)).then_some(dotted.as_str());
    report.error_with_suggestion(
        entry.node.at,
        &entry.path,
        format!("{} is not a DNS suffix; a suffix starts with a dot, such as `.svc.example`", quote(text)),
        suggestion,
    );
    None
}

fn issuer_checks(field: &Field<'_>, report: &mut Report) -> Option<IssuerChecks> {
    let section = field.field_map(&["RequireCA", "NestValidity"], report)?;
    let (require_ca, nest_validity) =
        (section.flag("RequireCA", report), section.flag("NestValidity", report));
    Some(IssuerChecks { require_ca: require_ca?, nest_validity: nest_validity?, line: section.at.line })
}
