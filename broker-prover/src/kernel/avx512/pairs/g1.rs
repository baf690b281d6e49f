//! Pairs of points with coordinates in the prime field.

use core::arch::x86_64::__mmask8;

use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::{Fp, MontBackend, MontConfig};
use zeroize::Zeroizing;

use super::{CHAINS, Chains, element, lanes, words};
use crate::kernel::{
    AddPairs, Coordinates, Pair,
    avx512::{
        Token,
        field::{Elements, Loaded},
    },
};

type Field4<T> = Fp<MontBackend<T, 4>, 4>;

/// Adds pairs of points. What it keeps of them is wiped.
pub(crate) struct PairsG1<T> {
    token: Token,
    /// For each vector of pairs, the product of the denominators before it in its chain.
    prefixes: Zeroizing<Vec<Elements<T>>>,
    denominators: Zeroizing<Vec<Elements<T>>>,
}

impl<T> PairsG1<T> {
    /// Room for `capacity` pairs.
    pub(crate) fn with_capacity(token: Token, capacity: usize) -> Self {
        let vectors = capacity.div_ceil(8);
        Self {
            token,
            prefixes: Zeroizing::new(Vec::with_capacity(vectors)),
            denominators: Zeroizing::new(Vec::with_capacity(vectors)),
        }
    }

    /// The memory for `capacity` pairs, in bytes.
    pub(crate) fn bytes_for(capacity: usize) -> usize {
        capacity.div_ceil(8) * 2 * size_of::<Elements<T>>()
    }
}

impl<T, P> AddPairs<Affine<P>> for PairsG1<T>
where
    T: MontConfig<4>,
    P: SWCurveConfig<BaseField = Field4<T>>,
{
    fn add(
        &mut self,
        points: &[Coordinates<Affine<P>>],
        pairs: &[Pair],
        sums: &mut [Coordinates<Affine<P>>],
    ) {
        let Token(()) = self.token;
        // SAFETY: The token shows that the processor has the instructions.
        unsafe { self.add_vectors(points, pairs, sums) }
    }
}

impl<T: MontConfig<4>> PairsG1<T> {
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    fn add_vectors<P: SWCurveConfig<BaseField = Field4<T>>>(
        &mut self,
        points: &[Coordinates<Affine<P>>],
        pairs: &[Pair],
        sums: &mut [Coordinates<Affine<P>>],
    ) {
        let none = [Coordinates::INFINITY; 2];
        self.prefixes.clear();
        self.denominators.clear();
        let mut chains = Chains::<T>::new();
        for pairs in pairs.chunks(8 * CHAINS) {
            for (pairs, product) in pairs.chunks(8).zip(&mut chains.0) {
                let lanes = lanes(points, pairs, &none);
                let [x1, x2] = load_x(lanes);
                let mut denominator = x2.split::<T>().sub::<1>(x1.split());
                let portable = portable(&x1, &x2);
                if portable != 0 {
                    for (lane, [first, second]) in lanes.into_iter().enumerate() {
                        if portable >> lane & 1 == 1 {
                            denominator.replace(lane, first.denominator(second).0);
                        }
                    }
                }
                self.prefixes.push(*product);
                self.denominators.push(denominator);
                *product = product.mul(denominator);
            }
        }

        chains.invert();
        let mut kept = self.prefixes.iter().zip(self.denominators.iter()).rev();
        for pairs in pairs.chunks(8 * CHAINS).rev() {
            let vectors = pairs.chunks(8).zip(&mut chains.0).rev();
            for ((pairs, inverse_of_product), (prefix, denominator)) in vectors.zip(&mut kept) {
                let inverse = inverse_of_product.mul(*prefix);
                *inverse_of_product = inverse_of_product.mul(*denominator);
                add_eight(lanes(points, pairs, &none), inverse, pairs, sums);
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn load_x<T: MontConfig<4>, P: SWCurveConfig<BaseField = Field4<T>>>(
    lanes: [&[Coordinates<Affine<P>>; 2]; 8],
) -> [Loaded; 2] {
    [Loaded::load(words!(lanes, 0, x)), Loaded::load(words!(lanes, 1, x))]
}

/// The lanes that the formula is not for. The point at infinity is (0, 0).
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn portable(x1: &Loaded, x2: &Loaded) -> __mmask8 {
    x1.equal(x2) | x1.zero() | x2.zero()
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn add_eight<T: MontConfig<4>, P: SWCurveConfig<BaseField = Field4<T>>>(
    lanes: [&[Coordinates<Affine<P>>; 2]; 8],
    inverse: Elements<T>,
    pairs: &[Pair],
    sums: &mut [Coordinates<Affine<P>>],
) {
    let [x1, x2] = load_x(lanes);
    let portable = portable(&x1, &x2);
    let (x1, x2) = (x1.split::<T>(), x2.split::<T>());
    let y1 = Loaded::load(words!(lanes, 0, y)).split::<T>();
    let y2 = Loaded::load(words!(lanes, 1, y)).split::<T>();

    let slope = y2.sub::<1>(y1).mul(inverse);
    let x = slope.square().sub_both::<2>(x1, x2).reduce::<2>().reduce::<1>();
    let y = slope.mul(x1.four_times_difference(x)).sub::<1>(y1).reduce::<2>().reduce::<1>();

    let (x, y) = (x.join().store(), y.join().store());
    for (pair, (x, y)) in pairs.iter().zip(x.into_iter().zip(y)) {
        if let Some(place) = sums.get_mut(pair.sum as usize) {
            *place = Coordinates { x: element(x), y: element(y) };
        }
    }
    if portable != 0 {
        add_portably(lanes, inverse, portable, pairs, sums);
    }
}

#[cold]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn add_portably<T: MontConfig<4>, P: SWCurveConfig<BaseField = Field4<T>>>(
    lanes: [&[Coordinates<Affine<P>>; 2]; 8],
    inverse: Elements<T>,
    portable: __mmask8,
    pairs: &[Pair],
    sums: &mut [Coordinates<Affine<P>>],
) {
    // The integers are 2^518 over the denominators' integers, and those of their inverses 2^512; 2^254·2^−260 is 2^−6.
    let inverses = inverse.mul(Elements::splat([0, 0, 0, 1 << 62])).to_words();
    for (lane, ((pair, [first, second]), inverse)) in pairs.iter().zip(lanes).zip(inverses).enumerate() {
        if portable >> lane & 1 == 1
            && let Some(place) = sums.get_mut(pair.sum as usize)
        {
            *place = first.add(second, &element(inverse));
        }
    }
}
