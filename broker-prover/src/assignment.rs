//! The values of all signals of a circuit.

use ark_ff::PrimeField;
use zeroize::Zeroize;

/// The values of all signals of a circuit, in circom's order: the constant 1, the public signals, the private ones.
/// It is wiped when it is dropped, and cannot be printed.
pub struct Assignment<F: PrimeField> {
    values: Vec<F>,
}

impl<F: PrimeField> Assignment<F> {
    /// Takes the values of all signals.
    ///
    /// # Errors
    ///
    /// [`AssignmentError::Length`] if there are not exactly `signals` values, and [`AssignmentError::One`] if the
    /// first is not 1. The values are wiped.
    pub fn new(mut values: Vec<F>, signals: usize) -> Result<Self, AssignmentError> {
        let error = if values.len() != signals {
            Some(AssignmentError::Length { found: values.len(), expected: signals })
        } else if values.first().is_none_or(|first| !first.is_one()) {
            Some(AssignmentError::One)
        } else {
            None
        };
        match error {
            None => Ok(Self { values }),
            Some(error) => {
                values.zeroize();
                Err(error)
            }
        }
    }

    /// The value of the constant 1 alone, with room for `signals` values.
    #[must_use]
    pub fn with_capacity(signals: usize) -> Self {
        let mut values = Vec::with_capacity(signals);
        values.push(F::one());
        Self { values }
    }

    /// Appends the value of the next signal. Beyond the capacity, a copy of the values would be left in memory.
    pub fn push(&mut self, value: F) {
        debug_assert!(self.values.len() < self.values.capacity(), "the circuit declares too few signals");
        self.values.push(value);
    }

    /// All values.
    #[must_use]
    pub fn values(&self) -> &[F] {
        &self.values
    }

    /// The values of the first `public` signals after the constant 1.
    #[must_use]
    pub fn public(&self, public: usize) -> &[F] {
        self.values.get(1..=public).unwrap_or_default()
    }
}

impl<F: PrimeField> Drop for Assignment<F> {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

/// Why values are not an assignment of a circuit's signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssignmentError {
    /// The number of values is not the circuit's number of signals.
    #[error("the witness has {found} values, and the circuit has {expected} signals")]
    Length {
        /// The number of values.
        found: usize,
        /// The circuit's number of signals, with the constant 1.
        expected: usize,
    },
    /// The first value is not 1.
    #[error("the first value of the witness must be 1")]
    One,
}
