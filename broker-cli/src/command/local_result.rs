//! The result of a command that writes files without a broker: where they are and how long they are.

use serde_json::{Map, Value, json};

use super::file_result::camel_case;
use crate::{
    error::Failure,
    output::{HEAD, Output, count},
    output_files::OutputFiles,
};

/// A fact to print: its name in JSON, its name for a reader, its text.
pub(super) type Fact = (&'static str, &'static str, String);

/// Writes the files, then prints them with the facts: on standard output, or on standard error where standard output is one of
/// the files.
///
/// # Errors
/// Fails where a file or standard output cannot be written.
pub(super) fn finish(
    files: &OutputFiles,
    contents: &[&[u8]],
    facts: &[Fact],
    output: &mut Output,
) -> Result<(), Failure> {
    files.write(contents, output, |output| report(files, contents, facts, output))
}

fn report(
    files: &OutputFiles,
    contents: &[&[u8]],
    facts: &[Fact],
    output: &mut Output,
) -> Result<(), Failure> {
    if output.is_json() {
        let mut value = Map::new();
        for (file, bytes) in files.iter().zip(contents) {
            let entry = json!({ "file": file.location.to_string(), "bytes": bytes.len() });
            value.insert(camel_case(file.name), entry);
        }
        value.extend(facts.iter().map(|(key, _, text)| ((*key).to_owned(), json!(text))));
        return output.json(&Value::Object(value));
    }
    if output.is_quiet() {
        return Ok(());
    }
    let written = files.iter().zip(contents);
    let written = written
        .map(|(file, bytes)| (file.name, format!("{} ({})", file.location, count(bytes.len(), "byte"))));
    for (name, text) in written.chain(facts.iter().map(|(_, name, text)| (*name, text.clone()))) {
        let line = format!("{HEAD}{name:13}{HEAD:#} {text}");
        match files.use_stdout() {
            true => output.line_on_stderr(line),
            false => output.line(line)?,
        }
    }
    Ok(())
}
