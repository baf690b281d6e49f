//! `EncryptData` and `DecryptData`.

mod ledger;
#[cfg(test)]
mod tests;

pub use ledger::NonceLedger;

use crate::{
    algorithm::Aead,
    backend::{
        Backend,
        aead::{Cipher, CipherError},
    },
    policy::{
        Permit,
        permit::{DecryptData, EncryptData},
        profile::{EncryptDataRule, NonceStrategy},
    },
    request::{self, FieldError, FieldErrorKind},
    secret::SecretBytes,
    telemetry::audit::KeyUse,
};

/// An encrypted message, and what its receiver needs besides the key.
#[derive(Debug)]
pub struct Encrypted {
    /// As long as the plaintext was.
    pub ciphertext: Vec<u8>,
    /// The nonce in use: the caller's, or the broker's own.
    pub nonce: [u8; Aead::NONCE],
    /// The associated data as it came.
    pub associated_data: Option<Vec<u8>>,
    /// As long as the profile says.
    pub tag: Vec<u8>,
}

/// Why nothing was encrypted or decrypted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AeadError {
    /// A field is not what the profile's algorithm needs.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Key, nonce, associated data, ciphertext and tag do not belong together.
    #[error("authentication failed: key, nonce, associated data, ciphertext and tag do not belong together")]
    AuthenticationFailed,
    /// The key has had as many random nonces as it may have.
    #[error(
        "the key has encrypted as many messages with random nonces as it may (SP 800-38D 8.3); use a new key"
    )]
    KeyExhausted,
    /// A bug, or a library that does not work.
    #[error("the crypto library failed")]
    Internal,
}

impl AeadError {
    /// For google.rpc.ErrorInfo.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Field(error) => error.kind.reason(),
            Self::AuthenticationFailed => "AUTHENTICATION_FAILED",
            Self::KeyExhausted => "KEY_EXHAUSTED",
            Self::Internal => "INTERNAL",
        }
    }

    /// The wire field at fault. Of a failed authentication nobody can say which it is.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Field(error) => Some(error.field),
            Self::KeyExhausted => Some("key_source"),
            Self::AuthenticationFailed | Self::Internal => None,
        }
    }
}

/// Checks what can be checked of a request to encrypt before its key is used.
///
/// # Errors
/// [`AeadError::Field`] where the profile leaves the nonce to the caller and there is none.
pub fn check_encrypt(permit: &Permit<EncryptData>) -> Result<(), AeadError> {
    match (permit.rule().nonce, permit.request().nonce) {
        (NonceStrategy::UserProvided, None) => Err(wrong_length("encrypt_metadata.nonce", 0, Aead::NONCE)),
        _ => Ok(()),
    }
}

/// Checks what can be checked of a request to decrypt before its key is used.
///
/// # Errors
/// [`AeadError::Field`] where the tag does not have the profile's length.
pub fn check_decrypt(permit: &Permit<DecryptData>) -> Result<(), AeadError> {
    let (length, expected) = (permit.request().tag.len(), permit.rule().tag_length());
    if length == expected { Ok(()) } else { Err(wrong_length("decrypt_metadata.tag", length, expected)) }
}

/// Encrypts the permit's plaintext where it lies. The nonce is the caller's or, where the rule says so, 96 random bits of
/// the library's (SP 800-38D 8.2.2), which `nonces` counts.
pub fn encrypt_data(
    permit: Permit<EncryptData>,
    backend: &Backend,
    nonces: &NonceLedger,
    key_use: &KeyUse,
) -> Result<Encrypted, AeadError> {
    check_encrypt(&permit)?;
    let rule = *permit.rule();
    let request::EncryptData { key, mut plaintext, nonce, associated_data } = permit.into_request();
    let data = associated_data.as_deref().unwrap_or_default();
    let key = key.expose(key_use);
    key_use.identify_secret(key);
    let cipher = cipher(rule, key);
    let sealed = match (rule.nonce, nonce) {
        (NonceStrategy::UserProvided, Some(nonce)) => {
            backend.aead.seal(&cipher, &nonce, data, plaintext.expose_mut()).map(|tag| (nonce, tag))
        }
        (NonceStrategy::UserProvided, None) => Err(CipherError::Failed),
        (NonceStrategy::Random, _) => {
            nonces.count(key)?;
            backend.aead.seal_random(&cipher, data, plaintext.expose_mut())
        }
    };
    let (nonce, tag) = sealed.map_err(|_| AeadError::Internal)?;
    Ok(Encrypted { ciphertext: plaintext.into_exposed(), nonce, associated_data, tag })
}

/// Decrypts the permit's ciphertext where it lies, or answers nothing of it.
pub fn decrypt_data(
    permit: Permit<DecryptData>,
    backend: &Backend,
    key_use: &KeyUse,
) -> Result<SecretBytes, AeadError> {
    check_decrypt(&permit)?;
    let rule = *permit.rule();
    let request::DecryptData { key, ciphertext: mut text, nonce, associated_data, tag } =
        permit.into_request();
    let data = associated_data.as_deref().unwrap_or_default();
    let key = key.expose(key_use);
    key_use.identify_secret(key);
    match backend.aead.open(&cipher(rule, key), &nonce, data, text.expose_mut(), &tag) {
        Ok(()) => Ok(text),
        Err(CipherError::Authentication) => Err(AeadError::AuthenticationFailed),
        Err(_) => Err(AeadError::Internal),
    }
}

fn cipher(rule: EncryptDataRule, key: &[u8]) -> Cipher<'_> {
    Cipher { algorithm: rule.algorithm, key, tag_length: rule.tag_length() }
}

fn wrong_length(field: &'static str, length: usize, expected: usize) -> AeadError {
    FieldError { field, kind: FieldErrorKind::WrongLength { length, expected: vec![expected] } }.into()
}
