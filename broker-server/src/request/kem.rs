//! `Encapsulate` and `Decapsulate`: the parse step.

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

/// A request for a shared secret.
#[derive(Debug)]
pub struct Encapsulate {
    /// Whom it is for.
    pub key: EncapsulationKey,
}

impl Encapsulate {
    /// Takes the message apart.
    pub fn parse(message: &mut v1::EncapsulateRequest, limits: &Limits) -> Result<Self, FieldError> {
        let key = raw_key(message.key_source.take(), KEY_SOURCE, limits.kem_key)?;
        Ok(Self { key: EncapsulationKey::from_bytes(key.expose()).map_err(of_the_key)? })
    }
}

/// A request for the shared secret in a ciphertext.
#[derive(Debug)]
pub struct Decapsulate {
    /// Who it is for.
    pub key: DecapsulationKey,
    /// Which length is right depends on the profile's algorithm.
    pub ciphertext: Vec<u8>,
}

impl Decapsulate {
    /// Takes the message apart; no key is left in it.
    pub fn parse(message: &mut v1::DecapsulateRequest, limits: &Limits) -> Result<Self, FieldError> {
        let key = raw_key(message.key_source.take(), KEY_SOURCE, limits.kem_key)?;
        let key = DecapsulationKey::from_bytes(&key).map_err(of_the_key)?;
        let ciphertext = std::mem::take(&mut message.ciphertext);
        if ciphertext.is_empty() {
            return Err(FieldError { field: "ciphertext", kind: FieldErrorKind::Missing });
        }
        at_most("ciphertext", ciphertext.len(), limits.kem_ciphertext)?;
        Ok(Self { key, ciphertext })
    }
}

/// Whose key it is, as far as the key itself says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KemKeyKind {
    /// This mechanism's.
    Of(Kem),
    /// Some parameter set's of ML-KEM: its seed looks the same for each.
    AnyMlKem,
}

impl KemKeyKind {
    /// Whether it can be a key of `kem`.
    pub fn fits(self, kem: Kem) -> bool {
        match self {
            Self::Of(own) => own == kem,
            Self::AnyMlKem => matches!(kem, Kem::MlKem(_)),
        }
    }
}

impl fmt::Display for KemKeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(kem) => f.write_str(kem.name()),
            Self::AnyMlKem => f.write_str("ML-KEM"),
        }
    }
}

/// The mechanism of a key's AlgorithmIdentifier, whose parameters must be absent (RFC 9935 3, draft 5.8).
fn mechanism(algorithm: &Algorithm<'_>) -> Result<Kem, FieldErrorKind> {
    let is_its = |kem: &Kem| ObjectIdentifier::new(kem.oid()).is_ok_and(|oid| oid == algorithm.oid);
    let kem = Kem::ALL.into_iter().find(is_its).ok_or_else(|| {
        FieldErrorKind::Unsupported(format!(
            "its key is of the algorithm {}; ML-KEM and X-Wing keys are taken",
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

/// `part` of a key of `kem` must have `wanted` bytes.
fn exact(kem: Kem, part: &str, bytes: &[u8], wanted: usize) -> Result<(), FieldErrorKind> {
    if bytes.len() == wanted {
        return Ok(());
    }
    let (name, found) = (kem.name(), bytes.len());
    Err(FieldErrorKind::Malformed(format!("its {name} {part} is {found} bytes long; it must have {wanted}")))
}

fn of_the_key(kind: FieldErrorKind) -> FieldError {
    FieldError { field: KEY_SOURCE, kind }
}

#[cfg(test)]
mod tests;
