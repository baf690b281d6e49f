//! Proofs.

use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};

use crate::curve::Curve;

/// A proof, whose points are on the curve and in the groups of prime order.
///
/// A proof is malleable: anybody can make a second proof of the same statement from it. It therefore identifies
/// nothing, and must not be used as a nullifier or as the key of a cache.
///
/// Its canonical serialisation is that of arkworks' `Proof`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CanonicalSerialize, CanonicalDeserialize)]
pub struct Proof<E: Curve> {
    /// A in G1.
    pub a: E::G1Affine,
    /// B in G2.
    pub b: E::G2Affine,
    /// C in G1.
    pub c: E::G1Affine,
}
