//! `input.json`: the named inputs of a circuit.

use std::{collections::HashSet, fmt};

use ark_ff::PrimeField;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use zeroize::{Zeroize, Zeroizing};

use crate::field::{self, FieldError};

/// The largest integer that JavaScript's numbers hold exactly. snarkjs would round larger ones.
const LARGEST_NUMBER: u64 = (1 << 53) - 1;

/// The longest name of an input, in bytes, so that errors which contain it are not too long.
const LONGEST_NAME: usize = 1000;

/// One input: its name and its values. They are wiped when it is dropped, and cannot be printed.
pub struct Input<F: PrimeField> {
    /// The name of the signal.
    pub name: String,
    /// The values, in the order of the file. Nested arrays are flattened, as circom orders the signals of an array.
    pub values: Zeroizing<Vec<F>>,
}

/// Reads the inputs of a circuit: an object whose fields are the inputs. A value is a decimal string, a hexadecimal
/// string that begins with `0x`, an integer below 2^53, or an array of values, to any depth. `bytes` are as secret as the
/// values, and the caller wipes them.
///
/// # Errors
///
/// [`InputsError`], which names the input and contains no value. Values that have been read are wiped.
pub fn read<F: PrimeField>(bytes: &[u8]) -> Result<Vec<Input<F>>, InputsError> {
    if bytes.contains(&b'\\') {
        return Err(InputsError::Escape);
    }
    let mut state = State { inputs: Vec::new(), error: None };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let result =
        Object { state: &mut state }.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match (state.error, result) {
        (Some(error), _) => Err(error),
        // The parser's own message may quote a value.
        (None, Err(error)) => Err(InputsError::Syntax { line: error.line(), column: error.column() }),
        (None, Ok(())) => Ok(state.inputs),
    }
}

/// What has been read, and the first error that the parser's own error type cannot hold.
struct State<F: PrimeField> {
    inputs: Vec<Input<F>>,
    error: Option<InputsError>,
}

impl<F: PrimeField> State<F> {
    /// Keeps the error, and returns one that ends the parser's work.
    fn fail<E: serde::de::Error>(&mut self, error: InputsError) -> E {
        self.error.get_or_insert(error);
        E::custom("refused")
    }
}

/// Reads the object.
struct Object<'s, F: PrimeField> {
    state: &'s mut State<F>,
}

impl<'de, F: PrimeField> DeserializeSeed<'de> for Object<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: PrimeField> Visitor<'de> for Object<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if name.len() > LONGEST_NAME {
                return Err(self.state.fail(InputsError::Name));
            }
            if !names.insert(name.clone()) {
                return Err(self.state.fail(InputsError::Twice { name }));
            }
            let mut values = Zeroizing::new(Vec::new());
            map.next_value_seed(Values { name: &name, values: &mut values, state: self.state })?;
            self.state.inputs.push(Input { name, values });
        }
        Ok(())
    }
}

/// Reads one value or an array.
struct Values<'s, F: PrimeField> {
    name: &'s str,
    values: &'s mut Vec<F>,
    state: &'s mut State<F>,
}

impl<F: PrimeField> Values<'_, F> {
    fn refuse<E: serde::de::Error>(self, reason: ValueError) -> E {
        self.state.fail(InputsError::Value { name: self.name.to_owned(), index: self.values.len(), reason })
    }
}

impl<'de, F: PrimeField> DeserializeSeed<'de> for Values<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: PrimeField> Visitor<'de> for Values<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, a string or an array")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        match field::parse(text) {
            Ok(value) => {
                push(self.values, value);
                Ok(())
            }
            Err(reason) => Err(self.refuse(reason.into())),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        if number > LARGEST_NUMBER {
            return Err(self.refuse(ValueError::Number));
        }
        push(self.values, F::from(number));
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Err(self.refuse(ValueError::Number))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Err(self.refuse(ValueError::Number))
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Err(self.refuse(ValueError::Type))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Err(self.refuse(ValueError::Type))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.refuse(ValueError::Type))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        let Values { name, values, state } = self;
        while array.next_element_seed(Values { name, values, state })?.is_some() {}
        Ok(())
    }
}

/// Appends a value. When the vector must grow, the place that it leaves is wiped.
fn push<F: PrimeField>(values: &mut Vec<F>, value: F) {
    if values.len() == values.capacity() {
        let mut larger = Vec::with_capacity(values.len().saturating_mul(2).max(1));
        larger.extend_from_slice(values);
        std::mem::swap(values, &mut larger);
        larger.zeroize();
    }
    values.push(value);
}

/// Why inputs are not accepted. No variant contains a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputsError {
    /// The text is not a JSON object.
    #[error("the inputs must be a JSON object, and are wrong at line {line}, column {column}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A string has an escape sequence. Neither names nor values need one, and the parser would copy the string to memory
    /// that is not wiped.
    #[error("the inputs must not contain a backslash")]
    Escape,
    /// A name is longer than any that circom's tools make.
    #[error("the name of an input must have at most {LONGEST_NAME} bytes")]
    Name,
    /// Two inputs have the same name.
    #[error("the input {name:?} is there twice")]
    Twice {
        /// The input's name.
        name: String,
    },
    /// A value is not acceptable.
    #[error("value {index} of the input {name:?} {reason}")]
    Value {
        /// The input's name.
        name: String,
        /// The index of the value among all values of the input, from 0.
        index: usize,
        /// What is wrong with it.
        reason: ValueError,
    },
}

/// Why a value of an input is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The text is not a field element.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A JSON number is negative, has a fraction, or is too large to be exact.
    #[error("must be a string if it is not an integer from 0 to 2^53 - 1")]
    Number,
    /// The value is an object, a truth value or null.
    #[error("must be a string, an integer or an array of them")]
    Type,
}
