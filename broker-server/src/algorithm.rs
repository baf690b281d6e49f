//! The vocabulary that every room shares: algorithms by their standards' names. No logic, no library.

use std::fmt;

/// A hash function of FIPS 180-4 or FIPS 202.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are the algorithms
pub enum HashAlgorithm {
    Sha256,
    Sha384,
    Sha512,
    Sha512_256,
    Sha3_256,
    Sha3_384,
    Sha3_512,
    Shake128,
    Shake256,
}

impl HashAlgorithm {
    /// Every hash algorithm, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha512_256,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
        Self::Shake128,
        Self::Shake256,
    ];

    /// The name in profiles and descriptors, such as `sha3-512`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
            Self::Sha512_256 => "sha-512/256",
            Self::Sha3_256 => "sha3-256",
            Self::Sha3_384 => "sha3-384",
            Self::Sha3_512 => "sha3-512",
            Self::Shake128 => "shake-128",
            Self::Shake256 => "shake-256",
        }
    }

    /// Whether the output length is the caller's to choose (an extendable-output function, FIPS 202).
    pub const fn is_extendable(self) -> bool {
        matches!(self, Self::Shake128 | Self::Shake256)
    }

    /// Output length in bytes; for an extendable-output function the one used when a profile names none.
    pub const fn default_output_length(self) -> usize {
        match self {
            Self::Shake128 => 16,
            Self::Sha256 | Self::Sha512_256 | Self::Sha3_256 | Self::Shake256 => 32,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 => 64,
        }
    }
}

/// A hash function for the subject key identifier (RFC 5280 4.2.1.2, RFC 7093).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum SkiHash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
    Sha512_256,
    Sha3_256,
    Sha3_384,
    Sha3_512,
}

impl SkiHash {
    /// Every algorithm a profile may name.
    pub const ALL: [Self; 8] = [
        Self::Sha1,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha512_256,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
    ];

    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha-1",
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
            Self::Sha512_256 => "sha-512/256",
            Self::Sha3_256 => "sha3-256",
            Self::Sha3_384 => "sha3-384",
            Self::Sha3_512 => "sha3-512",
        }
    }
}

/// A hash function inside a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum SignatureHash {
    Sha256,
    Sha384,
    Sha512,
}

impl SignatureHash {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }
}

/// A named curve of FIPS 186-5 / SP 800-186.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Curve {
    P224,
    P256,
    P384,
    P521,
}

impl Curve {
    /// The size in bits that profiles constrain.
    pub const fn bits(self) -> u32 {
        match self {
            Self::P224 => 224,
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }
}

/// A parameter set of FIPS 204.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum MlDsa {
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

impl MlDsa {
    /// The name in profiles, such as `ml-dsa-65`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MlDsa44 => "ml-dsa-44",
            Self::MlDsa65 => "ml-dsa-65",
            Self::MlDsa87 => "ml-dsa-87",
        }
    }
}

/// What kind of key, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// RSA with a modulus of `bits` bits.
    Rsa {
        /// Length of the modulus in bits.
        bits: u32,
    },
    /// An elliptic-curve key on a named curve.
    Ec(Curve),
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// ML-DSA (RFC 9881).
    MlDsa(MlDsa),
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::Ec(curve) => write!(f, "ECDSA {}", curve.bits()),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::MlDsa(MlDsa::MlDsa44) => f.write_str("ML-DSA-44"),
            Self::MlDsa(MlDsa::MlDsa65) => f.write_str("ML-DSA-65"),
            Self::MlDsa(MlDsa::MlDsa87) => f.write_str("ML-DSA-87"),
        }
    }
}

/// How a certificate is signed: the key's kind and, where the kind leaves it open, the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 8.2).
    RsaPkcs1(SignatureHash),
    /// ECDSA (FIPS 186-5).
    Ecdsa(SignatureHash),
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ML-DSA (FIPS 204).
    MlDsa(MlDsa),
}

impl SignatureScheme {
    /// The name in response descriptors, such as `ecdsa-with-SHA512` (RFC 5758) or `sha256WithRSAEncryption` (RFC 8017).
    pub const fn descriptor(self) -> &'static str {
        match self {
            Self::RsaPkcs1(SignatureHash::Sha256) => "sha256WithRSAEncryption",
            Self::RsaPkcs1(SignatureHash::Sha384) => "sha384WithRSAEncryption",
            Self::RsaPkcs1(SignatureHash::Sha512) => "sha512WithRSAEncryption",
            Self::Ecdsa(SignatureHash::Sha256) => "ecdsa-with-SHA256",
            Self::Ecdsa(SignatureHash::Sha384) => "ecdsa-with-SHA384",
            Self::Ecdsa(SignatureHash::Sha512) => "ecdsa-with-SHA512",
            Self::Ed25519 => "Ed25519",
            Self::MlDsa(MlDsa::MlDsa44) => "ML-DSA-44",
            Self::MlDsa(MlDsa::MlDsa65) => "ML-DSA-65",
            Self::MlDsa(MlDsa::MlDsa87) => "ML-DSA-87",
        }
    }
}
