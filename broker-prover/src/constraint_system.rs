//! Rank-1 constraint systems.

use ark_ff::PrimeField;

use crate::{
    assignment::Assignment,
    interrupt::{Interrupt, Interrupted},
    matrix::Matrix,
};

/// The number of constraints between two questions to the [`Interrupt`]; they take less than a millisecond where rows are
/// short.
const CONSTRAINTS_PER_CHECK: usize = 1024;

/// The constraints of a circuit: for each row, (A·w) × (B·w) = C·w.
///
/// The signals w are in circom's order: the constant 1, the public signals (outputs, then public inputs), then the
/// private ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstraintSystem<F> {
    /// The number of public signals, without the constant 1.
    pub public: usize,
    /// The number of all signals, with the constant 1.
    pub signals: usize,
    /// The matrix A, with one row for each constraint.
    pub a: Matrix<F>,
    /// The matrix B, with one row for each constraint.
    pub b: Matrix<F>,
    /// The matrix C. A `.zkey` does not contain it, and proving does not need it. Without it, it is unknown whether an
    /// assignment satisfies the constraints.
    pub c: Option<Matrix<F>>,
}

impl<F: PrimeField> ConstraintSystem<F> {
    /// The number of constraints.
    #[must_use]
    pub fn constraints(&self) -> usize {
        self.a.rows()
    }

    /// The size of the evaluation domain of the quadratic arithmetic program: the power of two that holds all
    /// constraints and one row for each public signal and for the constant 1.
    #[must_use]
    pub fn domain_size(&self) -> usize {
        (self.constraints() + self.public + 1).next_power_of_two()
    }

    /// Checks that the matrices belong together: one row for each constraint in each, and no signal that does not
    /// exist. Constraints from files and circuits are checked where they are made; whoever indexes by them checks again.
    ///
    /// # Errors
    ///
    /// [`MalformedConstraints`].
    pub fn validate(&self) -> Result<(), MalformedConstraints> {
        if self.public >= self.signals {
            return Err(MalformedConstraints::Public { public: self.public, signals: self.signals });
        }
        for matrix in [&self.a, &self.b].into_iter().chain(&self.c) {
            if matrix.rows() != self.constraints() {
                return Err(MalformedConstraints::Rows {
                    found: matrix.rows(),
                    expected: self.constraints(),
                });
            }
            for (constraint, row) in matrix.iter().enumerate() {
                if row.entries().any(|(column, _)| column >= self.signals) {
                    return Err(MalformedConstraints::Signal { constraint, signals: self.signals });
                }
            }
        }
        Ok(())
    }

    /// Looks for the first constraint that `assignment` does not satisfy.
    ///
    /// # Errors
    ///
    /// [`Unsatisfied::UnknownC`] if the matrix C is unknown, [`Unsatisfied::Constraint`] with the constraint's index, and
    /// [`Unsatisfied::Interrupted`].
    pub fn check(
        &self,
        assignment: &Assignment<F>,
        interrupt: &(impl Interrupt + ?Sized),
    ) -> Result<(), Unsatisfied> {
        let c = self.c.as_ref().ok_or(Unsatisfied::UnknownC)?;
        let values = assignment.values();
        for (index, ((a, b), c)) in self.a.iter().zip(self.b.iter()).zip(c.iter()).enumerate() {
            if index.is_multiple_of(CONSTRAINTS_PER_CHECK) {
                interrupt.check()?;
            }
            if a.evaluate(values) * b.evaluate(values) != c.evaluate(values) {
                return Err(Unsatisfied::Constraint { index });
            }
        }
        Ok(())
    }
}

/// Why matrices are not a constraint system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedConstraints {
    /// There are fewer signals than public ones and the constant 1.
    #[error("there are {public} public signals and the constant 1 among {signals} signals")]
    Public {
        /// The number of public signals.
        public: usize,
        /// The number of all signals.
        signals: usize,
    },
    /// A matrix has more or fewer rows than A.
    #[error("a matrix has {found} rows, and A has {expected}")]
    Rows {
        /// The number of rows.
        found: usize,
        /// The number of rows of A.
        expected: usize,
    },
    /// A constraint names a signal that does not exist.
    #[error("constraint {constraint} names a signal beyond the {signals} that exist")]
    Signal {
        /// The index of the constraint, from 0.
        constraint: usize,
        /// The number of all signals.
        signals: usize,
    },
}

/// Why an assignment is not known to satisfy a constraint system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsatisfied {
    /// The constraint system came from a `.zkey` without an `.r1cs`.
    #[error("the circuit has no .r1cs file, so its constraints cannot be checked")]
    UnknownC,
    /// A constraint is not satisfied.
    #[error("constraint {index} is not satisfied")]
    Constraint {
        /// The index of the constraint, from 0.
        index: usize,
    },
    /// The caller ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}
