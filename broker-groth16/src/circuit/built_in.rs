//! The built-in circuits.

use std::fmt;

use ark_bls12_381::Bls12_381;
use ark_bn254::Bn254;
use ark_ff::PrimeField;

use super::{
    builder::{MatrixBuilder, NamedConstraints, Violation, WitnessBuilder},
    cube_root::CubeRoot,
    definition::Definition,
    description::{Description, Visibility},
    multiply::Multiply,
    payment::Payment,
};
use crate::{assignment::Assignment, curve::Curve, text};

/// A circuit that is part of the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BuiltIn {
    /// The prover knows two factors of a number.
    Multiply,
    /// The prover knows a cube root of a number.
    CubeRoot,
    /// The prover knows the payment behind a commitment. BN254 only.
    Payment,
}

impl BuiltIn {
    /// All built-in circuits.
    pub const ALL: [Self; 3] = [Self::Multiply, Self::CubeRoot, Self::Payment];

    /// The circuit with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|circuit| circuit.description().name == name)
    }

    /// What the circuit says of itself.
    #[must_use]
    pub fn description(self) -> &'static Description {
        match self {
            Self::Multiply => Circuit::<ark_bn254::Fr>::MULTIPLY.description,
            Self::CubeRoot => Circuit::<ark_bn254::Fr>::CUBE_ROOT.description,
            Self::Payment => Circuit::PAYMENT.description,
        }
    }
}

impl fmt::Display for BuiltIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.description().name)
    }
}

/// A curve over whose scalar field circuits are built in.
pub trait CircuitCurve: Curve {
    /// The circuit over the curve's scalar field, if it is defined there.
    fn circuit(circuit: BuiltIn) -> Option<Circuit<Self::ScalarField>>;
}

impl CircuitCurve for Bn254 {
    fn circuit(circuit: BuiltIn) -> Option<Circuit<Self::ScalarField>> {
        Some(match circuit {
            BuiltIn::Multiply => Circuit::MULTIPLY,
            BuiltIn::CubeRoot => Circuit::CUBE_ROOT,
            BuiltIn::Payment => Circuit::PAYMENT,
        })
    }
}

impl CircuitCurve for Bls12_381 {
    fn circuit(circuit: BuiltIn) -> Option<Circuit<Self::ScalarField>> {
        match circuit {
            BuiltIn::Multiply => Some(Circuit::MULTIPLY),
            BuiltIn::CubeRoot => Some(Circuit::CUBE_ROOT),
            BuiltIn::Payment => None,
        }
    }
}

/// The values of all signals, and the first constraint that they do not satisfy.
type Witness<F> = (Assignment<F>, Option<Violation>);

/// A built-in circuit over the field `F`.
#[derive(Clone, Copy)]
pub struct Circuit<F: PrimeField> {
    pub(super) description: &'static Description,
    constraints: fn() -> NamedConstraints<F>,
    pub(super) complete: fn(&mut [Option<F>]),
    pub(super) witness: fn(&[Option<F>]) -> Witness<F>,
    /// How text and bytes become field elements, if they do.
    pub(super) text: Option<fn(&[u8]) -> F>,
}

impl<F: PrimeField> Circuit<F> {
    const MULTIPLY: Self = Self::define::<Multiply, 3>(&<Multiply as Definition<F, 3>>::DESCRIPTION, None);
    const CUBE_ROOT: Self = Self::define::<CubeRoot, 2>(&<CubeRoot as Definition<F, 2>>::DESCRIPTION, None);

    const fn define<D: Definition<F, N>, const N: usize>(
        description: &'static Description,
        text: Option<fn(&[u8]) -> F>,
    ) -> Self {
        Self {
            description,
            constraints: constraints::<F, D, N>,
            complete: complete::<F, D, N>,
            witness: witness::<F, D, N>,
            text,
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

impl Circuit<ark_bn254::Fr> {
    const PAYMENT: Self = Self::define::<Payment, 13>(&Payment::DESCRIPTION, Some(text::to_field));
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
