//! The result of a command that writes files: where they are, how long they are, and what made them.

use broker_client::{Deprecation, Descriptor};
use serde_json::{Value, json};

use super::notes;
use crate::{
    error::Failure,
    json,
    output::{HEAD, Output, count},
    output_files::OutputFiles,
};

/// A result in files.
pub(super) struct FileResult<'a> {
    pub(super) files: &'a OutputFiles,
    /// The content of each file, in their order. It is never printed.
    pub(super) contents: &'a [&'a [u8]],
    pub(super) id: &'a str,
    pub(super) deprecation: Option<&'a Deprecation>,
    pub(super) descriptor: Option<&'a Descriptor>,
    /// Further facts to print: the name in JSON, the name for a reader, the text.
    pub(super) facts: &'a [(&'static str, &'static str, String)],
}

impl FileResult<'_> {
    /// Writes the files, then prints them: on standard output, or on standard error where standard output is one of them.
    ///
    /// # Errors
    /// Fails where a file or standard output cannot be written.
    pub(super) fn finish(&self, output: &mut Output) -> Result<(), Failure> {
        self.files.write(self.contents, output, |output| self.report(output))
    }

    fn report(&self, output: &mut Output) -> Result<(), Failure> {
        if output.is_json() {
            return output.json(&self.to_json());
        }
        notes::note_deprecation(self.deprecation, output);
        output.detail("request", self.id);
        if output.is_quiet() {
            return Ok(());
        }
        let use_stderr = self.files.use_stdout();
        for (name, text) in self.lines() {
            let line = format!("{HEAD}{name:13}{HEAD:#} {text}");
            if use_stderr {
                output.line_on_stderr(line);
            } else {
                output.line(line)?;
            }
        }
        Ok(())
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        for (file, bytes) in self.files.iter().zip(self.contents) {
            lines.push((file.name, format!("{} ({})", file.location, count(bytes.len(), "byte"))));
        }
        lines.extend(self.facts.iter().map(|(_, name, text)| (*name, text.clone())));
        if let Some(descriptor) = self.descriptor {
            lines.push(("profile", descriptor.profile.clone()));
            lines.push(("algorithm", descriptor.algorithm.clone()));
        }
        lines
    }

    fn to_json(&self) -> Value {
        let mut value = json::common(self.id, self.deprecation, self.descriptor);
        for (file, bytes) in self.files.iter().zip(self.contents) {
            let entry = json!({ "file": file.location.to_string(), "bytes": bytes.len() });
            value.insert(camel_case(file.name), entry);
        }
        for (key, _, text) in self.facts {
            value.insert((*key).to_owned(), json!(text));
        }
        Value::Object(value)
    }
}

/// Returns `shared secret` as `sharedSecret`.
pub(super) fn camel_case(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for (index, word) in words.split(' ').enumerate() {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if index > 0 => text.extend(first.to_uppercase()),
            Some(first) => text.push(first),
            None => {}
        }
        text.push_str(letters.as_str());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_camel_case_in_json() {
        assert_eq!(camel_case("shared secret"), "sharedSecret");
        assert_eq!(camel_case("ciphertext"), "ciphertext");
    }
}
