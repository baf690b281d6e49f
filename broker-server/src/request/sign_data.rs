//! Parses `SignData` and `SignStream`.

use broker_proto::v1;
use bytes::Bytes;

use super::{
    FieldError, FieldErrorKind, Keys, Limits, SigningKey, context::context, error::at_most, key_source,
};
use crate::algorithm::SignatureFormat;

/// A request to sign.
#[derive(Debug)]
pub struct SignData {
    /// The private key, or the two of a composite.
    pub keys: Keys<SigningKey>,
    /// The format of the signature; `None` selects the profile's.
    pub format: Option<SignatureFormat>,
    /// The context (FIPS 204 5.2), at most 255 bytes. It is empty for keys other than one of ML-DSA.
    pub context: Vec<u8>,
    /// The data to sign; may be empty.
    pub input: Bytes,
}

/// The header of a request to sign a stream of data.
#[derive(Debug)]
pub struct SignStream {
    /// The private key, or the two of a composite.
    pub keys: Keys<SigningKey>,
    /// The format of the signature; `None` selects the profile's.
    pub format: Option<SignatureFormat>,
    /// The context (FIPS 204 5.2), at most 255 bytes. It is empty for keys other than one of ML-DSA.
    pub context: Vec<u8>,
}

impl SignData {
    /// Checks the sizes, reads the keys, and checks the format's number and the context.
    pub fn parse(message: v1::SignDataRequest, limits: &Limits) -> Result<Self, FieldError> {
        let keys = signing_keys(message.key_source, limits)?;
        at_most("input", message.input.len(), limits.signed_data)?;
        let format = signature_format(message.signature_format)?;
        let context = context(message.context, keys.map(SigningKey::key_type), format)?;
        Ok(Self { keys, format, context, input: message.input })
    }
}

impl SignStream {
    /// Reads the keys, and checks the format's number and the context.
    pub fn parse(header: v1::SignStreamHeader, limits: &Limits) -> Result<Self, FieldError> {
        let keys = signing_keys(header.key_source, limits)?;
        let format = signature_format(header.signature_format)?;
        let context = context(header.context, keys.map(SigningKey::key_type), format)?;
        Ok(Self { keys, format, context })
    }
}

fn signing_keys(source: Option<v1::SignKeySource>, limits: &Limits) -> Result<Keys<SigningKey>, FieldError> {
    key_source::keys(source, limits.signature_key, SigningKey::from_bytes)
}

/// Reads the signature format; `None` selects the profile's.
pub(super) fn signature_format(number: i32) -> Result<Option<SignatureFormat>, FieldError> {
    match v1::SignatureFormat::try_from(number) {
        Ok(v1::SignatureFormat::Unspecified) => Ok(None),
        Ok(v1::SignatureFormat::Raw) => Ok(Some(SignatureFormat::Raw)),
        Ok(v1::SignatureFormat::Der) => Ok(Some(SignatureFormat::Der)),
        Ok(v1::SignatureFormat::Pem) => Ok(Some(SignatureFormat::Pem)),
        Ok(v1::SignatureFormat::Cms) => Ok(Some(SignatureFormat::Cms)),
        Err(_) => Err(FieldError { field: "signature_format", kind: FieldErrorKind::UnknownValue(number) }),
    }
}
