//! How a built-in circuit is defined.

use ark_ff::PrimeField;

use super::{
    builder::Builder,
    description::{Description, Input},
};

/// A circuit over the field `F` with `N` inputs.
pub(super) trait Definition<F: PrimeField, const N: usize> {
    /// The inputs. The public ones come first.
    const INPUTS: [Input; N];

    /// What the circuit says of itself.
    const DESCRIPTION: Description;

    /// Computes the inputs that follow from others, where they are missing and the others are not.
    fn complete(inputs: &mut [Option<F>; N]);

    /// Writes the constraints.
    fn constrain<B: Builder<F>>(builder: &mut B, inputs: [B::Combination; N]);
}
