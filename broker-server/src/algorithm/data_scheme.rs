//! Signature schemes for data.

use super::{Composite, HashMlDsa, SignatureScheme};

/// A signature scheme for data: one key, or two keys whose signatures are only valid together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataScheme {
    /// A signature by one key, of a scheme that certificates and CMS have, too.
    Single(SignatureScheme),
    /// HashML-DSA, which certificates and CMS do not have (RFC 9881, RFC 9882).
    HashMlDsa(HashMlDsa),
    /// A composite signature by a traditional key and an ML-DSA key.
    Composite(Composite),
}

impl DataScheme {
    /// The name in `SignAlg` of profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single(scheme) => scheme.name(),
            Self::HashMlDsa(algorithm) => algorithm.set().name(),
            Self::Composite(composite) => composite.name(),
        }
    }

    /// The name in descriptors, such as `ecdsa-with-sha-512`, `hash-ml-dsa-65-with-sha-512`, or
    /// `MLDSA65-ECDSA-P384-SHA512` of draft-ietf-lamps-pq-composite-sigs-19.
    pub const fn data_algorithm_name(self) -> &'static str {
        match self {
            Self::Single(scheme) => scheme.data_algorithm_name(),
            Self::HashMlDsa(algorithm) => algorithm.name(),
            Self::Composite(composite) => composite.name(),
        }
    }

    /// Returns the scheme with which the same key signs certificates and CMS; `None` for a composite, which has two keys.
    pub const fn single(self) -> Option<SignatureScheme> {
        match self {
            Self::Single(scheme) => Some(scheme),
            Self::HashMlDsa(algorithm) => Some(SignatureScheme::MlDsa(algorithm.set())),
            Self::Composite(_) => None,
        }
    }

    /// Reports whether signatures can have a context (FIPS 204 5.2).
    pub const fn has_context(self) -> bool {
        matches!(self.single(), Some(SignatureScheme::MlDsa(_)))
    }
}
