//! Parses `DecryptData`.

use broker_proto::v1;

use super::{
    FieldError, FieldErrorKind, Limits,
    aead::{associated_data, key, nonce},
    error::at_most,
};
use crate::{
    algorithm::Aead,
    secret::{SecretBytes, SecretKey},
};

/// A request to decrypt.
#[derive(Debug)]
pub struct DecryptData {
    /// 16, 24 or 32 bytes.
    pub key: SecretKey,
    /// The ciphertext without the tag; may be empty. Not a secret yet, but it is decrypted in place.
    pub ciphertext: SecretBytes,
    /// The nonce that the message was encrypted with.
    pub nonce: [u8; Aead::NONCE],
    /// Associated data. Absent counts as empty.
    pub associated_data: Option<Vec<u8>>,
    /// The authentication tag. The profile determines its length.
    pub tag: Vec<u8>,
}

impl DecryptData {
    /// Checks lengths. Moves ciphertext and key out of `message` and leaves these fields empty.
    pub fn parse(message: &mut v1::DecryptDataRequest, limits: &Limits) -> Result<Self, FieldError> {
        let ciphertext = SecretBytes::new(std::mem::take(&mut message.ciphertext));
        let key = key(message.key_source.take(), limits)?;
        at_most("ciphertext", ciphertext.expose().len(), limits.plaintext)?;
        let metadata = message.decrypt_metadata.take().unwrap_or_default();
        let nonce = nonce("decrypt_metadata.nonce", &metadata.nonce)?;
        let associated_data = associated_data("decrypt_metadata.aad", metadata.aad, limits)?;
        let missing = FieldError { field: "decrypt_metadata.tag", kind: FieldErrorKind::Missing };
        let tag = metadata.tag.ok_or(missing)?;
        Ok(Self { key, ciphertext, nonce, associated_data, tag })
    }
}
