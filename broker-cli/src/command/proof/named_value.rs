//! `NAME=VALUE`: a value on the command line.

use std::{fmt, mem};

use broker_client::InputValue;
use zeroize::Zeroizing;

use crate::{error::Failure, input, location::Location};

/// A value with its name, as `--input` and `--expect` take it. The value is wiped when it is dropped, and never printed.
#[derive(Clone)]
pub(super) struct NamedValue {
    /// The name of the input or of the public signal.
    pub(super) name: String,
    source: Source,
}

#[derive(Clone)]
enum Source {
    /// The value itself.
    Text(Zeroizing<String>),
    /// `@FILE`: the file that has the value.
    File(Location),
}

impl NamedValue {
    /// Parses `NAME=VALUE` and `NAME=@FILE`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, or NAME=@FILE")?;
        if name.is_empty() {
            return Err("the name is missing: write NAME=VALUE, or NAME=@FILE".to_owned());
        }
        let source = match value.strip_prefix('@') {
            Some("") => return Err("the file is missing: write NAME=@FILE".to_owned()),
            Some(file) => Source::File(Location::from(std::ffi::OsString::from(file))),
            None => Source::Text(Zeroizing::new(value.to_owned())),
        };
        Ok(Self { name: name.to_owned(), source })
    }

    /// Returns the file that has the value.
    pub(super) fn location(&self) -> Option<&Location> {
        match &self.source {
            Source::Text(_) => None,
            Source::File(location) => Some(location),
        }
    }

    /// Returns the value, from the file if it is in one.
    ///
    /// # Errors
    /// Fails where the file cannot be read or the value is malformed.
    pub(super) fn into_value(self) -> Result<(String, InputValue), Failure> {
        let (text, location) = match self.source {
            Source::Text(text) => (text, None),
            Source::File(location) => (text_of(&location)?, Some(location)),
        };
        let value = parse_value(text).map_err(|why| {
            let place = location.map(|location| format!("{location}: ")).unwrap_or_default();
            Failure::invalid(format!("{place}the value of {}: {why}", self.name))
        })?;
        Ok((self.name, value))
    }
}

impl fmt::Debug for NamedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=[redacted]", self.name)
    }
}

/// Returns the text of a file, without the line end that editors add.
fn text_of(location: &Location) -> Result<Zeroizing<String>, Failure> {
    let mut bytes = input::secret(location)?;
    let text = String::from_utf8(mem::take(&mut *bytes)).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        Failure::invalid(format!("{location}: is not UTF-8 text"))
    })?;
    let mut text = Zeroizing::new(text);
    let length =
        text.strip_suffix('\n').map_or(text.len(), |line| line.strip_suffix('\r').unwrap_or(line).len());
    text.truncate(length);
    Ok(text)
}

/// Parses a value: `text:` and text, `hex:` and bytes, or numbers with commas between them.
pub(super) fn parse_value(text: Zeroizing<String>) -> Result<InputValue, &'static str> {
    if let Some(text) = text.strip_prefix("text:") {
        return Ok(InputValue::text(text));
    }
    if let Some(digits) = text.strip_prefix("hex:") {
        let bytes = hex::decode(digits).map_err(|_| "hex: takes pairs of hexadecimal digits")?;
        return Ok(InputValue::bytes(bytes));
    }
    if text.contains(',') {
        return Ok(InputValue::numbers(text.split(',').map(str::trim)));
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn parses_names_and_files() {
        let named = NamedValue::parse("a=3").unwrap();
        assert_eq!(("a", None), (&*named.name, named.location()));
        // A value may contain what separates it from the name.
        assert_eq!("a", NamedValue::parse("a=text:b=c").unwrap().name);
        let file = NamedValue::parse("a=@secret.txt").unwrap();
        assert_eq!(Some(&Location::File("secret.txt".into())), file.location());
        assert_eq!(Some(&Location::Stdio), NamedValue::parse("a=@-").unwrap().location());
        for wrong in ["", "a", "=3", "a=@"] {
            assert!(NamedValue::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_are_not_printed() {
        let named = NamedValue::parse("a=4711").unwrap();
        assert_eq!("a=[redacted]", format!("{named:?}"));
    }

    #[test]
    fn line_end_of_a_file_is_not_part_of_its_value() {
        for (content, expected) in
            [("7\n", "7"), ("7\r\n", "7"), ("7", "7"), ("text:a\n\n", "text:a\n"), ("\r", "\r")]
        {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), content).unwrap();
            assert_eq!(expected, &**text_of(&Location::File(file.path().to_owned())).unwrap(), "{content:?}");
        }
    }

    #[test]
    fn rejects_half_a_byte() {
        for wrong in ["hex:0", "hex:0g", "hex:0x00"] {
            assert!(parse_value(Zeroizing::new(wrong.to_owned())).is_err(), "{wrong}");
        }
        assert!(parse_value(Zeroizing::new("hex:".to_owned())).is_ok());
    }
}
