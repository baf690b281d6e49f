//! Affine points, as the sums need them.

use ark_ff::{AdditiveGroup, Field, Zero};
use zeroize::Zeroize;

use crate::point::Point;

/// An affine point in its two coordinates. The point at infinity is (0, 0), which is not on a curve with b ≠ 0. arkworks'
/// type has a flag for it, and takes 8 bytes more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coordinates<A: Point> {
    pub(crate) x: A::BaseField,
    pub(crate) y: A::BaseField,
}

impl<A: Point> Coordinates<A> {
    pub(crate) const INFINITY: Self = Self { x: A::BaseField::ZERO, y: A::BaseField::ZERO };

    pub(crate) fn is_infinity(&self) -> bool {
        self.y.is_zero() && self.x.is_zero()
    }

    /// The opposite point if `negative`, else the point.
    pub(crate) fn negate_if(self, negative: bool) -> Self {
        if negative { Self { x: self.x, y: -self.y } } else { self }
    }

    /// What [`Coordinates::add`] needs the inverse of. It is never 0.
    pub(crate) fn denominator(&self, other: &Self) -> A::BaseField {
        let run = other.x - self.x;
        if !run.is_zero() {
            run
        } else if self.y == other.y && !self.y.is_zero() {
            self.y.double()
        } else {
            A::BaseField::ONE
        }
    }

    /// The sum of the points. `inverse` is that of [`Coordinates::denominator`].
    pub(crate) fn add(&self, other: &Self, inverse: &A::BaseField) -> Self {
        if self.is_infinity() {
            return *other;
        }
        if other.is_infinity() {
            return *self;
        }
        let rise = if self.x != other.x {
            other.y - self.y
        } else if self.y == other.y && !self.y.is_zero() {
            let square = self.x.square();
            square.double() + square + A::A
        } else {
            return Self::INFINITY;
        };
        let slope = rise * inverse;
        let x = slope.square() - self.x - other.x;
        Self { x, y: slope * (self.x - x) - self.y }
    }
}

impl<A: Point> From<A> for Coordinates<A> {
    fn from(point: A) -> Self {
        point.xy().map_or(Self::INFINITY, |(x, y)| Self { x, y })
    }
}

impl<A: Point> Coordinates<A> {
    /// arkworks' form of the point.
    pub(crate) fn to_affine(self) -> A {
        if self.is_infinity() { A::zero() } else { A::from_coordinates(self.x, self.y) }
    }
}

impl<A: Point> Zeroize for Coordinates<A> {
    fn zeroize(&mut self) {
        self.x.zeroize();
        self.y.zeroize();
    }
}
