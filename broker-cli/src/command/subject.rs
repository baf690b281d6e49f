//! `--subject`, read as the broker reads it.

use broker_server::request::{FieldErrorKind, Limits, Name};

use crate::error::Failure;

/// Returns the name that the option gives; the empty name where it is absent.
///
/// # Errors
/// Fails with a usage error in the broker's words.
pub(super) fn from_option(text: Option<&str>) -> Result<Name, Failure> {
    let Some(text) = text else {
        return Name::from_der(&[0x30, 0]).ok_or_else(|| Failure::local("cannot make a name", "it is empty"));
    };
    let limit = Limits::default().subject;
    let read = match text.len() {
        length if length > limit => Err(FieldErrorKind::TooLong { length, limit }),
        _ => Name::from_text(text),
    };
    read.map_err(|error| Failure::usage(format!("--subject: {error}")))
}
