//! Bases with their multiples by powers of two.

use ark_ec::{AffineRepr, CurveGroup};

use super::{Bases, Cut, sum_in_buckets};
use crate::{
    interrupt::{Interrupt, Interrupted},
    kernel::{Coordinates, Kernel, KernelPoint, prefetch},
};

/// Bases whose multiples are computed between two questions to the [`Interrupt`]: a few milliseconds' work.
const CHUNK: usize = 1 << 6;

/// Bases in several copies, each shifted by the same number of bits from the one before. Bases at infinity are left out.
#[derive(Clone, Debug)]
pub(crate) struct Shifted<G: CurveGroup<Affine: KernelPoint>> {
    cut: Cut,
    /// Which scalar belongs to each base.
    scalars: Vec<u32>,
    points: Vec<Coordinates<G::Affine>>,
}

impl<G: CurveGroup<Affine: KernelPoint>> Shifted<G> {
    /// Computes up to `copies` copies of each base.
    pub(crate) fn new<'a>(
        bases: impl Iterator<Item = &'a G::Affine>,
        copies: usize,
        interrupt: &dyn Interrupt,
    ) -> Result<Self, Interrupted> {
        let (mut scalars, bases): (Vec<u32>, Vec<G::Affine>) =
            (0_u32..).zip(bases).filter(|(_, base)| !base.is_zero()).unzip();
        scalars.shrink_to_fit();
        let cut = Cut::choose::<G::ScalarField>(bases.len(), copies);
        let mut points = Vec::with_capacity(bases.len().saturating_mul(cut.copies));
        for bases in bases.chunks(CHUNK) {
            interrupt.check()?;
            let mut shifted = Vec::with_capacity(bases.len().saturating_mul(cut.copies));
            for base in bases {
                let mut point = G::from(*base);
                shifted.push(point);
                for _ in 1..cut.copies {
                    for _ in 0..cut.shift() {
                        point.double_in_place();
                    }
                    shifted.push(point);
                }
            }
            points.extend(G::normalize_batch(&shifted).into_iter().map(Coordinates::from));
        }
        Ok(Self { cut, scalars, points })
    }

    /// The memory of `bases` bases, none of which is at infinity, in bytes.
    pub(crate) fn bytes_for(bases: usize, copies: usize) -> usize {
        let points = Cut::choose::<G::ScalarField>(bases, copies).copies.saturating_mul(bases);
        points
            .saturating_mul(size_of::<Coordinates<G::Affine>>())
            .saturating_add(bases.saturating_mul(size_of::<u32>()))
    }

    /// The memory of the points in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.points.capacity() * size_of::<Coordinates<G::Affine>>()
            + self.scalars.capacity() * size_of::<u32>()
    }

    /// Σ scalar·base. `scalar` gives the scalar of a base, of which those at infinity are counted.
    pub(crate) fn sum(
        &self,
        scalar: impl Fn(usize) -> G::ScalarField,
        kernel: Kernel,
        interrupt: &dyn Interrupt,
    ) -> Result<G, Interrupted> {
        sum_in_buckets(
            self,
            self.cut,
            self.scalars.iter().map(|index| scalar(*index as usize)),
            kernel,
            interrupt,
        )
    }
}

impl<G: CurveGroup<Affine: KernelPoint>> Bases<G::Affine> for Shifted<G> {
    fn get(&self, base: usize, copy: usize) -> Coordinates<G::Affine> {
        self.points.get(base * self.cut.copies + copy).copied().unwrap_or(Coordinates::INFINITY)
    }

    fn prefetch(&self, base: usize, copy: usize) {
        self.points.get(base * self.cut.copies + copy).into_iter().for_each(prefetch);
    }
}
