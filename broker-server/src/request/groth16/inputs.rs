//! Inputs of circuits, and witnesses.

use broker_groth16::loaded;
use broker_proto::v1;
use zeroize::Zeroizing;

use crate::{
    request::{FieldError, FieldErrorKind, Limits, error::at_most},
    secret::SecretBytes,
};

const INPUTS: &str = "inputs";
const WITNESS: &str = "witness";

/// Where the values of a circuit's signals come from.
#[derive(Debug)]
pub enum Witness {
    /// They are calculated from inputs.
    Inputs(Vec<NamedInput>),
    /// They are in a `.wtns` file.
    File(SecretBytes),
}

impl Witness {
    /// Reads inputs or a witness, of which a request has exactly one.
    pub(super) fn parse(
        inputs: &mut Vec<v1::CircuitInput>,
        witness: &mut Vec<u8>,
        limits: &Limits,
    ) -> Result<Self, FieldError> {
        let (inputs, witness) = (std::mem::take(inputs), SecretBytes::new(std::mem::take(witness)));
        match (inputs.is_empty(), witness.expose().is_empty()) {
            (true, true) => Err(FieldError { field: INPUTS, kind: FieldErrorKind::Missing }),
            (false, false) => {
                let message = "cannot be sent together with inputs, from which the witness is calculated";
                Err(FieldError { field: WITNESS, kind: FieldErrorKind::Malformed(message.into()) })
            }
            (false, true) => Ok(Self::Inputs(named_inputs(INPUTS, inputs, limits)?)),
            (true, false) => {
                at_most(WITNESS, witness.expose().len(), limits.witness)?;
                Ok(Self::File(witness))
            }
        }
    }

    /// Calls `work` with the witness as the proof library takes it.
    pub fn with<T>(&self, work: impl FnOnce(loaded::WitnessSource<'_>) -> T) -> T {
        match self {
            Self::Inputs(inputs) => work(loaded::WitnessSource::Inputs(&borrowed(inputs))),
            Self::File(bytes) => work(loaded::WitnessSource::File(bytes.expose())),
        }
    }

    /// Returns the length of the `.wtns` file in bytes; 0 for inputs.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Inputs(_) => 0,
            Self::File(bytes) => bytes.expose().len(),
        }
    }
}

/// The value of an input with its name. It is wiped when dropped.
#[derive(Debug)]
pub struct NamedInput {
    /// The name.
    pub name: String,
    /// The value.
    pub value: InputValue,
}

/// The value of an input.
pub enum InputValue {
    /// Numbers in text.
    Numbers(Zeroizing<Vec<String>>),
    /// Text.
    Text(Zeroizing<String>),
    /// Bytes.
    Bytes(SecretBytes),
}

impl std::fmt::Debug for InputValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InputValue([redacted])")
    }
}

/// Reads inputs, which are in the field `field`.
pub(super) fn named_inputs(
    field: &'static str,
    inputs: Vec<v1::CircuitInput>,
    limits: &Limits,
) -> Result<Vec<NamedInput>, FieldError> {
    inputs.into_iter().map(|input| named_input(field, input, limits)).collect()
}

fn named_input(
    field: &'static str,
    mut input: v1::CircuitInput,
    limits: &Limits,
) -> Result<NamedInput, FieldError> {
    let malformed = |message: String| FieldError { field, kind: FieldErrorKind::Malformed(message) };
    let name = std::mem::take(&mut input.name);
    if name.is_empty() {
        return Err(malformed("has an input without a name".into()));
    }
    if name.len() > limits.input_name {
        let (length, limit) = (name.len(), limits.input_name);
        return Err(malformed(format!("has a name of {length} bytes; at most {limit} are accepted")));
    }
    let shown = name.escape_debug();
    let numbers = Zeroizing::new(std::mem::take(&mut input.numbers));
    let text = input.text.take().map(Zeroizing::new);
    let data = input.data.take().map(SecretBytes::new);
    let value = match (numbers.is_empty(), text, data) {
        (false, None, None) => InputValue::Numbers(numbers),
        (true, Some(text), None) => InputValue::Text(text),
        (true, None, Some(data)) => InputValue::Bytes(data),
        (true, None, None) => return Err(malformed(format!("the input `{shown}` has no value"))),
        _ => {
            return Err(malformed(format!(
                "the input `{shown}` has more than one of `numbers`, `text` and `data`"
            )));
        }
    };
    Ok(NamedInput { name, value })
}

/// Returns inputs as the proof library takes them.
pub(super) fn borrowed(inputs: &[NamedInput]) -> Vec<(&str, loaded::InputValue<'_>)> {
    inputs.iter().map(|input| (input.name.as_str(), input.value.borrowed())).collect()
}

impl InputValue {
    fn borrowed(&self) -> loaded::InputValue<'_> {
        match self {
            Self::Numbers(numbers) => loaded::InputValue::Numbers(numbers),
            Self::Text(text) => loaded::InputValue::Text(text),
            Self::Bytes(bytes) => loaded::InputValue::Bytes(bytes.expose()),
        }
    }
}
