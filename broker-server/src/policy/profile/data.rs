//! The rules of `SignData`, `EncryptData` and `KEM`.

use super::KeyConstraints;
use crate::algorithm::{Aead, DataScheme, Kem, SignatureFormat};

/// `API.SignData`: signing and verifying data, and generating keys for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignDataRule {
    /// `SigningMode`.
    pub mode: SigningMode,
    /// `SignAlg`, `HashAlg` and `PreHash`. The scheme is a composite if and only if `mode` is hybrid.
    pub scheme: DataScheme,
    /// `SignatureFormat`: the format of signatures where a request names none.
    pub format: SignatureFormat,
    /// `KeyConstraints`.
    pub keys: KeyConstraints,
    /// `AllowSeed`: whether a key pair may be generated from a seed in the request.
    pub allow_seed: bool,
    /// `AllowContext`: whether a request may have a context (FIPS 204 5.2). It is `true` for schemes of ML-DSA only.
    pub allow_context: bool,
    /// The line of the section, from 1.
    pub line: u32,
}

/// A value of `SigningMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningMode {
    /// One key of RSA, ECDSA or Ed25519.
    Legacy,
    /// One key of ML-DSA.
    PostQuantum,
    /// A composite: a traditional key and a key of ML-DSA.
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
    /// The line of the section, from 1.
    pub line: u32,
}

impl EncryptDataRule {
    /// Returns the length of a key in bytes.
    pub const fn key_length(&self) -> usize {
        self.key_size as usize / 8
    }

    /// Returns the length of a tag in bytes.
    pub const fn tag_length(&self) -> usize {
        self.tag_length as usize / 8
    }
}

/// A value of `NonceStrategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceStrategy {
    /// The request has the nonce.
    UserProvided,
    /// The broker generates the nonce, and a request that has one is denied.
    Random,
}

/// `API.KEM`: generating keys, encapsulating and decapsulating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KemRule {
    /// `KemAlg`.
    pub algorithm: Kem,
    /// `AllowSeed`: whether a key pair may be generated from a seed in the request.
    pub allow_seed: bool,
    /// The line of the section, from 1.
    pub line: u32,
}

impl SigningMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Legacy, Self::PostQuantum, Self::Hybrid];

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
    /// Every strategy.
    pub const ALL: [Self; 2] = [Self::UserProvided, Self::Random];

    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserProvided => "user-provided",
            Self::Random => "random",
        }
    }
}
