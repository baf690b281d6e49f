//! A circuit without the type of its definition.

use std::fmt;

use ark_ff::PrimeField;

use super::{
    builder::{MatrixBuilder, NamedConstraints, Violation, WitnessBuilder},
    definition::Definition,
    description::{Description, Visibility},
    error::StatementError,
    value::Value,
};
use crate::assignment::Assignment;

/// The values of all signals, and the first constraint that they do not satisfy.
type Witness<F> = (Assignment<F>, Option<Violation>);

/// Makes public signals of the verifier's own values by name, the prover's public signals, and the verifier's time and skew.
pub(super) type VerifiersOwn<F> =
    fn(&[(&str, Value<'_>)], &[Value<'_>], u64, u64) -> Result<Vec<F>, StatementError>;

/// A built-in circuit over the field `F`.
#[derive(Clone, Copy)]
pub struct Circuit<F: PrimeField> {
    pub(super) description: &'static Description,
    pub(super) constraints: fn() -> NamedConstraints<F>,
    pub(super) complete: fn(&mut [Option<F>]),
    pub(super) witness: fn(&[Option<F>]) -> Witness<F>,
    /// How text and bytes become field elements, if they do.
    pub(super) text: Option<fn(&[u8]) -> F>,
    /// How the public signals are made of the verifier's own values, if they are.
    pub(super) verifiers_own: Option<VerifiersOwn<F>>,
}

impl<F: PrimeField> Circuit<F> {
    pub(super) const fn define<D: Definition<F, N>, const N: usize>(
        description: &'static Description,
        text: Option<fn(&[u8]) -> F>,
    ) -> Self {
        Self {
            description,
            constraints: constraints::<F, D, N>,
            complete: complete::<F, D, N>,
            witness: witness::<F, D, N>,
            text,
            verifiers_own: None,
        }
    }

    /// What the circuit says of itself.
    #[must_use]
    pub const fn description(&self) -> &'static Description {
        self.description
    }

    /// Makes the constraints. For `payment` this takes some milliseconds; a witness does not need them.
    #[must_use]
    pub fn constraints(&self) -> NamedConstraints<F> {
        (self.constraints)()
    }
}

impl<F: PrimeField> fmt::Debug for Circuit<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Circuit").field(&self.description.name).finish()
    }
}

fn constraints<F: PrimeField, D: Definition<F, N>, const N: usize>() -> NamedConstraints<F> {
    let public = D::INPUTS.iter().filter(|input| input.visibility == Visibility::Public).count();
    let (mut builder, inputs) = MatrixBuilder::new(D::INPUTS.map(|input| input.name), public);
    D::constrain(&mut builder, inputs);
    builder.finish()
}

fn complete<F: PrimeField, D: Definition<F, N>, const N: usize>(inputs: &mut [Option<F>]) {
    if let Some(inputs) = inputs.first_chunk_mut() {
        D::complete(inputs);
    }
}

/// Makes a witness. A missing input counts as 0.
fn witness<F: PrimeField, D: Definition<F, N>, const N: usize>(inputs: &[Option<F>]) -> Witness<F> {
    let inputs = std::array::from_fn(|index| inputs.get(index).copied().flatten().unwrap_or_default());
    let (mut builder, inputs) = WitnessBuilder::new(inputs, D::DESCRIPTION.signals);
    D::constrain(&mut builder, inputs);
    builder.finish()
}
