//! Reads a public key that verifies, on its own or in a certificate.

use der::{
    Encode as _, Tag,
    asn1::{AnyRef, BitStringRef},
};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfo};

use super::{
    FieldErrorKind,
    asn1::{NotDer, Tlv},
    pem,
    public_key::{PublicKeyInfo, RSA_ENCRYPTION},
    sign_certificate::{SubjectKey, is_same_name, subject_key},
};
use crate::algorithm::KeyType;

/// A public key whose kind and size are known. It has not been used yet. Only the key and its identifier are read from a
/// certificate; the caller decides whether its subject and validity are acceptable.
#[derive(Debug)]
pub struct VerificationKey {
    public_key: PublicKeyInfo,
    certificate: Option<CertificateId>,
}

/// What identifies a certificate.
#[derive(Debug)]
struct CertificateId {
    subject_key_id: Option<Vec<u8>>,
    /// The DER of the issuer's name.
    issuer: Vec<u8>,
    serial_number: Vec<u8>,
}

impl VerificationKey {
    /// Returns the kind and size of the key.
    pub fn key_type(&self) -> KeyType {
        self.public_key.key_type
    }

    /// Returns the DER of SubjectPublicKeyInfo.
    pub fn spki_der(&self) -> &[u8] {
        &self.public_key.der
    }

    /// Returns the octets of subjectPublicKey, from which key identifiers are computed (RFC 5280 4.2.1.2).
    pub fn public_key_bits(&self) -> &[u8] {
        &self.public_key.bits
    }

    /// Returns the subject key identifier of the certificate; `None` for a key without a certificate or identifier.
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.certificate.as_ref()?.subject_key_id.as_deref()
    }

    /// Reports whether issuer (DER) and serial number (content octets) identify the certificate (RFC 5652 10.2.4). Returns
    /// `None` for a key without a certificate.
    pub fn has_issuer_and_serial_number(&self, issuer: &[u8], serial_number: &[u8]) -> Option<bool> {
        let certificate = self.certificate.as_ref()?;
        Some(
            shortest(&certificate.serial_number) == shortest(serial_number)
                && is_same_name(&certificate.issuer, issuer),
        )
    }

    /// Reads SubjectPublicKeyInfo, a certificate, or RSAPublicKey (RFC 8017 A.1.1), in PEM or DER, and recognizes which of
    /// them it is.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FieldErrorKind> {
        if pem::is_pem(bytes) { Self::from_pem(bytes) } else { Self::from_der(bytes) }
    }

    fn from_pem(text: &[u8]) -> Result<Self, FieldErrorKind> {
        let blocks = pem::blocks(text)?;
        if blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY")) {
            return Err(FieldErrorKind::Unsupported(PRIVATE.into()));
        }
        let (name, thing) = ("`PUBLIC KEY` or `CERTIFICATE`", "public key or certificate");
        let key = pem::single(&blocks, |label| LABELS.contains(&label), name, thing)?;
        Self::from_der(&key.der()?)
    }

    fn from_der(bytes: &[u8]) -> Result<Self, FieldErrorKind> {
        let (public_key, certificate) = match form(bytes) {
            Ok(Form::Info) => (PublicKeyInfo::read(Tlv::only(bytes).map_err(NotDer::in_a(INFO))?)?, None),
            Ok(Form::Certificate) => {
                let SubjectKey { public_key, subject_key_id, issuer, serial_number } = subject_key(bytes)?;
                (public_key, Some(CertificateId { subject_key_id, issuer, serial_number }))
            }
            Ok(Form::Pkcs1) => {
                let info = wrap_pkcs1(bytes).map_err(NotDer::in_a("RSAPublicKey"))?;
                (PublicKeyInfo::read(Tlv::only(&info).map_err(NotDer::in_a(INFO))?)?, None)
            }
            Ok(Form::PrivateKey) => return Err(FieldErrorKind::Unsupported(PRIVATE.into())),
            Err(error @ NotDer::Encoding(_)) => return Err(NotDer::in_a("public key or certificate")(error)),
            Err(_) => {
                return Err(FieldErrorKind::Malformed(
                    "is not a public key (SubjectPublicKeyInfo) or a certificate, in PEM or DER".into(),
                ));
            }
        };
        Ok(Self { public_key, certificate })
    }
}

const LABELS: [&str; 4] = ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "X509 CERTIFICATE"];
const PRIVATE: &str = "holds a private key; send only the public key (openssl pkey -pubout)";
const INFO: &str = "SubjectPublicKeyInfo";

enum Form {
    Info,
    Certificate,
    Pkcs1,
    PrivateKey,
}

/// Determines the structure from its first two values. The reader of that structure checks the rest.
fn form(bytes: &[u8]) -> Result<Form, NotDer> {
    let mut parts = Tlv::only(bytes)?.inside(Tag::Sequence)?;
    match (parts.any()?.tag, parts.any()?.tag) {
        (Tag::Sequence, Tag::BitString) => Ok(Form::Info),
        (Tag::Sequence, Tag::Sequence) => Ok(Form::Certificate),
        (Tag::Integer, Tag::Integer) if parts.is_empty() => Ok(Form::Pkcs1),
        (Tag::Integer, Tag::Integer | Tag::Sequence | Tag::OctetString) => Ok(Form::PrivateKey),
        _ => Err(NotDer::Unexpected),
    }
}

/// Wraps an RSAPublicKey in SubjectPublicKeyInfo (RFC 3279 2.3.1).
fn wrap_pkcs1(key: &[u8]) -> Result<Vec<u8>, NotDer> {
    let algorithm = AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) };
    let info = SubjectPublicKeyInfo { algorithm, subject_public_key: BitStringRef::from_bytes(key)? };
    Ok(info.to_der()?)
}

/// Returns the shortest encoding of an INTEGER (X.690 8.3.2). Old certificates have longer ones.
fn shortest(mut integer: &[u8]) -> &[u8] {
    while let [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] = integer {
        integer = integer.get(1..).unwrap_or_default();
    }
    integer
}

#[cfg(test)]
mod tests;
