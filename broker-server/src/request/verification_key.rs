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
    sign_certificate::subject_key,
};
use crate::algorithm::KeyType;

/// A public key whose kind and size are known. It has not been used yet. Only the key and its identifier are read from a
/// certificate; the caller decides whether its subject and validity are acceptable.
#[derive(Debug)]
pub struct VerificationKey {
    public_key: PublicKeyInfo,
    subject_key_id: Option<Vec<u8>>,
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
        self.subject_key_id.as_deref()
    }

    /// Reads SubjectPublicKeyInfo, a certificate, or RSAPublicKey (RFC 8017 A.1.1), in PEM or DER, and recognizes which of
    /// them it is.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FieldErrorKind> {
        match pem::text(bytes) {
            Some(text) => Self::from_pem(text),
            None => Self::from_der(bytes),
        }
    }

    fn from_pem(text: &str) -> Result<Self, FieldErrorKind> {
        let blocks = pem::blocks(text).map_err(|error| FieldErrorKind::Malformed(error.to_string()))?;
        if blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY")) {
            return Err(FieldErrorKind::Unsupported(
                "holds a private key; send only the public key (openssl pkey -pubout)".into(),
            ));
        }
        let mut keys = blocks.iter().filter(|block| LABELS.contains(&block.label));
        match (keys.next(), keys.next()) {
            (Some(key), None) => Self::from_der(&key.der),
            (None, _) => {
                Err(FieldErrorKind::Malformed("holds no PEM block `PUBLIC KEY` or `CERTIFICATE`".into()))
            }
            (Some(_), Some(_)) => Err(FieldErrorKind::Malformed(
                "holds more than one public key or certificate; send one".into(),
            )),
        }
    }

    fn from_der(bytes: &[u8]) -> Result<Self, FieldErrorKind> {
        let (public_key, subject_key_id) = match form(bytes) {
            Ok(Form::Info) => (PublicKeyInfo::read(Tlv::only(bytes).map_err(NotDer::in_a(INFO))?)?, None),
            Ok(Form::Certificate) => subject_key(bytes)?,
            Ok(Form::Pkcs1) => {
                let info = wrap_pkcs1(bytes).map_err(NotDer::in_a("RSAPublicKey"))?;
                (PublicKeyInfo::read(Tlv::only(&info).map_err(NotDer::in_a(INFO))?)?, None)
            }
            Err(_) => {
                return Err(FieldErrorKind::Malformed(
                    "is not a public key (SubjectPublicKeyInfo) or a certificate, in PEM or DER".into(),
                ));
            }
        };
        Ok(Self { public_key, subject_key_id })
    }
}

const LABELS: [&str; 4] = ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "X509 CERTIFICATE"];
const INFO: &str = "SubjectPublicKeyInfo";

enum Form {
    Info,
    Certificate,
    Pkcs1,
}

/// Determines the structure from its first two values. The reader of that structure checks the rest.
fn form(bytes: &[u8]) -> Result<Form, NotDer> {
    let mut parts = Tlv::only(bytes)?.inside(Tag::Sequence)?;
    match (parts.any()?.tag, parts.any()?.tag) {
        (Tag::Sequence, Tag::BitString) => Ok(Form::Info),
        (Tag::Sequence, Tag::Sequence) => Ok(Form::Certificate),
        (Tag::Integer, Tag::Integer) if parts.is_empty() => Ok(Form::Pkcs1),
        _ => Err(NotDer::Unexpected),
    }
}

/// Wraps an RSAPublicKey in SubjectPublicKeyInfo (RFC 3279 2.3.1).
fn wrap_pkcs1(key: &[u8]) -> Result<Vec<u8>, NotDer> {
    let algorithm = AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) };
    let info = SubjectPublicKeyInfo { algorithm, subject_public_key: BitStringRef::from_bytes(key)? };
    Ok(info.to_der()?)
}

#[cfg(test)]
mod tests;
