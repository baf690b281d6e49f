//! Proving and verifying keys.

mod check;
mod class;
mod fingerprint;
mod join;
mod shape;
mod size;

use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};

pub use self::{
    check::{KeyError, KeyPoint},
    class::SetupClass,
    fingerprint::Fingerprint,
    join::Mismatch,
    shape::MalformedKey,
};
use crate::{constraint_system::ConstraintSystem, curve::Curve};

/// A verifying key. Its canonical serialisation is that of arkworks' `VerifyingKey`.
#[derive(Clone, Debug, PartialEq, Eq, CanonicalSerialize, CanonicalDeserialize)]
pub struct VerifyingKey<E: Curve> {
    /// α in G1.
    pub alpha_g1: E::G1Affine,
    /// β in G2.
    pub beta_g2: E::G2Affine,
    /// γ in G2.
    pub gamma_g2: E::G2Affine,
    /// δ in G2.
    pub delta_g2: E::G2Affine,
    /// One point for the constant 1 and one for each public signal; snarkjs calls them `IC`.
    pub gamma_abc_g1: Vec<E::G1Affine>,
}

impl<E: Curve> VerifyingKey<E> {
    /// The number of public signals.
    #[must_use]
    pub fn public(&self) -> usize {
        self.gamma_abc_g1.len().saturating_sub(1)
    }
}

/// A proving key for circom's reduction to a quadratic arithmetic program: `h_query` holds the Lagrange basis over the
/// odd coset of the domain, as a `.zkey` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvingKey<E: Curve> {
    /// The verifying key that belongs to it.
    pub verifying: VerifyingKey<E>,
    /// β in G1.
    pub beta_g1: E::G1Affine,
    /// δ in G1.
    pub delta_g1: E::G1Affine,
    /// A(τ) of each signal, in G1.
    pub a_query: Vec<E::G1Affine>,
    /// B(τ) of each signal, in G1.
    pub b_g1_query: Vec<E::G1Affine>,
    /// B(τ) of each signal, in G2.
    pub b_g2_query: Vec<E::G2Affine>,
    /// (β·A(τ) + α·B(τ) + C(τ)) / δ of each private signal.
    pub l_query: Vec<E::G1Affine>,
    /// One point for each element of the evaluation domain.
    pub h_query: Vec<E::G1Affine>,
}

/// A proving key with the constraints for which it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitKey<E: Curve> {
    /// The proving key.
    pub proving: ProvingKey<E>,
    /// The constraints.
    pub constraints: ConstraintSystem<E::ScalarField>,
}
