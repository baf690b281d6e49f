//! Reads SignedData (RFC 5652 5) in DER or BER.

use der::{Tag, asn1::ObjectIdentifier};

use super::{
    FieldErrorKind,
    asn1::{Encoding, NotDer, Tlv, Values, context, encode},
    ber,
    oid::OidRef,
    public_key::{Algorithm, RSA_ENCRYPTION},
    signature_algorithm::{hash, signature_algorithm},
};
use crate::algorithm::{SignatureHash, SignatureScheme};

/// SignedData of one signer over content of the type id-data, which may be separate. Certificates, revocation lists and unsigned
/// attributes are ignored.
#[derive(Debug)]
pub struct SignedData {
    /// The content, if SignedData holds it.
    pub content: Option<Vec<u8>>,
    /// The signer.
    pub signer: SignerId,
    /// The hash of digestAlgorithm; `None` if the broker does not support it.
    pub digest: Option<SignatureHash>,
    /// The signatureAlgorithm; `None` if the broker does not support it.
    pub scheme: Option<SignatureScheme>,
    /// The signed attributes; without them the signature covers the content itself.
    pub attributes: Option<SignedAttributes>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// SignerIdentifier (RFC 5652 5.3).
#[derive(Debug)]
pub enum SignerId {
    /// The subject key identifier of the signer's certificate, or an identifier that is computed from its key.
    SubjectKeyId(Vec<u8>),
    /// The issuer and the serial number of the signer's certificate.
    IssuerAndSerialNumber {
        /// The DER of the issuer's Name.
        issuer: Vec<u8>,
        /// The content octets of the serial number.
        serial_number: Vec<u8>,
    },
}

/// The signed attributes (RFC 5652 5.3). Attributes other than content type and digest are signed, but not interpreted.
#[derive(Debug)]
pub struct SignedAttributes {
    /// The signed bytes: DER of the SET OF (RFC 5652 5.4).
    pub der: Vec<u8>,
    /// The digest of the content.
    pub message_digest: Vec<u8>,
}

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");

impl SignedData {
    /// Reads a ContentInfo and nothing after it. Takes BER, too: RFC 5652 5.3 requires DER of the signed attributes only.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FieldErrorKind> {
        let read = Self::from_der(bytes);
        match read.is_err().then(|| ber::to_der(bytes, SIGNER_INFO_PARTS)).flatten() {
            Some(der) if der != bytes => Self::from_der(&der),
            _ => read,
        }
    }

    fn from_der(bytes: &[u8]) -> Result<Self, FieldErrorKind> {
        let malformed = NotDer::in_a(SIGNED_DATA_NAME);
        let mut content = content(bytes)?;
        if content.signers.is_empty() {
            return Err(FieldErrorKind::Unsupported("has no signer".into()));
        }
        let signer = content.signers.any().map_err(&malformed)?;
        if !content.signers.is_empty() {
            return Err(FieldErrorKind::Unsupported(
                "has more than one signer; only one is supported".into(),
            ));
        }
        signer_info(&content, signer)
    }
}

/// The depth of the parts of SignerInfo: inside ContentInfo, its content, SignedData, signerInfos and SignerInfo.
const SIGNER_INFO_PARTS: usize = 5;
const SIGNED_DATA_NAME: &str = "SignedData (RFC 5652 5.1)";

struct Content<'a> {
    version: u8,
    /// eContent.
    octets: Option<&'a [u8]>,
    signers: Values<'a>,
}

fn content(bytes: &[u8]) -> Result<Content<'_>, FieldErrorKind> {
    let malformed = NotDer::in_a(SIGNED_DATA_NAME);
    let (content_type, content) = content_info(bytes).map_err(&malformed)?;
    if content_type != SIGNED_DATA {
        return Err(FieldErrorKind::Unsupported(format!(
            "is a ContentInfo of the type {content_type}; only SignedData is supported (RFC 5652 5.1)"
        )));
    }
    let (content_type, content) = signed_data(content).map_err(&malformed)?;
    if content_type != DATA {
        return Err(FieldErrorKind::Unsupported(format!(
            "signs content of the type {content_type}; only id-data is supported (RFC 5652 4)"
        )));
    }
    Ok(content)
}

/// Reads ContentInfo (RFC 5652 3).
fn content_info(bytes: &[u8]) -> Result<(OidRef<'_>, Tlv<'_>), NotDer> {
    let mut info = Tlv::only(bytes)?.inside(Tag::Sequence)?;
    let content_type = info.oid_ref()?;
    let content = Tlv::only(info.next(context(0, true))?.value)?;
    info.end()?;
    Ok((content_type, content))
}

/// Reads SignedData and returns it with the type of its content.
fn signed_data(data: Tlv<'_>) -> Result<(OidRef<'_>, Content<'_>), NotDer> {
    let mut data = data.inside(Tag::Sequence)?;
    let version: u8 = data.decode()?;
    data.next(Tag::Set)?;
    let mut content = data.sequence()?;
    let content_type = content.oid_ref()?;
    let octets = match content.optional(context(0, true))? {
        Some(octets) => Some(Values::new(octets.value)?.only(Tag::OctetString)?.value),
        None => None,
    };
    content.end()?;
    data.optional(context(0, true))?;
    data.optional(context(1, true))?;
    let signers = Values::new(data.next(Tag::Set)?.value)?;
    data.end()?;
    Ok((content_type, Content { version, octets, signers }))
}

fn signer_info(content: &Content<'_>, signer: Tlv<'_>) -> Result<SignedData, FieldErrorKind> {
    let parts = parts(signer).map_err(NotDer::in_a("SignerInfo (RFC 5652 5.3)"))?;
    // The form of the signer identifier determines the version of SignerInfo; SignedData has the same version, or a later
    // one with certain contents (RFC 5652 5.1, 5.3).
    let expected = match parts.signer {
        SignerId::SubjectKeyId(_) => 3,
        SignerId::IssuerAndSerialNumber { .. } => 1,
    };
    if parts.version != expected || !(content.version == expected || matches!(content.version, 3..=5)) {
        return Err(FieldErrorKind::Malformed(
            "has versions that do not fit the form of its signer identifier (RFC 5652 5.1, 5.3)".into(),
        ));
    }
    // RFC 3370 3.2: with rsaEncryption the hash is the one of digestAlgorithm.
    let scheme = if parts.algorithm.oid == RSA_ENCRYPTION {
        parts.digest.map(SignatureScheme::RsaPkcs1)
    } else {
        match signature_algorithm(&parts.algorithm) {
            Ok(scheme) => Some(scheme),
            Err(FieldErrorKind::Unsupported(_)) => None,
            Err(kind) => return Err(kind),
        }
    };
    let attributes = parts.attributes.map(attributes).transpose();
    Ok(SignedData {
        content: content.octets.map(<[u8]>::to_vec),
        signer: parts.signer,
        digest: parts.digest,
        scheme,
        attributes: attributes.map_err(NotDer::in_a("set of signed attributes (RFC 5652 5.3)"))?,
        signature: parts.signature.to_vec(),
    })
}

struct Parts<'a> {
    version: u8,
    signer: SignerId,
    digest: Option<SignatureHash>,
    attributes: Option<&'a [u8]>,
    algorithm: Algorithm<'a>,
    signature: &'a [u8],
}

fn parts(signer: Tlv<'_>) -> Result<Parts<'_>, NotDer> {
    let mut parts = signer.inside(Tag::Sequence)?;
    let version = parts.decode()?;
    let signer = signer_id(parts.any()?)?;
    let digest = hash(&mut parts)?;
    let attributes = parts.optional(context(0, true))?.map(|attributes| attributes.value);
    let algorithm = Algorithm::read(&mut parts)?;
    let signature = parts.next(Tag::OctetString)?.value;
    parts.optional(context(1, true))?;
    parts.end()?;
    Ok(Parts { version, signer, digest, attributes, algorithm, signature })
}

fn signer_id(id: Tlv<'_>) -> Result<SignerId, NotDer> {
    if id.tag == context(0, false) {
        return Ok(SignerId::SubjectKeyId(id.value.to_vec()));
    }
    let mut parts = id.inside(Tag::Sequence)?;
    let issuer = parts.next(Tag::Sequence)?.raw.to_vec();
    let serial_number = parts.next(Tag::Integer)?.value.to_vec();
    parts.end()?;
    Ok(SignerId::IssuerAndSerialNumber { issuer, serial_number })
}

/// Reads the contents of a SET OF Attribute, which must be in DER's order and have the content type id-data and one
/// digest (RFC 5652 11).
fn attributes(contents: &[u8]) -> Result<SignedAttributes, NotDer> {
    let mut attributes = Values::new(contents)?;
    let (mut previous, mut content_type, mut message_digest) = (None, None, None);
    while !attributes.is_empty() {
        let attribute = attributes.any()?;
        if previous.replace(attribute.raw).is_some_and(|previous| previous > attribute.raw) {
            return Err(NotDer::Encoding(Encoding::SetOrder));
        }
        let mut parts = attribute.inside(Tag::Sequence)?;
        let oid = parts.oid_ref()?;
        let values = parts.next(Tag::Set)?.value;
        parts.end()?;
        let slot = if oid == CONTENT_TYPE {
            &mut content_type
        } else if oid == MESSAGE_DIGEST {
            &mut message_digest
        } else {
            continue;
        };
        if slot.replace(Tlv::only(values)?).is_some() {
            return Err(NotDer::Unexpected);
        }
    }
    if Values::new(content_type.ok_or(NotDer::Unexpected)?.raw)?.oid_ref()? != DATA {
        return Err(NotDer::Unexpected);
    }
    let digest = message_digest.filter(|digest| digest.tag == Tag::OctetString).ok_or(NotDer::Unexpected)?;
    Ok(SignedAttributes { der: encode(Tag::Set, contents)?, message_digest: digest.value.to_vec() })
}

/// Reports whether `content` could be signed attributes. CMS signs attributes and content in the same way, so a signature
/// over such content could have been made over it as the attributes of other content.
pub fn looks_like_attributes(content: &[u8]) -> bool {
    Tlv::only(content).is_ok_and(|set| set.tag == Tag::Set && attributes(set.value).is_ok())
}
