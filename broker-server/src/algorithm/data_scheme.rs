//! Signature schemes for data.

use super::{Composite, SignatureScheme};

/// A signature scheme for data: one key, or two keys whose signatures are only valid together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataScheme {
    /// A signature by one key.
    Single(SignatureScheme),
    /// A composite signature by a traditional key and an ML-DSA key.
    Composite(Composite),
}

impl DataScheme {
    /// The name in `SignAlg` of profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single(scheme) => scheme.name(),
            Self::Composite(composite) => composite.name(),
        }
    }

    /// The name in descriptors, such as `ecdsa-with-sha-512`, or `MLDSA65-ECDSA-P384-SHA512` of
    /// draft-ietf-lamps-pq-composite-sigs-19.
    pub const fn data_algorithm_name(self) -> &'static str {
        match self {
            Self::Single(scheme) => scheme.data_algorithm_name(),
            Self::Composite(composite) => composite.name(),
        }
    }
}
