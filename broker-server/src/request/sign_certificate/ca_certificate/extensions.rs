//! Reads the extensions of a certificate that are relevant for an issuer (RFC 5280 4.2).

use der::{Tag, asn1::ObjectIdentifier};

use super::name_constraints::NameConstraints;
use crate::request::{
    FieldErrorKind, Oid,
    asn1::{NotDer, Tlv},
    sign_certificate::extension::{Extension, extensions},
};

/// The extensions that are relevant for an issuer.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    pub(super) is_ca: bool,
    pub(super) path_len: Option<u64>,
    pub(super) key_usage: Option<u16>,
    pub(super) subject_key_id: Option<Vec<u8>>,
    pub(super) extended_key_usage: Option<Vec<Oid>>,
    pub(super) name_constraints: Option<NameConstraints>,
    /// The critical extensions that are not in [`PROCESSED`].
    pub(super) unknown_critical: Vec<Oid>,
    /// What is wrong with the extensions that only a verifier reads.
    pub(super) malformed: Vec<String>,
}

const SUBJECT_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.31");
const CERTIFICATE_POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32");
const POLICY_MAPPINGS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.33");
const AUTHORITY_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const POLICY_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.36");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const INHIBIT_ANY_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.54");
/// IP address blocks and autonomous systems (RFC 3779).
const IP_ADDRESS_BLOCKS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.7");
const AUTONOMOUS_SYSTEMS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.8");
/// proxyCertInfo (RFC 3820).
const PROXY_CERT_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.14");
/// id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1).
const OCSP_NO_CHECK: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5");
const NETSCAPE_CERT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113730.1.1");

/// The extensions that may be critical: those that `openssl verify` processes. Any other that is critical makes it refuse
/// the path (RFC 5280 6.1.4 (o)).
const PROCESSED: [ObjectIdentifier; 14] = [
    KEY_USAGE,
    SUBJECT_ALT_NAME,
    BASIC_CONSTRAINTS,
    NAME_CONSTRAINTS,
    CRL_DISTRIBUTION_POINTS,
    CERTIFICATE_POLICIES,
    POLICY_MAPPINGS,
    POLICY_CONSTRAINTS,
    EXTENDED_KEY_USAGE,
    INHIBIT_ANY_POLICY,
    IP_ADDRESS_BLOCKS,
    AUTONOMOUS_SYSTEMS,
    OCSP_NO_CHECK,
    NETSCAPE_CERT_TYPE,
];

impl Extensions {
    /// Reads a list of extensions. Fails if a certificate cannot be issued without one that cannot be read.
    pub(super) fn read(list: Tlv<'_>) -> Result<Self, FieldErrorKind> {
        let mut known = Self::default();
        for extension in extensions(list)? {
            known.read_one(&extension)?;
            if extension.critical && !PROCESSED.iter().any(|processed| extension.oid == *processed) {
                known.unknown_critical.push(extension.oid);
            }
        }
        Ok(known)
    }

    fn read_one(&mut self, extension: &Extension<'_>) -> Result<(), FieldErrorKind> {
        let (oid, value) = (&extension.oid, extension.value);
        if *oid == SUBJECT_KEY_ID {
            let id = only(value, Tag::OctetString).map_err(malformed("subjectKeyIdentifier", "4.2.1.2"))?;
            self.subject_key_id = Some(id.to_vec()).filter(|id| !id.is_empty());
        } else if *oid == KEY_USAGE {
            let bits = only(value, Tag::BitString).map_err(malformed("keyUsage", "4.2.1.3"))?;
            self.key_usage = Some(key_usage(bits).map_err(malformed("keyUsage", "4.2.1.3"))?);
        } else if *oid == BASIC_CONSTRAINTS {
            (self.is_ca, self.path_len) = basic_constraints(value)?;
        } else if *oid == EXTENDED_KEY_USAGE {
            let purposes = self.or_note(purposes(value), "extKeyUsage", "RFC 5280 4.2.1.12");
            self.extended_key_usage = purposes;
        } else if *oid == NAME_CONSTRAINTS {
            let constraints =
                self.or_note(NameConstraints::read(value), "nameConstraints", "RFC 5280 4.2.1.10");
            self.name_constraints = constraints;
        } else if *oid == SUBJECT_ALT_NAME {
            self.or_note(general_names(value), "subjectAltName", "RFC 5280 4.2.1.6");
        } else if *oid == CRL_DISTRIBUTION_POINTS {
            self.or_note(sequences(value), "cRLDistributionPoints", "RFC 5280 4.2.1.13");
        } else if *oid == AUTHORITY_KEY_ID {
            self.or_note(only(value, Tag::Sequence), "authorityKeyIdentifier", "RFC 5280 4.2.1.1");
        } else if *oid == PROXY_CERT_INFO {
            self.malformed.push("is a proxy certificate, which is not a CA (RFC 3820 3.2)".into());
        }
        Ok(())
    }

    /// Returns the extension, or notes that it is not in the form of its standard.
    fn or_note<T>(&mut self, read: Result<T, NotDer>, name: &str, clause: &str) -> Option<T> {
        read.map_err(|_| self.malformed.push(format!("has a malformed {name} ({clause})"))).ok()
    }
}

/// Returns a conversion to the error of an extension that is not in the form of a clause of RFC 5280.
fn malformed(name: &'static str, clause: &'static str) -> impl Fn(NotDer) -> FieldErrorKind {
    move |error| {
        FieldErrorKind::Malformed(match error {
            NotDer::Encoding(encoding) => {
                format!("has a malformed {name} (RFC 5280 {clause}), which is not DER: {encoding}")
            }
            _ => format!("has a malformed {name} (RFC 5280 {clause})"),
        })
    }
}

/// Returns the contents of the only value, which must have `tag`.
fn only(value: &[u8], tag: Tag) -> Result<&[u8], NotDer> {
    let only = Tlv::only(value)?;
    if only.tag == tag { Ok(only.value) } else { Err(NotDer::Unexpected) }
}

/// Reads the first nine bits of a BIT STRING: bit 0 is 1, bit 1 is 2, and so on.
fn key_usage(content: &[u8]) -> Result<u16, NotDer> {
    let [unused @ 0..=7, octets @ ..] = content else { return Err(NotDer::Unexpected) };
    let length = (octets.len() * 8).saturating_sub(usize::from(*unused)).min(9);
    let bits = octets.iter().flat_map(|octet| (0..8).map(move |bit| octet & (0x80 >> bit) != 0));
    Ok((0..).zip(bits.take(length)).fold(0, |all, (index, bit)| all | u16::from(bit) << index))
}

/// Reads cA and pathLenConstraint.
fn basic_constraints(value: &[u8]) -> Result<(bool, Option<u64>), FieldErrorKind> {
    let malformed = malformed("basicConstraints", "4.2.1.9");
    let read = || {
        let mut parts = Tlv::only(value)?.inside(Tag::Sequence)?;
        let is_ca = parts.optional_boolean()?.unwrap_or(false);
        let path_len = if parts.is_empty() { None } else { Some(parts.integer()?) };
        parts.end()?;
        Ok((is_ca, path_len))
    };
    let (is_ca, path_len) = read().map_err(&malformed)?;
    let path_len = match path_len {
        None => None,
        Some([0x80..=0xff, ..]) => {
            return Err(FieldErrorKind::Malformed(
                "has a basicConstraints with a negative pathLenConstraint (RFC 5280 4.2.1.9)".into(),
            ));
        }
        Some(octets) => Some(octets.iter().fold(0u64, |length, octet| match length.checked_mul(256) {
            Some(length) => length | u64::from(*octet),
            None => u64::MAX,
        })),
    };
    Ok((is_ca, path_len))
}

fn purposes(value: &[u8]) -> Result<Vec<Oid>, NotDer> {
    let mut list = Tlv::only(value)?.inside(Tag::Sequence)?;
    let mut purposes = Vec::new();
    while !list.is_empty() {
        purposes.push(list.oid()?);
    }
    Ok(purposes)
}

/// Checks that a value is a SEQUENCE of values with the tags of GeneralName.
fn general_names(value: &[u8]) -> Result<(), NotDer> {
    let mut names = Tlv::only(value)?.inside(Tag::Sequence)?;
    while !names.is_empty() {
        match names.any()?.tag {
            Tag::ContextSpecific { number, .. } if number.0 <= 8 => {}
            _ => return Err(NotDer::Unexpected),
        }
    }
    Ok(())
}

/// Checks that a value is a SEQUENCE of SEQUENCEs.
fn sequences(value: &[u8]) -> Result<(), NotDer> {
    let mut list = Tlv::only(value)?.inside(Tag::Sequence)?;
    while !list.is_empty() {
        list.next(Tag::Sequence)?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn key_usage_has_nine_bits() {
        for (content, bits) in [
            (&[0, 0x06][..], 0b110_0000),
            (&[1, 0x06], 0b110_0000),
            (&[7, 0x80], 1),
            (&[7, 0x00, 0x80], 1 << 8),
            (&[0, 0xff, 0xff, 0xff], 0x1ff),
            (&[0], 0),
            (&[4, 0x0f], 0),
        ] {
            assert_eq!(key_usage(content), Ok(bits), "{content:?}");
        }
        assert_eq!(key_usage(&[]), Err(NotDer::Unexpected));
        assert_eq!(key_usage(&[8, 0]), Err(NotDer::Unexpected));
    }

    #[test]
    fn path_lengths_of_any_size_are_read() {
        for (value, read) in [
            (&b"\x30\x00"[..], (false, None)),
            (b"\x30\x03\x01\x01\x00", (false, None)),
            (b"\x30\x03\x01\x01\xff", (true, None)),
            (b"\x30\x06\x01\x01\xff\x02\x01\x00", (true, Some(0))),
            (b"\x30\x07\x01\x01\xff\x02\x02\x00\xff", (true, Some(255))),
            (b"\x30\x07\x01\x01\xff\x02\x02\x01\x00", (true, Some(256))),
            (b"\x30\x09\x01\x01\xff\x02\x04\x7f\xff\xff\xff", (true, Some(i32::MAX as u64))),
            (b"\x30\x0e\x01\x01\xff\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff", (true, Some(u64::MAX))),
            (b"\x30\x0e\x01\x01\xff\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00", (true, Some(u64::MAX))),
            (b"\x30\x0f\x01\x01\xff\x02\x0a\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00", (true, Some(u64::MAX))),
        ] {
            assert_eq!(basic_constraints(value), Ok(read), "{value:?}");
        }
        let error = |value: &[u8]| basic_constraints(value).unwrap_err().to_string();
        assert!(error(b"\x30\x06\x01\x01\xff\x02\x01\xff").contains("negative"));
        for value in [&b"\x31\x00"[..], b"\x30\x03\x01\x01\x01", b"\x30\x02\x02\x00", b"\x30\x02\x05\x00"] {
            assert!(error(value).contains("malformed basicConstraints"), "{value:?}");
        }
        assert!(error(b"\x30\x03\x01\x01\x01").contains("neither 00 nor FF"));
        assert!(error(b"\x30\x07\x01\x01\xff\x02\x02\x00\x05").contains("an INTEGER has more octets"));
    }
}
