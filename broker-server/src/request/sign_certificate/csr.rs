//! Reads PKCS#10 certification requests (RFC 2986).

use der::Tag;

use super::{alternative_name::AlternativeName, name::Name, requested_extensions::RequestedExtensions};
use crate::{
    algorithm::{KeyType, RequestScheme},
    request::{
        FieldErrorKind, Oid,
        asn1::{NotDer, Tlv, context},
        pem,
        public_key::{Algorithm, PublicKeyInfo},
        signature_algorithm::request_algorithm,
    },
};

/// A PKCS#10 certification request (RFC 2986) with its original DER. Its signature has not been verified yet.
#[derive(Debug)]
pub struct Csr {
    subject: Name,
    public_key: PublicKeyInfo,
    requested: RequestedExtensions,
    signed: Vec<u8>,
    algorithm: RequestScheme,
    signature: Vec<u8>,
}

impl Csr {
    /// Returns the kind and size of the subject's public key.
    pub fn key_type(&self) -> KeyType {
        self.public_key.key_type
    }

    /// Returns the requested subject, in DER's order.
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// Returns the DER of SubjectPublicKeyInfo, byte for byte.
    pub fn spki_der(&self) -> &[u8] {
        &self.public_key.der
    }

    /// Returns the octets of subjectPublicKey, from which key identifiers are computed (RFC 5280 4.2.1.2).
    pub fn public_key_bits(&self) -> &[u8] {
        &self.public_key.bits
    }

    /// Checks that a certificate can have the requested subject.
    ///
    /// # Errors
    /// Fails at the first attribute that common verifiers cannot load, or that RFC 5280 A.1 does not allow.
    pub fn check_subject(&self) -> Result<(), FieldErrorKind> {
        self.subject.check_as_subject()
    }

    /// Returns the names in the request's extensionRequest (RFC 2985 5.4.2).
    pub fn subject_alternative_names(&self) -> &[AlternativeName] {
        &self.requested.alternative_names
    }

    /// Returns the identifiers of all requested extensions. None occurs twice.
    pub fn requested_extensions(&self) -> &[Oid] {
        &self.requested.identifiers
    }

    /// Returns the bytes that the request's signature covers.
    pub fn signed_der(&self) -> &[u8] {
        &self.signed
    }

    /// Returns the scheme of the request's signature. It need not fit the subject's key.
    pub fn signature_algorithm(&self) -> RequestScheme {
        self.algorithm
    }

    /// Returns the request's signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Reads the only certification request in a PEM text. Ignores blocks of other kinds.
    pub fn from_pem(text: &str) -> Result<Self, FieldErrorKind> {
        let wanted = |label: &str| matches!(label, "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST");
        let request = pem::only(text.as_bytes(), wanted, "`CERTIFICATE REQUEST`", "certification request")?;
        Self::from_der(&request.der()?)
    }

    /// Reads one certification request. Fails if bytes follow it.
    pub(super) fn from_der(bytes: &[u8]) -> Result<Self, FieldErrorKind> {
        let outer = outer(bytes).map_err(NotDer::in_a("CertificationRequest (RFC 2986)"))?;
        let info = info(outer.info).map_err(NotDer::in_a("CertificationRequestInfo (RFC 2986 4.1)"))?;
        if info.version != [0] {
            return Err(FieldErrorKind::Unsupported(
                "is not of version 0, the only one (RFC 2986 4.1)".into(),
            ));
        }
        Ok(Self {
            subject: info.subject,
            public_key: PublicKeyInfo::read(info.public_key)?,
            requested: RequestedExtensions::read(info.attributes)?,
            signed: outer.info.raw.to_vec(),
            algorithm: request_algorithm(&outer.algorithm)?,
            signature: outer.signature.to_vec(),
        })
    }
}

struct Outer<'a> {
    info: Tlv<'a>,
    algorithm: Algorithm<'a>,
    signature: &'a [u8],
}

fn outer(bytes: &[u8]) -> Result<Outer<'_>, NotDer> {
    let mut parts = Tlv::only(bytes)?.inside(Tag::Sequence)?;
    let info = parts.next(Tag::Sequence)?;
    let algorithm = Algorithm::read(&mut parts)?;
    let signature = parts.octet_bits()?;
    parts.end()?;
    Ok(Outer { info, algorithm, signature })
}

struct Info<'a> {
    /// The content octets.
    version: &'a [u8],
    subject: Name,
    public_key: Tlv<'a>,
    attributes: Option<Tlv<'a>>,
}

fn info(info: Tlv<'_>) -> Result<Info<'_>, NotDer> {
    let mut parts = info.inside(Tag::Sequence)?;
    let version = parts.integer()?;
    let subject = Name::read(parts.next(Tag::Sequence)?)?.in_der_order()?;
    let public_key = parts.next(Tag::Sequence)?;
    // RFC 2986 requires the set even if it is empty, but some tools omit it.
    let attributes = parts.optional(context(0, true))?;
    parts.end()?;
    Ok(Info { version, subject, public_key, attributes })
}
