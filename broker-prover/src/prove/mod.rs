//! Provers.
//!
//! [`Prover`] is what all of them have in common: for the same assignment and the same randomness each gives the same
//! proof as [`Arkworks`], the reference. A proof leaves this crate's users' hands through [`SelfVerified`], which
//! verifies it first.
//!
//! The bases of a proof are the same for every assignment, so the more memory a key may have, the less is left to do:
//! [`Tables`] of all multiples by a digit leave additions alone, [`ShiftedBuckets`] one set of buckets, and [`Buckets`]
//! need no memory. [`Tier::choose`] chooses by the key's size and a budget; [`Prover::bytes`] is what the choice keeps,
//! and [`Prover::estimate`] what each proof will take.

mod arkworks;
mod blinding;
mod buckets;
mod estimate;
mod finish;
mod self_verified;
mod tables;
mod tier;

pub use self::{
    arkworks::Arkworks,
    blinding::Blinding,
    buckets::{Buckets, ShiftedBuckets},
    estimate::Estimate,
    self_verified::{Proven, SelfVerified},
    tables::Tables,
    tier::Tier,
};
use crate::{
    assignment::{Assignment, AssignmentError},
    curve::Curve,
    interrupt::{Interrupt, Interrupted},
    key::MalformedKey,
    proof::Proof,
    qap::DomainError,
    verify::{KeyWithoutPoints, PublicInputsError},
};

/// Makes proofs with one key. A proof takes one thread, and any number of threads may use a prover at a time.
pub trait Prover<E: Curve>: Send + Sync {
    /// The prover's name in answers and logs.
    fn name(&self) -> &'static str;

    /// The memory that the prover keeps beside the key, in bytes.
    fn bytes(&self) -> usize;

    /// What one proof takes.
    fn estimate(&self) -> Estimate;

    /// Makes the proof of `assignment` that `blinding` determines. It is worthless if the assignment does not satisfy
    /// the constraints, so it is verified by [`SelfVerified`].
    ///
    /// # Errors
    ///
    /// [`ProveError::Assignment`] if the assignment has not the length of the key's constraints, and
    /// [`ProveError::Interrupted`].
    fn prove(
        &self,
        assignment: &Assignment<E::ScalarField>,
        blinding: &Blinding<E::ScalarField>,
        interrupt: &dyn Interrupt,
    ) -> Result<Proof<E>, ProveError>;
}

/// Why a key has no prover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProverError {
    /// The parts of the key do not belong together.
    #[error(transparent)]
    Key(#[from] MalformedKey),
    /// The key has too many constraints for its field.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// The verifying key is empty.
    #[error(transparent)]
    VerifyingKey(#[from] KeyWithoutPoints),
    /// The caller ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Why there is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// The assignment is not one of the circuit's signals.
    #[error(transparent)]
    Assignment(#[from] AssignmentError),
    /// The verifying key is of a circuit with another number of public signals.
    #[error(transparent)]
    PublicInputs(#[from] PublicInputsError),
    /// The assignment does not satisfy the constraints: not even the reference prover's proof verifies.
    #[error("the witness does not satisfy the circuit's constraints")]
    WitnessUnsatisfied,
    /// A prover made a wrong proof of a satisfied statement. This is a defect of the software or of the machine.
    #[error("the prover {prover} made a proof that does not verify")]
    Fault {
        /// The prover's name.
        prover: &'static str,
    },
    /// The caller ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}
