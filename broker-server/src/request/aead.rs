//! Fields that requests to encrypt and to decrypt share.

use broker_proto::v1;

use super::{FieldError, FieldErrorKind, Limits, error::at_most, key_source};
use crate::{algorithm::Aead, secret::SecretKey};

/// Reads a symmetric key. Policy decides whether its length is the profile's.
pub(super) fn key(source: Option<v1::KeySource>, limits: &Limits) -> Result<SecretKey, FieldError> {
    let field = "key_source";
    let key = SecretKey::new(key_source::raw_key(source, field, limits.aead_part)?);
    let length = key.len();
    if Aead::KEYS.contains(&length) {
        return Ok(key);
    }
    Err(FieldError { field, kind: FieldErrorKind::WrongLength { length, expected: Aead::KEYS.to_vec() } })
}

/// Reads a nonce of [`Aead::NONCE`] bytes.
pub(super) fn nonce(field: &'static str, bytes: &[u8]) -> Result<[u8; Aead::NONCE], FieldError> {
    bytes.try_into().map_err(|_| FieldError {
        field,
        kind: FieldErrorKind::WrongLength { length: bytes.len(), expected: vec![Aead::NONCE] },
    })
}

/// Checks the size of the associated data, if there is any.
pub(super) fn associated_data(
    field: &'static str,
    bytes: Option<Vec<u8>>,
    limits: &Limits,
) -> Result<Option<Vec<u8>>, FieldError> {
    at_most(field, bytes.as_ref().map_or(0, Vec::len), limits.associated_data)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
