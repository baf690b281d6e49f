//! Many multiples of one point.

use ark_ec::CurveGroup;
use zeroize::{Zeroize, Zeroizing};

use super::digits::{Windows, magnitude};
use crate::{
    interrupt::{Interrupt, Interrupted},
    kernel::{Coordinates, KernelPoint, prefetch},
    point::Point,
};

/// How many multiples are computed between two questions to the [`Interrupt`]: a few milliseconds' work.
const CHUNK: usize = 1 << 10;

/// Windows whose points are read together.
const AHEAD: usize = 16;

/// A table of multiples of one point, by which the point is multiplied without doublings.
#[derive(Clone, Debug)]
pub(crate) struct FixedBase<G: CurveGroup<Affine: KernelPoint>> {
    windows: Windows,
    /// For each window, the multiples 1 to 2^(width − 1) of 2^(width·position)·base.
    table: Vec<Coordinates<G::Affine>>,
}

impl<G: CurveGroup<Affine: KernelPoint>> FixedBase<G> {
    /// Computes the table with windows of `width` bits, from 1 to 16.
    pub(crate) fn new(base: G, width: u32) -> Self {
        let windows = Windows::new::<G::ScalarField>(width);
        let half = windows.half();
        let mut step = base;
        let mut multiples = Vec::with_capacity(windows.count() * half);
        for _ in 0..windows.count() {
            let mut multiple = step;
            for _ in 1..half {
                multiples.push(multiple);
                multiple += step;
            }
            multiples.push(multiple);
            // The last multiple is 2^(width − 1) times the step.
            step = multiple.double();
        }
        Self { windows, table: G::normalize_batch(&multiples).into_iter().map(Coordinates::from).collect() }
    }

    /// The memory of one table in bytes.
    pub(crate) fn bytes_for(width: u32) -> usize {
        let windows = Windows::new::<G::ScalarField>(width);
        windows.count() * windows.half() * size_of::<Coordinates<G::Affine>>()
    }

    /// The width of the windows that is fastest for `count` multiplications, the table included.
    pub(crate) fn width_for(count: usize) -> u32 {
        // A table costs windows·2^(width − 1) additions, and each multiplication one for each window.
        (2..=13)
            .min_by_key(|width| {
                let windows = Windows::new::<G::ScalarField>(*width);
                windows.count().saturating_mul(windows.half().saturating_add(count))
            })
            .unwrap_or(8)
    }

    /// scalar·base.
    pub(crate) fn multiply(&self, scalar: &G::ScalarField) -> G {
        self.accumulate(G::ZERO_BUCKET, scalar).into()
    }

    /// sum + scalar·base.
    pub(crate) fn accumulate(&self, mut sum: G::Bucket, scalar: &G::ScalarField) -> G::Bucket {
        self.for_each(scalar, |point| sum += &point.to_affine());
        sum
    }

    /// Gives the points whose sum is scalar·base, at most [`FixedBase::points`].
    pub(crate) fn for_each(&self, scalar: &G::ScalarField, mut take: impl FnMut(Coordinates<G::Affine>)) {
        let (mut integer, negative) = magnitude(scalar);
        // Tables are larger than caches, so the reads of one chunk of windows are begun together.
        let half = self.windows.half();
        let mut digits = self.windows.digits(integer.as_ref());
        for rows in self.table.chunks(half * AHEAD) {
            let mut chunk = [0; AHEAD];
            let rows = rows.chunks_exact(half);
            for ((place, row), digit) in chunk.iter_mut().zip(rows.clone()).zip(&mut digits) {
                *place = digit;
                Self::point(row, digit).into_iter().for_each(prefetch);
            }
            for (row, digit) in rows.zip(chunk) {
                if let Some(point) = Self::point(row, digit) {
                    take(point.negate_if((digit < 0) != negative));
                }
            }
            chunk.zeroize();
        }
        drop(digits);
        integer.zeroize();
    }

    /// The multiple by the absolute value of a digit, unless that is 0.
    fn point(row: &[Coordinates<G::Affine>], digit: i32) -> Option<&Coordinates<G::Affine>> {
        row.get((digit.unsigned_abs() as usize).checked_sub(1)?)
    }

    /// The largest number of points for a scalar.
    pub(crate) fn points(&self) -> usize {
        self.windows.count()
    }

    /// The product of the base with each scalar.
    pub(crate) fn multiply_all(
        &self,
        scalars: &[G::ScalarField],
        interrupt: &dyn Interrupt,
    ) -> Result<Vec<G::Affine>, Interrupted> {
        let mut products = Vec::with_capacity(scalars.len());
        for chunk in scalars.chunks(CHUNK) {
            interrupt.check()?;
            let projective =
                Zeroizing::new(chunk.iter().map(|scalar| self.multiply(scalar)).collect::<Vec<_>>());
            products.extend(G::Affine::normalize(&projective));
        }
        Ok(products)
    }

    /// The memory of the table in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.table.capacity() * size_of::<Coordinates<G::Affine>>()
    }
}

#[cfg(test)]
mod tests {
    use ark_bls12_381::Bls12_381;
    use ark_bn254::Bn254;
    use ark_ec::{PrimeGroup, pairing::Pairing};
    use ark_ff::{Field, UniformRand, Zero};
    use ark_std::rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::interrupt::Never;

    fn agrees<G: CurveGroup<Affine: KernelPoint>>() {
        let mut rng = StdRng::seed_from_u64(2);
        let base = G::rand(&mut rng);
        for width in [1, 2, 4, 8, 11] {
            let table = FixedBase::new(base, width);
            let edges = [G::ScalarField::zero(), G::ScalarField::ONE, -G::ScalarField::ONE];
            let scalars: Vec<_> =
                edges.into_iter().chain((0..10).map(|_| G::ScalarField::rand(&mut rng))).collect();
            let products = table.multiply_all(&scalars, &Never).unwrap();
            for (scalar, product) in scalars.iter().zip(products) {
                assert_eq!(product.into(), base * scalar, "width {width}");
            }
        }
        let nothing = FixedBase::new(G::zero(), 4);
        assert!(nothing.multiply(&G::ScalarField::from(77)).is_zero());
    }

    #[test]
    fn tables_agree_with_double_and_add() {
        agrees::<<Bn254 as Pairing>::G1>();
        agrees::<<Bn254 as Pairing>::G2>();
        agrees::<<Bls12_381 as Pairing>::G1>();
        agrees::<<Bls12_381 as Pairing>::G2>();
    }

    #[test]
    fn an_interrupt_ends_the_work() {
        let table = FixedBase::new(<Bn254 as Pairing>::G1::generator(), 4);
        assert_eq!(table.multiply_all(&[Field::ONE], &|| true), Err(Interrupted));
    }
}
