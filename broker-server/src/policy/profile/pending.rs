//! Rules of operations that are parsed and validated but not served yet.

use super::KeyConstraints;
use crate::algorithm::{MlDsa, SignatureHash};

/// `API.SignData`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignDataRule {
    /// `SigningMode`.
    pub mode: SigningMode,
    /// `SignAlg`.
    pub algorithm: DataSignature,
    /// `HashAlg`; absent for the algorithms that hash by themselves.
    pub hash: Option<SignatureHash>,
    /// `SignatureFormat`.
    pub format: SignatureFormat,
    /// `KeyConstraints`.
    pub keys: KeyConstraints,
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

/// `SignAlg` of `SignData`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataSignature {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 8.2).
    Rsa,
    /// RSASSA-PSS (RFC 8017 8.1).
    RsaPss,
    /// ECDSA (FIPS 186-5).
    Ecdsa,
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ML-DSA (FIPS 204).
    MlDsa(MlDsa),
}

/// `SignatureFormat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are the document's
pub enum SignatureFormat {
    Raw,
    Der,
    Pem,
    Cms,
}

/// `API.EncryptData`: AES-GCM (NIST SP 800-38D), the only `EncryptAlg` there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptDataRule {
    /// `KeySize` in bits: 128, 192 or 256.
    pub key_size: u32,
    /// `TagLength` in bits: 96, 104, 112, 120 or 128.
    pub tag_length: u32,
    /// `NonceStrategy`.
    pub nonce: NonceStrategy,
    /// Line of the section, from 1.
    pub line: u32,
}

/// `NonceStrategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceStrategy {
    /// The caller brings the nonce.
    UserProvided,
    /// The broker makes it; a caller's own is an error.
    Random,
}

/// `API.KEM`: ML-KEM (FIPS 203).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KemRule {
    /// `KemAlg`.
    pub algorithm: MlKem,
    /// `AllowSeed`: a decapsulation key may travel as its 64-byte seed.
    pub allow_seed: bool,
    /// Line of the section, from 1.
    pub line: u32,
}

/// A parameter set of FIPS 203.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are the standard's
pub enum MlKem {
    MlKem512,
    MlKem768,
    MlKem1024,
}

/// `API.Groth16`: proofs over BN254, the only `Curve` there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groth16Rule {
    /// `Circuits` by name, in the document's order.
    pub circuits: Vec<String>,
    /// Line of the section, from 1.
    pub line: u32,
}

/// `KMS`: where keys that callers name by id live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsRule {
    /// `Config`: the client's configuration file. The client is OpenBao, the only one there is.
    pub config: String,
    /// `Cache`.
    pub cache: bool,
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

impl DataSignature {
    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::RsaPss => "rsa-pss",
            Self::Ecdsa => "ecdsa",
            Self::Ed25519 => "ed25519",
            Self::MlDsa(set) => set.name(),
        }
    }
}

impl SignatureFormat {
    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "RAW",
            Self::Der => "DER",
            Self::Pem => "PEM",
            Self::Cms => "CMS",
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

impl MlKem {
    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MlKem512 => "ml-kem-512",
            Self::MlKem768 => "ml-kem-768",
            Self::MlKem1024 => "ml-kem-1024",
        }
    }
}
