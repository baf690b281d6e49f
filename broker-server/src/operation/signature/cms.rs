//! Builds detached SignedData (RFC 5652): one signer by subject key identifier, two signed attributes, no certificates.

use const_oid::ObjectIdentifier;
use der::{
    Encode as _, Sequence, Tag,
    asn1::{Any, OctetString, SetOfVec},
};
use spki::{AlgorithmIdentifier, SubjectPublicKeyInfoRef};
use x509_cert::attr::Attribute;

use super::{SignatureError, message_hash};
use crate::{
    algorithm::{SignatureScheme, SkiHash},
    backend::{evp::PrivateKey, hash::ski_digest},
    operation::algorithm_identifier::{algorithm_identifier, hash_oid},
};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// The version of both structures if a subject key identifier identifies the signer (RFC 5652 5.1, 5.3).
const VERSION: u8 = 3;

#[derive(Sequence)]
struct ContentInfo {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: SignedData,
}

#[derive(Sequence)]
struct SignedData {
    version: u8,
    digest_algorithms: SetOfVec<AlgorithmIdentifier<Any>>,
    content: EncapsulatedContentInfo,
    /// A SET OF one SignerInfo.
    signers: Any,
}

/// EncapsulatedContentInfo without eContent: the content is separate.
#[derive(Sequence)]
struct EncapsulatedContentInfo {
    content_type: ObjectIdentifier,
}

#[derive(Sequence)]
struct SignerInfo {
    version: u8,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    subject_key_id: OctetString,
    digest_algorithm: AlgorithmIdentifier<Any>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true")]
    signed_attributes: SetOfVec<Attribute>,
    signature_algorithm: AlgorithmIdentifier<Any>,
    signature: OctetString,
}

/// Signs content whose digest by the scheme's hash is `message_digest`.
pub(super) fn sign(
    key: &PrivateKey,
    scheme: SignatureScheme,
    message_digest: &[u8],
) -> Result<Vec<u8>, SignatureError> {
    let attributes = attributes(message_digest)?;
    // The signature covers the DER of the set, without the implicit tag (RFC 5652 5.4).
    let signature = key.sign(scheme, &attributes.to_der()?)?;
    let spki = key.public()?.to_spki()?;
    // The parameters are absent (RFC 5754 2).
    let digest_algorithm = AlgorithmIdentifier { oid: hash_oid(message_hash(scheme)), parameters: None };
    let signer = SignerInfo {
        version: VERSION,
        subject_key_id: OctetString::new(key_id(public_key_bits(&spki)?))?,
        digest_algorithm: digest_algorithm.clone(),
        signed_attributes: attributes,
        signature_algorithm: algorithm_identifier(scheme)?,
        signature: OctetString::new(signature)?,
    };
    let content = SignedData {
        version: VERSION,
        digest_algorithms: SetOfVec::try_from([digest_algorithm])?,
        content: EncapsulatedContentInfo { content_type: DATA },
        signers: Any::new(Tag::Set, signer.to_der()?)?,
    };
    Ok(ContentInfo { content_type: SIGNED_DATA, content }.to_der()?)
}

/// Returns the identifier of a key without a certificate: SHA-1 of subjectPublicKey (RFC 5280 4.2.1.2 method 1).
pub(super) fn key_id(public_key_bits: &[u8]) -> Vec<u8> {
    ski_digest(SkiHash::Sha1, public_key_bits)
}

fn public_key_bits(spki: &[u8]) -> Result<&[u8], SignatureError> {
    let info = SubjectPublicKeyInfoRef::try_from(spki).map_err(|_| SignatureError::Internal)?;
    Ok(info.subject_public_key.raw_bytes())
}

/// Returns the attributes content-type and message-digest (RFC 5652 11.1, 11.2).
fn attributes(message_digest: &[u8]) -> der::Result<SetOfVec<Attribute>> {
    let attribute = |oid, value| Ok::<_, der::Error>(Attribute { oid, values: SetOfVec::try_from([value])? });
    SetOfVec::try_from([
        attribute(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
        attribute(MESSAGE_DIGEST, Any::new(Tag::OctetString, message_digest)?)?,
    ])
}
