//! Reads the issuer's certificate (RFC 5280 4.1): the parts that issued certificates copy and that policy checks.

use der::Tag;

use self::extensions::Extensions;
use super::name::Name;
use crate::{
    algorithm::KeyType,
    request::{
        FieldErrorKind, Oid,
        asn1::{NotDer, Tlv, Values, context},
        pem,
        public_key::PublicKeyInfo,
    },
};

mod extensions;
mod name_constraints;
mod time;

pub use name_constraints::{NameConstraints, NameForm, Subtree, SubtreeBase};

/// The issuer's certificate with its original DER.
#[derive(Debug)]
pub struct CaCertificate {
    der: Vec<u8>,
    subject: Name,
    public_key: PublicKeyInfo,
    not_before: i64,
    not_after: i64,
    extensions: Extensions,
}

impl CaCertificate {
    /// Returns the kind and size of the public key.
    pub fn key_type(&self) -> KeyType {
        self.public_key.key_type
    }

    /// Returns the complete certificate, byte for byte.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Returns the subject: the issuer of the certificates that it issues.
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// Returns the DER of SubjectPublicKeyInfo, byte for byte.
    pub fn spki_der(&self) -> &[u8] {
        &self.public_key.der
    }

    /// Returns the octets of subjectPublicKey.
    pub fn public_key_bits(&self) -> &[u8] {
        &self.public_key.bits
    }

    /// Returns the subject key identifier (RFC 5280 4.2.1.2), if there is one.
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.extensions.subject_key_id.as_deref()
    }

    /// Returns notBefore in Unix seconds, negative before 1970.
    pub fn not_before(&self) -> i64 {
        self.not_before
    }

    /// Returns notAfter in Unix seconds, negative before 1970.
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// Returns basicConstraints.cA; `false` if the extension is absent, or if the certificate is not of version 3, which
    /// has no extensions (RFC 5280 6.1.4 (k)).
    pub fn is_ca(&self) -> bool {
        self.extensions.is_ca
    }

    /// Returns basicConstraints.pathLenConstraint, which has no upper bound (RFC 5280 4.2.1.9). A value that does not fit is
    /// returned as the maximum.
    pub fn path_len(&self) -> Option<u64> {
        self.extensions.path_len
    }

    /// Returns keyUsage with the bits of [`crate::policy::profile::KeyUsage`]; `None` if the extension is absent.
    pub fn key_usage(&self) -> Option<u16> {
        self.extensions.key_usage
    }

    /// Returns the purposes in extKeyUsage; `None` if the extension is absent.
    pub fn extended_key_usage(&self) -> Option<&[Oid]> {
        self.extensions.extended_key_usage.as_deref()
    }

    /// Returns the name constraints; `None` if the extension is absent.
    pub fn name_constraints(&self) -> Option<&NameConstraints> {
        self.extensions.name_constraints.as_ref()
    }

    /// Returns the critical extensions that a verifier of certificates need not know (RFC 5280 4.2).
    pub fn unknown_critical_extensions(&self) -> &[Oid] {
        &self.extensions.unknown_critical
    }

    /// Returns what is wrong with the parts that a certificate is issued without, but that a verifier reads: extensions, the
    /// serial number and the certificate's own issuer. Each text completes a sentence that begins with `the CA certificate`.
    pub fn malformed_parts(&self) -> &[String] {
        &self.extensions.malformed
    }

    /// Reads the first certificate in a PEM text. A chain may follow it.
    pub fn from_pem(text: &str) -> Result<Self, FieldErrorKind> {
        let certificate = pem::blocks(text.as_bytes())?
            .into_iter()
            .find(|block| matches!(block.label, "CERTIFICATE" | "X509 CERTIFICATE"))
            .ok_or_else(|| FieldErrorKind::Malformed("holds no PEM block `CERTIFICATE`".into()))?;
        Self::from_der(&certificate.der()?)
    }

    /// Reads one certificate. Fails if bytes follow it.
    pub(super) fn from_der(bytes: &[u8]) -> Result<Self, FieldErrorKind> {
        let parts = parts(bytes)?;
        let subject = Name::read(parts.subject).map_err(because("its subject is not a Name"))?;
        if subject.is_empty() {
            return Err(FieldErrorKind::Unsupported(
                "has an empty subject, and an issuer must have a name (RFC 5280 4.1.2.4)".into(),
            ));
        }
        subject.check_as_issuer()?;
        let mut extensions = parts.extensions.map(Extensions::read).transpose()?.unwrap_or_default();
        extensions.is_ca &= parts.version == Version::V3;
        extensions.malformed.extend(not_loaded(&parts).map(str::to_owned));
        Ok(Self {
            der: bytes.to_vec(),
            subject,
            public_key: PublicKeyInfo::read(parts.public_key)?,
            not_before: parts.not_before,
            not_after: parts.not_after,
            extensions,
        })
    }
}

/// The key of any certificate, with what identifies the certificate.
#[derive(Debug)]
pub(in crate::request) struct SubjectKey {
    pub(in crate::request) public_key: PublicKeyInfo,
    pub(in crate::request) subject_key_id: Option<Vec<u8>>,
    /// The DER of the issuer's name, which has not been read.
    pub(in crate::request) issuer: Vec<u8>,
    /// The content octets.
    pub(in crate::request) serial_number: Vec<u8>,
}

/// Reads the key of any certificate.
pub(in crate::request) fn subject_key(bytes: &[u8]) -> Result<SubjectKey, FieldErrorKind> {
    let parts = parts(bytes)?;
    let subject_key_id = match parts.extensions {
        Some(list) => Extensions::read(list)?.subject_key_id,
        None => None,
    };
    Ok(SubjectKey {
        public_key: PublicKeyInfo::read(parts.public_key)?,
        subject_key_id,
        issuer: parts.issuer.raw.to_vec(),
        serial_number: parts.serial_number.to_vec(),
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V2,
    V3,
}

struct Parts<'a> {
    version: Version,
    serial_number: &'a [u8],
    issuer: Tlv<'a>,
    subject: Tlv<'a>,
    public_key: Tlv<'a>,
    not_before: i64,
    not_after: i64,
    extensions: Option<Tlv<'a>>,
}

/// Reads the fields of a certificate (RFC 5280 4.1), without its names. An error says which one cannot be read: the bytes may be well-formed DER
/// of something else.
fn parts(bytes: &[u8]) -> Result<Parts<'_>, FieldErrorKind> {
    let outer = Tlv::only(bytes).and_then(|outer| outer.inside(Tag::Sequence));
    let mut certificate = outer.map_err(because("it is not one SEQUENCE"))?;
    let mut tbs = certificate.sequence().map_err(because("its tbsCertificate is not a SEQUENCE"))?;
    let algorithm =
        certificate.next(Tag::Sequence).map_err(because("its signatureAlgorithm is not a SEQUENCE"))?;
    certificate.octet_bits().map_err(because("its signatureValue is not a BIT STRING of whole octets"))?;
    certificate.end().map_err(because("it has more than three parts"))?;

    let version = version(&mut tbs)?;
    let serial_number = tbs.next(Tag::Integer).map_err(because("its serialNumber is not an INTEGER"))?.value;
    if tbs.next(Tag::Sequence).map_err(because("its signature is not a SEQUENCE"))?.raw != algorithm.raw {
        return Err(FieldErrorKind::Malformed(
            "has a signature algorithm in its tbsCertificate that is not its signatureAlgorithm (RFC 5280 4.1.1.2)"
                .into(),
        ));
    }
    let issuer = tbs.next(Tag::Sequence).map_err(because("its issuer is not a SEQUENCE"))?;
    let mut validity = tbs.sequence().map_err(because("its validity is not a SEQUENCE"))?;
    let not_before = time::unix_seconds("notBefore", &mut validity)?;
    let not_after = time::unix_seconds("notAfter", &mut validity)?;
    validity.end().map_err(because("its validity has more than two times"))?;
    let subject = tbs.next(Tag::Sequence).map_err(because("its subject is not a SEQUENCE"))?;
    let public_key =
        tbs.next(Tag::Sequence).map_err(because("its subjectPublicKeyInfo is not a SEQUENCE"))?;
    for number in [1, 2] {
        tbs.optional(context(number, false)).map_err(because("its unique identifier cannot be read"))?;
    }
    let list = tbs.optional(context(3, true)).and_then(|list| match list {
        Some(list) => Tlv::only(list.value).map(Some),
        None => Ok(None),
    });
    let extensions = list.map_err(because("its extensions are not one value"))?;
    tbs.end().map_err(because("its tbsCertificate has a field that RFC 5280 does not define"))?;
    Ok(Parts { version, serial_number, issuer, subject, public_key, not_before, not_after, extensions })
}

/// Returns why verifiers cannot load the certificate, for each part that issued certificates do not copy.
fn not_loaded(parts: &Parts<'_>) -> impl Iterator<Item = &'static str> {
    let issuer = Name::read(parts.issuer).is_ok_and(|name| name.check_as_issuer().is_ok());
    let serial = !matches!(parts.serial_number, [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..]);
    let faults = [
        (issuer, "has an issuer that verifiers cannot load (RFC 5280 4.1.2.4)"),
        (serial, "has a serialNumber that is not in DER (X.690 8.3.2)"),
    ];
    faults.into_iter().filter_map(|(is_loaded, fault)| (!is_loaded).then_some(fault))
}

/// Reads the version, which is absent in version 1 (RFC 5280 4.1.2.1).
fn version(tbs: &mut Values<'_>) -> Result<Version, FieldErrorKind> {
    let unreadable = because("its version is not an INTEGER");
    let Some(version) = tbs.optional(context(0, true)).map_err(&unreadable)? else { return Ok(Version::V1) };
    let read = || {
        let mut values = Values::new(version.value)?;
        let number = values.integer()?;
        values.end()?;
        Ok(number)
    };
    match read().map_err(&unreadable)? {
        [0] => Ok(Version::V1),
        [1] => Ok(Version::V2),
        [2] => Ok(Version::V3),
        _ => Err(FieldErrorKind::Unsupported(
            "has a version that is not defined: X.509 has versions 1 to 3 (RFC 5280 4.1.2.1)".into(),
        )),
    }
}

/// Returns a conversion to the error of a certificate that cannot be read for this reason.
fn because(reason: &'static str) -> impl Fn(NotDer) -> FieldErrorKind {
    move |error| match error {
        NotDer::Encoding(_) | NotDer::Trailing => NotDer::in_a("certificate (RFC 5280 4.1)")(error),
        NotDer::Malformed | NotDer::Unexpected => {
            FieldErrorKind::Malformed(format!("is not a certificate in DER (RFC 5280 4.1): {reason}"))
        }
    }
}

#[cfg(test)]
mod tests;
