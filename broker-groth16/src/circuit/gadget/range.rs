//! Values of 64 bits.

use ark_ff::{BigInteger, PrimeField};

use crate::{circuit::builder::Builder, linear_combination::LinearCombination};

/// Enforces 0 ≤ value < 2^64 with 63 signals and 64 constraints.
///
/// The signals are the lowest 63 bits b₀ … b₆₂. The highest bit needs no signal: it is (value − Σ 2^i·bᵢ) / 2^63, and to
/// enforce that this is 0 or 1 also ties the bits to the value.
pub(in crate::circuit) fn enforce_64_bits<F: PrimeField, B: Builder<F>>(
    builder: &mut B,
    name: &'static str,
    value: &B::Combination,
) {
    let one = B::Combination::constant(F::one());
    let zero = B::Combination::constant(F::zero());
    let mut rest = value.clone();
    for place in 0..63 {
        let bit = builder.private(name, [value], |[value]| F::from(value.into_bigint().get_bit(place)));
        builder.enforce(name, &bit, &bit.minus(&one), &zero);
        rest.add_scaled(-F::from(1_u64 << place), &bit);
    }
    let highest = B::Combination::constant(F::from(1_u64 << 63));
    builder.enforce(name, &rest, &rest.minus(&highest), &zero);
}
