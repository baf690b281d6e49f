//! Sums of many pairs of affine points.
//!
//! The sum of two points with different x is, with λ = (y₂ − y₁)/(x₂ − x₁), the point (λ² − x₁ − x₂, λ·(x₁ − x₃) − y₁).
//! All divisions are made with one inversion: going forward, the product of all denominators before each is kept; going
//! back, the inverse of the whole product becomes the inverse of each.
//!
//! Each lane has its own chain of products, and there are several of vectors, because the processor can begin a product
//! before the one before it is finished.
//!
//! In memory x is the integer x·2^256. For the inverses to be those of the same form, chains go back from 2^518 over the
//! product: then the slope is λ·2^258, its square λ²·2^256, and its product with 4·(x₁ − x₃) has the form of y again.
//!
//! Pairs of equal or opposite points, and those with the point at infinity, are found by their x, and are added by the
//! portable code. So are lanes without a pair.

#![allow(clippy::indexing_slicing)] // of arrays whose length is known

mod g1;
mod g2;

use std::array;

use ark_ff::{BigInt, Field, Fp, MontBackend, MontConfig};

pub(crate) use self::{g1::PairsG1, g2::PairsG2};
use super::field::Elements;
use crate::{
    kernel::{Coordinates, Pair},
    point::Point,
};

/// The words of one coordinate of the first or the second point of each lane. It is no closure, because a closure has the
/// target features of the function that it is in, and `map`, which has not, could not inline it.
macro_rules! words {
    ($lanes:ident, $point:literal, $($part:ident).+) => {
        [
            &$lanes[0][$point].$($part).+.0.0,
            &$lanes[1][$point].$($part).+.0.0,
            &$lanes[2][$point].$($part).+.0.0,
            &$lanes[3][$point].$($part).+.0.0,
            &$lanes[4][$point].$($part).+.0.0,
            &$lanes[5][$point].$($part).+.0.0,
            &$lanes[6][$point].$($part).+.0.0,
            &$lanes[7][$point].$($part).+.0.0,
        ]
    };
}
use words;

/// The chains of products.
const CHAINS: usize = 4;

/// The pairs in the eight lanes, and `none`, two points at infinity, in those that have none.
#[inline]
fn lanes<'a, A: Point>(
    points: &'a [Coordinates<A>],
    pairs: &[Pair],
    none: &'a [Coordinates<A>; 2],
) -> [&'a [Coordinates<A>; 2]; 8] {
    array::from_fn(|lane| pairs.get(lane).and_then(|pair| pair.of(points)).unwrap_or(none))
}

/// A product for each lane and chain, from which the inverses are found.
struct Chains<T>([Elements<T>; CHAINS]);

impl<T: MontConfig<4>> Chains<T> {
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    fn new() -> Self {
        Self([Elements::splat([1, 0, 0, 0]); CHAINS])
    }

    /// Replaces each product P by 2^518/P, if no product is 0.
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    fn invert(&mut self) {
        let mut prefixes = self.0;
        for chain in 1..CHAINS {
            prefixes[chain] = prefixes[chain - 1].mul(self.0[chain]);
        }
        let products = prefixes[CHAINS - 1].to_words().map(|words| element::<T>(words));
        let mut inverse = Elements::splat([1, 0, 0, 0]);
        for (lane, value) in invert_all(products).into_iter().enumerate() {
            // The integer of `value` is 2^512 over the product.
            inverse.replace(lane, (value * Fp::from(64_u64)).0);
        }
        for chain in (1..CHAINS).rev() {
            let product = self.0[chain];
            self.0[chain] = inverse.mul(prefixes[chain - 1]);
            inverse = inverse.mul(product);
        }
        self.0[0] = inverse;
    }
}

/// The inverses of eight values, none of which is 0.
fn invert_all<F: Field>(values: [F; 8]) -> [F; 8] {
    let mut product = F::ONE;
    let prefixes = values.map(|value| {
        let prefix = product;
        product *= value;
        prefix
    });
    let mut inverse = product.inverse().unwrap_or(F::ZERO);
    let mut inverses = prefixes;
    for (place, value) in inverses.iter_mut().zip(values).rev() {
        *place *= inverse;
        inverse *= value;
    }
    inverses
}

/// The element with these words, which are below p.
pub(super) fn element<T: MontConfig<4>>(words: [u64; 4]) -> Fp<MontBackend<T, 4>, 4> {
    Fp::new_unchecked(BigInt(words))
}
