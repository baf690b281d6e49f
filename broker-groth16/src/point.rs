//! Points by their coordinates, and the checks that every point from outside passes.

use ark_ec::{
    AffineRepr,
    short_weierstrass::{Affine, SWCurveConfig},
};

/// A point in affine coordinates, of a curve y² = x³ + a·x + b with b ≠ 0.
pub trait Point: AffineRepr {
    /// The coefficient a.
    const A: Self::BaseField;

    /// The point with these coordinates. It may not be on the curve, so check it with [`Point::check_group`].
    fn from_coordinates(x: Self::BaseField, y: Self::BaseField) -> Self;

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
