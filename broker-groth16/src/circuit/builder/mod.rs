//! How circuits are written: once, for a [`Builder`] that makes either the constraints or a witness.

mod labels;
mod matrices;
mod witness;

use ark_ff::PrimeField;

pub use self::{
    labels::{Label, Labels},
    matrices::{MatrixBuilder, NamedConstraints},
    witness::{Violation, WitnessBuilder},
};
use crate::linear_combination::LinearCombination;

/// Takes the constraints of a circuit.
///
/// [`MatrixBuilder`] makes the matrices and knows no values; [`WitnessBuilder`] makes the values of all signals, checks
/// them, and knows no matrices. A circuit must not depend on which of the two it is written for.
pub trait Builder<F: PrimeField> {
    /// What stands for a linear combination of signals.
    type Combination: LinearCombination<F>;

    /// A new private signal, whose value follows from the values of `from`.
    fn private<const N: usize>(
        &mut self,
        name: &'static str,
        from: [&Self::Combination; N],
        value: impl FnOnce([F; N]) -> F,
    ) -> Self::Combination;

    /// Adds the constraint a × b = c.
    ///
    /// A signal that is in no B costs less to prove than others, since its bases in G2 are the identity.
    fn enforce(
        &mut self,
        name: &'static str,
        a: &Self::Combination,
        b: &Self::Combination,
        c: &Self::Combination,
    );

    /// A new private signal that is the product a × b, with its constraint.
    fn product(
        &mut self,
        name: &'static str,
        a: &Self::Combination,
        b: &Self::Combination,
    ) -> Self::Combination {
        let product = self.private(name, [a, b], |[a, b]| a * b);
        self.enforce(name, a, b, &product);
        product
    }
}
