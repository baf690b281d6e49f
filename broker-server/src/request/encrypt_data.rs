//! Parses `EncryptData`.

use broker_proto::v1;

use super::{
    FieldError, Limits,
    aead::{associated_data, key, nonce},
    error::at_most,
};
use crate::{
    algorithm::Aead,
    secret::{SecretBytes, SecretKey},
};

/// A request to encrypt.
#[derive(Debug)]
pub struct EncryptData {
    /// 16, 24 or 32 bytes.
    pub key: SecretKey,
    /// The plaintext; may be empty.
    pub plaintext: SecretBytes,
    /// The caller's nonce; `None` asks the broker to generate one.
    pub nonce: Option<[u8; Aead::NONCE]>,
    /// Associated data: authenticated, not encrypted. Absent counts as empty, and the response omits it, too.
    pub associated_data: Option<Vec<u8>>,
}

impl EncryptData {
    /// Checks lengths. Moves plaintext and key out of `message` and leaves these fields empty.
    pub fn parse(message: &mut v1::EncryptDataRequest, limits: &Limits) -> Result<Self, FieldError> {
        // Moved first, so that it is wiped on every path.
        let plaintext = SecretBytes::new(std::mem::take(&mut message.plaintext));
        let key = key(message.key_source.take(), limits)?;
        at_most("plaintext", plaintext.expose().len(), limits.plaintext)?;
        let metadata = message.encrypt_metadata.take().unwrap_or_default();
        let nonce = match metadata.nonce.as_slice() {
            [] => None,
            bytes => Some(nonce("encrypt_metadata.nonce", bytes)?),
        };
        let associated_data = associated_data("encrypt_metadata.aad", metadata.aad, limits)?;
        Ok(Self { key, plaintext, nonce, associated_data })
    }
}
