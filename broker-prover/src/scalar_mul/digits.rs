//! Scalars in signed windows.

use ark_ff::{BigInteger, PrimeField};

/// How scalars of a field are cut into signed digits: integer = Σ digit·2^(width·position), with each digit in
/// (−2^(width − 1), 2^(width − 1)].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Windows {
    width: u32,
    count: usize,
}

impl Windows {
    /// Windows of `width` bits, from 1 to 31, for integers of `bits` bits.
    pub(crate) fn for_bits(bits: u32, width: u32) -> Self {
        // One bit more than the integer has room for the last carry.
        Self { width, count: (bits + 1).div_ceil(width) as usize }
    }

    /// Windows for the [`magnitude`]s of all scalars of the field.
    pub(crate) fn new<F: PrimeField>(width: u32) -> Self {
        Self::for_bits(F::MODULUS_BIT_SIZE - 1, width)
    }

    /// The number of bits of a digit.
    pub(crate) fn width(self) -> u32 {
        self.width
    }

    /// The number of digits of a scalar.
    pub(crate) fn count(self) -> usize {
        self.count
    }

    /// The largest absolute value of a digit.
    pub(crate) fn half(self) -> usize {
        1 << (self.width - 1)
    }

    /// The digits of an integer whose 64-bit limbs come lowest first.
    pub(crate) fn digits(self, limbs: &[u64]) -> impl Iterator<Item = i32> {
        let mask = (1_u64 << self.width) - 1;
        let half = self.half() as u64;
        let mut carry = 0;
        let mut position = 0_u32;
        (0..self.count).map(move |_| {
            let limb = limbs.get((position / 64) as usize).copied().unwrap_or_default();
            let next = limbs.get((position / 64) as usize + 1).copied().unwrap_or_default();
            let shift = position % 64;
            // A shift by 64 is undefined, so the bits of the next limb are shifted in two steps.
            let window = ((limb >> shift) | ((next << 1) << (63 - shift))) & mask;
            position += self.width;
            let digit = window + carry;
            carry = u64::from(digit > half);
            digit as i32 - ((carry as i32) << self.width)
        })
    }
}

/// The absolute value of a scalar r/2 or less from 0, and whether it is negative. A scalar like −1 then has as few
/// digits as 1.
pub(crate) fn magnitude<F: PrimeField>(scalar: &F) -> (F::BigInt, bool) {
    let integer = scalar.into_bigint();
    if integer > F::MODULUS_MINUS_ONE_DIV_TWO {
        let mut opposite = F::MODULUS;
        opposite.sub_with_borrow(&integer);
        (opposite, true)
    } else {
        (integer, false)
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::Fr;
    use ark_ff::{AdditiveGroup, Field, UniformRand};
    use ark_std::rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn sum(windows: Windows, value: Fr) -> Fr {
        let (integer, negative) = magnitude(&value);
        let digits: Vec<i32> = windows.digits(integer.as_ref()).collect();
        assert_eq!(digits.len(), windows.count());
        assert!(digits.iter().all(|digit| {
            let half = windows.half() as i32;
            -half < *digit && *digit <= half
        }));
        let base = Fr::from(2).pow([u64::from(windows.width)]);
        let sum = digits.iter().rev().fold(Fr::ZERO, |sum, digit| sum * base + Fr::from(*digit));
        if negative { -sum } else { sum }
    }

    #[test]
    fn digits_add_up_to_the_scalar_for_every_width() {
        let mut rng = StdRng::seed_from_u64(1);
        let half = Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO);
        let edges = [0, 1, 2, 127, 128, 129].map(Fr::from).into_iter();
        let edges: Vec<_> = edges.flat_map(|edge| [edge, -edge, half - edge, half + edge]).collect();
        for width in 1..=20 {
            let windows = Windows::new::<Fr>(width);
            for value in edges.iter().copied().chain((0..20).map(|_| Fr::rand(&mut rng))) {
                assert_eq!(sum(windows, value), value, "width {width}");
            }
        }
    }
}
