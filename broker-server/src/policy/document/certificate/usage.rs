//! `KeyUsage` and `BasicConstraints`, which depend on each other.

use crate::policy::{
    document::{
        read::{Field, FieldMap},
        report::Report,
    },
    profile::{BasicConstraints, KeyUsage},
};

pub(super) fn key_usage(section: &FieldMap<'_>, report: &mut Report) -> Option<KeyUsage> {
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

pub(super) fn basic_constraints(
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
