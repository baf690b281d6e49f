//! Eight elements of a prime field at a time.
//!
//! An element is five limbs of 52 bits, and each limb is a vector of eight lanes. Montgomery's R is 2^260: the product of
//! the integers a and b is a·b·2^−260 modulo p. For a modulus below 2^255 there is room above p, so integers are reduced
//! only where a bound needs it. Each function says what it takes and gives, in multiples of p; a product of a < m·p and
//! b < n·p with m·n ≤ 32 is less than 2·p.
//!
//! In memory an element has arkworks' form, with R = 2^256. Nothing is converted: the formulas for points are written so
//! that the difference, a factor of 2^4 for each product, cancels out.
//!
//! Nothing here depends on a value in its time or its addresses.
// Of arrays whose length is known; limbs are counted, because the formulas do.
#![allow(clippy::indexing_slicing, clippy::needless_range_loop)]

use core::arch::x86_64::{
    __m512i, __mmask8, _mm256_loadu_si256, _mm256_storeu_si256, _mm512_add_epi64, _mm512_and_si512,
    _mm512_castsi256_si512, _mm512_castsi512_si256, _mm512_cmpeq_epi64_mask, _mm512_extracti64x4_epi64,
    _mm512_inserti64x4, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_blend_epi64,
    _mm512_movepi64_mask, _mm512_or_si512, _mm512_permutex2var_epi64, _mm512_permutexvar_epi64,
    _mm512_set1_epi64, _mm512_setr_epi64, _mm512_setzero_si512, _mm512_slli_epi64, _mm512_srai_epi64,
    _mm512_srli_epi64, _mm512_storeu_si512, _mm512_sub_epi64, _mm512_testn_epi64_mask, _mm512_unpackhi_epi64,
    _mm512_unpacklo_epi64,
};
use std::{fmt, marker::PhantomData};

use ark_ff::{BigInt, MontConfig};
use zeroize::Zeroize;

/// The bits of a limb.
const BITS: u32 = 52;
const MASK: u64 = (1 << BITS) - 1;

/// An element in memory: four limbs of 64 bits, the lowest first.
pub(super) type Words = [u64; 4];

/// The constants of the field with the modulus of `T`, which is below 2^255.
struct Modulus<T>(PhantomData<T>);

impl<T: MontConfig<4>> Modulus<T> {
    /// p times 0, 1, 2 … 8.
    const MULTIPLES: [[u64; 5]; 9] = {
        assert!(T::MODULUS.0[3] >> 63 == 0, "the modulus has 255 bits at most");
        let p = limbs(T::MODULUS.0);
        let mut multiples = [[0; 5]; 9];
        let mut factor = 1;
        while factor < 9 {
            let mut carry = 0;
            let mut limb = 0;
            while limb < 5 {
                let sum = multiples[factor - 1][limb] + p[limb] + carry;
                // The highest limb takes what is above it.
                multiples[factor][limb] = if limb < 4 { sum & MASK } else { sum };
                carry = sum >> BITS;
                limb += 1;
            }
            factor += 1;
        }
        multiples
    };

    /// −1/p modulo 2^52.
    const INVERSE: u64 = T::INV & MASK;
}

/// The limbs of an integer below 2^256.
const fn limbs(words: Words) -> [u64; 5] {
    [
        words[0] & MASK,
        (words[0] >> 52 | words[1] << 12) & MASK,
        (words[1] >> 40 | words[2] << 24) & MASK,
        (words[2] >> 28 | words[3] << 36) & MASK,
        words[3] >> 16,
    ]
}

/// Eight integers below 2^260, each limb below 2^52.
pub(super) struct Elements<T> {
    limbs: [__m512i; 5],
    field: PhantomData<T>,
}

impl<T> Clone for Elements<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Elements<T> {}

impl<T> Zeroize for Elements<T> {
    fn zeroize(&mut self) {
        self.limbs.zeroize();
    }
}

/// The values are secrets.
impl<T> fmt::Debug for Elements<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Elements").finish_non_exhaustive()
    }
}

/// Eight elements in the form that memory has: a vector for each of the four words.
#[derive(Clone, Copy)]
pub(super) struct Loaded([__m512i; 4]);

impl Loaded {
    /// Takes one element for each lane.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn load(lanes: [&Words; 8]) -> Self {
        // Each row has the words of lane i and of lane i + 4.
        let row = |low: &Words, high: &Words| {
            // SAFETY: Both references are to 32 bytes, and the instructions need no alignment.
            let (low, high) = unsafe {
                (_mm256_loadu_si256(low.as_ptr().cast()), _mm256_loadu_si256(high.as_ptr().cast()))
            };
            _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
        };
        let rows = [
            row(lanes[0], lanes[4]),
            row(lanes[1], lanes[5]),
            row(lanes[2], lanes[6]),
            row(lanes[3], lanes[7]),
        ];
        let even = [_mm512_unpacklo_epi64(rows[0], rows[1]), _mm512_unpacklo_epi64(rows[2], rows[3])];
        let odd = [_mm512_unpackhi_epi64(rows[0], rows[1]), _mm512_unpackhi_epi64(rows[2], rows[3])];
        let [low, high] = quarters();
        Self([
            _mm512_permutex2var_epi64(even[0], low, even[1]),
            _mm512_permutex2var_epi64(odd[0], low, odd[1]),
            _mm512_permutex2var_epi64(even[0], high, even[1]),
            _mm512_permutex2var_epi64(odd[0], high, odd[1]),
        ])
    }

    /// Gives the element of each lane.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn store(self) -> [Words; 8] {
        let [low, high] = quarters();
        let words = self.0;
        let even = [
            _mm512_permutex2var_epi64(words[0], low, words[2]),
            _mm512_permutex2var_epi64(words[0], high, words[2]),
        ];
        let odd = [
            _mm512_permutex2var_epi64(words[1], low, words[3]),
            _mm512_permutex2var_epi64(words[1], high, words[3]),
        ];
        let rows = [
            _mm512_unpacklo_epi64(even[0], odd[0]),
            _mm512_unpackhi_epi64(even[0], odd[0]),
            _mm512_unpacklo_epi64(even[1], odd[1]),
            _mm512_unpackhi_epi64(even[1], odd[1]),
        ];
        let mut lanes = [[0; 4]; 8];
        for (lane, row) in rows.into_iter().enumerate() {
            // SAFETY: Both places are of 32 bytes, and the instructions need no alignment.
            unsafe {
                _mm256_storeu_si256(lanes[lane].as_mut_ptr().cast(), _mm512_castsi512_si256(row));
                _mm256_storeu_si256(lanes[lane + 4].as_mut_ptr().cast(), _mm512_extracti64x4_epi64::<1>(row));
            }
        }
        lanes
    }

    /// The lanes in which both are the same integer.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn equal(&self, other: &Self) -> __mmask8 {
        let mut equal = !0;
        for (one, other) in self.0.iter().zip(&other.0) {
            equal &= _mm512_cmpeq_epi64_mask(*one, *other);
        }
        equal
    }

    /// The lanes that are 0.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn zero(&self) -> __mmask8 {
        let any =
            _mm512_or_si512(_mm512_or_si512(self.0[0], self.0[1]), _mm512_or_si512(self.0[2], self.0[3]));
        _mm512_testn_epi64_mask(any, any)
    }

    /// The limbs.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn split<T>(self) -> Elements<T> {
        let words = self.0;
        let mask = splat(MASK);
        let pair = |low, high| _mm512_and_si512(_mm512_or_si512(low, high), mask);
        Elements::new([
            _mm512_and_si512(words[0], mask),
            pair(_mm512_srli_epi64::<52>(words[0]), _mm512_slli_epi64::<12>(words[1])),
            pair(_mm512_srli_epi64::<40>(words[1]), _mm512_slli_epi64::<24>(words[2])),
            pair(_mm512_srli_epi64::<28>(words[2]), _mm512_slli_epi64::<36>(words[3])),
            _mm512_srli_epi64::<16>(words[3]),
        ])
    }
}

/// Which quarters of two vectors are taken: the first and third of each, or the second and fourth.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn quarters() -> [__m512i; 2] {
    [_mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15)]
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn splat(value: u64) -> __m512i {
    _mm512_set1_epi64(value.cast_signed())
}

impl<T> Elements<T> {
    fn new(limbs: [__m512i; 5]) -> Self {
        Self { limbs, field: PhantomData }
    }

    /// The same integer below 2^256 in all lanes.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn splat(words: Words) -> Self {
        let [a, b, c, d, e] = limbs(words);
        Self::new([splat(a), splat(b), splat(c), splat(d), splat(e)])
    }

    /// The words of integers below 2^256.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn join(self) -> Loaded {
        let limbs = self.limbs;
        Loaded([
            _mm512_or_si512(limbs[0], _mm512_slli_epi64::<52>(limbs[1])),
            _mm512_or_si512(_mm512_srli_epi64::<12>(limbs[1]), _mm512_slli_epi64::<40>(limbs[2])),
            _mm512_or_si512(_mm512_srli_epi64::<24>(limbs[2]), _mm512_slli_epi64::<28>(limbs[3])),
            _mm512_or_si512(_mm512_srli_epi64::<36>(limbs[3]), _mm512_slli_epi64::<16>(limbs[4])),
        ])
    }

    /// `other` in the lanes of `mask`, and `self` in the rest.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn blend(mut self, mask: __mmask8, other: Self) -> Self {
        for limb in 0..5 {
            self.limbs[limb] = _mm512_mask_blend_epi64(mask, self.limbs[limb], other.limbs[limb]);
        }
        self
    }

    /// The same in other lanes.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    fn permute(mut self, lanes: __m512i) -> Self {
        for limb in &mut self.limbs {
            *limb = _mm512_permutexvar_epi64(lanes, *limb);
        }
        self
    }

    /// Carries between limbs, each of which is a signed integer of 63 bits. If the sum is negative, the highest limb is.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    fn carry(mut limbs: [__m512i; 5]) -> Self {
        let mask = splat(MASK);
        for limb in 0..4 {
            let carry = _mm512_srai_epi64::<52>(limbs[limb]);
            limbs[limb] = _mm512_and_si512(limbs[limb], mask);
            limbs[limb + 1] = _mm512_add_epi64(limbs[limb + 1], carry);
        }
        Self::new(limbs)
    }
}

impl<T: MontConfig<4>> Elements<T> {
    /// self + other, without a reduction.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn add(self, other: Self) -> Self {
        let mut sum = self.limbs;
        for limb in 0..5 {
            sum[limb] = _mm512_add_epi64(sum[limb], other.limbs[limb]);
        }
        Self::carry(sum)
    }

    /// self − other + `M`·p, which is not negative: `other` is at most `M`·p. `M` is 8 at most.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn sub<const M: usize>(self, other: Self) -> Self {
        let multiple = Modulus::<T>::MULTIPLES[M];
        let mut difference = self.limbs;
        for limb in 0..5 {
            difference[limb] = _mm512_sub_epi64(difference[limb], other.limbs[limb]);
            difference[limb] = _mm512_add_epi64(difference[limb], splat(multiple[limb]));
        }
        Self::carry(difference)
    }

    /// self − one − other + `M`·p, which is not negative.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn sub_both<const M: usize>(self, one: Self, other: Self) -> Self {
        let multiple = Modulus::<T>::MULTIPLES[M];
        let mut difference = self.limbs;
        for limb in 0..5 {
            let sum = _mm512_add_epi64(one.limbs[limb], other.limbs[limb]);
            difference[limb] = _mm512_sub_epi64(difference[limb], sum);
            difference[limb] = _mm512_add_epi64(difference[limb], splat(multiple[limb]));
        }
        Self::carry(difference)
    }

    /// 4·(self − other + p), for `other` of p at most.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn four_times_difference(self, other: Self) -> Self {
        let multiple = Modulus::<T>::MULTIPLES[4];
        let mut difference = self.limbs;
        for limb in 0..5 {
            difference[limb] = _mm512_slli_epi64::<2>(_mm512_sub_epi64(difference[limb], other.limbs[limb]));
            difference[limb] = _mm512_add_epi64(difference[limb], splat(multiple[limb]));
        }
        Self::carry(difference)
    }

    /// `M`·p − self, for integers of `M`·p at most.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn negate<const M: usize>(self) -> Self {
        Self::new([_mm512_setzero_si512(); 5]).sub::<M>(self)
    }

    /// Less than `M`·p, for integers below 2·`M`·p. `M` is a power of two, and 8 at most.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn reduce<const M: usize>(self) -> Self {
        let multiple = Modulus::<T>::MULTIPLES[M];
        let mut less = self.limbs;
        for limb in 0..5 {
            less[limb] = _mm512_sub_epi64(less[limb], splat(multiple[limb]));
        }
        let less = Self::carry(less);
        // The highest limb has the sign.
        less.blend(_mm512_movepi64_mask(less.limbs[4]), self)
    }

    /// Replaces each two lanes whose numbers differ by `DISTANCE`, which is 1, 2 or 4, by their sum and their difference.
    /// For integers below 2·p the results are below 4·p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn exchange<const DISTANCE: usize>(self) -> Self {
        let (lanes, high) = match DISTANCE {
            1 => (_mm512_setr_epi64(1, 0, 3, 2, 5, 4, 7, 6), 0b1010_1010),
            2 => (_mm512_setr_epi64(2, 3, 0, 1, 6, 7, 4, 5), 0b1100_1100),
            _ => (_mm512_setr_epi64(4, 5, 6, 7, 0, 1, 2, 3), 0b1111_0000),
        };
        let other = self.permute(lanes);
        self.add(other).blend(high, other.sub::<2>(self))
    }

    /// self·other·2^−260, less than 2·p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn mul(self, other: Self) -> Self {
        let zero = _mm512_setzero_si512();
        let mut sum = [zero; 5];
        for limb in 0..5 {
            let mut high = [zero; 5];
            multiply_add(&mut sum, &mut high, self.limbs[limb], &other.limbs);
            sum = shift::<T>(sum, high);
        }
        Self::carry(sum)
    }

    /// self²·2^−260, less than 2·p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn square(self) -> Self {
        self.mul(self)
    }

    /// (a·b + c·d + …)·2^−260. The bounds of all products add up.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn sum_of_products<const N: usize>(products: [[Self; 2]; N]) -> Self {
        let zero = _mm512_setzero_si512();
        let mut sum = [zero; 5];
        for limb in 0..5 {
            let mut high = [zero; 5];
            for [one, other] in &products {
                multiply_add(&mut sum, &mut high, one.limbs[limb], &other.limbs);
            }
            sum = shift::<T>(sum, high);
        }
        Self::carry(sum)
    }
}

/// Adds the products of a limb with all limbs: the low halves to `low`, and the high ones, which belong to the next limb
/// each, to `high`.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn multiply_add(low: &mut [__m512i; 5], high: &mut [__m512i; 5], limb: __m512i, limbs: &[__m512i; 5]) {
    for place in 0..5 {
        low[place] = _mm512_madd52lo_epu64(low[place], limb, limbs[place]);
        high[place] = _mm512_madd52hi_epu64(high[place], limb, limbs[place]);
    }
}

/// Adds the multiple of p that makes the lowest limb 0, and shifts by one limb.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn shift<T: MontConfig<4>>(mut low: [__m512i; 5], mut high: [__m512i; 5]) -> [__m512i; 5] {
    let zero = _mm512_setzero_si512();
    let factor = _mm512_madd52lo_epu64(zero, low[0], splat(Modulus::<T>::INVERSE));
    for place in 0..5 {
        let p = splat(Modulus::<T>::MULTIPLES[1][place]);
        if place != 0 {
            low[place] = _mm512_madd52lo_epu64(low[place], factor, p);
        }
        high[place] = _mm512_madd52hi_epu64(high[place], factor, p);
    }
    // The lowest limb would become the next multiple of 2^52, so what it carries is known.
    let carry = _mm512_srli_epi64::<52>(_mm512_add_epi64(low[0], splat(MASK)));
    [
        _mm512_add_epi64(_mm512_add_epi64(low[1], carry), high[0]),
        _mm512_add_epi64(low[2], high[1]),
        _mm512_add_epi64(low[3], high[2]),
        _mm512_add_epi64(low[4], high[3]),
        high[4],
    ]
}

impl<T: MontConfig<4>> Elements<T> {
    /// The integer of each lane, below p. It is for few values: lanes are stored and split one by one.
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn to_words(self) -> [Words; 8] {
        self.reduce::<4>().reduce::<2>().reduce::<1>().join().store()
    }

    /// Replaces the integer in one lane.
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    pub(super) fn replace(&mut self, lane: usize, integer: BigInt<4>) {
        for (vector, limb) in self.limbs.iter_mut().zip(limbs(integer.0)) {
            let mut lanes = [0_u64; 8];
            // SAFETY: The place is of 64 bytes, and the instruction needs no alignment.
            unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), *vector) };
            lanes[lane] = limb;
            let [a, b, c, d, e, f, g, h] = lanes.map(u64::cast_signed);
            *vector = _mm512_setr_epi64(a, b, c, d, e, f, g, h);
            lanes.zeroize();
        }
    }
}

#[cfg(test)]
mod tests;
