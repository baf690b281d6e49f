//! Pairs of points with coordinates in the quadratic extension of BN254's base field, a + b·u with u² = −1.
//!
//! The inverse of a denominator d is its conjugate over its norm d₀² + d₁², so the chains are of norms.

use core::arch::x86_64::__mmask8;

use ark_bn254::{Fq2, FqConfig, G2Affine};
use zeroize::Zeroizing;

use super::{CHAINS, Chains, element, lanes, words};
use crate::kernel::{
    AddPairs, Coordinates, Pair,
    avx512::{Token, field},
};

type Elements = field::Elements<FqConfig>;
type Loaded = [field::Loaded; 2];

/// Adds pairs of points. What it keeps of them is wiped.
pub(crate) struct PairsG2 {
    token: Token,
    /// For each vector of pairs, the product of the norms before it in its chain.
    prefixes: Zeroizing<Vec<Elements>>,
    norms: Zeroizing<Vec<Elements>>,
}

impl PairsG2 {
    /// Room for `capacity` pairs.
    pub(crate) fn with_capacity(token: Token, capacity: usize) -> Self {
        let vectors = capacity.div_ceil(8);
        Self {
            token,
            prefixes: Zeroizing::new(Vec::with_capacity(vectors)),
            norms: Zeroizing::new(Vec::with_capacity(vectors)),
        }
    }

    /// The memory for `capacity` pairs, in bytes.
    pub(crate) fn bytes_for(capacity: usize) -> usize {
        capacity.div_ceil(8) * 2 * size_of::<Elements>()
    }
}

impl AddPairs<G2Affine> for PairsG2 {
    fn add(&mut self, points: &[Coordinates<G2Affine>], pairs: &[Pair], sums: &mut [Coordinates<G2Affine>]) {
        let Token(()) = self.token;
        // SAFETY: The token shows that the processor has the instructions.
        unsafe { self.add_vectors(points, pairs, sums) }
    }
}

impl PairsG2 {
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    fn add_vectors(
        &mut self,
        points: &[Coordinates<G2Affine>],
        pairs: &[Pair],
        sums: &mut [Coordinates<G2Affine>],
    ) {
        let none = [Coordinates::INFINITY; 2];
        self.prefixes.clear();
        self.norms.clear();
        let mut chains = Chains::<FqConfig>::new();
        for pairs in pairs.chunks(8 * CHAINS) {
            for (pairs, product) in pairs.chunks(8).zip(&mut chains.0) {
                let [d0, d1] = denominators(lanes(points, pairs, &none)).0;
                let norm = Elements::sum_of_products([[d0, d0], [d1, d1]]);
                self.prefixes.push(*product);
                self.norms.push(norm);
                *product = product.mul(norm);
            }
        }

        chains.invert();
        let mut kept = self.prefixes.iter().zip(self.norms.iter()).rev();
        for pairs in pairs.chunks(8 * CHAINS).rev() {
            let vectors = pairs.chunks(8).zip(&mut chains.0).rev();
            for ((pairs, inverse_of_product), (prefix, norm)) in vectors.zip(&mut kept) {
                let inverse_of_norm = inverse_of_product.mul(*prefix);
                *inverse_of_product = inverse_of_product.mul(*norm);
                add_eight(lanes(points, pairs, &none), inverse_of_norm, pairs, sums);
            }
        }
    }
}

type Lanes<'a> = [&'a [Coordinates<G2Affine>; 2]; 8];

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn split([c0, c1]: Loaded) -> [Elements; 2] {
    [c0.split(), c1.split()]
}

/// What the formula divides by, and the lanes that it is not for.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn denominators(lanes: Lanes<'_>) -> ([Elements; 2], __mmask8) {
    let x1 = [field::Loaded::load(words!(lanes, 0, x.c0)), field::Loaded::load(words!(lanes, 0, x.c1))];
    let x2 = [field::Loaded::load(words!(lanes, 1, x.c0)), field::Loaded::load(words!(lanes, 1, x.c1))];
    let equal = x1[0].equal(&x2[0]) & x1[1].equal(&x2[1]);
    let portable = equal | (x1[0].zero() & x1[1].zero()) | (x2[0].zero() & x2[1].zero());
    let (x1, x2) = (split(x1), split(x2));
    let mut denominator = [x2[0].sub::<1>(x1[0]), x2[1].sub::<1>(x1[1])];
    if portable != 0 {
        for (lane, [first, second]) in lanes.into_iter().enumerate() {
            if portable >> lane & 1 == 1 {
                let value = first.denominator(second);
                denominator[0].replace(lane, value.c0.0);
                denominator[1].replace(lane, value.c1.0);
            }
        }
    }
    (denominator, portable)
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn add_eight(
    lanes: Lanes<'_>,
    inverse_of_norm: Elements,
    pairs: &[Pair],
    sums: &mut [Coordinates<G2Affine>],
) {
    let ([d0, d1], portable) = denominators(lanes);
    // The inverse is i0 − i1·u.
    let (i0, i1) = (d0.mul(inverse_of_norm), d1.mul(inverse_of_norm));
    let y1 =
        split([field::Loaded::load(words!(lanes, 0, y.c0)), field::Loaded::load(words!(lanes, 0, y.c1))]);
    let y2 =
        split([field::Loaded::load(words!(lanes, 1, y.c0)), field::Loaded::load(words!(lanes, 1, y.c1))]);
    let (r0, r1) = (y2[0].sub::<1>(y1[0]), y2[1].sub::<1>(y1[1]));
    let s0 = Elements::sum_of_products([[r0, i0], [r1, i1]]);
    let s1 = Elements::sum_of_products([[r1, i0], [r0, i1.negate::<2>()]]);

    let x1 =
        split([field::Loaded::load(words!(lanes, 0, x.c0)), field::Loaded::load(words!(lanes, 0, x.c1))]);
    let x2 =
        split([field::Loaded::load(words!(lanes, 1, x.c0)), field::Loaded::load(words!(lanes, 1, x.c1))]);
    let square0 = s0.add(s1).mul(s0.sub::<2>(s1));
    let square1 = s0.add(s0).mul(s1);
    let x = [
        square0.sub_both::<2>(x1[0], x2[0]).reduce::<2>().reduce::<1>(),
        square1.sub_both::<2>(x1[1], x2[1]).reduce::<2>().reduce::<1>(),
    ];
    let (t0, t1) = (x1[0].four_times_difference(x[0]), x1[1].four_times_difference(x[1]));
    let y = [
        Elements::sum_of_products([[s0, t0], [s1.negate::<2>(), t1]])
            .sub::<1>(y1[0])
            .reduce::<2>()
            .reduce::<1>(),
        Elements::sum_of_products([[s0, t1], [s1, t0]]).sub::<1>(y1[1]).reduce::<2>().reduce::<1>(),
    ];

    let x = x[0].join().store().into_iter().zip(x[1].join().store());
    let y = y[0].join().store().into_iter().zip(y[1].join().store());
    for (pair, ((x0, x1), (y0, y1))) in pairs.iter().zip(x.zip(y)) {
        if let Some(place) = sums.get_mut(pair.sum as usize) {
            *place =
                Coordinates { x: Fq2::new(element(x0), element(x1)), y: Fq2::new(element(y0), element(y1)) };
        }
    }
    if portable != 0 {
        add_portably(lanes, inverse_of_norm, portable, pairs, sums);
    }
}

#[cold]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn add_portably(
    lanes: Lanes<'_>,
    inverse_of_norm: Elements,
    portable: __mmask8,
    pairs: &[Pair],
    sums: &mut [Coordinates<G2Affine>],
) {
    // The integer of a norm n is n·2^252, and 2^518 over it is 2^10 times the integer of the inverse; 2^250·2^−260 is
    // 2^−10.
    let inverses = inverse_of_norm.mul(Elements::splat([0, 0, 0, 1 << 58])).to_words();
    for (lane, ((pair, [first, second]), inverse)) in pairs.iter().zip(lanes).zip(inverses).enumerate() {
        if portable >> lane & 1 == 1
            && let Some(place) = sums.get_mut(pair.sum as usize)
        {
            let denominator = first.denominator(second);
            let inverse = element::<FqConfig>(inverse);
            let inverse = Fq2::new(denominator.c0 * inverse, -denominator.c1 * inverse);
            *place = first.add(second, &inverse);
        }
    }
}
