//! Sums of many pairs of points, the work of which everything else is made.

use ark_ff::{AdditiveGroup, Field};
use zeroize::{Zeroize, Zeroizing};

use super::coordinates::Coordinates;
use crate::point::Point;

/// Two neighbours among points, and the place of their sum among sums.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pair {
    pub(crate) first: u32,
    pub(crate) sum: u32,
}

impl Zeroize for Pair {
    fn zeroize(&mut self) {
        self.first.zeroize();
        self.sum.zeroize();
    }
}

/// Adds pairs of points, whatever they are. It keeps values that tell the points, and wipes them when it is dropped.
pub trait AddPairs<A: Point> {
    /// Writes the sum of each pair.
    fn add(&mut self, points: &[Coordinates<A>], pairs: &[Pair], sums: &mut [Coordinates<A>]);
}

/// The portable code.
pub(crate) struct PortablePairs<A: Point> {
    denominators: Zeroizing<Vec<A::BaseField>>,
    products: Zeroizing<Vec<A::BaseField>>,
}

impl<A: Point> PortablePairs<A> {
    /// Room for `capacity` pairs.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            denominators: Zeroizing::new(Vec::with_capacity(capacity)),
            products: Zeroizing::new(Vec::with_capacity(capacity)),
        }
    }

    /// The memory for `capacity` pairs, in bytes.
    pub(crate) fn bytes_for(capacity: usize) -> usize {
        capacity.saturating_mul(2 * size_of::<A::BaseField>())
    }
}

impl<A: Point> AddPairs<A> for PortablePairs<A> {
    fn add(&mut self, points: &[Coordinates<A>], pairs: &[Pair], sums: &mut [Coordinates<A>]) {
        self.denominators.clear();
        self.products.clear();
        let mut product = A::BaseField::ONE;
        for pair in pairs {
            let Some([first, second]) = pair.of(points) else { continue };
            let denominator = first.denominator(second);
            self.products.push(product);
            product *= denominator;
            self.denominators.push(denominator);
        }

        // No denominator is 0, so their product has an inverse.
        let mut inverse = product.inverse().unwrap_or(A::BaseField::ZERO);
        for (denominator, product) in self.denominators.iter_mut().zip(self.products.iter()).rev() {
            let next = inverse * *denominator;
            *denominator = inverse * product;
            inverse = next;
        }

        for (pair, inverse) in pairs.iter().zip(self.denominators.iter()) {
            if let (Some([first, second]), Some(place)) = (pair.of(points), sums.get_mut(pair.sum as usize)) {
                *place = first.add(second, inverse);
            }
        }
    }
}

impl Pair {
    /// The two points.
    pub(crate) fn of<A: Point>(self, points: &[Coordinates<A>]) -> Option<&[Coordinates<A>; 2]> {
        points.get(self.first as usize..)?.first_chunk()
    }
}
