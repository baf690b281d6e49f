//! A witness of a circuit.

use ark_ff::PrimeField;

use super::Builder;
use crate::assignment::Assignment;

/// Makes the values of a circuit's signals and checks each constraint on the way, without matrices.
pub struct WitnessBuilder<F: PrimeField> {
    assignment: Assignment<F>,
    constraints: usize,
    violation: Option<Violation>,
}

impl<F: PrimeField> WitnessBuilder<F> {
    /// Begins a witness with the values of the circuit's inputs. `signals` is the number of all signals, with the
    /// constant 1.
    #[must_use]
    pub fn new<const N: usize>(inputs: [F; N], signals: usize) -> (Self, [F; N]) {
        let mut assignment = Assignment::with_capacity(signals);
        inputs.iter().for_each(|value| assignment.push(*value));
        (Self { assignment, constraints: 0, violation: None }, inputs)
    }

    /// The values of all signals, and the first constraint that they do not satisfy.
    #[must_use]
    pub fn finish(self) -> (Assignment<F>, Option<Violation>) {
        (self.assignment, self.violation)
    }
}

impl<F: PrimeField> Builder<F> for WitnessBuilder<F> {
    type Combination = F;

    fn private<const N: usize>(
        &mut self,
        _: &'static str,
        from: [&F; N],
        value: impl FnOnce([F; N]) -> F,
    ) -> F {
        let value = value(from.map(|value| *value));
        self.assignment.push(value);
        value
    }

    fn enforce(&mut self, name: &'static str, a: &F, b: &F, c: &F) {
        if self.violation.is_none() && *a * b != *c {
            self.violation = Some(Violation { index: self.constraints, name });
        }
        self.constraints += 1;
    }
}

/// A constraint that the values do not satisfy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The constraint's index.
    pub index: usize,
    /// The constraint's name.
    pub name: &'static str,
}
