//! Reads the issuer's certificate (RFC 5280 4.1): the parts that issued certificates copy and that policy checks.

use der::{Decode as _, Tag, asn1::ObjectIdentifier};
use x509_cert::{ext::pkix, time::Time};

use super::{extension::extensions, name::Name};
use crate::{
    algorithm::KeyType,
    request::{
        FieldErrorKind,
        asn1::{NotDer, Tlv, context},
        pem,
        public_key::PublicKeyInfo,
    },
};

/// The issuer's certificate with its original DER.
#[derive(Debug)]
pub struct CaCertificate {
    der: Vec<u8>,
    subject: Name,
    public_key: PublicKeyInfo,
    not_before: i64,
    not_after: i64,
    extensions: Known,
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

    /// Returns notBefore in Unix seconds.
    pub fn not_before(&self) -> i64 {
        self.not_before
    }

    /// Returns notAfter in Unix seconds.
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// Returns basicConstraints.cA; `false` if the extension is absent.
    pub fn is_ca(&self) -> bool {
        self.extensions.is_ca
    }

    /// Returns basicConstraints.pathLenConstraint. Values above 255 are returned as 255.
    pub fn path_len(&self) -> Option<u8> {
        self.extensions.path_len
    }

    /// Returns keyUsage with the bits of [`crate::policy::profile::KeyUsage`]; `None` if the extension is absent.
    pub fn key_usage(&self) -> Option<u16> {
        self.extensions.key_usage
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
        let parts = parts(bytes).map_err(NotDer::in_a("certificate (RFC 5280 4.1)"))?;
        if parts.subject.is_empty() {
            return Err(FieldErrorKind::Unsupported(
                "has an empty subject, and an issuer must have a name (RFC 5280 4.1.2.4)".into(),
            ));
        }
        parts.subject.check_as_issuer()?;
        Ok(Self {
            der: bytes.to_vec(),
            subject: parts.subject,
            public_key: PublicKeyInfo::read(parts.public_key)?,
            not_before: parts.not_before,
            not_after: parts.not_after,
            extensions: match parts.extensions {
                Some(list) => Known::read(list)?,
                None => Known::default(),
            },
        })
    }
}

/// The key of any certificate, with what identifies the certificate.
#[derive(Debug)]
pub(in crate::request) struct SubjectKey {
    pub(in crate::request) public_key: PublicKeyInfo,
    pub(in crate::request) subject_key_id: Option<Vec<u8>>,
    pub(in crate::request) issuer: Name,
    /// The content octets.
    pub(in crate::request) serial_number: Vec<u8>,
}

/// Reads the key of any certificate.
pub(in crate::request) fn subject_key(bytes: &[u8]) -> Result<SubjectKey, FieldErrorKind> {
    let parts = parts(bytes).map_err(NotDer::in_a("certificate (RFC 5280 4.1)"))?;
    let subject_key_id = match parts.extensions {
        Some(list) => Known::read(list)?.subject_key_id,
        None => None,
    };
    Ok(SubjectKey {
        public_key: PublicKeyInfo::read(parts.public_key)?,
        subject_key_id,
        issuer: parts.issuer,
        serial_number: parts.serial_number.to_vec(),
    })
}

struct Parts<'a> {
    serial_number: &'a [u8],
    issuer: Name,
    subject: Name,
    public_key: Tlv<'a>,
    not_before: i64,
    not_after: i64,
    extensions: Option<Tlv<'a>>,
}

fn parts(bytes: &[u8]) -> Result<Parts<'_>, NotDer> {
    let mut certificate = Tlv::only(bytes)?.inside(Tag::Sequence)?;
    let mut tbs = certificate.sequence()?;
    let algorithm = certificate.next(Tag::Sequence)?;
    certificate.octet_bits()?;
    certificate.end()?;

    if let Some(version) = tbs.optional(context(0, true))?
        && !matches!(Tlv::only(version.value)?.raw, [2, 1, 0..=2])
    {
        return Err(NotDer::Unexpected);
    }
    let serial_number = tbs.next(Tag::Integer)?.value;
    // Both algorithms must be the same (RFC 5280 4.1.1.2).
    if tbs.next(Tag::Sequence)?.raw != algorithm.raw {
        return Err(NotDer::Unexpected);
    }
    let issuer = Name::read(tbs.next(Tag::Sequence)?)?;
    let mut validity = tbs.sequence()?;
    let not_before = unix_seconds(validity.decode()?)?;
    let not_after = unix_seconds(validity.decode()?)?;
    validity.end()?;
    let subject = Name::read(tbs.next(Tag::Sequence)?)?;
    let public_key = tbs.next(Tag::Sequence)?;
    tbs.optional(context(1, false))?;
    tbs.optional(context(2, false))?;
    let extensions = match tbs.optional(context(3, true))? {
        Some(list) => Some(Tlv::only(list.value)?),
        None => None,
    };
    tbs.end()?;
    Ok(Parts { serial_number, issuer, subject, public_key, not_before, not_after, extensions })
}

fn unix_seconds(time: Time) -> Result<i64, NotDer> {
    i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| NotDer::Unexpected)
}

/// The extensions that are relevant for an issuer.
#[derive(Debug, Default)]
struct Known {
    is_ca: bool,
    path_len: Option<u8>,
    key_usage: Option<u16>,
    subject_key_id: Option<Vec<u8>>,
}

const SUBJECT_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");

impl Known {
    fn read(list: Tlv<'_>) -> Result<Self, FieldErrorKind> {
        let mut known = Self::default();
        for extension in extensions(list)? {
            let value = extension.value;
            if extension.oid == SUBJECT_KEY_ID {
                let id = Tlv::only(value)
                    .and_then(
                        |id| if id.tag == Tag::OctetString { Ok(id.value) } else { Err(NotDer::Unexpected) },
                    )
                    .map_err(NotDer::in_a("subjectKeyIdentifier"))?;
                known.subject_key_id = Some(id.to_vec()).filter(|id| !id.is_empty());
            } else if extension.oid == KEY_USAGE {
                let usage = pkix::KeyUsage::from_der(value)
                    .map_err(|error| NotDer::in_a("keyUsage")(error.into()))?;
                known.key_usage = Some(usage.0.bits());
            } else if extension.oid == BASIC_CONSTRAINTS {
                (known.is_ca, known.path_len) =
                    basic_constraints(value).map_err(NotDer::in_a("basicConstraints"))?;
            }
        }
        Ok(known)
    }
}

fn basic_constraints(value: &[u8]) -> Result<(bool, Option<u8>), NotDer> {
    let mut parts = Tlv::only(value)?.inside(Tag::Sequence)?;
    let is_ca = match parts.optional(Tag::Boolean)?.map(|ca| ca.value) {
        None | Some([0]) => false,
        Some([0xff]) => true,
        Some(_) => return Err(NotDer::Malformed),
    };
    let path_len = match parts.optional(Tag::Integer)? {
        Some(length) => Some(u64::from_der(length.raw).map_err(|_| NotDer::Unexpected)?),
        None => None,
    };
    parts.end()?;
    Ok((is_ca, path_len.map(|length| u8::try_from(length).unwrap_or(u8::MAX))))
}
