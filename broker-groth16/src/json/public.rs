//! `public.json`.

use ark_ff::PrimeField;

use super::JsonError;
use crate::field;

/// Reads the values of public signals, without the constant 1. Their number is whatever the file has; verification
/// compares it with the key's.
///
/// # Errors
///
/// [`JsonError`], which names the value by its index.
pub fn read<F: PrimeField>(bytes: &[u8]) -> Result<Vec<F>, JsonError> {
    let texts: Vec<String> = super::parse(bytes)?;
    let values = texts.iter().enumerate().map(|(index, text)| {
        field::parse_decimal(text).map_err(|reason| JsonError::Number { field: format!("[{index}]"), reason })
    });
    values.collect()
}

/// The text that snarkjs writes for the values of public signals.
#[must_use]
pub fn write<F: PrimeField>(values: &[F]) -> String {
    let texts: Vec<_> = values.iter().map(ToString::to_string).collect();
    super::stringify(&texts)
}
