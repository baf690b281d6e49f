//! The constraints of a circuit.

use ark_ff::PrimeField;

use super::{Builder, Labels};
use crate::{constraint_system::ConstraintSystem, linear_combination::Terms, matrix::Matrix};

/// Makes the matrices of a circuit.
#[derive(Debug)]
pub struct MatrixBuilder<F> {
    public: usize,
    signals: Labels,
    constraints: Labels,
    a: Matrix<F>,
    b: Matrix<F>,
    c: Matrix<F>,
}

impl<F: PrimeField> MatrixBuilder<F> {
    /// Begins a circuit with its inputs, the first `public` of which are public.
    #[must_use]
    pub fn new<const N: usize>(inputs: [&'static str; N], public: usize) -> (Self, [Terms<F>; N]) {
        let mut builder = Self {
            public: public.min(N),
            signals: Labels::default(),
            constraints: Labels::default(),
            a: Matrix::default(),
            b: Matrix::default(),
            c: Matrix::default(),
        };
        builder.signals.push("1");
        let inputs = inputs.map(|name| builder.signal(name));
        (builder, inputs)
    }

    /// The constraints and the names.
    #[must_use]
    pub fn finish(self) -> NamedConstraints<F> {
        NamedConstraints {
            system: ConstraintSystem {
                public: self.public,
                signals: self.signals.len(),
                a: self.a,
                b: self.b,
                c: Some(self.c),
            },
            signals: self.signals,
            constraints: self.constraints,
        }
    }

    fn signal(&mut self, name: &'static str) -> Terms<F> {
        // Circuits that are compiled in have far fewer than 2^32 signals.
        let index = u32::try_from(self.signals.len()).unwrap_or(u32::MAX);
        self.signals.push(name);
        Terms::signal(index)
    }
}

impl<F: PrimeField> Builder<F> for MatrixBuilder<F> {
    type Combination = Terms<F>;

    fn private<const N: usize>(
        &mut self,
        name: &'static str,
        _: [&Terms<F>; N],
        _: impl FnOnce([F; N]) -> F,
    ) -> Terms<F> {
        self.signal(name)
    }

    fn enforce(&mut self, name: &'static str, a: &Terms<F>, b: &Terms<F>, c: &Terms<F>) {
        self.constraints.push(name);
        for (matrix, terms) in [(&mut self.a, a), (&mut self.b, b), (&mut self.c, c)] {
            terms.iter().for_each(|(signal, coefficient)| matrix.push(signal, coefficient));
            matrix.end_row();
        }
    }
}

/// Constraints with the names of the constraints and signals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedConstraints<F> {
    /// The constraints, whose matrix C is known.
    pub system: ConstraintSystem<F>,
    /// The name of each signal, beginning with that of the constant 1, which is `1`.
    pub signals: Labels,
    /// The name of each constraint.
    pub constraints: Labels,
}
