//! Provers with buckets.

use std::sync::Arc;

use ark_ec::CurveGroup;

use super::{
    Blinding, Estimate, ProveError, Prover, ProverError,
    estimate::{Effort, Sizes},
    finish::{self, Sums},
};
use crate::{
    assignment::Assignment,
    curve::Curve,
    interrupt::Interrupt,
    kernel::{Coordinates, Kernel, KernelPoint, prefetch},
    key::CircuitKey,
    proof::Proof,
    qap::{self, Domain},
    scalar_mul::{self, Bases, Cut, FixedBase, Shifted, sum_in_buckets},
};

/// The width of the windows of δ's tables in bits: 51 KiB in G1 and 102 KiB in G2 on BN254.
const DELTA_WIDTH: u32 = 5;

/// Proves with Pippenger's algorithm on the key's own points, in signed windows and with affine buckets. It keeps
/// nothing but the roots of unity.
#[derive(Clone, Debug)]
pub struct Buckets<E: Curve> {
    key: Arc<CircuitKey<E>>,
    domain: Domain<E::ScalarField>,
    kernel: Kernel,
    estimate: Estimate,
}

impl<E: Curve> Buckets<E> {
    /// A prover for `key`.
    ///
    /// # Errors
    ///
    /// [`ProverError`] if the parts of the key do not belong together, or the field has no evaluation domain for it.
    pub fn new(key: Arc<CircuitKey<E>>, kernel: Kernel) -> Result<Self, ProverError> {
        key.validate()?;
        let domain = Domain::new(key.constraints.domain_size(), kernel)?;
        let estimate = Effort::of_buckets::<E>(&Sizes::new(&key, kernel), 1).estimate::<E>();
        Ok(Self { key, domain, kernel, estimate })
    }
}

impl<E: Curve> Prover<E> for Buckets<E> {
    fn name(&self) -> &'static str {
        if E::G1Affine::has_sum(self.kernel) { "buckets-avx512" } else { "buckets" }
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
            a: sum([&proving.a_query, &[]], [values, &[]], self.kernel, interrupt)?,
            b_g1: sum([&proving.b_g1_query, &[]], [values, &[]], self.kernel, interrupt)?,
            b_g2: sum([&proving.b_g2_query, &[]], [values, &[]], self.kernel, interrupt)?,
            c: sum([&proving.l_query, &proving.h_query], [private, &h], self.kernel, interrupt)?,
        };
        let r_delta = scalar_mul::multiply([(proving.delta_g1.into(), &blinding.r)]);
        let s_delta = scalar_mul::multiply([(proving.verifying.delta_g2.into(), &blinding.s)]);
        Ok(sums.finish(proving, blinding, r_delta, s_delta))
    }
}

/// Σ scalar·base over two parts, of which the second may be empty.
fn sum<G: CurveGroup<Affine: KernelPoint>>(
    bases: [&[G::Affine]; 2],
    scalars: [&[G::ScalarField]; 2],
    kernel: Kernel,
    interrupt: &dyn Interrupt,
) -> Result<G, ProveError> {
    let bases = Parts(bases);
    let [first, second] = scalars;
    let count = first.len() + second.len();
    let scalars = (0..count).map(|index| parts(first, second, index).copied().unwrap_or_default());
    Ok(sum_in_buckets(&bases, Cut::choose::<G::ScalarField>(count, 1), scalars, kernel, interrupt)?)
}

struct Parts<'a, A>([&'a [A]; 2]);

impl<A: KernelPoint> Bases<A> for Parts<'_, A> {
    fn get(&self, base: usize, _copy: usize) -> Coordinates<A> {
        let [first, second] = self.0;
        parts(first, second, base).map_or(Coordinates::INFINITY, |base| Coordinates::from(*base))
    }

    fn prefetch(&self, base: usize, _copy: usize) {
        let [first, second] = self.0;
        parts(first, second, base).into_iter().for_each(prefetch);
    }
}

fn parts<'a, T>(first: &'a [T], second: &'a [T], index: usize) -> Option<&'a T> {
    first.get(index).or_else(|| second.get(index.checked_sub(first.len())?))
}

/// Proves with buckets and shifted copies of the bases. With a copy for each window there is one set of buckets for all
/// windows, so the buckets can be many and the windows few.
#[derive(Clone, Debug)]
pub struct ShiftedBuckets<E: Curve> {
    key: Arc<CircuitKey<E>>,
    domain: Domain<E::ScalarField>,
    kernel: Kernel,
    estimate: Estimate,
    a: Shifted<E::G1>,
    b_g1: Shifted<E::G1>,
    b_g2: Shifted<E::G2>,
    /// The bases of L, then those of H.
    c: Shifted<E::G1>,
    delta_g1: FixedBase<E::G1>,
    delta_g2: FixedBase<E::G2>,
}

impl<E: Curve> ShiftedBuckets<E> {
    /// A prover for `key` that keeps up to `copies` copies of each base.
    ///
    /// # Errors
    ///
    /// [`ProverError`] if the parts of the key do not belong together, the field has no evaluation domain for it, or the
    /// interrupt is requested.
    pub fn new(
        key: Arc<CircuitKey<E>>,
        copies: usize,
        kernel: Kernel,
        interrupt: &dyn Interrupt,
    ) -> Result<Self, ProverError> {
        key.validate()?;
        let domain = Domain::new(key.constraints.domain_size(), kernel)?;
        let proving = &key.proving;
        Ok(Self {
            a: Shifted::new(proving.a_query.iter(), copies, interrupt)?,
            b_g1: Shifted::new(proving.b_g1_query.iter(), copies, interrupt)?,
            b_g2: Shifted::new(proving.b_g2_query.iter(), copies, interrupt)?,
            c: Shifted::new(proving.l_query.iter().chain(&proving.h_query), copies, interrupt)?,
            delta_g1: FixedBase::new(proving.delta_g1.into(), DELTA_WIDTH),
            delta_g2: FixedBase::new(proving.verifying.delta_g2.into(), DELTA_WIDTH),
            estimate: Effort::of_buckets::<E>(&Sizes::new(&key, kernel), copies).estimate::<E>(),
            domain,
            kernel,
            key,
        })
    }

    /// The memory of the copies and of δ's tables, in bytes. Bases at infinity have none.
    pub(super) fn bytes_for(sizes: &Sizes, copies: usize) -> usize {
        let g1 = sizes.g1().map(|bases| Shifted::<E::G1>::bytes_for(bases, copies));
        g1.into_iter()
            .fold(0, usize::saturating_add)
            .saturating_add(Shifted::<E::G2>::bytes_for(sizes.b_g2, copies))
            .saturating_add(FixedBase::<E::G1>::bytes_for(DELTA_WIDTH))
            .saturating_add(FixedBase::<E::G2>::bytes_for(DELTA_WIDTH))
    }
}

impl<E: Curve> Prover<E> for ShiftedBuckets<E> {
    fn name(&self) -> &'static str {
        if E::G1Affine::has_sum(self.kernel) { "shifted-avx512" } else { "shifted" }
    }

    fn bytes(&self) -> usize {
        self.domain.bytes()
            + self.a.bytes()
            + self.b_g1.bytes()
            + self.b_g2.bytes()
            + self.c.bytes()
            + self.delta_g1.bytes()
            + self.delta_g2.bytes()
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
        let value = |index: usize| values.get(index).copied().unwrap_or_default();
        let sums = Sums::<E> {
            a: self.a.sum(value, self.kernel, interrupt)?,
            b_g1: self.b_g1.sum(value, self.kernel, interrupt)?,
            b_g2: self.b_g2.sum(value, self.kernel, interrupt)?,
            c: self.c.sum(
                |index| parts(private, &h, index).copied().unwrap_or_default(),
                self.kernel,
                interrupt,
            )?,
        };
        let r_delta = self.delta_g1.multiply(&blinding.r);
        let s_delta = self.delta_g2.multiply(&blinding.s);
        Ok(sums.finish(proving, blinding, r_delta, s_delta))
    }
}
