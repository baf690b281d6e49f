//! The value of an input as a caller writes it.

use ark_ff::PrimeField;
use zeroize::Zeroizing;

use super::{description::Kind, error::InputError};
use crate::field::{self, FieldError};

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
