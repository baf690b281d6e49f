//! What is wrong with a request.

use std::fmt;

/// A field that cannot be used, and why. Never holds any of the field's contents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {kind}")]
pub struct FieldError {
    /// The field's name on the wire, such as `ca_private_key`.
    pub field: &'static str,
    /// What is wrong with it.
    pub kind: FieldErrorKind,
}

/// What can be wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldErrorKind {
    /// Absent or empty where something is needed.
    Missing,
    /// Longer than the limit, in bytes.
    TooLong {
        /// How long it is.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// Longer or shorter than it must be, in bytes.
    WrongLength {
        /// How long it is.
        length: usize,
        /// The lengths that are taken.
        expected: Vec<usize>,
    },
    /// More entries than the limit. They are not counted to their end.
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// A character that is not printable ASCII.
    NotPrintable,
    /// An enum number that does not exist.
    UnknownValue(i32),
    /// Not what the field must hold; the text says what is wrong, in the standard's words.
    Malformed(String),
    /// Well formed, but of a kind that this broker does not take; the text says which it does.
    Unsupported(String),
}

impl FieldErrorKind {
    /// The reason for google.rpc.ErrorInfo, such as `FIELD_TOO_LONG`.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "FIELD_MISSING",
            Self::TooLong { .. } => "FIELD_TOO_LONG",
            Self::WrongLength { .. } => "FIELD_WRONG_LENGTH",
            Self::TooMany { .. } => "FIELD_TOO_MANY",
            Self::NotPrintable => "FIELD_NOT_PRINTABLE",
            Self::UnknownValue(_) => "FIELD_UNKNOWN_VALUE",
            Self::Malformed(_) => "FIELD_MALFORMED",
            Self::Unsupported(_) => "FIELD_UNSUPPORTED",
        }
    }
}

impl fmt::Display for FieldErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is required"),
            Self::TooLong { length, limit } => {
                write!(f, "is {length} bytes long; at most {limit} are taken")
            }
            Self::WrongLength { length, expected } => {
                write!(f, "is {length} bytes long; {} are needed", either(expected))
            }
            Self::TooMany { limit } => write!(f, "has more entries than the {limit} that are taken"),
            Self::NotPrintable => f.write_str("must be printable ASCII"),
            Self::UnknownValue(number) => write!(f, "has no value {number}"),
            Self::Malformed(what) | Self::Unsupported(what) => f.write_str(what),
        }
    }
}

/// `16, 24 or 32`.
fn either(lengths: &[usize]) -> String {
    let mut words: Vec<String> = lengths.iter().map(ToString::to_string).collect();
    match (words.pop(), words.join(", ")) {
        (Some(last), others) if !others.is_empty() => format!("{others} or {last}"),
        (last, _) => last.unwrap_or_default(),
    }
}

/// Refuses a field of more than `limit` bytes.
pub(super) fn at_most(field: &'static str, length: usize, limit: usize) -> Result<(), FieldError> {
    if length > limit {
        return Err(FieldError { field, kind: FieldErrorKind::TooLong { length, limit } });
    }
    Ok(())
}
