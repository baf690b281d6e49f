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

/// Notes the requested extensions that a certificate does not have. A response is data from outside, so only characters of
/// identifiers are printed.
pub(super) fn note_ignored_extensions(identifiers: &[String], output: &mut Output) {
    if identifiers.is_empty() {
        return;
    }
    let is_known = |character: &char| character.is_ascii_digit() || matches!(character, '.' | ',' | ' ');
    let list: String = identifiers.join(", ").chars().filter(is_known).take(2048).collect();
    output.note(format!("the certificate does not have these extensions of the request: {list}"));
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
