//! The pairing-friendly curves.

use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM, pairing::Pairing};
use ark_ff::{FftField, Field, PrimeField};

use crate::{
    field::{Montgomery, TransformField},
    kernel::KernelPoint,
};

/// The name of a curve, as profiles, answers and key files write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CurveName {
    /// BN254, which Ethereum's precompiles and circom's tools call `bn128` (EIP-196, EIP-197).
    Bn254,
    /// BLS12-381 (draft-irtf-cfrg-pairing-friendly-curves 4.2.1).
    Bls12381,
}

impl CurveName {
    /// All curves.
    pub const ALL: [Self; 2] = [Self::Bn254, Self::Bls12381];

    /// The name in profiles and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bn254 => "bn254",
            Self::Bls12381 => "bls12-381",
        }
    }

    /// The name in snarkjs' JSON.
    #[must_use]
    pub const fn snarkjs(self) -> &'static str {
        match self {
            Self::Bn254 => "bn128",
            Self::Bls12381 => "bls12381",
        }
    }
}

impl std::fmt::Display for CurveName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A pairing with the properties that this crate needs: a scalar field with FFTs, base fields that are written as
/// integers, and points that are made of coordinates.
pub trait Curve:
    Pairing<
        ScalarField: PrimeField + FftField + TransformField,
        BaseField: PrimeField + Montgomery,
        G1: CurveGroup<BaseField = Self::BaseField> + VariableBaseMSM,
        G1Affine: KernelPoint<BaseField = Self::BaseField>,
        G2Affine: KernelPoint,
    > + Send
    + Sync
{
    /// The curve's name.
    const NAME: CurveName;
    /// The size of a coordinate in circom's files, in bytes.
    const BASE_FIELD_BYTES: usize;
    /// The size of a scalar in circom's files, in bytes.
    const SCALAR_FIELD_BYTES: usize = 32;

    /// The norm of a value of G2's coordinates: the product with its conjugate, which is in the base field.
    fn norm(value: &G2Field<Self>) -> Self::BaseField;

    /// The inverse of a value, from that of its norm.
    fn inverse(value: &G2Field<Self>, inverse_of_norm: &Self::BaseField) -> G2Field<Self>;
}

/// The field of G2's coordinates, which is the quadratic extension of the base field by the square root of −1.
pub type G2Field<E> = <<E as Pairing>::G2Affine as AffineRepr>::BaseField;

impl Curve for ark_bn254::Bn254 {
    const NAME: CurveName = CurveName::Bn254;
    const BASE_FIELD_BYTES: usize = 32;

    fn norm(value: &ark_bn254::Fq2) -> ark_bn254::Fq {
        value.c0.square() + value.c1.square()
    }

    fn inverse(value: &ark_bn254::Fq2, inverse_of_norm: &ark_bn254::Fq) -> ark_bn254::Fq2 {
        ark_bn254::Fq2::new(value.c0 * inverse_of_norm, -value.c1 * inverse_of_norm)
    }
}

impl Curve for ark_bls12_381::Bls12_381 {
    const NAME: CurveName = CurveName::Bls12381;
    const BASE_FIELD_BYTES: usize = 48;

    fn norm(value: &ark_bls12_381::Fq2) -> ark_bls12_381::Fq {
        value.c0.square() + value.c1.square()
    }

    fn inverse(value: &ark_bls12_381::Fq2, inverse_of_norm: &ark_bls12_381::Fq) -> ark_bls12_381::Fq2 {
        ark_bls12_381::Fq2::new(value.c0 * inverse_of_norm, -value.c1 * inverse_of_norm)
    }
}
