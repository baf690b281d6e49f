//! Columns of the constraints' matrices, applied to the Lagrange polynomials.

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, PrimeField};

use crate::matrix::Matrix;

/// The entries of a matrix by column.
#[derive(Default)]
pub(super) struct Columns<F> {
    /// `bounds[j]..bounds[j + 1]` are the entries of column `j`.
    bounds: Vec<usize>,
    /// The row and the value of each entry.
    entries: Vec<(u32, F)>,
}

impl<F: PrimeField> Columns<F> {
    /// Sorts the entries of `matrix`, whose columns are less than `count`.
    pub(super) fn new(matrix: &Matrix<F>, count: usize) -> Self {
        // First the number of entries of each column is counted, at the index after it.
        let mut bounds = vec![0; count + 1];
        for row in matrix.iter() {
            for (column, _) in row.entries() {
                if let Some(bound) = bounds.get_mut(column + 1) {
                    *bound += 1;
                }
            }
        }
        let mut sum = 0;
        for bound in &mut bounds {
            sum += *bound;
            *bound = sum;
        }
        let mut next = bounds.clone();
        let mut entries = vec![(0, F::ZERO); sum];
        for (row, values) in (0_u32..).zip(matrix.iter()) {
            for (column, value) in values.entries() {
                if let Some(place) = next.get_mut(column) {
                    if let Some(entry) = entries.get_mut(*place) {
                        *entry = (row, value);
                    }
                    *place += 1;
                }
            }
        }
        Self { bounds, entries }
    }

    /// Adds the combination of `points` that a column is to `sum`.
    pub(super) fn add<G: CurveGroup<ScalarField = F>>(
        &self,
        sum: &mut G,
        column: usize,
        points: &[G::Affine],
    ) {
        let range = self.bounds.get(column..=column + 1);
        let entries = match range {
            Some([start, end]) => self.entries.get(*start..*end).unwrap_or_default(),
            _ => &[],
        };
        for (row, value) in entries {
            if let Some(point) = points.get(*row as usize) {
                *sum += multiple::<G>(point, *value);
            }
        }
    }
}

/// A multiple of a point of the group of prime order. Most values of circuits are small, or small and negative.
fn multiple<G: CurveGroup>(point: &G::Affine, value: G::ScalarField) -> G {
    let (positive, negative) = (value.into_bigint(), (-value).into_bigint());
    let product = |integer: <G::ScalarField as PrimeField>::BigInt| {
        let mut product = G::ZERO;
        for bit in (0..integer.num_bits()).rev() {
            product.double_in_place();
            if integer.get_bit(bit as usize) {
                product += point;
            }
        }
        product
    };
    if positive.num_bits() <= 64 {
        product(positive)
    } else if negative.num_bits() <= 64 {
        -product(negative)
    } else {
        point.into_group() * value
    }
}
