//! The permutation.

use ark_ff::PrimeField;
use zeroize::Zeroizing;

use super::{
    parameters::{Parameters, PartialRound},
    shape::FULL_ROUNDS,
};
use crate::linear_combination::LinearCombination;

/// Runs the permutation up to the S-boxes of the last round. `s_box` replaces an element of the state by its fifth power.
///
/// The capacity's first S-box is not among these calls, because its input is a constant.
pub(crate) fn rounds<F: PrimeField, C: LinearCombination<F>>(
    parameters: &Parameters<F>,
    inputs: &[C],
    mut s_box: impl FnMut(&mut C),
) -> Zeroizing<Vec<C>> {
    let mut state = Zeroizing::new(Vec::with_capacity(parameters.width));
    state.push(C::constant(F::zero()));
    state.extend_from_slice(inputs);
    for (round, constants) in parameters.full_rounds().enumerate() {
        if round == FULL_ROUNDS / 2 {
            partial_rounds(parameters, &mut state, &mut s_box);
        }
        for (element, constant) in state.iter_mut().zip(constants) {
            element.add_scaled(F::one(), &C::constant(*constant));
        }
        if round == FULL_ROUNDS - 1 {
            break;
        }
        let mut elements = state.iter_mut();
        if round == 0
            && let (Some(capacity), Some(constant)) = (elements.next(), constants.first())
        {
            *capacity = C::constant(fifth_power(*constant));
        }
        elements.for_each(&mut s_box);
        state = mix(parameters, &state);
    }
    state
}

fn partial_rounds<F: PrimeField, C: LinearCombination<F>>(
    parameters: &Parameters<F>,
    state: &mut Zeroizing<Vec<C>>,
    s_box: &mut impl FnMut(&mut C),
) {
    for PartialRound { constant, row, column } in &parameters.partial_rounds {
        if let Some(first) = state.first_mut() {
            first.add_scaled(F::one(), &C::constant(*constant));
            s_box(first);
        }
        let mut next = product(row, state);
        if let Some((first, others)) = state.split_first_mut() {
            for (element, factor) in others.iter_mut().zip(column) {
                element.add_scaled(*factor, first);
            }
            std::mem::swap(first, &mut next);
        }
        next.zeroize();
    }
    let mut whole = Zeroizing::new(Vec::with_capacity(state.len()));
    whole.extend(state.first().cloned());
    let others = state.get(1..).unwrap_or_default();
    whole.extend(parameters.rest().map(|row| product(row, others)));
    *state = whole;
}

/// The product of the matrix of full rounds with the state.
pub(super) fn mix<F: PrimeField, C: LinearCombination<F>>(
    parameters: &Parameters<F>,
    state: &[C],
) -> Zeroizing<Vec<C>> {
    let mut mixed = Zeroizing::new(Vec::with_capacity(state.len()));
    mixed.extend(parameters.rows().map(|row| product(row, state)));
    mixed
}

/// The product of a row with the state.
fn product<F: PrimeField, C: LinearCombination<F>>(row: &[F], state: &[C]) -> C {
    let mut sum = C::constant(F::zero());
    for (factor, element) in row.iter().zip(state) {
        sum.add_scaled(*factor, element);
    }
    sum
}

/// The hash: the first element after the last round, whose S-boxes `state` has yet to pass.
pub(super) fn finish<F: PrimeField>(parameters: &Parameters<F>, state: &mut [F]) -> F {
    for element in &mut *state {
        *element = fifth_power(*element);
    }
    product(parameters.first_row(), state)
}

/// x⁵.
pub(super) fn fifth_power<F: PrimeField>(x: F) -> F {
    x.square().square() * x
}
