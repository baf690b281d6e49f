//! Named inputs.

use ark_ff::PrimeField;
use zeroize::Zeroizing;

use super::{
    description::{Description, Input},
    erased::Circuit,
    error::{InputError, WitnessError},
    value::Value,
};
use crate::assignment::Assignment;

/// Values by name, of those that `declared` lists. They are wiped when they are dropped, and cannot be printed.
pub(super) struct NamedValues<F: PrimeField> {
    circuit: &'static str,
    declared: &'static [Input],
    text: Option<fn(&[u8]) -> F>,
    values: Zeroizing<Vec<Option<F>>>,
}

impl<F: PrimeField> NamedValues<F> {
    /// No values yet. `text` maps bytes to a field element.
    pub(super) fn new(
        circuit: &'static str,
        declared: &'static [Input],
        text: Option<fn(&[u8]) -> F>,
    ) -> Self {
        Self { circuit, declared, text, values: Zeroizing::new(vec![None; declared.len()]) }
    }

    /// Sets a value that is not set yet.
    pub(super) fn set(&mut self, name: &str, value: Value<'_>) -> Result<(), InputError> {
        let mut declared = self.declared.iter().zip(self.values.iter_mut());
        let Some((input, place)) = declared.find(|(input, _)| input.name == name) else {
            return Err(InputError::unknown(self.circuit, self.declared, name));
        };
        if place.is_some() {
            return Err(InputError::Duplicate { name: input.name });
        }
        *place = Some(value.to_field(input.name, input.kind, self.text)?);
        Ok(())
    }

    /// The values in the order of their declarations, if each that may not be left out is there.
    pub(super) fn get(&self) -> Result<&[Option<F>], InputError> {
        let missing =
            |(input, value): (&Input, &Option<F>)| (value.is_none() && !input.optional).then_some(input.name);
        match self.declared.iter().zip(self.values.iter()).find_map(missing) {
            None => Ok(&self.values),
            Some(name) => Err(InputError::Missing { name }),
        }
    }
}

/// The inputs of one proof. They are wiped when they are dropped, and cannot be printed.
pub struct Inputs<F: PrimeField> {
    circuit: Circuit<F>,
    values: NamedValues<F>,
}

impl<F: PrimeField> Circuit<F> {
    /// Inputs without values.
    #[must_use]
    pub fn inputs(&self) -> Inputs<F> {
        let Description { name, inputs, .. } = self.description();
        Inputs { circuit: *self, values: NamedValues::new(name, inputs, self.text) }
    }
}

impl<F: PrimeField> Inputs<F> {
    /// Sets an input.
    ///
    /// # Errors
    ///
    /// [`InputError`] if the circuit has no such input, it is set already, or it does not take the value.
    pub fn set(&mut self, name: &str, value: Value<'_>) -> Result<(), InputError> {
        self.values.set(name, value)
    }

    /// Computes the inputs that were left out, and the values of all signals.
    ///
    /// # Errors
    ///
    /// [`WitnessError::Input`] with the first input that is missing, and [`WitnessError::Unsatisfied`] with the first
    /// constraint that the values do not satisfy.
    pub fn assign(mut self) -> Result<Assignment<F>, WitnessError> {
        (self.circuit.complete)(&mut self.values.values);
        match (self.circuit.witness)(self.values.get()?) {
            (assignment, None) => Ok(assignment),
            (_, Some(violation)) => Err(WitnessError::Unsatisfied {
                circuit: self.circuit.description().name,
                index: violation.index,
                constraint: violation.name,
            }),
        }
    }
}
