//! Hashes by Poseidon.

use ark_ff::PrimeField;

use crate::{
    circuit::builder::Builder,
    linear_combination::LinearCombination,
    poseidon::{Parameters, rounds},
};

/// Enforces `hash` = Poseidon(inputs) with three constraints for each S-box but the first, whose input is a constant.
///
/// The linear layers cost nothing: each S-box takes a linear combination of those before. The last S-box's constraint is
/// the one that compares the hash.
pub(in crate::circuit) fn enforce_hash<F: PrimeField, B: Builder<F>>(
    builder: &mut B,
    name: &'static str,
    parameters: &Parameters<F>,
    inputs: &[B::Combination],
    hash: &B::Combination,
) {
    let state = rounds(parameters, inputs, |element| {
        let power = fifth_power(builder, name, element);
        *element = power;
    });
    // hash = Σ mᵢ·xᵢ⁵, so (m·x⁴) × x of the last element is the hash without the other terms.
    let mut rest = hash.clone();
    let mut elements = parameters.first_row().iter().zip(state.iter());
    let last = elements.next_back();
    for (factor, element) in elements {
        let power = fifth_power(builder, name, element);
        rest.add_scaled(-*factor, &power);
    }
    if let Some((factor, element)) = last {
        let fourth = fourth_power(builder, name, element);
        let mut scaled = B::Combination::constant(F::zero());
        scaled.add_scaled(*factor, &fourth);
        builder.enforce(name, &scaled, element, &rest);
    }
}

/// x⁵ = x⁴ × x. B is x, which is in another B already, so that x⁴ is in none.
fn fifth_power<F: PrimeField, B: Builder<F>>(
    builder: &mut B,
    name: &'static str,
    x: &B::Combination,
) -> B::Combination {
    let fourth = fourth_power(builder, name, x);
    builder.product(name, &fourth, x)
}

fn fourth_power<F: PrimeField, B: Builder<F>>(
    builder: &mut B,
    name: &'static str,
    x: &B::Combination,
) -> B::Combination {
    let square = builder.product(name, x, x);
    builder.product(name, &square, &square)
}
