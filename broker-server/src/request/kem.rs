//! Parses `Encapsulate` and `Decapsulate`.

mod decapsulation_key;
mod encapsulation_key;

use std::fmt;

use broker_proto::v1;
use der::asn1::ObjectIdentifier;

pub use self::{decapsulation_key::DecapsulationKey, encapsulation_key::EncapsulationKey};
use super::{
    FieldError, FieldErrorKind, Limits,
    error::at_most,
    key_source::{KEY_SOURCE, raw_key},
    public_key::Algorithm,
};
use crate::algorithm::Kem;

/// A request to encapsulate a new shared secret.
#[derive(Debug)]
pub struct Encapsulate {
    /// The recipient's encapsulation key.
    pub key: EncapsulationKey,
}

impl Encapsulate {
    /// Reads the key. Moves it out of `message`.
    pub fn parse(message: &mut v1::EncapsulateRequest, limits: &Limits) -> Result<Self, FieldError> {
        let key = raw_key(message.key_source.take(), KEY_SOURCE, limits.kem_key)?;
        Ok(Self { key: EncapsulationKey::from_bytes(key.expose()).map_err(key_error)? })
    }
}

/// A request to decapsulate the shared secret in a ciphertext.
#[derive(Debug)]
pub struct Decapsulate {
    /// The recipient's decapsulation key.
    pub key: DecapsulationKey,
    /// The ciphertext; not empty. The profile's algorithm determines its length.
    pub ciphertext: Vec<u8>,
}

impl Decapsulate {
    /// Reads key and ciphertext. Moves both out of `message`.
    pub fn parse(message: &mut v1::DecapsulateRequest, limits: &Limits) -> Result<Self, FieldError> {
        let key = raw_key(message.key_source.take(), KEY_SOURCE, limits.kem_key)?;
        let key = DecapsulationKey::from_bytes(&key).map_err(key_error)?;
        let ciphertext = std::mem::take(&mut message.ciphertext);
        if ciphertext.is_empty() {
            return Err(FieldError { field: "ciphertext", kind: FieldErrorKind::Missing });
        }
        at_most("ciphertext", ciphertext.len(), limits.kem_ciphertext)?;
        Ok(Self { key, ciphertext })
    }
}

/// The mechanism of a key, as far as the key itself identifies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KemKeyKind {
    /// The key names this mechanism.
    Of(Kem),
    /// The key is raw and has the length of keys of this mechanism.
    Raw(Kem),
    /// The key is a seed of ML-KEM, which has the same form for every parameter set.
    AnyMlKem,
}

impl KemKeyKind {
    /// Reports whether the key can be a key of `kem`.
    pub fn fits(self, kem: Kem) -> bool {
        match self {
            Self::Of(own) | Self::Raw(own) => own == kem,
            Self::AnyMlKem => matches!(kem, Kem::MlKem(_)),
        }
    }
}

/// Completes `the key is …`.
impl fmt::Display for KemKeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(kem) => write!(f, "for {}", kem.name()),
            Self::Raw(kem) => write!(f, "raw and has the length of one for {}", kem.name()),
            Self::AnyMlKem => f.write_str("raw and has the length of a seed for ML-KEM"),
        }
    }
}

/// Returns the mechanism of a key's AlgorithmIdentifier, whose parameters must be absent (RFC 9935 3, draft 5.8).
fn mechanism(algorithm: &Algorithm<'_>) -> Result<Kem, FieldErrorKind> {
    let has_oid = |kem: &Kem| ObjectIdentifier::new(kem.oid()).is_ok_and(|oid| algorithm.oid == oid);
    let kem = Kem::ALL.into_iter().find(has_oid).ok_or_else(|| {
        FieldErrorKind::Unsupported(format!(
            "its key has the unsupported algorithm {}; send an ML-KEM or X-Wing key",
            algorithm.oid
        ))
    })?;
    if algorithm.parameters.is_some() {
        return Err(FieldErrorKind::Malformed(format!(
            "its {} key has parameters, which must be absent (RFC 9935 3)",
            kem.name()
        )));
    }
    Ok(kem)
}

/// Fails unless `part` of a key of `kem` has `expected` bytes.
fn check_length(kem: Kem, part: &str, bytes: &[u8], expected: usize) -> Result<(), FieldErrorKind> {
    if bytes.len() == expected {
        return Ok(());
    }
    let (name, found) = (kem.name(), bytes.len());
    Err(FieldErrorKind::Malformed(format!("its {name} {part} is {found} bytes long; expected {expected}")))
}

fn key_error(kind: FieldErrorKind) -> FieldError {
    FieldError { field: KEY_SOURCE, kind }
}

#[cfg(test)]
mod tests;
