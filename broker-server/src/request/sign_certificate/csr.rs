//! Reads PKCS#10 certification requests (RFC 2986).

use der::{Tag, asn1::ObjectIdentifier};

use super::{
    alternative_name::{AlternativeName, alternative_names},
    extension::extensions,
    name::Name,
};
use crate::{
    algorithm::{KeyType, RequestScheme},
    request::{
        FieldErrorKind,
        asn1::{NotDer, Tlv, Values, context},
        oid::Oid,
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
    alternative_names: Vec<AlternativeName>,
    signed: Vec<u8>,
    algorithm: RequestScheme,
    signature: Vec<u8>,
}

impl Csr {
    /// Returns the kind and size of the subject's public key.
    pub fn key_type(&self) -> KeyType {
        self.public_key.key_type
    }

    /// Returns the requested subject.
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

    /// Returns the names in the request's extensionRequest (RFC 2985 5.4.2).
    pub fn subject_alternative_names(&self) -> &[AlternativeName] {
        &self.alternative_names
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
        Ok(Self {
            subject: info.subject,
            public_key: PublicKeyInfo::read(info.public_key)?,
            alternative_names: requested_names(info.attributes)?,
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
    subject: Name,
    public_key: Tlv<'a>,
    attributes: Option<Tlv<'a>>,
}

fn info(info: Tlv<'_>) -> Result<Info<'_>, NotDer> {
    let mut parts = info.inside(Tag::Sequence)?;
    if parts.next(Tag::Integer)?.value != [0] {
        return Err(NotDer::Unexpected);
    }
    let subject = Name::read(parts.next(Tag::Sequence)?)?;
    let public_key = parts.next(Tag::Sequence)?;
    // RFC 2986 requires the set even if it is empty, but some tools omit it.
    let attributes = parts.optional(context(0, true))?;
    parts.end()?;
    Ok(Info { subject, public_key, attributes })
}

const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

fn requested_names(attributes: Option<Tlv<'_>>) -> Result<Vec<AlternativeName>, FieldErrorKind> {
    let Some(attributes) = attributes else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    let mut seen = false;
    let malformed = NotDer::in_a("set of attributes (RFC 2986 4.1)");
    let mut attributes = Values::new(attributes.value).map_err(&malformed)?;
    while !attributes.is_empty() {
        let (oid, values) = attribute(&mut attributes).map_err(&malformed)?;
        if oid != EXTENSION_REQUEST {
            continue;
        }
        if seen || values.len() != 1 {
            return Err(FieldErrorKind::Malformed(
                "has more than one extensionRequest (RFC 2985 5.4.2)".into(),
            ));
        }
        seen = true;
        for list in values {
            for extension in extensions(list)? {
                if extension.oid == SUBJECT_ALT_NAME {
                    names = alternative_names(extension.value)?;
                }
            }
        }
    }
    Ok(names)
}

fn attribute<'a>(attributes: &mut Values<'a>) -> Result<(Oid, Vec<Tlv<'a>>), NotDer> {
    let mut parts = attributes.sequence()?;
    let oid = parts.oid()?;
    let mut set = parts.any()?.inside(Tag::Set)?;
    parts.end()?;
    let mut values = Vec::new();
    while !set.is_empty() {
        values.push(set.any()?);
    }
    Ok((oid, values))
}
