//! The circuit `multiply`.

use ark_ff::PrimeField;

use super::{
    builder::Builder,
    definition::Definition,
    description::{Description, Input, Kind, Verification, Visibility},
};
use crate::curve::CurveName;

/// The prover knows two factors of a number.
pub(super) struct Multiply;

impl<F: PrimeField> Definition<F, 3> for Multiply {
    const INPUTS: [Input; 3] = INPUTS;
    const DESCRIPTION: Description = DESCRIPTION;

    fn complete(inputs: &mut [Option<F>; 3]) {
        if let [product @ None, Some(a), Some(b)] = inputs {
            *product = Some(*a * b);
        }
    }

    fn constrain<B: Builder<F>>(builder: &mut B, [c, a, b]: [B::Combination; 3]) {
        builder.enforce("a * b = c", &a, &b, &c);
    }
}

const INPUTS: [Input; 3] = [
    Input {
        name: "c",
        kind: Kind::Field,
        visibility: Visibility::Public,
        optional: true,
        description: "the product",
    },
    factor("a", "a factor"),
    factor("b", "the other factor"),
];

const DESCRIPTION: Description = Description {
    name: "multiply",
    version: 1,
    statement: "the prover knows a and b with a * b = c in the field",
    inputs: &INPUTS,
    verification: Verification::AsGiven,
    constraints: 1,
    signals: 4,
    curves: &CurveName::ALL,
};

const fn factor(name: &'static str, description: &'static str) -> Input {
    Input { name, kind: Kind::Field, visibility: Visibility::Private, optional: false, description }
}
