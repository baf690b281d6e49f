//! `KeyUsage`, `ExtendedKeyUsage` and `BasicConstraints`, which depend on each other.

use crate::{
    algorithm::KeyKind,
    policy::{
        document::{
            read::{Field, FieldMap},
            report::Report,
        },
        profile::{BasicConstraints, ExtendedKeyUsage, KeyConstraints, KeyUsage},
    },
};

/// What a CA certificate can do whose profile names no usage, in a lenient reading: without keyUsage, which it must have
/// (RFC 5280 4.2.1.3), it could do everything.
const CA_USAGE: KeyUsage = KeyUsage(KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN);

/// `KeyUsage` and `BasicConstraints`, after the checks of one against the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    pub(super) key_usage: KeyUsage,
    pub(super) key_usage_line: u32,
    pub(super) basic_constraints: BasicConstraints,
}

/// Reads `KeyUsage` and `BasicConstraints`.
pub(super) fn usage(section: &FieldMap<'_>, report: &mut Report) -> Option<Usage> {
    let named = key_usage(section, report);
    let basic_constraints = basic_constraints(section, named, report);
    let (key_usage, mut basic_constraints) = (named?, basic_constraints?);
    let key_usage_line = section.field("KeyUsage").map_or(section.at.line, |field| field.at.line);
    let mut usage = Usage { key_usage, key_usage_line, basic_constraints };
    // Only a lenient reading continues here: what is issued must comply with RFC 5280 all the same.
    if basic_constraints.ca && !key_usage.has(KeyUsage::KEY_CERT_SIGN) {
        if key_usage.is_empty() {
            usage.key_usage = CA_USAGE;
        } else {
            // A path length needs keyCertSign (RFC 5280 4.2.1.9), and has no meaning without it.
            basic_constraints.path_len = None;
            usage.basic_constraints = basic_constraints;
        }
    }
    Some(usage)
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

/// Reads `BasicConstraints`. `usage` is what `KeyUsage` names, unless that is invalid.
fn basic_constraints(
    section: &FieldMap<'_>,
    usage: Option<KeyUsage>,
    report: &mut Report,
) -> Option<BasicConstraints> {
    let signs_certificates = usage.map(|usage| usage.has(KeyUsage::KEY_CERT_SIGN));
    let inner = match section.non_empty("BasicConstraints", report) {
        Some(field) => Some(field.field_map(&["CA", "PathLenConstraint", "Critical", "Omit"], report)?),
        None => None,
    };
    let value = |key: &str, report: &mut Report| {
        inner.as_ref().and_then(|inner| inner.non_empty(key, report)).cloned()
    };
    let ca_field = value("CA", report);
    let ca = match &ca_field {
        Some(field) => field.boolean(report)?,
        None => false,
    };
    let path = value("PathLenConstraint", report);
    let path_len = match &path {
        Some(field) => path_length(field, report)?,
        None => None,
    };
    let flag = |key: &str, report: &mut Report| match inner.as_ref().and_then(|inner| inner.field(key)) {
        Some(field) => field.boolean(report).map(Some),
        None => Some(None),
    };
    let (critical, omit) = (flag("Critical", report), flag("Omit", report));
    if signs_certificates == Some(true)
        && !ca
        && let Some(usage) = section.field("KeyUsage")
    {
        usage
            .error_if_strict("keyCertSign needs BasicConstraints with `CA: true` (RFC 5280 4.2.1.3)", report);
    }
    if signs_certificates == Some(false)
        && ca
        && let Some(field) = &ca_field
    {
        field.key_error_if_strict("needs keyCertSign in KeyUsage (RFC 5280 4.2.1.3)", report);
    }
    if let Some(path) = path.filter(|_| !ca) {
        path.key_error("needs `CA: true` (RFC 5280 4.2.1.9)", report);
    }
    let (critical, omit) = (critical?, omit?);
    let error = |key: &str, message: &str, report: &mut Report| {
        if let Some(field) = inner.as_ref().and_then(|inner| inner.field(key)) {
            field.error(message, report);
        }
    };
    if ca && critical == Some(false) {
        error("Critical", "the extension of a CA must be critical (RFC 5280 4.2.1.9)", report);
    }
    if omit == Some(true) {
        if ca {
            error("Omit", "a CA must have the extension (RFC 5280 4.2.1.9)", report);
        } else if signs_certificates == Some(true) {
            error(
                "Omit",
                "with keyCertSign and without the extension, some verifiers take the subject for a CA",
                report,
            );
        }
        if critical.is_some() {
            error("Omit", "contradicts `Critical`; remove one of the two keys", report);
        }
    }
    Some(BasicConstraints { ca, path_len, critical: !ca && critical == Some(true), omit: omit == Some(true) })
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

/// Checks that a key which `Subject` of `KeyConstraints` allows can have at least one of the usages: a certificate without any
/// would have no keyUsage, and so allow all of them.
pub(super) fn check_usable_keys(
    section: &FieldMap<'_>,
    usage: KeyUsage,
    subjects: &KeyConstraints,
    report: &mut Report,
) {
    let Some(field) = section.field("KeyUsage") else { return };
    let mut kinds = KeyKind::ALL.into_iter().filter(|kind| subjects.has_entry_for(*kind)).peekable();
    // An empty section has been reported already.
    if usage.is_empty() || kinds.peek().is_none() || kinds.any(|kind| !usage.of_key(kind).is_empty()) {
        return;
    }
    let message = format!(
        "KeyConstraints.Subject allows {subjects}, and no such key can have one of these usages (RFC 3279 2.3.1, \
         RFC 8813 3, RFC 9295 3, RFC 9881 5), so that no certificate could be issued"
    );
    field.error_if_strict(message, report);
}

/// Reads `ExtendedKeyUsage`. Returns the purposes, and whether the extension is critical. `usage` is what the key may do.
pub(super) fn extended_key_usage(
    section: &FieldMap<'_>,
    usage: Option<KeyUsage>,
    report: &mut Report,
) -> Option<(Vec<ExtendedKeyUsage>, bool)> {
    let purposes = match section.non_empty("ExtendedKeyUsage", report) {
        Some(field) => {
            let purposes = field.choices(&ExtendedKeyUsage::ALL.map(|usage| (usage.name(), usage)), report);
            if let Some(purposes) = &purposes
                && purposes.len() > 1
                && purposes.contains(&ExtendedKeyUsage::TimeStamping)
            {
                field.error_if_strict("timeStamping must be the only purpose (RFC 3161 2.3)", report);
            }
            purposes
        }
        None => Some(Vec::new()),
    };
    let critical = match section.field("ExtendedKeyUsageCritical") {
        Some(field) => field.boolean(report).map(Some),
        None => Some(None),
    };
    let (purposes, critical) = (purposes?, critical?);
    let stamps = purposes.contains(&ExtendedKeyUsage::TimeStamping);
    let signs = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::CONTENT_COMMITMENT;
    if stamps
        && usage.is_some_and(|usage| usage.0 & !signs != 0)
        && let Some(field) = section.field("KeyUsage")
    {
        let message = "with timeStamping only digitalSignature and contentCommitment are allowed (RFC 3161 2.3, RFC 5280 4.2.1.12)";
        field.error_if_strict(message, report);
    }
    if let (Some(critical), Some(field)) = (critical, section.field("ExtendedKeyUsageCritical")) {
        if purposes.is_empty() {
            field.key_error("needs ExtendedKeyUsage", report);
        } else if stamps && !critical {
            field.error("with timeStamping the extension is always critical (RFC 3161 2.3)", report);
        }
    }
    Some((purposes, stamps || critical == Some(true)))
}
