//! What the commands say that write their results to files: where each is, how long, and what made it.

use broker_client::{Deprecation, Descriptor};
use serde_json::{Value, json};

use crate::{
    error::Failure,
    json,
    outlet::Outlets,
    output::{HEAD, Output, count},
};

/// A result in files.
pub(super) struct Written<'a> {
    pub(super) outlets: &'a Outlets,
    /// One for each outlet, in their order. They are never printed.
    pub(super) contents: &'a [&'a [u8]],
    pub(super) id: &'a str,
    pub(super) deprecation: Option<&'a Deprecation>,
    pub(super) descriptor: Option<&'a Descriptor>,
    /// What is printed in full: its name in JSON, its name for a reader, the text.
    pub(super) facts: &'a [(&'static str, &'static str, String)],
}

impl Written<'_> {
    /// Writes the files, then says so: on standard output, or beside it where that is one of the files.
    pub(super) fn finish(&self, output: &mut Output) -> Result<(), Failure> {
        self.outlets.write(self.contents, output)?;
        if output.is_json() {
            return output.json(&self.to_json());
        }
        super::warn(self.deprecation, output);
        output.detail("request", self.id);
        if output.is_quiet() {
            return Ok(());
        }
        let aside = self.outlets.use_standard_output();
        for (name, text) in self.lines() {
            let line = format!("{HEAD}{name:13}{HEAD:#} {text}");
            if aside {
                output.aside(line);
            } else {
                output.line(line)?;
            }
        }
        Ok(())
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        for (outlet, bytes) in self.outlets.iter().zip(self.contents) {
            lines.push((outlet.name, format!("{} ({})", outlet.place, count(bytes.len(), "byte"))));
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
        for (outlet, bytes) in self.outlets.iter().zip(self.contents) {
            let place = json!({ "file": outlet.place.to_string(), "bytes": bytes.len() });
            value.insert(camel_case(outlet.name), place);
        }
        for (key, _, text) in self.facts {
            value.insert((*key).to_owned(), json!(text));
        }
        Value::Object(value)
    }
}

/// `shared secret` as `sharedSecret`.
fn camel_case(words: &str) -> String {
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
    fn names_in_json() {
        assert_eq!(camel_case("shared secret"), "sharedSecret");
        assert_eq!(camel_case("ciphertext"), "ciphertext");
    }
}
