//! Whether two pairs of points have the same ratio.

use ark_ec::{AffineRepr, pairing::Pairing};
use ark_ff::Zero;

use crate::curve::Curve;

/// Whether `g1.1` is the same multiple of `g1.0` as `g2.1` is of `g2.0`: e(g1.0, g2.1) = e(g1.1, g2.0). The points are in
/// the groups of prime order. The identity element has no ratio.
pub(super) fn same<E: Curve>(g1: (E::G1Affine, E::G1Affine), g2: (E::G2Affine, E::G2Affine)) -> bool {
    if g1.0.is_zero() || g1.1.is_zero() || g2.0.is_zero() || g2.1.is_zero() {
        return false;
    }
    let negated = (-g1.1.into_group()).into();
    <E as Pairing>::multi_pairing([g1.0, negated], [g2.1, g2.0]).is_zero()
}
