//! The circuit `cube_root`.

use ark_ff::PrimeField;

use super::{
    builder::Builder,
    definition::Definition,
    description::{Description, Input, Kind, Verification, Visibility},
};
use crate::curve::CurveName;

/// The prover knows a cube root of a number.
pub(super) struct CubeRoot;

impl<F: PrimeField> Definition<F, 2> for CubeRoot {
    const INPUTS: [Input; 2] = INPUTS;
    const DESCRIPTION: Description = DESCRIPTION;

    fn complete(inputs: &mut [Option<F>; 2]) {
        if let [cube @ None, Some(x)] = inputs {
            *cube = Some(x.square() * *x);
        }
    }

    fn constrain<B: Builder<F>>(builder: &mut B, [y, x]: [B::Combination; 2]) {
        let square = builder.product("x * x", &x, &x);
        builder.enforce("x * x * x = y", &square, &x, &y);
    }
}

const INPUTS: [Input; 2] = [
    Input {
        name: "y",
        kind: Kind::Field,
        visibility: Visibility::Public,
        optional: true,
        description: "the cube",
    },
    Input {
        name: "x",
        kind: Kind::Field,
        visibility: Visibility::Private,
        optional: false,
        description: "the cube root",
    },
];

const DESCRIPTION: Description = Description {
    name: "cube_root",
    version: 1,
    statement: "the prover knows x with x * x * x = y in the field",
    inputs: &INPUTS,
    verification: Verification::AsGiven,
    constraints: 2,
    signals: 4,
    curves: &CurveName::ALL,
};
