//! Encodings that are BER and not DER (X.690): BOOLEAN and INTEGER. The reader takes them, because other programs may not.

use super::finding::Findings;
use crate::x509::{
    certificate::Certificate,
    der::{Reader, tag},
    extension_value,
};

/// How deep values are looked at. No structure of a certificate is deeper.
const MAX_DEPTH: u8 = 24;

/// Checks every value of the certificate and of the extensions whose form is known.
pub(super) fn check(certificate: &Certificate<'_>, findings: &mut Findings) {
    walk(certificate.raw, certificate.serial, "the certificate", 0, findings);
    for extension in certificate.extensions().iter().filter(|extension| extension_value::is_known(extension))
    {
        walk(extension.value, certificate.serial, extension_value::name(extension), 0, findings);
    }
}

/// Checks the values of `bytes` except the serial number, which has checks of its own.
fn walk(bytes: &[u8], serial: &[u8], place: &str, depth: u8, findings: &mut Findings) {
    let mut reader = Reader::new(bytes);
    while !reader.is_empty() {
        let Ok(value) = reader.any() else { return };
        match (value.tag, value.value) {
            (tag::BOOLEAN, [0 | 0xff]) => {}
            (tag::BOOLEAN, _) => findings.error(
                "boolean-encoding",
                "X.690 11.1",
                format!("{place} has a BOOLEAN that is neither 00 nor FF: {}", hex::encode(value.value)),
            ),
            (tag::INTEGER, octets) if std::ptr::eq(octets, serial) => {}
            (tag::INTEGER, [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..]) => {
                let message = format!("{place} has an INTEGER that is not in its shortest form");
                findings.error("integer-encoding", "X.690 8.3.2", message);
            }
            (tag, contents) if tag & 0x20 != 0 && depth < MAX_DEPTH => {
                walk(contents, serial, place, depth + 1, findings);
            }
            _ => {}
        }
    }
}
