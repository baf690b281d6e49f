//! Parses `VerifyData` and `VerifyStream`. The signature itself is read after the policy decision, because its format can
//! depend on the profile.

use broker_proto::v1;
use bytes::Bytes;

use super::{
    FieldError, FieldErrorKind, Keys, Limits, VerificationKey, context::context, error::at_most, key_source,
    sign_data::signature_format,
};
use crate::algorithm::SignatureFormat;

/// A request to verify a signature.
#[derive(Debug)]
pub struct VerifyData {
    /// The signer's public key, or the two of a composite.
    pub keys: Keys<VerificationKey>,
    /// The format of the signature; `None` selects the profile's.
    pub format: Option<SignatureFormat>,
    /// The context (FIPS 204 5.2), at most 255 bytes. It is empty for keys other than one of ML-DSA.
    pub context: Vec<u8>,
    /// The signature; not empty.
    pub signature: Bytes,
    /// The signed data; may be empty.
    pub input: Bytes,
}

/// The header of a request to verify a signature over a stream of data.
#[derive(Debug)]
pub struct VerifyStream {
    /// The signer's public key, or the two of a composite.
    pub keys: Keys<VerificationKey>,
    /// The format of the signature; `None` selects the profile's.
    pub format: Option<SignatureFormat>,
    /// The context (FIPS 204 5.2), at most 255 bytes. It is empty for keys other than one of ML-DSA.
    pub context: Vec<u8>,
    /// The signature; not empty.
    pub signature: Bytes,
}

impl VerifyData {
    /// Checks the sizes, reads the keys, and checks the format's number and the context.
    pub fn parse(message: v1::VerifyDataRequest, limits: &Limits) -> Result<Self, FieldError> {
        let keys = verification_keys(message.key_source, limits)?;
        at_most("input", message.input.len(), limits.signed_data)?;
        let signature = signature(message.signature, limits)?;
        let format = signature_format(message.signature_format)?;
        let context = context(message.context, keys.map(VerificationKey::key_type), format)?;
        Ok(Self { keys, format, context, signature, input: message.input })
    }
}

impl VerifyStream {
    /// Reads the keys, and checks the signature's size, the format's number and the context.
    pub fn parse(header: v1::VerifyStreamHeader, limits: &Limits) -> Result<Self, FieldError> {
        let keys = verification_keys(header.key_source, limits)?;
        let signature = signature(header.signature, limits)?;
        let format = signature_format(header.signature_format)?;
        let context = context(header.context, keys.map(VerificationKey::key_type), format)?;
        Ok(Self { keys, format, context, signature })
    }
}

fn verification_keys(
    source: Option<v1::SignKeySource>,
    limits: &Limits,
) -> Result<Keys<VerificationKey>, FieldError> {
    key_source::keys(source, limits.signature_key, |key| VerificationKey::from_bytes(key.expose()))
}

fn signature(signature: Bytes, limits: &Limits) -> Result<Bytes, FieldError> {
    let field = "signature";
    if signature.is_empty() {
        return Err(FieldError { field, kind: FieldErrorKind::Missing });
    }
    at_most(field, signature.len(), limits.signature)?;
    Ok(signature)
}
