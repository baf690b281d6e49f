//! Remarks beside a result, for a reader. In JSON they are part of the result.

use broker_client::{Deprecation, Descriptor};

use crate::{
    error::Failure,
    output::{GOOD, Output},
    output_files::OutputFile,
};

/// Notes that the profile is deprecated.
pub(super) fn note_deprecation(deprecation: Option<&Deprecation>, output: &mut Output) {
    let Some(deprecation) = deprecation else { return };
    let mut text = format!("profile {} is deprecated", deprecation.profile);
    for (words, value) in [
        (" since ", &deprecation.deprecated_since),
        (", will be removed after ", &deprecation.remove_after),
        (", use ", &deprecation.replaced_by),
        (": ", &deprecation.reason),
    ] {
        if let Some(value) = value {
            text.push_str(words);
            text.push_str(value);
        }
    }
    output.note(text);
}

/// Prints with `--verbose` the profile, the algorithm and the request's id.
pub(super) fn print_details(id: &str, descriptor: Option<&Descriptor>, output: &mut Output) {
    if let Some(descriptor) = descriptor {
        output.detail("profile", &descriptor.profile);
        output.detail("algorithm", &descriptor.algorithm);
    }
    output.detail("request", id);
}

/// Prints where the only result of a command was written.
pub(super) fn print_written(
    file: &OutputFile,
    descriptor: &Descriptor,
    output: &mut Output,
) -> Result<(), Failure> {
    if output.is_quiet() {
        return Ok(());
    }
    output.line(format!(
        "{GOOD}written{GOOD:#} {} ({}, {})",
        file.location, descriptor.profile, descriptor.algorithm
    ))
}
