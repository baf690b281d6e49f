//! Named values: the inputs of a circuit, and the values that a verifier expects.

use std::mem;

use broker_proto::v1;
use zeroize::Zeroizing;

use super::{Secret, Wiped};

/// The value of an input of a circuit. It is wiped when it is dropped, and never printed.
///
/// A number is decimal, or hexadecimal with `0x`, and below the modulus of the curve's scalar field; the broker refuses
/// others and never reduces them.
///
/// ```
/// use broker_client::{InputValue, ProveRequest};
///
/// let request = ProveRequest::new("membership")
///     .input("secret", "0x1f")
///     .input("depth", 2)
///     .input("siblings", InputValue::numbers(["4711", "815"]));
/// let request = ProveRequest::new("payment").input("recipient", InputValue::text("alice"));
/// ```
#[derive(Debug, Clone)]
pub struct InputValue(Content);

#[derive(Debug, Clone)]
enum Content {
    Numbers(Wiped<Vec<String>>),
    Text(Wiped<String>),
    Data(Secret),
}

impl InputValue {
    /// Creates the value of an array: all of its elements, the last index fastest.
    pub fn numbers(numbers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let numbers = numbers.into_iter().map(Into::into).collect();
        Self(Content::Numbers(Wiped(Zeroizing::new(numbers))))
    }

    /// Creates a text, for an input of the kind `text`.
    pub fn text(text: impl Into<String>) -> Self {
        Self(Content::Text(Wiped(Zeroizing::new(text.into()))))
    }

    /// Creates bytes, for an input of the kind `text`.
    pub fn bytes(bytes: impl Into<Secret>) -> Self {
        Self(Content::Data(bytes.into()))
    }
}

impl From<&str> for InputValue {
    fn from(number: &str) -> Self {
        Self::numbers([number])
    }
}

impl From<String> for InputValue {
    fn from(number: String) -> Self {
        Self::numbers([number])
    }
}

impl From<Zeroizing<String>> for InputValue {
    fn from(mut number: Zeroizing<String>) -> Self {
        mem::take(&mut *number).into()
    }
}

impl From<u64> for InputValue {
    fn from(number: u64) -> Self {
        number.to_string().into()
    }
}

/// A value with its name.
#[derive(Debug, Clone)]
pub(crate) struct NamedValue {
    name: String,
    value: InputValue,
}

impl NamedValue {
    pub(crate) fn new(name: impl Into<String>, value: impl Into<InputValue>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// Moves the value into a message, which wipes it in turn.
    fn into_message(self) -> v1::CircuitInput {
        let Self { name, value: InputValue(content) } = self;
        let (mut numbers, mut text, mut data) = Default::default();
        match content {
            Content::Numbers(content) => numbers = content.into_inner(),
            Content::Text(content) => text = Some(content.into_inner()),
            Content::Data(content) => data = Some(content.into_vec()),
        }
        v1::CircuitInput { name, numbers, text, data }
    }

    pub(crate) fn into_messages(values: Vec<Self>) -> Vec<v1::CircuitInput> {
        values.into_iter().map(Self::into_message).collect()
    }
}

/// The statement of a proof and what the prover knows: inputs by name, or the witness that was computed from them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Assignment {
    pub(crate) inputs: Vec<NamedValue>,
    pub(crate) witness: Option<Secret>,
}

/// Defines the setters of an [`Assignment`].
macro_rules! assignment_options {
    () => {
        /// Adds an input by its name. Outputs, such as `c` of `multiply`, may be left out. The response of
        /// [`list_circuits`](crate::Client::list_circuits) has the inputs of built-in circuits; the names of an
        /// operator's circuit are those of its source.
        pub fn input(
            mut self,
            name: impl Into<String>,
            value: impl Into<crate::message::InputValue>,
        ) -> Self {
            self.assignment.inputs.push(crate::message::NamedValue::new(name, value));
            self
        }

        /// Sets the values of all signals in place of inputs: a `.wtns` file, as circom's and snarkjs' programs write it.
        pub fn witness(mut self, wtns: impl Into<crate::message::Secret>) -> Self {
            self.assignment.witness = Some(wtns.into());
            self
        }
    };
}
pub(crate) use assignment_options;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn each_kind_of_value_has_its_field() {
        let message = |value: InputValue| NamedValue::new("x", value).into_message();
        for value in ["7".into(), String::from("7").into(), 7.into(), Zeroizing::new("7".to_owned()).into()] {
            let message = message(value);
            assert_eq!(("x", &*message.numbers), (&*message.name, &["7".to_owned()][..]));
            assert!(message.text.is_none() && message.data.is_none());
        }
        assert_eq!(message(InputValue::numbers(["1", "0x2"])).numbers, ["1", "0x2"]);
        for text in ["alice", ""] {
            let message = message(InputValue::text(text));
            let found = (message.numbers.len(), message.text.as_deref(), message.data.as_deref());
            assert_eq!((0, Some(text), None), found);
        }
        for data in [&[0, 255][..], &[]] {
            let message = message(InputValue::bytes(data.to_vec()));
            let found = (message.numbers.len(), message.text.as_deref(), message.data.as_deref());
            assert_eq!((0, None, Some(data)), found);
        }
    }

    #[test]
    fn owned_values_are_moved_and_not_copied() {
        let text = String::from("a long text");
        let pointer = text.as_ptr();
        let message = NamedValue::new("x", InputValue::text(text)).into_message();
        assert_eq!(pointer, message.text.as_deref().unwrap().as_ptr());
        let number = Zeroizing::new(String::from("4711"));
        let pointer = number.as_ptr();
        assert_eq!(pointer, NamedValue::new("x", number).into_message().numbers.first().unwrap().as_ptr());
    }
}
