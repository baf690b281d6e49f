//! The permutation.

use ark_ff::PrimeField;
use zeroize::Zeroizing;

use super::parameters::Parameters;
use crate::linear_combination::LinearCombination;

/// Runs the permutation up to the S-boxes of the last round. `s_box` replaces an element of the state by its fifth power.
///
/// The capacity's first S-box is not among these calls, because its input is a constant.
pub(crate) fn rounds<F: PrimeField, C: LinearCombination<F>>(
    parameters: &Parameters<F>,
    inputs: &[C],
    mut s_box: impl FnMut(&mut C),
) -> Zeroizing<Vec<C>> {
    let mut state = Zeroizing::new(Vec::with_capacity(parameters.width()));
    state.push(C::constant(F::zero()));
    state.extend_from_slice(inputs);
    for round in parameters.rounds() {
        for (element, constant) in state.iter_mut().zip(round.constants) {
            element.add_scaled(F::one(), &C::constant(*constant));
        }
        if round.is_last {
            break;
        }
        let mut elements = state.iter_mut().take(if round.is_full { parameters.width() } else { 1 });
        if round.is_first
            && let (Some(capacity), Some(constant)) = (elements.next(), round.constants.first())
        {
            *capacity = C::constant(fifth_power(*constant));
        }
        elements.for_each(&mut s_box);
        state = mix(parameters, &state);
    }
    state
}

/// The product of the matrix with the state.
pub(super) fn mix<F: PrimeField, C: LinearCombination<F>>(
    parameters: &Parameters<F>,
    state: &[C],
) -> Zeroizing<Vec<C>> {
    let mut mixed = Zeroizing::new(Vec::with_capacity(state.len()));
    mixed.extend(parameters.rows().map(|row| product(row, state)));
    mixed
}

/// The product of a row of the matrix with the state.
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
