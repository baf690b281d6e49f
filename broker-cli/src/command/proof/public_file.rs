//! snarkjs' `public.json`: the values of the public signals, an array of decimal strings.

use broker_client::PublicSignal;
use serde::Serialize as _;
use serde_json::{Serializer, ser::PrettyFormatter};

use crate::{error::Failure, input, location::Location};

/// Reads the values. The broker checks what they say.
///
/// # Errors
/// Fails where the file cannot be read or is no array of strings.
pub(super) fn read(location: &Location) -> Result<Vec<String>, Failure> {
    serde_json::from_slice(&input::bytes(location)?).map_err(|error| {
        Failure::invalid(format!(
            "{location}: must be an array of strings, as snarkjs' public.json, and is wrong at line {}, column {}",
            error.line(),
            error.column()
        ))
    })
}

/// Returns the text that snarkjs writes for the signals.
pub(super) fn write(signals: &[PublicSignal]) -> Vec<u8> {
    let values: Vec<&str> = signals.iter().map(|signal| &*signal.value).collect();
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b" "));
    // Strings in memory can always be serialised.
    let _infallible = values.serialize(&mut serializer);
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn reads_strings_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let location = Location::File(file.path().to_owned());
        std::fs::write(file.path(), "[\n \"33\",\n \"0x7\"\n]").unwrap();
        assert_eq!(["33", "0x7"], *read(&location).unwrap());
        for wrong in ["", "[33]", "{\"c\": \"33\"}", "[[\"33\"]]", "[\"33\"] 1", "[null]"] {
            std::fs::write(file.path(), wrong).unwrap();
            let error = read(&location).unwrap_err().to_string();
            assert!(error.contains("must be an array of strings"), "{wrong}: {error}");
        }
    }
}
