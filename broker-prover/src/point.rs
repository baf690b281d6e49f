//! Points by their coordinates, and the checks that every point from outside passes.

use ark_ec::{
    AffineRepr,
    short_weierstrass::{Affine, Projective, SWCurveConfig},
};
use ark_ff::{AdditiveGroup, Field, Zero};
use zeroize::Zeroizing;

/// A point in affine coordinates, of a curve y² = x³ + a·x + b with b ≠ 0.
pub trait Point: AffineRepr {
    /// The coefficient a.
    const A: Self::BaseField;

    /// The point with these coordinates. It may not be on the curve, so check it with [`Point::check_group`].
    fn from_coordinates(x: Self::BaseField, y: Self::BaseField) -> Self;

    /// The affine coordinates of many points, with one inversion for all. The third coordinate of a product tells more of
    /// its scalar than the point does, so whatever is computed from it is wiped, which arkworks' `normalize_batch` does
    /// not do.
    fn normalize(points: &[Self::Group]) -> Vec<Self>;

    /// The third coordinate Z of a point (X/Z², Y/Z³). It is 0 at infinity.
    #[doc(hidden)]
    fn third(point: &Self::Group) -> Self::BaseField;

    /// The affine coordinates of a point that is not at infinity, from the inverse of the third coordinate.
    #[doc(hidden)]
    fn scaled(point: &Self::Group, inverse: &Self::BaseField) -> Self;

    /// Checks that the point is on the curve and in the group of prime order. The identity element is.
    ///
    /// # Errors
    ///
    /// [`PointError::OffCurve`] or [`PointError::Subgroup`].
    fn check_group(&self) -> Result<(), PointError>;

    /// Checks the same, and that the point is not the identity element.
    ///
    /// # Errors
    ///
    /// [`PointError::Identity`], [`PointError::OffCurve`] or [`PointError::Subgroup`].
    fn check_element(&self) -> Result<(), PointError> {
        if self.is_zero() { Err(PointError::Identity) } else { self.check_group() }
    }
}

impl<P: SWCurveConfig> Point for Affine<P> {
    const A: Self::BaseField = P::COEFF_A;

    fn from_coordinates(x: Self::BaseField, y: Self::BaseField) -> Self {
        Self::new_unchecked(x, y)
    }

    fn normalize(points: &[Projective<P>]) -> Vec<Self> {
        // Montgomery's trick: first the product of all third coordinates before each, then its inverse, going back.
        let mut inverses = Zeroizing::new(Vec::with_capacity(points.len()));
        let mut product = P::BaseField::ONE;
        for point in points {
            inverses.push(product);
            if !point.is_zero() {
                product *= point.z;
            }
        }
        let mut rest = product.inverse().unwrap_or(P::BaseField::ZERO);
        for (point, inverse) in points.iter().zip(inverses.iter_mut()).rev() {
            if !point.is_zero() {
                *inverse *= rest;
                rest *= point.z;
            }
        }
        let affine = points.iter().zip(inverses.iter()).map(|(point, inverse)| {
            if point.is_zero() {
                return Self::identity();
            }
            Self::scaled(point, inverse)
        });
        affine.collect()
    }

    fn third(point: &Projective<P>) -> P::BaseField {
        point.z
    }

    fn scaled(point: &Projective<P>, inverse: &P::BaseField) -> Self {
        let square = inverse.square();
        Self::new_unchecked(point.x * square, point.y * square * inverse)
    }

    fn check_group(&self) -> Result<(), PointError> {
        if !self.is_on_curve() {
            Err(PointError::OffCurve)
        } else if !self.is_in_correct_subgroup_assuming_on_curve() {
            Err(PointError::Subgroup)
        } else {
            Ok(())
        }
    }
}

/// Why a point is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointError {
    /// The bytes are not the one canonical encoding of a point.
    #[error("is not the canonical encoding of a point")]
    Encoding,
    /// A coordinate is the modulus of the base field or larger.
    #[error("has a coordinate that is not less than the modulus of the field")]
    NotCanonical,
    /// The point is the identity element.
    #[error("is the identity element (the point at infinity)")]
    Identity,
    /// The coordinates do not satisfy the equation of the curve.
    #[error("is not on the curve")]
    OffCurve,
    /// The point is on the curve, but not in the group of prime order.
    #[error("is not in the group of prime order")]
    Subgroup,
}

#[cfg(test)]
mod tests {
    use ark_bls12_381::Bls12_381;
    use ark_bn254::Bn254;
    use ark_ec::{CurveGroup, pairing::Pairing};
    use ark_std::rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn agrees<G: CurveGroup<Affine: Point>>() {
        let mut rng = StdRng::seed_from_u64(70);
        let [p, q] = [(); 2].map(|()| G::rand(&mut rng));
        let affine = q.into_affine().into_group();
        for points in
            [&[][..], &[G::zero()], &[p], &[G::zero(), p, affine, p + q, -p, G::zero(), p, G::zero()]]
        {
            assert_eq!(G::Affine::normalize(points), G::normalize_batch(points));
        }
    }

    #[test]
    fn affine_coordinates_agree_with_arkworks() {
        agrees::<<Bn254 as Pairing>::G1>();
        agrees::<<Bn254 as Pairing>::G2>();
        agrees::<<Bls12_381 as Pairing>::G1>();
        agrees::<<Bls12_381 as Pairing>::G2>();
    }
}
