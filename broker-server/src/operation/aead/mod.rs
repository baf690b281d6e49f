//! Executes `EncryptData`, `DecryptData` and `GenerateKey`.

mod ledger;
#[cfg(test)]
mod tests;

use aws_lc_rs::rand;
pub use ledger::NonceLedger;

use crate::{
    algorithm::Aead,
    backend::{
        Backend,
        aead::{Cipher, CipherError},
    },
    policy::{
        Permit,
        permit::{DecryptData, EncryptData, GenerateKey},
        profile::{EncryptDataRule, NonceStrategy},
    },
    request::{self, FieldError, FieldErrorKind},
    secret::SecretBytes,
    telemetry::audit::KeyUse,
};

/// An encrypted message and everything but the key that its recipient needs.
#[derive(Debug)]
pub struct Encrypted {
    /// The ciphertext; as long as the plaintext.
    pub ciphertext: Vec<u8>,
    /// The nonce: the caller's, or one that the broker generated.
    pub nonce: [u8; Aead::NONCE],
    /// The associated data of the request.
    pub associated_data: Option<Vec<u8>>,
    /// The authentication tag; its length is the profile's.
    pub tag: Vec<u8>,
}

/// Why an encryption or decryption failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AeadError {
    /// A field does not fit the profile's algorithm.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Key, nonce, associated data, ciphertext and tag do not belong together.
    #[error("authentication failed: key, nonce, associated data, ciphertext and tag do not belong together")]
    AuthenticationFailed,
    /// The key has reached the limit of random nonces.
    #[error("the key has reached the limit of messages with random nonces (SP 800-38D 8.3); use a new key")]
    KeyExhausted,
    /// The crypto library failed for a reason that the caller did not cause.
    #[error("the crypto library failed")]
    Internal,
}

impl AeadError {
    /// Returns the reason for google.rpc.ErrorInfo.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Field(error) => error.kind.reason(),
            Self::AuthenticationFailed => "AUTHENTICATION_FAILED",
            Self::KeyExhausted => "KEY_EXHAUSTED",
            Self::Internal => "INTERNAL",
        }
    }

    /// Returns the wire field that caused the error. A failed authentication does not reveal which field is wrong.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Field(error) => Some(error.field),
            Self::KeyExhausted => Some("key_source"),
            Self::AuthenticationFailed | Self::Internal => None,
        }
    }
}

/// Checks the parts of a request to encrypt that do not require its key.
///
/// # Errors
/// Fails with [`AeadError::Field`] if the profile requires a nonce from the caller and the request has none.
pub fn check_encrypt(permit: &Permit<EncryptData>) -> Result<(), AeadError> {
    match (permit.rule().nonce, permit.request().nonce) {
        (NonceStrategy::UserProvided, None) => Err(wrong_length("encrypt_metadata.nonce", 0, Aead::NONCE)),
        _ => Ok(()),
    }
}

/// Checks the parts of a request to decrypt that do not require its key.
///
/// # Errors
/// Fails with [`AeadError::Field`] if the tag does not have the profile's length.
pub fn check_decrypt(permit: &Permit<DecryptData>) -> Result<(), AeadError> {
    let (length, expected) = (permit.request().tag.len(), permit.rule().tag_length());
    if length == expected { Ok(()) } else { Err(wrong_length("decrypt_metadata.tag", length, expected)) }
}

/// Encrypts the permit's plaintext in place. Depending on the rule, the nonce is the caller's, or 96 random bits from the
/// library (SP 800-38D 8.2.2) that `nonces` counts.
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

/// Generates a key with the profile's size from the library's random numbers (SP 800-133 section 4).
// The permit is taken by value so that it is used only once.
#[allow(clippy::needless_pass_by_value)]
pub fn generate_key(permit: Permit<GenerateKey>, key_use: &KeyUse) -> Result<SecretBytes, AeadError> {
    let mut key = SecretBytes::new(vec![0; permit.rule().key_length()]);
    rand::fill(key.expose_mut()).map_err(|_| AeadError::Internal)?;
    key_use.identify_secret(key.expose());
    Ok(key)
}

/// Decrypts the permit's ciphertext in place. Returns no part of the plaintext if the authentication fails.
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
