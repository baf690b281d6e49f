//! Why bytes are not the DER of an expected structure.

use std::fmt;

use der::{ErrorKind, Tag};

use crate::request::FieldErrorKind;

/// Why bytes are not the DER of an expected structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::request) enum NotDer {
    /// The bytes are neither DER nor BER.
    Malformed,
    /// A value has an encoding that DER does not allow.
    Encoding(Encoding),
    /// Bytes follow the value.
    Trailing,
    /// The bytes are DER of another structure.
    Unexpected,
}

/// An encoding that DER does not allow. BER allows all of them except for a long INTEGER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::request) enum Encoding {
    /// A length is indefinite (X.690 10.1).
    IndefiniteLength,
    /// A length has more octets than it needs (X.690 10.1).
    LongLength,
    /// A string is in pieces (X.690 10.2).
    Pieces,
    /// A BOOLEAN is neither 00 nor FF (X.690 11.1).
    Boolean,
    /// An unused bit of a BIT STRING is set (X.690 11.2.1).
    UnusedBits,
    /// The values of a SET OF are not sorted (X.690 11.6).
    SetOrder,
    /// An INTEGER has more octets than it needs (X.690 8.3.2).
    LongInteger,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IndefiniteLength => "a length is indefinite (X.690 10.1)",
            Self::LongLength => "a length has more octets than it needs (X.690 10.1)",
            Self::Pieces => "a string is in pieces (X.690 10.2)",
            Self::Boolean => "a BOOLEAN is neither 00 nor FF (X.690 11.1)",
            Self::UnusedBits => "an unused bit of a BIT STRING is set (X.690 11.2.1)",
            Self::SetOrder => "the values of a SET OF are not sorted (X.690 11.6)",
            Self::LongInteger => "an INTEGER has more octets than it needs (X.690 8.3.2)",
        })
    }
}

/// Classifies an error in a value, or in the contents of a value whose tag and length are DER.
impl From<der::Error> for NotDer {
    fn from(error: der::Error) -> Self {
        match error.kind() {
            ErrorKind::IndefiniteLength => Self::Encoding(Encoding::IndefiniteLength),
            ErrorKind::Noncanonical { tag: Tag::Integer } => Self::Encoding(Encoding::LongInteger),
            ErrorKind::Noncanonical { tag: Tag::Boolean } => Self::Encoding(Encoding::Boolean),
            ErrorKind::TagUnexpected { .. }
            | ErrorKind::Value { .. }
            | ErrorKind::Length { .. }
            | ErrorKind::Overflow
            | ErrorKind::OidUnknown { .. }
            | ErrorKind::DateTime => Self::Unexpected,
            _ => Self::Malformed,
        }
    }
}

impl NotDer {
    /// Returns a conversion to the error of a field that should hold the structure `what`.
    pub(in crate::request) fn in_a(what: &str) -> impl Fn(Self) -> FieldErrorKind {
        move |error| {
            FieldErrorKind::Malformed(match error {
                Self::Malformed => format!("is not a well-formed DER {what}"),
                Self::Encoding(encoding @ Encoding::LongInteger) => {
                    format!("is a {what}, but not in DER: {encoding}")
                }
                Self::Encoding(encoding) => format!("is a {what} in BER, not in DER: {encoding}"),
                Self::Trailing => format!("has bytes after the end of its DER {what}"),
                Self::Unexpected => format!("is DER, but not a valid {what}"),
            })
        }
    }
}
