//! Hash functions.

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

    /// Reports whether this is an extendable-output function, whose output length can be chosen (FIPS 202).
    pub const fn is_extendable(self) -> bool {
        matches!(self, Self::Shake128 | Self::Shake256)
    }

    /// The output length in bytes. For an extendable-output function it is the default, which a profile can change.
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
#[allow(missing_docs)] // the names are the algorithms
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
    /// Every algorithm that a profile can name.
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
            Self::Sha256 => HashAlgorithm::Sha256.name(),
            Self::Sha384 => HashAlgorithm::Sha384.name(),
            Self::Sha512 => HashAlgorithm::Sha512.name(),
            Self::Sha512_256 => HashAlgorithm::Sha512_256.name(),
            Self::Sha3_256 => HashAlgorithm::Sha3_256.name(),
            Self::Sha3_384 => HashAlgorithm::Sha3_384.name(),
            Self::Sha3_512 => HashAlgorithm::Sha3_512.name(),
        }
    }
}
