//! Named inputs.

use std::fmt;

use ark_ff::PrimeField;
use zeroize::Zeroizing;

use super::{
    built_in::Circuit,
    description::{Description, Input, Kind},
};
use crate::{
    assignment::Assignment,
    field::{self, FieldError},
};

/// The value of an input as a caller writes it. It cannot be printed.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// A decimal number, or a hexadecimal one that begins with `0x`.
    Number(&'a str),
    /// Text, for inputs of the kind [`Kind::Text`].
    Text(&'a str),
    /// Bytes in hexadecimal digits, for inputs of the kind [`Kind::Text`].
    Hex(&'a str),
    /// Bytes, for inputs of the kind [`Kind::Text`].
    Bytes(&'a [u8]),
}

/// `text:` begins text, `hex:` begins bytes in hexadecimal digits, and everything else is a number.
impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        if let Some(text) = value.strip_prefix("text:") {
            Self::Text(text)
        } else if let Some(digits) = value.strip_prefix("hex:") {
            Self::Hex(digits)
        } else {
            Self::Number(value)
        }
    }
}

impl Value<'_> {
    /// The field element, for an input of this name and kind. `text` maps bytes to one.
    pub(super) fn to_field<F: PrimeField>(
        self,
        name: &'static str,
        kind: Kind,
        text: Option<fn(&[u8]) -> F>,
    ) -> Result<F, InputError> {
        let bytes = |bytes: &[u8]| match (kind, text) {
            (Kind::Text, Some(text)) => Ok(text(bytes)),
            _ => Err(InputError::NotText { name }),
        };
        match self {
            Self::Number(number) => number_to_field(number, name, kind),
            Self::Text(text) => bytes(text.as_bytes()),
            Self::Bytes(given) => bytes(given),
            Self::Hex(digits) => bytes(&decode(digits).ok_or(InputError::NotHex { name })?),
        }
    }
}

fn number_to_field<F: PrimeField>(number: &str, name: &'static str, kind: Kind) -> Result<F, InputError> {
    let element: F = field::parse(number).map_err(|error| match error {
        FieldError::Syntax => InputError::NotANumber { name },
        FieldError::NotCanonical => InputError::OutOfRange { name, kind },
    })?;
    match kind {
        Kind::Uint64 if element > F::from(u64::MAX) => Err(InputError::OutOfRange { name, kind }),
        Kind::Uint64 | Kind::Field | Kind::Text => Ok(element),
    }
}

fn decode(digits: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    for pair in digits.as_bytes().chunks(2) {
        let [high, low] = pair else { return None };
        let digit = |byte: u8| char::from(byte).to_digit(16);
        bytes.push(u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?);
    }
    Some(bytes)
}

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

/// Why an input is refused. The value is not part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// The circuit has no input of this name.
    #[error("the circuit `{circuit}` has no input `{name}`, but {known}", known = Names(.known))]
    Unknown {
        /// The circuit's name.
        circuit: &'static str,
        /// The name that was given, of which at most 64 characters are kept.
        name: String,
        /// The names that there are.
        known: &'static [Input],
    },
    /// An input is given twice.
    #[error("the input `{name}` is given twice")]
    Duplicate {
        /// The input's name.
        name: &'static str,
    },
    /// An input is not given.
    #[error("the input `{name}` is missing")]
    Missing {
        /// The input's name.
        name: &'static str,
    },
    /// The value is not a number.
    #[error("the input `{name}`: {}", FieldError::Syntax)]
    NotANumber {
        /// The input's name.
        name: &'static str,
    },
    /// The number is too large.
    #[error("the input `{name}` must be less than {}", bound(*.kind))]
    OutOfRange {
        /// The input's name.
        name: &'static str,
        /// The input's kind, which sets the bound.
        kind: Kind,
    },
    /// The input takes numbers alone.
    #[error("the input `{name}` takes a number, not text or bytes")]
    NotText {
        /// The input's name.
        name: &'static str,
    },
    /// The bytes are not written in pairs of hexadecimal digits.
    #[error("the input `{name}`: `hex:` takes pairs of hexadecimal digits")]
    NotHex {
        /// The input's name.
        name: &'static str,
    },
}

impl InputError {
    fn unknown(circuit: &'static str, known: &'static [Input], name: &str) -> Self {
        let name = name.chars().take(64).flat_map(char::escape_debug).collect();
        Self::Unknown { circuit, name, known }
    }
}

const fn bound(kind: Kind) -> &'static str {
    match kind {
        Kind::Uint64 => "2^64",
        Kind::Field | Kind::Text => "the modulus of the field",
    }
}

struct Names<'a>(&'a [Input]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(index, input)| {
            formatter.write_str(if index == 0 { "" } else { ", " })?;
            formatter.write_str(input.name)
        })
    }
}

/// Why there is no witness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// An input is refused.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The inputs do not satisfy a constraint.
    #[error("the inputs do not satisfy the constraint `{circuit}: {constraint}`")]
    Unsatisfied {
        /// The circuit's name.
        circuit: &'static str,
        /// The constraint's index.
        index: usize,
        /// The constraint's name.
        constraint: &'static str,
    },
}
