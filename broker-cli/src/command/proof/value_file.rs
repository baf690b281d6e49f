//! snarkjs' `input.json`: named values in a file.

use std::mem;

use broker_client::InputValue;
use broker_groth16::json::inputs;
use zeroize::Zeroizing;

use super::named_value::parse_value;
use crate::{error::Failure, input, location::Location};

/// Reads the values of a file. A string is a value as on the command line; an array is flattened and has numbers alone.
///
/// # Errors
/// Fails where the file cannot be read or is malformed. The message has no value.
pub(super) fn read(location: &Location) -> Result<Vec<(String, InputValue)>, Failure> {
    let bytes = input::secret(location)?;
    parse(&bytes).map_err(|why| Failure::invalid(format!("{location}: {why}")))
}

/// Reads the values of an object.
///
/// # Errors
/// Says what is wrong without a value.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<(String, InputValue)>, String> {
    let inputs = inputs::read_texts(bytes).map_err(|error| error.to_string())?;
    inputs.into_iter().map(|input| Ok((input.name.clone(), to_value(&input.name, input.values)?))).collect()
}

fn to_value(name: &str, mut values: Zeroizing<Vec<String>>) -> Result<InputValue, String> {
    if let [value] = &mut **values {
        let value = Zeroizing::new(mem::take(value));
        return parse_value(value).map_err(|why| format!("the value of {name:?}: {why}"));
    }
    if values.iter().any(|value| value.starts_with("text:") || value.starts_with("hex:")) {
        return Err(format!("the array {name:?} must have numbers alone"));
    }
    Ok(InputValue::numbers(mem::take(&mut *values)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn reads_numbers_texts_and_arrays() {
        let file = br#"{"a": "3", "b": 11, "path": [["1", 2], [3]], "who": "text:alice", "raw": "hex:00ff", "none": []}"#;
        let names: Vec<_> = parse(file).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(["a", "b", "path", "who", "raw", "none"], *names);
    }

    #[test]
    fn errors_name_the_input_and_not_its_value() {
        for (file, expected) in [
            (r#"{"a": ["1", "text:4711"]}"#, "the array \"a\" must have numbers alone"),
            (r#"{"a": "hex:471"}"#, "the value of \"a\": hex: takes pairs of hexadecimal digits"),
            (
                r#"{"a": 4711.5}"#,
                "value 0 of the input \"a\" must be a string if it is not an integer from 0 to 2^53 - 1",
            ),
            (r#"{"a": "4711", "a": "1"}"#, "the input \"a\" is there twice"),
            (r#"["4711"]"#, "the inputs must be a JSON object, and are wrong at line 1, column 0"),
        ] {
            assert_eq!(expected, parse(file.as_bytes()).map(drop).unwrap_err());
        }
    }
}
