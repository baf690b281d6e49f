//! What signs data.

use super::{Composite, SignatureScheme};

/// How data is signed: by one key, or by two whose signatures count only together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataScheme {
    /// By one key.
    Single(SignatureScheme),
    /// By a composite of a traditional key and an ML-DSA key.
    Composite(Composite),
}

impl DataScheme {
    /// `SignAlg` in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single(scheme) => scheme.name(),
            Self::Composite(composite) => composite.name(),
        }
    }

    /// The name in descriptors, such as `ecdsa-with-sha-512` or `MLDSA65-ECDSA-P384-SHA512`, which is one of
    /// draft-ietf-lamps-pq-composite-sigs-19.
    pub const fn data_descriptor(self) -> &'static str {
        match self {
            Self::Single(scheme) => scheme.data_descriptor(),
            Self::Composite(composite) => composite.name(),
        }
    }
}
