//! The reference prover.

use std::sync::Arc;

use ark_ec::CurveGroup;
use ark_ff::PrimeField;
use zeroize::Zeroizing;

use super::{
    Blinding, Estimate, ProveError, Prover, ProverError,
    estimate::{Effort, Sizes},
    finish::{self, Sums},
};
use crate::{
    assignment::Assignment,
    curve::Curve,
    interrupt::{Interrupt, Interrupted},
    kernel::Kernel,
    key::CircuitKey,
    proof::Proof,
    qap::{self, Domain},
    scalar_mul,
};

/// Points that are multiplied between two questions to the [`Interrupt`], each about 30 ms on one core.
pub(super) const G1_CHUNK: usize = 1 << 12;
const G2_CHUNK: usize = 1 << 10;

/// Proves with arkworks' own multi-scalar multiplication, piece by piece. It is the reference for the other provers.
///
/// arkworks copies scalars into buffers of its own, which are freed without being wiped.
#[derive(Clone, Debug)]
pub struct Arkworks<E: Curve> {
    key: Arc<CircuitKey<E>>,
    domain: Domain<E::ScalarField>,
    estimate: Estimate,
}

impl<E: Curve> Arkworks<E> {
    /// A prover for `key`.
    ///
    /// # Errors
    ///
    /// [`ProverError`] if the parts of the key do not belong together, or the field has no evaluation domain for it.
    pub fn new(key: Arc<CircuitKey<E>>) -> Result<Self, ProverError> {
        key.validate()?;
        let domain = Domain::new(key.constraints.domain_size(), Kernel::PORTABLE)?;
        let estimate =
            Effort::of_arkworks::<E>(&Sizes::new(&key, Kernel::PORTABLE), G1_CHUNK).estimate::<E>();
        Ok(Self { key, domain, estimate })
    }
}

impl<E: Curve> Prover<E> for Arkworks<E> {
    fn name(&self) -> &'static str {
        "arkworks"
    }

    fn bytes(&self) -> usize {
        self.domain.bytes()
    }

    fn estimate(&self) -> Estimate {
        self.estimate
    }

    fn prove(
        &self,
        assignment: &Assignment<E::ScalarField>,
        blinding: &Blinding<E::ScalarField>,
        interrupt: &dyn Interrupt,
    ) -> Result<Proof<E>, ProveError> {
        let CircuitKey { proving, constraints } = &*self.key;
        let values = finish::check_length(assignment, constraints)?;
        let h = qap::witness_map(&self.domain, constraints, assignment, interrupt)?;
        let private = values.get(constraints.public + 1..).unwrap_or_default();
        let sums = Sums::<E> {
            a: multiply(&proving.a_query, values, G1_CHUNK, interrupt)?,
            b_g1: multiply(&proving.b_g1_query, values, G1_CHUNK, interrupt)?,
            b_g2: multiply(&proving.b_g2_query, values, G2_CHUNK, interrupt)?,
            c: multiply::<E::G1>(&proving.l_query, private, G1_CHUNK, interrupt)?
                + multiply::<E::G1>(&proving.h_query, &h, G1_CHUNK, interrupt)?,
        };
        let r_delta = scalar_mul::multiply([(proving.delta_g1.into(), &blinding.r)]);
        let s_delta = scalar_mul::multiply([(proving.verifying.delta_g2.into(), &blinding.s)]);
        Ok(sums.finish(proving, blinding, r_delta, s_delta))
    }
}

/// Σ scalar·base, with a question to the interrupt before each chunk.
fn multiply<G: CurveGroup>(
    bases: &[G::Affine],
    scalars: &[G::ScalarField],
    chunk: usize,
    interrupt: &dyn Interrupt,
) -> Result<G, Interrupted> {
    let mut sum = G::zero();
    for (bases, scalars) in bases.chunks(chunk).zip(scalars.chunks(chunk)) {
        interrupt.check()?;
        let integers = Zeroizing::new(scalars.iter().map(|scalar| scalar.into_bigint()).collect::<Vec<_>>());
        sum += G::msm_bigint(bases, &integers);
    }
    Ok(sum)
}
