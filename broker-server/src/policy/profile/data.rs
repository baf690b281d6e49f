//! Rules of the operations on data: `SignData`, `EncryptData`, `KEM`.

use super::KeyConstraints;
pub use crate::algorithm::SignatureFormat;
use crate::algorithm::{Aead, DataScheme, Kem};

/// `API.SignData`: signing, verifying, and making keys for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignDataRule {
    /// `SigningMode`.
    pub mode: SigningMode,
    /// `SignAlg` and `HashAlg`: a composite exactly where `mode` is hybrid.
    pub scheme: DataScheme,
    /// `SignatureFormat`: what a request that names none gets.
    pub format: SignatureFormat,
    /// `KeyConstraints`.
    pub keys: KeyConstraints,
    /// `AllowSeed`: a key pair may be made from a caller's seed.
    pub allow_seed: bool,
    /// Line of the section, from 1.
    pub line: u32,
}

/// `SigningMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are the document's
pub enum SigningMode {
    Legacy,
    PostQuantum,
    Hybrid,
}

/// `API.EncryptData`: encrypting and decrypting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptDataRule {
    /// `EncryptAlg`.
    pub algorithm: Aead,
    /// `KeySize` in bits: 128, 192 or 256.
    pub key_size: u32,
    /// `TagLength` in bits: 96, 104, 112, 120 or 128.
    pub tag_length: u32,
    /// `NonceStrategy`.
    pub nonce: NonceStrategy,
    /// Line of the section, from 1.
    pub line: u32,
}

impl EncryptDataRule {
    /// Length of a key in bytes.
    pub const fn key_length(&self) -> usize {
        self.key_size as usize / 8
    }

    /// Length of a tag in bytes.
    pub const fn tag_length(&self) -> usize {
        self.tag_length as usize / 8
    }
}

/// `NonceStrategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceStrategy {
    /// The caller brings the nonce.
    UserProvided,
    /// The broker makes it; a caller's own is an error.
    Random,
}

/// `API.KEM`: making keys, encapsulating, decapsulating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KemRule {
    /// `KemAlg`.
    pub algorithm: Kem,
    /// `AllowSeed`: a key pair may be made from a caller's seed.
    pub allow_seed: bool,
    /// Line of the section, from 1.
    pub line: u32,
}

impl SigningMode {
    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::PostQuantum => "post-quantum",
            Self::Hybrid => "hybrid",
        }
    }
}

impl NonceStrategy {
    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserProvided => "user-provided",
            Self::Random => "random",
        }
    }
}
