//! No proof is released that does not verify.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ark_std::rand::{CryptoRng, RngCore};

use super::{Arkworks, Blinding, Estimate, ProveError, Prover, ProverError};
use crate::{
    assignment::Assignment, curve::Curve, interrupt::Interrupt, key::CircuitKey, proof::Proof,
    verify::PreparedVerifyingKey,
};

/// A prover whose every proof is verified before it is released. This finds faults of the machine, wrong tables and a
/// key of another reduction, and an assignment that does not satisfy the constraints, which a `.zkey` without its
/// `.r1cs` does not tell otherwise.
pub struct SelfVerified<E: Curve> {
    prover: Box<dyn Prover<E>>,
    reference: Arkworks<E>,
    key: PreparedVerifyingKey<E>,
}

/// A proof that was verified.
#[derive(Clone, Copy, Debug)]
pub struct Proven<E: Curve> {
    /// The proof.
    pub proof: Proof<E>,
    /// How long it took to make.
    pub prove: Duration,
    /// How long it took to verify.
    pub verify: Duration,
}

impl<E: Curve> SelfVerified<E> {
    /// Verifies what `prover`, a prover for `key`, proves.
    ///
    /// # Errors
    ///
    /// [`ProverError`] if the key has no reference prover.
    pub fn new(prover: Box<dyn Prover<E>>, key: &Arc<CircuitKey<E>>) -> Result<Self, ProverError> {
        let reference = Arkworks::new(Arc::clone(key))?;
        let key = PreparedVerifyingKey::new(key.proving.verifying.clone())?;
        Ok(Self { prover, reference, key })
    }

    /// The prover's name in answers and logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.prover.name()
    }

    /// The memory that the provers keep beside the key, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.prover.bytes().saturating_add(self.reference.bytes())
    }

    /// What one proof takes, without its verification.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        self.prover.estimate()
    }

    /// The key with which proofs are verified.
    #[must_use]
    pub fn verifying_key(&self) -> &PreparedVerifyingKey<E> {
        &self.key
    }

    /// Makes and verifies a proof. Randomness is drawn for each attempt and wiped after it.
    ///
    /// Where the matrix C is known, the caller checks the constraints first
    /// ([`ConstraintSystem::check`](crate::constraint_system::ConstraintSystem::check)), because that names the one that
    /// is not satisfied.
    ///
    /// # Errors
    ///
    /// [`ProveError`]. If the prover's proof does not verify, the reference prover tries once:
    /// [`ProveError::WitnessUnsatisfied`] if its proof does not verify either, and [`ProveError::Fault`] if it does,
    /// for then the prover is wrong. In neither case is a proof released.
    pub fn prove(
        &self,
        assignment: &Assignment<E::ScalarField>,
        rng: &mut (impl RngCore + CryptoRng),
        interrupt: &dyn Interrupt,
    ) -> Result<Proven<E>, ProveError> {
        match self.attempt(&*self.prover, assignment, rng, interrupt)? {
            Some(proven) => Ok(proven),
            None => match self.attempt(&self.reference, assignment, rng, interrupt)? {
                Some(_) => Err(ProveError::Fault { prover: self.prover.name() }),
                None => Err(ProveError::WitnessUnsatisfied),
            },
        }
    }

    /// The prover's proof, if it verifies.
    fn attempt(
        &self,
        prover: &dyn Prover<E>,
        assignment: &Assignment<E::ScalarField>,
        rng: &mut (impl RngCore + CryptoRng),
        interrupt: &dyn Interrupt,
    ) -> Result<Option<Proven<E>>, ProveError> {
        let start = Instant::now();
        let blinding = Blinding::random(rng);
        let proof = prover.prove(assignment, &blinding, interrupt)?;
        drop(blinding);
        let prove = start.elapsed();
        interrupt.check()?;
        let public = assignment.public(self.key.public());
        let verified = self.key.verify(&proof, public)?;
        let verify = start.elapsed().saturating_sub(prove);
        Ok(verified.then_some(Proven { proof, prove, verify }))
    }
}
