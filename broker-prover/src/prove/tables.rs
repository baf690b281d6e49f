//! The prover for tiny circuits.

use std::sync::Arc;

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::AdditiveGroup;
use zeroize::Zeroizing;

use super::{
    Blinding, Estimate, ProveError, Prover, ProverError,
    estimate::{Effort, Sizes},
    finish,
};
use crate::{
    assignment::Assignment,
    curve::Curve,
    interrupt::{Interrupt, Interrupted},
    kernel::{Coordinates, Kernel, KernelPoint},
    key::CircuitKey,
    proof::Proof,
    qap::{self, Domain},
    scalar_mul::{self, FixedBase, Sums},
};

/// Up to this many bases of A and B together, s·A + r·B is summed over the bases, with the scalars s·wᵢ and r·wᵢ. With
/// more, two multiplications of a point that is not known before are faster.
const EXPANDED: usize = 26;

/// Proves with a table of multiples for each base of the key, so that nothing but additions is left.
///
/// C = s·A + r·B − r·s·δ + … needs multiples of A and B, which depend on the assignment. In a small circuit it is
/// written as a sum over the bases of A and B.
#[derive(Clone, Debug)]
pub struct Tables<E: Curve> {
    key: Arc<CircuitKey<E>>,
    domain: Domain<E::ScalarField>,
    kernel: Kernel,
    estimate: Estimate,
    /// α and β with the first bases of A and B, whose scalar is always 1.
    alpha_g1: E::G1Affine,
    beta_g1: E::G1Affine,
    beta_g2: E::G2Affine,
    a: Vec<Base<E::G1>>,
    b_g1: Vec<Base<E::G1>>,
    b_g2: Vec<Base<E::G2>>,
    l: Vec<Base<E::G1>>,
    h: Vec<Base<E::G1>>,
    delta_g1: FixedBase<E::G1>,
    delta_g2: FixedBase<E::G2>,
    /// The tables of `alpha_g1` and `beta_g1`, if s·A + r·B is summed over the bases.
    expanded: Option<[FixedBase<E::G1>; 2]>,
}

/// A base that is not at infinity, with the index of its scalar.
type Base<G> = (usize, FixedBase<G>);

impl<E: Curve> Tables<E> {
    /// Computes the tables for `key`, with windows of `width` bits, from 1 to 16.
    ///
    /// # Errors
    ///
    /// [`ProverError`] if the parts of the key do not belong together, the field has no evaluation domain for it, or the
    /// interrupt is requested.
    pub fn new(
        key: Arc<CircuitKey<E>>,
        width: u32,
        kernel: Kernel,
        interrupt: &dyn Interrupt,
    ) -> Result<Self, ProverError> {
        key.validate()?;
        let domain = Domain::new(key.constraints.domain_size(), kernel)?;
        let proving = &key.proving;
        let private = key.constraints.public + 1;
        let sizes = Sizes::new(&key, kernel);
        let expands = Self::expands(&sizes);
        let alpha_g1 = first(&proving.a_query, proving.verifying.alpha_g1);
        let beta_g1 = first(&proving.b_g1_query, proving.beta_g1);
        let a = tables::<E::G1>(&proving.a_query, 1, 0, width, interrupt)?;
        let b_g1 = tables::<E::G1>(&proving.b_g1_query, 1, 0, width, interrupt)?;
        let expanded = expands.then(|| [alpha_g1, beta_g1].map(|point| FixedBase::new(point.into(), width)));
        Ok(Self {
            alpha_g1,
            beta_g1,
            beta_g2: first(&proving.b_g2_query, proving.verifying.beta_g2),
            a,
            b_g1,
            b_g2: tables::<E::G2>(&proving.b_g2_query, 1, 0, width, interrupt)?,
            l: tables::<E::G1>(&proving.l_query, 0, private, width, interrupt)?,
            h: tables::<E::G1>(&proving.h_query, 0, 0, width, interrupt)?,
            delta_g1: FixedBase::new(proving.delta_g1.into(), width),
            delta_g2: FixedBase::new(proving.verifying.delta_g2.into(), width),
            expanded,
            estimate: Effort::of_tables::<E>(&sizes, width, expands).estimate::<E>(),
            domain,
            kernel,
            key,
        })
    }

    /// Whether s·A + r·B is summed over the bases.
    pub(super) fn expands(sizes: &Sizes) -> bool {
        sizes.a + sizes.b_g1 <= EXPANDED
    }

    /// The memory that the tables take, in bytes. Bases at infinity have none.
    pub(super) fn bytes_for(sizes: &Sizes, width: u32) -> usize {
        // δ, and α and β if they have tables.
        let g1 = sizes.g1().into_iter().sum::<usize>() + 3;
        let g2 = sizes.b_g2 + 1;
        let bytes = |bases: usize, each: usize| bases.saturating_mul(each);
        bytes(g1, FixedBase::<E::G1>::bytes_for(width))
            .saturating_add(bytes(g2, FixedBase::<E::G2>::bytes_for(width)))
    }
}

/// The first base of a query, whose scalar is 1, and a constant.
fn first<A: KernelPoint>(query: &[A], constant: A) -> A {
    let sum = query.first().map_or_else(|| constant.into(), |base| constant + base);
    sum.into_affine()
}

/// Tables of the bases after the first `skip`. The scalar of the query's first base has the index `offset`.
fn tables<G: CurveGroup<Affine: KernelPoint>>(
    query: &[G::Affine],
    skip: usize,
    offset: usize,
    width: u32,
    interrupt: &dyn Interrupt,
) -> Result<Vec<Base<G>>, Interrupted> {
    let bases = query.iter().enumerate().skip(skip);
    bases
        .filter(|(_, base)| !base.is_zero())
        .map(|(index, base)| {
            interrupt.check()?;
            Ok((index + offset, FixedBase::new((*base).into(), width)))
        })
        .collect()
}

impl<E: Curve> Prover<E> for Tables<E> {
    fn name(&self) -> &'static str {
        if E::G1Affine::has_sum(self.kernel) { "tables-avx512" } else { "tables" }
    }

    fn bytes(&self) -> usize {
        fn bytes<'a, G: CurveGroup<Affine: KernelPoint>>(
            bases: impl IntoIterator<Item = &'a FixedBase<G>>,
        ) -> usize {
            bases.into_iter().map(FixedBase::bytes).sum()
        }
        let g1 = [&self.a, &self.b_g1, &self.l, &self.h].into_iter().flatten().map(|(_, base)| base);
        let g1 = g1.chain(self.expanded.iter().flatten()).chain([&self.delta_g1]);
        let g2 = self.b_g2.iter().map(|(_, base)| base).chain([&self.delta_g2]);
        self.domain.bytes() + bytes(g1) + bytes(g2)
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
        let constraints = &self.key.constraints;
        let values = finish::check_length(assignment, constraints)?;
        let h = qap::witness_map(&self.domain, constraints, assignment, interrupt)?;
        let Blinding { r, s } = blinding;
        let one = E::ScalarField::from(1_u64);

        let bases = self.l.len() + self.h.len() + 2 * (self.a.len() + self.b_g1.len()) + 6;
        let mut g1 = Group::<E::G1>::new(bases * self.delta_g1.points(), self.kernel, interrupt);
        g1.sums.push(Coordinates::from(self.alpha_g1));
        g1.add(&self.a, values, &one)?;
        g1.add_one(&self.delta_g1, r);
        g1.end();

        match &self.expanded {
            Some([alpha, beta]) => {
                let rs = Zeroizing::new(*r * s);
                g1.add(&self.a, values, s)?;
                g1.add(&self.b_g1, values, r)?;
                g1.add_one(alpha, s);
                g1.add_one(beta, r);
                g1.add_one(&self.delta_g1, &rs);
            }
            None => {
                g1.sums.push(Coordinates::from(self.beta_g1));
                g1.add(&self.b_g1, values, &one)?;
                g1.end();
            }
        }
        g1.add(&self.l, values, &one)?;
        g1.add(&self.h, &h, &one)?;
        g1.end();

        let mut g2 =
            Group::<E::G2>::new((self.b_g2.len() + 1) * self.delta_g2.points() + 1, self.kernel, interrupt);
        g2.sums.push(Coordinates::from(self.beta_g2));
        g2.add(&self.b_g2, values, &one)?;
        g2.add_one(&self.delta_g2, s);
        g2.end();

        let [b] = g2.finish();
        Ok(match &self.expanded {
            Some(_) => {
                let [a, c] = g1.finish();
                finish::proof(a, b, c)
            }
            None => {
                let [a, b_g1, c] = g1.finish();
                finish::proof(a, b, c + scalar_mul::multiply([(a, s), (b_g1, r)]))
            }
        })
    }
}

/// Sums of multiples from tables.
struct Group<'a, G: CurveGroup<Affine: KernelPoint>> {
    sums: Sums<G::Affine>,
    groups: u32,
    interrupt: &'a dyn Interrupt,
}

impl<'a, G: CurveGroup<Affine: KernelPoint>> Group<'a, G> {
    fn new(points: usize, kernel: Kernel, interrupt: &'a dyn Interrupt) -> Self {
        Self { sums: Sums::with_capacity(points, kernel), groups: 0, interrupt }
    }

    /// Adds factor·scalar·base for each base.
    fn add(
        &mut self,
        bases: &[Base<G>],
        scalars: &[G::ScalarField],
        factor: &G::ScalarField,
    ) -> Result<(), Interrupted> {
        let one = G::ScalarField::from(1_u64);
        for (number, (index, base)) in bases.iter().enumerate() {
            // A base takes some microseconds.
            if number % 256 == 0 {
                self.interrupt.check()?;
            }
            let scalar = scalars.get(*index).copied().unwrap_or(G::ScalarField::ZERO);
            let scalar = Zeroizing::new(if *factor == one { scalar } else { scalar * factor });
            self.add_one(base, &scalar);
        }
        Ok(())
    }

    fn add_one(&mut self, base: &FixedBase<G>, scalar: &G::ScalarField) {
        base.for_each(scalar, |point| self.sums.push(point));
    }

    /// Ends a group.
    fn end(&mut self) {
        self.sums.end_group(self.groups);
        self.groups += 1;
    }

    /// The sums of the groups.
    fn finish<const N: usize>(mut self) -> [G; N] {
        let mut sums = [G::zero(); N];
        for (group, total) in self.sums.totals() {
            if let Some(sum) = sums.get_mut(group as usize) {
                *sum = total;
            }
        }
        sums
    }
}
