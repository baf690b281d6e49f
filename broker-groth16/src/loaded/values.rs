//! Values of inputs and public signals.

use ark_ff::PrimeField;
use zeroize::Zeroizing;

use super::{CircuitError, InputValue, Item, VerifierTime};
use crate::{
    circuit::{
        Circuit, Value, Verification,
        statement::{self, StatementError},
    },
    field, shown,
};

/// The inputs of an operator's circuit: names and numbers.
pub(super) type NamedNumbers<'a, F> = Vec<(&'a str, Zeroizing<Vec<F>>)>;

/// Reads the inputs of an operator's circuit.
#[cfg(feature = "wasm")]
pub(super) fn numbers<'a, F: PrimeField>(
    inputs: &'a [(&'a str, InputValue<'a>)],
) -> Result<NamedNumbers<'a, F>, CircuitError> {
    let mut all = Vec::with_capacity(inputs.len());
    for (name, value) in inputs {
        let InputValue::Numbers(texts) = value else {
            return Err(CircuitError::NotText { name: shown::name(name) });
        };
        let mut values = Zeroizing::new(Vec::with_capacity(texts.len()));
        for (index, text) in texts.iter().enumerate() {
            let number = field::parse(text);
            values.push(number.map_err(|reason| CircuitError::Number {
                name: shown::name(name),
                index,
                reason,
            })?);
        }
        all.push((*name, values));
    }
    Ok(all)
}

/// The values of the public signals for which a proof is verified.
pub(super) fn statement<F: PrimeField>(
    built_in: Option<&Circuit<F>>,
    item: &Item<'_>,
    time: VerifierTime,
) -> Result<Vec<F>, CircuitError> {
    let Some(circuit) = built_in else {
        if !item.expected.is_empty() {
            return Err(CircuitError::NothingExpected);
        }
        let number = |(index, text): (usize, &String)| {
            field::parse(text).map_err(|reason| CircuitError::PublicNumber { index, reason })
        };
        return item.public.iter().enumerate().map(number).collect();
    };
    let public: Vec<Value<'_>> = item.public.iter().map(|text| Value::Number(text)).collect();
    match circuit.description().verification {
        Verification::AsGiven if !item.expected.is_empty() => Err(CircuitError::NothingExpected),
        Verification::AsGiven => statement::as_given(circuit, &public).map_err(|error| match error {
            StatementError::Input(error) => CircuitError::PublicInput(error),
            error => error.into(),
        }),
        Verification::VerifiersOwn => {
            let mut expected = Vec::with_capacity(item.expected.len());
            for (name, value) in item.expected {
                expected.push((*name, value.single(name)?));
            }
            Ok(statement::verifiers_own(circuit, &expected, &public, time.now, time.skew)?)
        }
    }
}

/// Numbers in decimal.
pub(super) fn decimal<F: PrimeField>(values: &[F]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
