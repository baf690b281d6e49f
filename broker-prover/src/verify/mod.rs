//! Verification of proofs.
//!
//! The verdict `false` is given for the pairing equation alone. Everything else that can be wrong with a proof or its
//! public inputs is an error: here their number, and where they are parsed a point that is not in its group and a value
//! that is not below the modulus. A value of a public input has one representation in [`Curve`]'s scalar field, so x
//! and x + r cannot be told apart here; they are where text and bytes are read ([`crate::field`]).

mod batch;
mod public_inputs;

use ark_ec::{
    AffineRepr, CurveGroup,
    pairing::{MillerLoopOutput, PairingOutput},
};

use self::public_inputs::PublicInputs;
use ark_serialize::CanonicalSerialize;

pub use self::{
    batch::{BatchError, BatchItem, BatchLimits},
    public_inputs::PublicInputsError,
};
use crate::{curve::Curve, key::VerifyingKey, proof::Proof};

/// A verifying key with what can be computed before a proof is known: the pairing of α and β, the lines of γ and δ, and
/// tables of multiples of the points of the public inputs.
#[derive(Clone, Debug)]
pub struct PreparedVerifyingKey<E: Curve> {
    key: VerifyingKey<E>,
    /// e(α, β).
    alpha_beta: PairingOutput<E>,
    /// −γ.
    minus_gamma: E::G2Prepared,
    /// −δ.
    minus_delta: E::G2Prepared,
    inputs: PublicInputs<E>,
}

impl<E: Curve> PreparedVerifyingKey<E> {
    /// Prepares a key.
    ///
    /// # Errors
    ///
    /// [`KeyWithoutPoints`] if the key has no point for the constant 1.
    pub fn new(key: VerifyingKey<E>) -> Result<Self, KeyWithoutPoints> {
        let minus = |point: E::G2Affine| E::G2Prepared::from(-point.into_group());
        Ok(Self {
            alpha_beta: E::pairing(key.alpha_g1, key.beta_g2),
            minus_gamma: minus(key.gamma_g2),
            minus_delta: minus(key.delta_g2),
            inputs: PublicInputs::new(&key.gamma_abc_g1).ok_or(KeyWithoutPoints)?,
            key,
        })
    }

    /// The key that was prepared.
    #[must_use]
    pub fn key(&self) -> &VerifyingKey<E> {
        &self.key
    }

    /// The number of public inputs of each proof.
    #[must_use]
    pub fn public(&self) -> usize {
        self.key.public()
    }

    /// The memory of the key in bytes, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let lines = self.minus_gamma.uncompressed_size().saturating_add(self.minus_delta.uncompressed_size());
        let points = size_of_val(self.key.gamma_abc_g1.as_slice());
        size_of::<Self>().saturating_add(lines).saturating_add(points).saturating_add(self.inputs.bytes())
    }

    /// Verifies one proof of one statement: e(A, B) = e(α, β)·e(inputs, γ)·e(C, δ).
    ///
    /// # Errors
    ///
    /// [`PublicInputsError`] unless there are exactly as many public inputs as the key has.
    pub fn verify(&self, proof: &Proof<E>, public: &[E::ScalarField]) -> Result<bool, PublicInputsError> {
        let inputs = self.inputs.combine(public)?;
        let product = E::multi_miller_loop(
            [proof.a, inputs.into_affine(), proof.c],
            [E::G2Prepared::from(proof.b), self.minus_gamma.clone(), self.minus_delta.clone()],
        );
        Ok(self.equals(product, self.alpha_beta))
    }

    /// The final exponentiation has no result for 0 alone, which no product of line functions is.
    fn equals(&self, product: MillerLoopOutput<E>, expected: PairingOutput<E>) -> bool {
        E::final_exponentiation(product) == Some(expected)
    }
}

/// A verifying key has no point for the constant 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the verifying key has no point for the constant 1")]
pub struct KeyWithoutPoints;
