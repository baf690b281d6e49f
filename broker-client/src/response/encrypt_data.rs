//! EncryptData.

use broker_proto::v1;

use super::{Deprecation, Descriptor, metadata, present};
use crate::error::Error;

/// The answer to an `EncryptDataRequest`: all that decrypting wants, except the key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncryptDataResponse {
    /// As long as the plaintext; the tag is not part of it.
    pub ciphertext: Vec<u8>,
    /// The nonce, whether the caller gave it or the broker made it.
    pub nonce: Vec<u8>,
    /// The associated data, if there was any.
    pub aad: Option<Vec<u8>>,
    /// The authentication tag, as long as the profile says.
    pub tag: Vec<u8>,
    /// What was done.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// Set when the profile is going to disappear.
    pub deprecation: Option<Deprecation>,
}

impl EncryptDataResponse {
    pub(crate) fn from_message(message: v1::EncryptDataResponse, length: usize) -> Result<Self, Error> {
        if message.ciphertext.len() != length {
            return Err(Error::protocol("EncryptDataResponse with a ciphertext of another length"));
        }
        let v1::CipherMetadata { nonce, aad, tag, .. } = message.cipher_metadata.unwrap_or_default();
        let tag = tag.unwrap_or_default();
        present(&nonce, "EncryptDataResponse without a nonce")?;
        present(&tag, "EncryptDataResponse without a tag")?;
        let (id, deprecation) = metadata(message.metadata);
        Ok(Self {
            ciphertext: message.ciphertext,
            nonce,
            aad,
            tag,
            descriptor: Descriptor::from_message(message.descriptor),
            id,
            deprecation,
        })
    }
}
