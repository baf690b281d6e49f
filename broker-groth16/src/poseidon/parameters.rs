//! The parameters of an instance of Poseidon.

use std::collections::HashSet;

use ark_ff::PrimeField;

use super::{
    grain::Grain,
    shape::{FULL_ROUNDS, Shape},
};

/// The constants of an instance of Poseidon with the S-box x⁵.
///
/// The partial rounds are in the form of the paper's appendix B, which takes 2t − 1 multiplications instead of t² for each
/// linear layer. Let the matrix be [[m, v], [w, N]], where N belongs to the elements that have no S-box. They are held as
/// N^−k times what they are in round k, and without what the constants contributed to them, since both can be made up for
/// once, after the last partial round.
#[derive(Debug)]
pub struct Parameters<F> {
    pub(super) width: usize,
    /// The matrix of the linear layer of full rounds, in rows.
    matrix: Vec<F>,
    /// For each full round, the constants of all elements.
    constants: Vec<F>,
    pub(super) partial_rounds: Vec<PartialRound<F>>,
    /// N^(number of partial rounds), in rows.
    rest: Vec<F>,
}

/// A partial round: x⁵ for the first element plus a constant, and the linear layer.
#[derive(Debug)]
pub(super) struct PartialRound<F> {
    pub(super) constant: F,
    /// What the first element becomes: m, and v·N^k.
    pub(super) row: Vec<F>,
    /// What is added of the first element to the others: N^−(k+1)·w.
    pub(super) column: Vec<F>,
}

impl<F: PrimeField> Parameters<F> {
    /// Makes the parameters as `generate_parameters_grain.sage` of the paper's authors does.
    ///
    /// That script goes on to the next matrix if it finds subspace trails in one. For BN254 it takes the first: the tests
    /// compare hashes of each width with circomlibjs.
    pub(super) fn generate(shape: Shape) -> Self {
        let Shape { width, partial_rounds } = shape;
        let mut grain = Grain::new::<F>(shape);
        let mut constants: Vec<F> =
            (0..(FULL_ROUNDS + partial_rounds) * width).map(|_| grain.element()).collect();
        let matrix = Cauchy::generate(&mut grain, width);

        let first_partial = FULL_ROUNDS / 2 * width;
        let partial: Vec<F> =
            constants.drain(first_partial..first_partial + partial_rounds * width).collect();
        let (v, w, inner) = matrix.split();
        let block = inner.entries();
        let inverse = inner.inverse();
        let size = width - 1;
        let first = matrix.entries().first().copied().unwrap_or_default();

        let (mut row, mut column) = (v, w);
        let (mut power, mut inverse_power) = (identity(size), identity(size));
        // What the constants contributed to the elements without S-box, and to the first one by the last linear layer.
        let (mut offset, mut carried) = (vec![F::zero(); size], F::zero());
        let partial_rounds = partial
            .chunks_exact(width)
            .map(|constants| {
                let (constant, others) =
                    constants.split_first().map_or((F::zero(), constants), |(c, o)| (*c, o));
                let constant = constant + carried;
                add(&mut offset, &product(&inverse_power, others));
                carried = dot(&row, &offset);
                column = product(&inverse, &column);
                let round = PartialRound {
                    constant,
                    row: std::iter::once(first).chain(row.iter().copied()).collect(),
                    column: column.clone(),
                };
                row = matrix_product(&row, &block, size);
                power = matrix_product(&power, &block, size);
                inverse_power = matrix_product(&inverse_power, &inverse, size);
                round
            })
            .collect();
        let made_up: Vec<F> = std::iter::once(carried).chain(product(&power, &offset)).collect();
        if let Some(following) = constants.get_mut(first_partial..first_partial + width) {
            add(following, &made_up);
        }
        Self { width, matrix: matrix.entries(), constants, partial_rounds, rest: power }
    }

    /// The constants of each full round.
    pub(super) fn full_rounds(&self) -> impl ExactSizeIterator<Item = &[F]> {
        self.constants.chunks_exact(self.width)
    }

    /// The rows of the matrix of full rounds.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &[F]> {
        self.matrix.chunks_exact(self.width)
    }

    /// The first row of the matrix, which makes the output of the last round.
    pub(crate) fn first_row(&self) -> &[F] {
        self.matrix.get(..self.width).unwrap_or_default()
    }

    /// The rows of the matrix that makes up for what the partial rounds leave out for all elements but the first.
    pub(super) fn rest(&self) -> impl ExactSizeIterator<Item = &[F]> {
        self.rest.chunks_exact(self.width - 1)
    }
}

/// The matrix 1 / (xᵢ + yⱼ), all of whose square submatrices are invertible.
struct Cauchy<F> {
    x: Vec<F>,
    y: Vec<F>,
}

impl<F: PrimeField> Cauchy<F> {
    fn generate(grain: &mut Grain, width: usize) -> Self {
        loop {
            let mut x: Vec<F> = (0..2 * width).map(|_| grain.reduced()).collect();
            let distinct = x.iter().collect::<HashSet<_>>().len() == x.len();
            let y = x.split_off(width);
            if distinct && x.iter().all(|x| y.iter().all(|y| !(*x + y).is_zero())) {
                return Self { x, y };
            }
        }
    }

    /// The entries, in rows.
    fn entries(&self) -> Vec<F> {
        let entry = |x: F, y: F| (x + y).inverse().unwrap_or_default();
        self.x.iter().flat_map(|x| self.y.iter().map(move |y| entry(*x, *y))).collect()
    }

    /// The first row without its first entry, the first column without its first entry, and the matrix without both.
    fn split(&self) -> (Vec<F>, Vec<F>, Self) {
        let row =
            Self { x: self.x.iter().take(1).copied().collect(), y: self.y.iter().skip(1).copied().collect() };
        let column =
            Self { x: self.x.iter().skip(1).copied().collect(), y: self.y.iter().take(1).copied().collect() };
        (row.entries(), column.entries(), Self { x: column.x, y: row.y })
    }

    /// The entries of the inverse, in rows: entry (i, j) is Π (xⱼ + yₖ)(xₖ + yᵢ) / ((xⱼ + yᵢ)·Π (xⱼ − xₖ)·Π (yᵢ − yₖ)), the
    /// last two without the factors that are zero.
    fn inverse(&self) -> Vec<F> {
        let differences = |of: F, among: &[F]| -> F {
            among.iter().map(|other| of - other).filter(|difference| !difference.is_zero()).product()
        };
        let entry = |y_i: F, x_j: F| {
            let sums: F = self.x.iter().zip(&self.y).map(|(x_k, y_k)| (x_j + y_k) * (*x_k + y_i)).product();
            let divisor = (x_j + y_i) * differences(x_j, &self.x) * differences(y_i, &self.y);
            sums * divisor.inverse().unwrap_or_default()
        };
        self.y.iter().flat_map(|y_i| self.x.iter().map(move |x_j| entry(*y_i, *x_j))).collect()
    }
}

fn identity<F: PrimeField>(size: usize) -> Vec<F> {
    (0..size * size).map(|index| F::from(index % (size + 1) == 0)).collect()
}

fn add<F: PrimeField>(to: &mut [F], vector: &[F]) {
    to.iter_mut().zip(vector).for_each(|(to, value)| *to += value);
}

fn dot<'a, F: PrimeField>(one: impl IntoIterator<Item = &'a F>, other: impl IntoIterator<Item = &'a F>) -> F {
    one.into_iter().zip(other).map(|(x, y)| *x * y).sum()
}

/// The product of a square matrix in rows with a vector.
fn product<F: PrimeField>(matrix: &[F], vector: &[F]) -> Vec<F> {
    matrix.chunks_exact(vector.len()).map(|row| dot(row, vector)).collect()
}

/// The product of two matrices in rows, the second of which is square of this size.
fn matrix_product<F: PrimeField>(one: &[F], other: &[F], size: usize) -> Vec<F> {
    let rows = one.chunks_exact(size);
    rows.flat_map(|row| (0..size).map(move |column| dot(row, other.iter().skip(column).step_by(size))))
        .collect()
}
