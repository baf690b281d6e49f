//! The built-in circuits.

use std::fmt;

use ark_bls12_381::Bls12_381;
use ark_bn254::Bn254;
use ark_ff::PrimeField;

use super::{
    cube_root::CubeRoot, definition::Definition, description::Description, erased::Circuit,
    multiply::Multiply, payment::Payment, statement,
};
use crate::{
    curve::{Curve, CurveName},
    key::{SetupClass, VerifyingKey},
    solidity::{self, SinglePartyKeys, SolidityError},
    text,
};

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

    /// The name in profiles and requests.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.description().name
    }

    /// Whether the circuit is defined over the scalar field of `curve`.
    #[must_use]
    pub fn supports(self, curve: CurveName) -> bool {
        self.description().curves.contains(&curve)
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

    /// Writes a verifying key as a contract ([`solidity::verifier`]), if contracts can verify proofs over this curve.
    fn contract(
        key: &VerifyingKey<Self>,
        class: SetupClass,
        single_party: SinglePartyKeys,
    ) -> Option<Result<String, SolidityError>>;
}

impl CircuitCurve for Bn254 {
    fn circuit(circuit: BuiltIn) -> Option<Circuit<Self::ScalarField>> {
        Some(match circuit {
            BuiltIn::Multiply => Circuit::MULTIPLY,
            BuiltIn::CubeRoot => Circuit::CUBE_ROOT,
            BuiltIn::Payment => Circuit::PAYMENT,
        })
    }

    fn contract(
        key: &VerifyingKey<Self>,
        class: SetupClass,
        single_party: SinglePartyKeys,
    ) -> Option<Result<String, SolidityError>> {
        Some(solidity::verifier(key, class, single_party))
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

    fn contract(
        _: &VerifyingKey<Self>,
        _: SetupClass,
        _: SinglePartyKeys,
    ) -> Option<Result<String, SolidityError>> {
        None
    }
}

impl<F: PrimeField> Circuit<F> {
    const MULTIPLY: Self = Self::define::<Multiply, 3>(&<Multiply as Definition<F, 3>>::DESCRIPTION, None);
    const CUBE_ROOT: Self = Self::define::<CubeRoot, 2>(&<CubeRoot as Definition<F, 2>>::DESCRIPTION, None);
}

impl Circuit<ark_bn254::Fr> {
    const PAYMENT: Self = Self {
        verifiers_own: Some(statement::of_payment),
        ..Self::define::<Payment, 13>(&Payment::DESCRIPTION, Some(text::to_field))
    };
}
