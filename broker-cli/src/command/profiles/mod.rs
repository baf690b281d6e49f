//! `profiles validate`, `list`, `show`, `explain` and `diff`.

mod deprecation;
mod diff;
mod explain;
mod facts;
mod question;
mod show;
mod validate;

use std::{sync::Arc, time::Duration};

use broker_server::{
    operation::CAPABILITIES,
    policy::{Capabilities, Catalogue, Denial, DenialKind, DocumentError, OperationInfo, profile::Profile},
};
use serde_json::json;

use crate::{
    args::{Profiles, Reading, Source},
    broker::Endpoint,
    error::{Failure, Refusal},
    input,
    output::{DIM, HEAD, NOTE, Output, wrapped},
    place::Place,
    repeat::block_on,
};

/// How long a broker may take to say which document it has, where it is asked beside the question.
const LOOK: Duration = Duration::from_secs(1);

/// Runs one of the five.
pub(super) fn run(args: Profiles, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    match args {
        Profiles::Validate(args) => validate::run(&args, output),
        Profiles::List { source } => list(&source, &endpoint, output),
        Profiles::Show { name, source } => {
            let catalogue = load(&source)?;
            let profile = profile(&catalogue, &name)?;
            let other = other_digest(&catalogue, &endpoint, output);
            show::run(profile, other, output)
        }
        Profiles::Explain(args) => explain::run(*args, &endpoint, output),
        Profiles::Diff(args) => diff::run(&args, output),
    }
}

/// The broker's profiles, or a document's. A broker tells their names; what they are for is known where it has the bundled
/// document.
fn list(source: &Source, endpoint: &Endpoint, output: &mut Output) -> Result<(), Failure> {
    let catalogue = load(source)?;
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
        if info.catalogue_digest != catalogue.digest() {
            if output.is_json() {
                return output
                    .json(&json!({ "profiles": info.profiles, "catalogueDigest": info.catalogue_digest }));
            }
            return info.profiles.iter().try_for_each(|name| output.line(name));
        }
    }
    if output.is_json() {
        let names: Vec<&str> = catalogue.profiles().iter().map(|profile| &*profile.name).collect();
        return output.json(&json!({
            "profiles": names,
            "catalogueDigest": catalogue.digest(),
            "deprecations": deprecation::json(&catalogue),
        }));
    }
    let width = catalogue.profiles().iter().map(|profile| profile.name.chars().count()).max().unwrap_or(0);
    for profile in catalogue.profiles() {
        let operations: Vec<String> = profile.section_names().into_iter().map(operation).collect();
        // A line that is too long for a terminal goes on below the list and not below the name.
        for (number, line) in wrapped(&operations.join(", "), width + 2).iter().enumerate() {
            let name = if number == 0 { &*profile.name } else { "" };
            output.line(format!("{HEAD}{name:width$}{HEAD:#}  {DIM}{line}{DIM:#}"))?;
        }
        if let Some(fate) = &profile.deprecation {
            for line in wrapped(&deprecation::text(fate), width + 2) {
                output.line(format!("{:width$}  {NOTE}{line}{NOTE:#}", ""))?;
            }
        }
    }
    Ok(())
}

/// Returns the digest of the document of the broker that runs, where it is another one than this; notes it, too.
///
/// A broker that cannot be reached has nothing to say about it, unless it was named.
fn other_digest(catalogue: &Catalogue, endpoint: &Endpoint, output: &mut Output) -> Option<String> {
    let asked = Endpoint { timeout: Some(endpoint.timeout.unwrap_or(LOOK).min(LOOK)), ..endpoint.clone() };
    let answer = block_on(async {
        // One look, where the client would try for a while.
        asked.find().await?;
        Ok(asked.client()?.info().await?)
    });
    match answer {
        Ok(info) if info.catalogue_digest != catalogue.digest() => {
            output.note(format!(
                "the broker that runs has another document, of digest {}; this one has {}",
                info.catalogue_digest,
                catalogue.digest()
            ));
            Some(info.catalogue_digest)
        }
        Ok(_) => None,
        Err(failure) => {
            if endpoint.socket.is_some() {
                output.note(format!("whether the broker has this document is not known: {failure}"));
            }
            None
        }
    }
}

/// Whether a broker of this version does what a section of a profile is for.
fn is_served(section: &str) -> bool {
    OperationInfo::all().iter().any(|operation| operation.section == section || operation.name == section)
}

/// An operation for a reader, who must not take a section of the document for something that is built.
fn operation(name: &str) -> String {
    if is_served(name) { name.to_owned() } else { format!("{name} (not served yet)") }
}

fn load(source: &Source) -> Result<Catalogue, Failure> {
    match &source.file {
        Some(place) => load_place(place, Reading { lenient: source.lenient, as_fips: source.as_fips }),
        None => Catalogue::bundled(CAPABILITIES)
            .map_err(|error| document(&Place::File("the bundled profiles".into()), error)),
    }
}

/// Loads a document. One with mistakes cannot be used.
fn load_place(place: &Place, reading: Reading) -> Result<Catalogue, Failure> {
    read(place, reading)?.map_err(|error| document(place, error))
}

/// Reads a file by its own name, `Profiles.yaml` in a folder, or standard input, as a broker would with the options of
/// `reading`.
///
/// # Errors
/// Fails where standard input cannot be read. What is wrong with a document is the inner error.
fn read(place: &Place, reading: Reading) -> Result<Result<Catalogue, DocumentError>, Failure> {
    let capabilities = Capabilities { fips: CAPABILITIES.fips || reading.as_fips, ..CAPABILITIES };
    let path = match place {
        Place::File(path) => path,
        Place::Standard => {
            let text = input::text(place)?;
            let parse = if reading.lenient { Catalogue::parse_lenient } else { Catalogue::parse };
            return Ok(parse("standard input", &text, capabilities));
        }
    };
    Ok(match (path.is_dir(), reading.lenient) {
        (true, false) => Catalogue::load(path, capabilities),
        (true, true) => Catalogue::load_lenient(path, capabilities),
        (false, false) => Catalogue::load_file(path, capabilities),
        (false, true) => Catalogue::load_file_lenient(path, capabilities),
    })
}

fn profile<'a>(catalogue: &'a Catalogue, name: &str) -> Result<&'a Arc<Profile>, Failure> {
    catalogue.profile(name).map_err(|denial| refused(&denial))
}

/// What was looked for in a folder is said by its name.
fn unreadable(place: &Place, source: std::io::Error) -> Failure {
    match place.path() {
        Some(path) if path.is_dir() => Failure::read(&path.join("Profiles.yaml"), source),
        _ => input::unreadable(place, source),
    }
}

/// A document that cannot be used. All its mistakes are in the message, one a line.
fn document(place: &Place, error: DocumentError) -> Failure {
    match error {
        DocumentError::Io { source, .. } => unreadable(place, source),
        mistakes => Failure::Refused(Box::new(Refusal {
            code: "INVALID_DOCUMENT".to_owned(),
            message: format!("{place} is refused:\n{mistakes}"),
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
