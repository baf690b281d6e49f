//! Constraints and keys that belong together.

use ark_ff::PrimeField;

use crate::{
    constraint_system::ConstraintSystem,
    curve::Curve,
    key::CircuitKey,
    matrix::{Matrix, Row},
};

impl<E: Curve> CircuitKey<E> {
    /// Adds the matrix C of an `.r1cs`, or of a built-in circuit, to a key that was read from a `.zkey`, which has none, so that assignments can
    /// be checked.
    ///
    /// A and B must be equal in both, apart from the order of entries and from entries that add up. Nothing in a `.zkey`
    /// can be compared with C: only the verification of the ceremony shows that the key was made for it.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] with the first difference. The key is then unchanged.
    pub fn add_c(&mut self, file: ConstraintSystem<E::ScalarField>) -> Result<(), Mismatch> {
        let key = &self.constraints;
        let counts = [
            ("signals", key.signals, file.signals),
            ("public signals", key.public, file.public),
            ("constraints", key.constraints(), file.constraints()),
        ];
        for (what, zkey, r1cs) in counts {
            if zkey != r1cs {
                return Err(Mismatch::Count { what, zkey, r1cs });
            }
        }
        for (matrix, zkey, r1cs) in [("A", &key.a, &file.a), ("B", &key.b, &file.b)] {
            if let Some(constraint) = first_difference(zkey, r1cs) {
                return Err(Mismatch::Row { matrix, constraint });
            }
        }
        self.constraints.c = file.c;
        Ok(())
    }
}

/// The first row in which the matrices differ.
fn first_difference<F: PrimeField>(left: &Matrix<F>, right: &Matrix<F>) -> Option<usize> {
    left.iter().zip(right.iter()).position(|(left, right)| {
        !left.entries().eq(right.entries()) && normalised(left) != normalised(right)
    })
}

/// The entries sorted by column, with those of the same column added up and without zeros.
fn normalised<F: PrimeField>(row: Row<'_, F>) -> Vec<(usize, F)> {
    let mut entries: Vec<_> = row.entries().collect();
    entries.sort_by_key(|(column, _)| *column);
    entries.dedup_by(|(column, value), (kept, sum)| {
        let same = column == kept;
        if same {
            *sum += *value;
        }
        same
    });
    entries.retain(|(_, value)| !value.is_zero());
    entries
}

/// Why an `.r1cs` and a `.zkey` are not of the same circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The sizes differ.
    #[error("the .zkey has {zkey} {what}, and the .r1cs has {r1cs}: they are of different circuits")]
    Count {
        /// What was counted.
        what: &'static str,
        /// The number in the `.zkey`.
        zkey: usize,
        /// The number in the `.r1cs`.
        r1cs: usize,
    },
    /// A constraint differs.
    #[error(
        "constraint {constraint} has another row of {matrix} in the .zkey than in the .r1cs: they are of different circuits"
    )]
    Row {
        /// `A` or `B`.
        matrix: &'static str,
        /// The index of the constraint, from 0.
        constraint: usize,
    },
}
