//! The result of a command about proofs: lines for a reader, members of an object for a program.

use broker_client::{CircuitKey, Deprecation, Descriptor, PublicSignal};
use serde_json::{Map, Value, json};

use super::{
    super::{file_result::camel_case, notes},
    key,
};
use crate::{
    error::Failure,
    json,
    output::{HEAD, Output, count},
    output_files::OutputFiles,
};

/// The number of public signals that a reader is shown.
const MAX_SIGNALS: usize = 24;

/// A result.
pub(super) struct Report<'a> {
    id: &'a str,
    deprecation: Option<&'a Deprecation>,
    descriptor: &'a Descriptor,
    key: Option<&'a CircuitKey>,
    lines: Vec<(String, String)>,
    json: Map<String, Value>,
}

impl<'a> Report<'a> {
    /// Returns a result that has what every response has.
    pub(super) fn new(id: &'a str, deprecation: Option<&'a Deprecation>, descriptor: &'a Descriptor) -> Self {
        let json = json::common(id, deprecation, Some(descriptor));
        Self { id, deprecation, descriptor, key: None, lines: Vec::new(), json }
    }

    /// Adds a line for a reader.
    pub(super) fn line(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.lines.push((name.into(), text.into()));
        self
    }

    /// Adds a member for a program.
    pub(super) fn member(mut self, name: &str, value: Value) -> Self {
        self.json.insert(name.to_owned(), value);
        self
    }

    /// Adds the files and their lengths.
    pub(super) fn files(mut self, files: &OutputFiles, contents: &[&[u8]]) -> Self {
        for (file, bytes) in files.iter().zip(contents) {
            let length = count(bytes.len(), "byte");
            self.lines.push((file.name.to_owned(), format!("{} ({length})", file.location)));
            let entry = json!({ "file": file.location.to_string(), "bytes": bytes.len() });
            self.json.insert(camel_case(file.name), entry);
        }
        self
    }

    /// Adds the key.
    pub(super) fn key(mut self, key: &'a CircuitKey) -> Self {
        self.lines.push(("key".to_owned(), key.fingerprint.to_string()));
        self.lines.push(("setup".to_owned(), key::origin(key)));
        if let Some(ceremony) = &key.ceremony {
            self.lines.push(("ceremony".to_owned(), ceremony.clone()));
        }
        self.json.insert("key".to_owned(), key::json(key));
        self.key = Some(key);
        self
    }

    /// Adds the public signals; for a reader, the first ones.
    pub(super) fn public_signals(mut self, signals: &[PublicSignal]) -> Self {
        let lines = signals.iter().take(MAX_SIGNALS);
        self.lines.extend(lines.map(|signal| (signal.name.clone(), signal.value.clone())));
        if let Some(more @ 1..) = signals.len().checked_sub(MAX_SIGNALS) {
            self.lines.push(("…".to_owned(), format!("and {} more", count(more, "public signal"))));
        }
        let values = signals.iter().map(|signal| json!({ "name": signal.name, "value": signal.value }));
        self.json.insert("publicSignals".to_owned(), values.collect());
        self
    }

    /// Prints the result: on standard error where `use_stderr` says that standard output has another one.
    ///
    /// # Errors
    /// Fails where standard output cannot be written.
    pub(super) fn print(self, use_stderr: bool, output: &mut Output) -> Result<(), Failure> {
        if output.is_json() {
            return output.json(&Value::Object(self.json));
        }
        notes::note_deprecation(self.deprecation, output);
        notes::print_details(self.id, Some(self.descriptor), output);
        if output.is_quiet() {
            return Ok(());
        }
        for (name, text) in &self.lines {
            let line = format!("{HEAD}{name:13}{HEAD:#} {text}");
            match use_stderr {
                true => output.line_on_stderr(line),
                false => output.line(line)?,
            }
        }
        if let Some(key) = self.key {
            key::note_limits(key, output);
        }
        Ok(())
    }
}
