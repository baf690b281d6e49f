//! `API.SignCertificate`.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{
    keys::key_constraints,
    read::{Field, Section, quote},
    report::Report,
    scheme,
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
    let section = field.section(&KEYS, report)?;
    let scheme = scheme::scheme(&section, &scheme::CERTIFICATES, report);
    let ski_hash = match section.optional("SKIHashAlg", report) {
        Some(field) => field.algorithm(&SkiHash::ALL.map(|hash| (hash.name(), hash)), report),
        None => Some(SkiHash::Sha1),
    };
    let validity = section.require("Validity", report).cloned().and_then(|field| validity(&field, report));
    let keys = match section.expect("KeyConstraints", report) {
        Some(field) => sides(field, scheme, report),
        None => Some((no_key(section.at.line), no_key(section.at.line))),
    };
    let usage = key_usage(&section, report);
    let extended_key_usage = match section.optional("ExtendedKeyUsage", report) {
        Some(field) => field.choices(&ExtendedKeyUsage::NAMES, report),
        None => Some(Vec::new()),
    };
    let basic_constraints = basic_constraints(&section, usage, report);
    let subject_alternative_names = match section.get("SubjectAlternativeNames") {
        Some(field) => alternative_names(field, report).map(Some),
        None => Some(None),
    };
    let issuer_checks = match section.get("IssuerChecks") {
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
        key_usage: usage?,
        extended_key_usage: extended_key_usage?,
        basic_constraints: basic_constraints?,
        subject_alternative_names: subject_alternative_names?,
        issuer_checks: issuer_checks?,
        line: section.at.line,
        validity_line,
    })
}

/// Both offsets in whole seconds, and the line.
fn validity(field: &Field<'_>, report: &mut Report) -> Option<(i64, i64, u32)> {
    let section = field.section(&["ValidNotBeforeOffset", "ValidNotAfterOffset"], report)?;
    let mut offset = |key| {
        let field = section.require(key, report).cloned();
        field.and_then(|field| duration(&field, report))
    };
    let (before, after) = (offset("ValidNotBeforeOffset"), offset("ValidNotAfterOffset"));
    let (before, after) = (before?, after?);
    if after < before {
        let message = format!(
            "notAfter ({}) lies before notBefore ({})",
            duration::print(after),
            duration::print(before)
        );
        match section.get("ValidNotAfterOffset") {
            Some(field) => field.wrong(message, report),
            None => field.wrong(message, report),
        }
        return None;
    }
    // No duration is long enough to lead behind the year 9999 (RFC 5280 4.1.2.5).
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    for (key, offset) in [("ValidNotBeforeOffset", before), ("ValidNotAfterOffset", after)] {
        if now.checked_add_signed(offset).is_none() {
            let message = "leads to a time before the year 1970, which no certificate of this broker has";
            section.get(key).unwrap_or(field).wrong(message, report);
            return None;
        }
    }
    Some((before, after, section.at.line))
}

fn duration(field: &Field<'_>, report: &mut Report) -> Option<i64> {
    // YAML makes a number of the one duration that Go lets stand without a unit.
    if let super::tree::Value::Integer(number) = field.node.value {
        if number != 0 {
            field.wrong(format!("{number} needs a unit, such as `{number}h`"), report);
        }
        return (number == 0).then_some(0);
    }
    let text = field.text(report)?;
    match duration::parse(text) {
        Ok(seconds) => Some(seconds),
        Err(error) => {
            field.wrong(format!("{} {error}", quote(text)), report);
            None
        }
    }
}

/// `Subject` and `Issuer`.
fn sides(
    field: &Field<'_>,
    scheme: Option<SignatureScheme>,
    report: &mut Report,
) -> Option<(KeyConstraints, KeyConstraints)> {
    let section = field.section(&["Subject", "Issuer"], report)?;
    let mut side = |key| match section.get(key) {
        Some(field) => key_constraints(field, report),
        None => {
            let message = format!("`{key}` is missing, so that every key is refused");
            report.ignorable(section.at, &section.path, message, None);
            Some(no_key(section.at.line))
        }
    };
    let (subject, issuer) = (side("Subject"), side("Issuer"));
    if let (Some(scheme), Some(issuer), Some(field)) = (scheme, &issuer, section.get("Issuer")) {
        let entry = match scheme {
            SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss { .. } => "RSA",
            SignatureScheme::Ecdsa(_) => "ECDSA",
            SignatureScheme::Ed25519 | SignatureScheme::MlDsa(_) => scheme.name(),
        };
        // An entry that was there and wrong, and an empty list of kinds, have their own mistake already.
        let attempted = matches!(&field.node.value, super::tree::Value::Map(entries) if entries.iter().any(
            |(key, _)| matches!(&key.value, super::tree::Value::Text(word) if word.eq_ignore_ascii_case(entry))
        ));
        if !issuer.have_entry_for(scheme) && !attempted && !field.is_blank() {
            let message = format!(
                "has no entry for {}, the kind of key that SignAlg {} needs, so nothing could be issued",
                entry.to_uppercase(),
                scheme.name()
            );
            field.forbidden_key(message, report);
        }
    }
    Some((subject?, issuer?))
}

/// Constraints that no key meets.
fn no_key(line: u32) -> KeyConstraints {
    KeyConstraints { line, ..KeyConstraints::default() }
}

fn key_usage(section: &Section<'_>, report: &mut Report) -> Option<KeyUsage> {
    let Some(field) = section.optional("KeyUsage", report) else { return Some(KeyUsage::default()) };
    let bits = field.choices(&KeyUsage::NAMES, report)?;
    let usage = KeyUsage(bits.iter().fold(0, |all, bit| all | bit));
    let only = usage.has(KeyUsage::ENCIPHER_ONLY) || usage.has(KeyUsage::DECIPHER_ONLY);
    if only && !usage.has(KeyUsage::KEY_AGREEMENT) {
        field.forbidden(
            "encipherOnly and decipherOnly mean nothing without keyAgreement (RFC 5280 4.2.1.3)",
            report,
        );
    }
    Some(usage)
}

fn basic_constraints(
    section: &Section<'_>,
    usage: Option<KeyUsage>,
    report: &mut Report,
) -> Option<BasicConstraints> {
    let signs = usage.map(|usage| usage.has(KeyUsage::KEY_CERT_SIGN));
    let inner = match section.optional("BasicConstraints", report) {
        Some(field) => Some(field.section(&["CA", "PathLenConstraint"], report)?),
        None => None,
    };
    let ca = match inner.as_ref().and_then(|inner| inner.optional("CA", report)) {
        Some(field) => field.boolean(report)?,
        None => false,
    };
    let path = inner.as_ref().and_then(|inner| inner.optional("PathLenConstraint", report));
    let path_len = match path {
        Some(field) => path_length(field, report)?,
        None => None,
    };
    if signs == Some(true)
        && !ca
        && let Some(usage) = section.get("KeyUsage")
    {
        usage.forbidden("keyCertSign needs BasicConstraints with `CA: true` (RFC 5280 4.2.1.3)", report);
    }
    if let Some(path) = path {
        if !ca {
            path.misplaced("means nothing without `CA: true` (RFC 5280 4.2.1.9)", report);
        } else if signs == Some(false) {
            path.forbidden_key("means nothing without keyCertSign in KeyUsage (RFC 5280 4.2.1.9)", report);
        }
    }
    Some(BasicConstraints { ca, path_len })
}

/// A path length. `-1` is how the Go broker's own code says that there is none.
fn path_length(field: &Field<'_>, report: &mut Report) -> Option<Option<u8>> {
    let value = field.whole(report)?;
    match u8::try_from(value) {
        Ok(length) => Some(Some(length)),
        Err(_) if value == -1 => {
            field.forbidden("-1 is no path length; take the key away", report);
            Some(None)
        }
        Err(_) => {
            field.wrong(format!("{value} is not allowed; the range is 0 to 255"), report);
            None
        }
    }
}

fn alternative_names(field: &Field<'_>, report: &mut Report) -> Option<SubjectAlternativeNames> {
    let section = field.section(&["Allow", "Suffixes"], report)?;
    let mut names = SubjectAlternativeNames { line: section.at.line, ..SubjectAlternativeNames::default() };
    let kinds = [("dns", 0u8), ("ip", 1), ("uri", 2), ("email", 3)];
    let allow = section.require("Allow", report).cloned();
    let allow = allow.and_then(|field| field.choices(&kinds, report));
    if let Some(allow) = &allow {
        names.dns = allow.contains(&0);
        names.ip = allow.contains(&1);
        names.uri = allow.contains(&2);
        names.email = allow.contains(&3);
    }
    if let Some(field) = section.get("Suffixes") {
        if allow.is_some() && !names.dns {
            field.misplaced("permits DNS names, and `Allow` does not have dns", report);
        }
        let entries = field.list(report)?;
        if entries.is_empty() {
            field.wrong("must not be empty; without the key every DNS name is permitted", report);
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
    let letters = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if lower.len() <= 254 && lower.strip_prefix('.').is_some_and(|rest| rest.split('.').all(letters)) {
        return Some(lower);
    }
    let dotted = format!(".{lower}");
    let suggestion = (lower.len() <= 253 && lower.split('.').all(letters)).then_some(dotted.as_str());
    report.add_with(
        entry.node.at,
        &entry.path,
        format!("{} is no DNS suffix; it starts with a dot, such as `.svc.example`", quote(text)),
        suggestion,
    );
    None
}

fn issuer_checks(field: &Field<'_>, report: &mut Report) -> Option<IssuerChecks> {
    let section = field.section(&["RequireCA", "NestValidity"], report)?;
    let mut flag = |key| match section.get(key) {
        Some(field) => field.boolean(report),
        None => Some(false),
    };
    let (require_ca, nest_validity) = (flag("RequireCA"), flag("NestValidity"));
    Some(IssuerChecks { require_ca: require_ca?, nest_validity: nest_validity?, line: section.at.line })
}
