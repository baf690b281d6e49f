//! `profiles validate`, `list`, `show` and `explain`. Only `list` may ask a broker.

mod explain;
mod facts;
mod question;
mod show;
mod validate;

use std::{path::Path, sync::Arc};

use broker_server::{
    operation::CAPABILITIES,
    policy::{Catalogue, Denial, DenialKind, DocumentError, profile::Profile},
    rpc::OPERATIONS,
};
use serde_json::json;

use crate::{
    args::{Profiles, Source},
    broker::Endpoint,
    error::{Failure, Refusal},
    output::{DIM, HEAD, Output},
    repeat::block_on,
};

/// Runs one of the four.
pub(super) fn run(args: Profiles, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    match args {
        Profiles::Validate { file, lenient } => validate::run(&file, lenient, output),
        Profiles::List { source } => list(&source, &endpoint, output),
        Profiles::Show { name, source } => show::run(profile(&load(&source)?, &name)?, output),
        Profiles::Explain(args) => explain::run(*args, output),
    }
}

/// The broker's profiles by name, or a document's with their operations.
fn list(source: &Source, endpoint: &Endpoint, output: &mut Output) -> Result<(), Failure> {
    if source.file.is_none() && !source.bundled {
        let info =
            block_on(async { Ok(endpoint.client()?.info().await?) }).map_err(|failure| match failure {
                Failure::Unreachable { message, mut next } => {
                    next.push(
                        "for the profiles of this program: `cryptobroker profiles list --bundled`".to_owned(),
                    );
                    Failure::Unreachable { message, next }
                }
                other => other,
            })?;
        if output.is_json() {
            return output
                .json(&json!({ "profiles": info.profiles, "catalogueDigest": info.catalogue_digest }));
        }
        return info.profiles.iter().try_for_each(|name| output.line(name));
    }
    let catalogue = load(source)?;
    if output.is_json() {
        let names: Vec<&str> = catalogue.profiles().iter().map(|profile| &*profile.name).collect();
        return output.json(&json!({ "profiles": names, "catalogueDigest": catalogue.digest() }));
    }
    let width = catalogue.profiles().iter().map(|profile| profile.name.chars().count()).max().unwrap_or(0);
    for profile in catalogue.profiles() {
        let operations: Vec<String> = profile.operations().into_iter().map(operation).collect();
        let operations = operations.join(", ");
        output.line(format!("{HEAD}{:width$}{HEAD:#}  {DIM}{operations}{DIM:#}", profile.name))?;
    }
    Ok(())
}

/// Whether a broker of this version does what a section of a profile is for.
fn is_served(section: &str) -> bool {
    OPERATIONS.contains(&section)
}

/// An operation for a reader, who must not take a section of the document for something that is built.
fn operation(name: &str) -> String {
    if is_served(name) { name.to_owned() } else { format!("{name} (not served yet)") }
}

fn load(source: &Source) -> Result<Catalogue, Failure> {
    match &source.file {
        Some(path) => load_file(path, source.lenient).map_err(|error| document(path, error)),
        None => Catalogue::bundled(CAPABILITIES)
            .map_err(|error| document(Path::new("the bundled profiles"), error)),
    }
}

/// Loads a file by its own name, or `Profiles.yaml` in a folder, as a broker with or without `--profiles-lenient` does.
fn load_file(path: &Path, lenient: bool) -> Result<Catalogue, DocumentError> {
    match (path.is_dir(), lenient) {
        (true, false) => Catalogue::load(path, CAPABILITIES),
        (true, true) => Catalogue::load_lenient(path, CAPABILITIES),
        (false, false) => Catalogue::load_file(path, CAPABILITIES),
        (false, true) => Catalogue::load_file_lenient(path, CAPABILITIES),
    }
}

fn profile<'a>(catalogue: &'a Catalogue, name: &str) -> Result<&'a Arc<Profile>, Failure> {
    catalogue.profile(name).map_err(|denial| refused(&denial))
}

/// What was looked for in a folder is said by its name.
fn unreadable(path: &Path, source: std::io::Error) -> Failure {
    if path.is_dir() {
        Failure::read(&path.join("Profiles.yaml"), source)
    } else {
        Failure::read(path, source)
    }
}

/// A document that cannot be used. All its mistakes are in the message, one a line.
fn document(path: &Path, error: DocumentError) -> Failure {
    match error {
        DocumentError::Io { source, .. } => unreadable(path, source),
        mistakes => Failure::Refused(Box::new(Refusal {
            code: "INVALID_DOCUMENT".to_owned(),
            message: format!("{} is refused:\n{mistakes}", path.display()),
            ..Refusal::default()
        })),
    }
}

/// A denial in the words that a broker uses for it.
fn refused(denial: &Denial) -> Failure {
    let code = match denial.kind {
        DenialKind::UnknownProfile => "NOT_FOUND",
        DenialKind::CallerNotAllowed => "PERMISSION_DENIED",
        _ => "FAILED_PRECONDITION",
    };
    Failure::Refused(Box::new(Refusal {
        code: code.to_owned(),
        reason: denial.kind.reason().to_owned(),
        rule: denial.rule.clone(),
        line: denial.line,
        message: denial.message.clone(),
        ..Refusal::default()
    }))
}
