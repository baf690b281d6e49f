//! The parameters of an instance of Poseidon.

use std::collections::HashSet;

use ark_ff::PrimeField;

use super::grain::Grain;

/// The number of full rounds, half of which come first and half last.
pub(super) const FULL_ROUNDS: usize = 8;

/// What sets apart the instances over one field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The number of elements of the state: the inputs and the capacity.
    pub(super) width: usize,
    pub(super) partial_rounds: usize,
}

/// The constants of an instance of Poseidon with the S-box x⁵.
#[derive(Debug)]
pub struct Parameters<F> {
    shape: Shape,
    /// One constant for each element of the state, for each round.
    constants: Vec<F>,
    /// The matrix of the linear layer, in rows.
    matrix: Vec<F>,
}

impl<F: PrimeField> Parameters<F> {
    /// Makes the parameters as `generate_parameters_grain.sage` of the paper's authors does.
    ///
    /// That script goes on to the next matrix if it finds subspace trails in one. For BN254 it takes the first: the tests
    /// compare hashes of each width with circomlibjs.
    pub(super) fn generate(shape: Shape) -> Self {
        let mut grain = Grain::new::<F>(shape);
        let rounds = FULL_ROUNDS + shape.partial_rounds;
        let constants = (0..rounds * shape.width).map(|_| grain.element()).collect();
        Self { shape, constants, matrix: cauchy(&mut grain, shape.width) }
    }

    /// The number of elements of the state.
    pub(super) const fn width(&self) -> usize {
        self.shape.width
    }

    /// The constants of each round.
    pub(super) fn rounds(&self) -> impl ExactSizeIterator<Item = Round<'_, F>> {
        let last = FULL_ROUNDS + self.shape.partial_rounds - 1;
        let partial = FULL_ROUNDS / 2..FULL_ROUNDS / 2 + self.shape.partial_rounds;
        self.constants.chunks_exact(self.shape.width).enumerate().map(move |(index, constants)| Round {
            constants,
            is_full: !partial.contains(&index),
            is_first: index == 0,
            is_last: index == last,
        })
    }

    /// The rows of the matrix.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &[F]> {
        self.matrix.chunks_exact(self.shape.width)
    }

    /// The first row of the matrix, which makes the output of the last round.
    pub(crate) fn first_row(&self) -> &[F] {
        self.matrix.get(..self.shape.width).unwrap_or_default()
    }
}

/// One round.
pub(super) struct Round<'a, F> {
    pub(super) constants: &'a [F],
    /// Whether all elements of the state pass an S-box, or the first alone.
    pub(super) is_full: bool,
    pub(super) is_first: bool,
    pub(super) is_last: bool,
}

/// A Cauchy matrix 1 / (xᵢ + yⱼ) of pairwise distinct xᵢ and yⱼ.
fn cauchy<F: PrimeField>(grain: &mut Grain, width: usize) -> Vec<F> {
    loop {
        let points: Vec<F> = (0..2 * width).map(|_| grain.reduced()).collect();
        if points.iter().collect::<HashSet<_>>().len() < points.len() {
            continue;
        }
        let (x, y) = points.split_at(width);
        let matrix: Option<Vec<F>> =
            x.iter().flat_map(|x| y.iter().map(move |y| (*x + y).inverse())).collect();
        if let Some(matrix) = matrix {
            return matrix;
        }
    }
}
