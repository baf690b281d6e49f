//! Reads detached SignedData (RFC 5652 5) in DER.

use der::{Tag, asn1::ObjectIdentifier};

use super::{
    FieldErrorKind,
    asn1::{NotDer, Tlv, Values, context, encode},
    public_key::{Algorithm, RSA_ENCRYPTION},
    signature_algorithm::{hash, signature_algorithm},
};
use crate::algorithm::{SignatureHash, SignatureScheme};

/// SignedData of one signer over separate content of the type id-data. Certificates, revocation lists and unsigned
/// attributes are ignored.
#[derive(Debug)]
pub struct SignedData {
    /// The signer's subject key identifier.
    pub subject_key_id: Vec<u8>,
    /// The hash of digestAlgorithm; `None` if the broker does not support it.
    pub digest: Option<SignatureHash>,
    /// The signatureAlgorithm; `None` if the broker does not support it.
    pub scheme: Option<SignatureScheme>,
    /// The signed attributes; without them the signature covers the content itself.
    pub attributes: Option<SignedAttributes>,
    /// The signature.
    pub signature: Vec<u8>,
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
    /// Reads a ContentInfo and nothing after it.
    pub fn from_der(bytes: &[u8]) -> Result<Self, FieldErrorKind> {
        let malformed = NotDer::in_a("SignedData (RFC 5652 5.1)");
        let content = content(bytes).map_err(&malformed)?;
        if content.is_attached {
            return Err(FieldErrorKind::Unsupported(
                "holds the content; only detached SignedData is supported: send the content separately"
                    .into(),
            ));
        }
        let mut signers = content.signers;
        if signers.is_empty() {
            return Err(FieldErrorKind::Unsupported("has no signer".into()));
        }
        let signer = signers.any().map_err(&malformed)?;
        if !signers.is_empty() {
            return Err(FieldErrorKind::Unsupported(
                "has more than one signer; only one is supported".into(),
            ));
        }
        signer_info(content.version, signer)
    }
}

struct Content<'a> {
    version: u8,
    is_attached: bool,
    signers: Values<'a>,
}

fn content(bytes: &[u8]) -> Result<Content<'_>, NotDer> {
    let mut info = Tlv::only(bytes)?.inside(Tag::Sequence)?;
    if info.oid_ref()? != SIGNED_DATA {
        return Err(NotDer::Unexpected);
    }
    let mut data = Tlv::only(info.next(context(0, true))?.value)?.inside(Tag::Sequence)?;
    info.end()?;
    let version: u8 = data.decode()?;
    data.next(Tag::Set)?;
    let mut content = data.sequence()?;
    if content.oid_ref()? != DATA {
        return Err(NotDer::Unexpected);
    }
    let is_attached = content.optional(context(0, true))?.is_some();
    content.end()?;
    data.optional(context(0, true))?;
    data.optional(context(1, true))?;
    let signers = Values::new(data.next(Tag::Set)?.value)?;
    data.end()?;
    Ok(Content { version, is_attached, signers })
}

fn signer_info(version: u8, signer: Tlv<'_>) -> Result<SignedData, FieldErrorKind> {
    let parts = parts(version, signer).map_err(NotDer::in_a("SignerInfo (RFC 5652 5.3)"))?;
    let Some(subject_key_id) = parts.subject_key_id else {
        return Err(FieldErrorKind::Unsupported(
            "names its signer by issuer and serial number; only the subject key identifier is supported (openssl cms -keyid)"
                .into(),
        ));
    };
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
        subject_key_id: subject_key_id.to_vec(),
        digest: parts.digest,
        scheme,
        attributes: attributes.map_err(NotDer::in_a("set of signed attributes (RFC 5652 5.3)"))?,
        signature: parts.signature.to_vec(),
    })
}

struct Parts<'a> {
    subject_key_id: Option<&'a [u8]>,
    digest: Option<SignatureHash>,
    attributes: Option<&'a [u8]>,
    algorithm: Algorithm<'a>,
    signature: &'a [u8],
}

fn parts(version: u8, signer: Tlv<'_>) -> Result<Parts<'_>, NotDer> {
    let mut parts = signer.inside(Tag::Sequence)?;
    let signer_version: u8 = parts.decode()?;
    let name = parts.any()?;
    // The form of the signer identifier determines the version of SignerInfo; SignedData has the same version, or a later
    // one with certain contents (RFC 5652 5.1, 5.3).
    let subject_key_id = match (version, signer_version, name.tag) {
        (3..=5, 3, tag) if tag == context(0, false) => Some(name.value),
        (1 | 3..=5, 1, Tag::Sequence) => None,
        _ => return Err(NotDer::Unexpected),
    };
    let digest = hash(&mut parts)?;
    let attributes = parts.optional(context(0, true))?.map(|attributes| attributes.value);
    let algorithm = Algorithm::read(&mut parts)?;
    let signature = parts.next(Tag::OctetString)?.value;
    parts.optional(context(1, true))?;
    parts.end()?;
    Ok(Parts { subject_key_id, digest, attributes, algorithm, signature })
}

/// Reads the contents of a SET OF Attribute, which must be in DER's order and have the content type id-data and one
/// digest (RFC 5652 11).
fn attributes(contents: &[u8]) -> Result<SignedAttributes, NotDer> {
    let mut attributes = Values::new(contents)?;
    let (mut previous, mut content_type, mut message_digest) = (None, None, None);
    while !attributes.is_empty() {
        let attribute = attributes.any()?;
        if previous.replace(attribute.raw).is_some_and(|previous| previous > attribute.raw) {
            return Err(NotDer::Unexpected);
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
