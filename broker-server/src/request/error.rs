//! Errors in the fields of a request.

use std::fmt;

/// A field that cannot be used, and the reason. Never holds any of the contents of a field with a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {kind}")]
pub struct FieldError {
    /// The field's name on the wire, such as `ca_private_key`.
    pub field: &'static str,
    /// Why the field cannot be used.
    pub kind: FieldErrorKind,
}

/// Why a field cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldErrorKind {
    /// The field is absent or empty but required.
    Missing,
    /// The field is longer than the limit, in bytes.
    TooLong {
        /// The length of the field.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// The field does not have one of the expected lengths, in bytes.
    WrongLength {
        /// The length of the field.
        length: usize,
        /// The accepted lengths.
        expected: Vec<usize>,
    },
    /// The field has more entries than the limit. Entries beyond it are not counted.
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// The field holds a character that is not printable ASCII.
    NotPrintable,
    /// The enum has no such number.
    UnknownValue(i32),
    /// The contents do not have the required structure; the text says what is wrong in the standard's terms.
    Malformed(String),
    /// The contents are well formed but not supported; the text says what is supported.
    Unsupported(String),
}

impl FieldErrorKind {
    /// Returns the reason for google.rpc.ErrorInfo, such as `FIELD_TOO_LONG`.
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
                write!(f, "is {length} bytes long; at most {limit} are accepted")
            }
            Self::WrongLength { length, expected } => {
                write!(f, "is {length} bytes long; expected {}", either(expected))
            }
            Self::TooMany { limit } => write!(f, "has more than {limit} entries"),
            Self::NotPrintable => f.write_str("must be printable ASCII"),
            Self::UnknownValue(number) => write!(f, "has the unknown value {number}"),
            Self::Malformed(what) | Self::Unsupported(what) => f.write_str(what),
        }
    }
}

/// Joins the lengths as in `16, 24 or 32`.
fn either(lengths: &[usize]) -> String {
    let mut items: Vec<String> = lengths.iter().map(ToString::to_string).collect();
    match (items.pop(), items.join(", ")) {
        (Some(last), others) if !others.is_empty() => format!("{others} or {last}"),
        (last, _) => last.unwrap_or_default(),
    }
}

/// Rejects a field of more than `limit` bytes.
pub(super) fn at_most(field: &'static str, length: usize, limit: usize) -> Result<(), FieldError> {
    if length > limit {
        return Err(FieldError { field, kind: FieldErrorKind::TooLong { length, limit } });
    }
    Ok(())
}
