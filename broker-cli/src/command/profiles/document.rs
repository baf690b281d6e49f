//! Profile documents: where they come from, how they are read, and whether the broker has the same one.

use std::{sync::Arc, time::Duration};

use broker_server::{
    operation::CAPABILITIES,
    policy::{Capabilities, Catalogue, Denial, DenialKind, DocumentError, profile::Profile},
};
use clap::{Args, ValueHint};

use crate::{
    broker::Endpoint,
    error::{Failure, Refusal},
    input,
    location::Location,
    output::Output,
    runtime::block_on,
};

/// The timeout for the digest of the broker's document, where that is only a note beside the result.
const DIGEST_TIMEOUT: Duration = Duration::from_secs(1);

/// The document that a command reads.
#[derive(Args, Clone, Debug)]
pub(in crate::command) struct DocumentSource {
    /// A profile document, or its folder, instead of the bundled one; `-` is standard input
    #[arg(long = "profiles", value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(in crate::command) file: Option<Location>,
    /// Read that document as a broker with --profiles-lenient does
    #[arg(long = "profiles-lenient", requires = "file")]
    lenient: bool,
    /// Read that document as a broker of the FIPS build does
    #[arg(long, requires = "file")]
    as_fips: bool,
    /// The document that is compiled into this program
    #[arg(long, conflicts_with = "file")]
    pub(super) bundled: bool,
}

/// The options about how a document is read.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Read it as a broker with --profiles-lenient does: what the Go broker ignores is a warning
    #[arg(long = "profiles-lenient")]
    lenient: bool,
    /// Read it as a broker of the FIPS build does, which can satisfy `Fips: required`
    #[arg(long)]
    as_fips: bool,
}

/// Loads the document that the arguments name, or the bundled one.
///
/// # Errors
/// Fails where the document cannot be read, and where it has mistakes.
pub(in crate::command) fn load(source: &DocumentSource) -> Result<Catalogue, Failure> {
    match &source.file {
        Some(location) => {
            load_location(location, Reading { lenient: source.lenient, as_fips: source.as_fips })
        }
        None => Catalogue::bundled(CAPABILITIES)
            .map_err(|error| document_failure(&Location::File("the bundled profiles".into()), error)),
    }
}

/// Loads a document from a location.
///
/// # Errors
/// Fails as [`load`] does.
pub(super) fn load_location(location: &Location, reading: Reading) -> Result<Catalogue, Failure> {
    read(location, reading)?.map_err(|error| document_failure(location, error))
}

/// Reads a file, `Profiles.yaml` in a folder, or standard input, as a broker with the options of `reading` does.
///
/// # Errors
/// Fails where standard input cannot be read. The inner error has the mistakes of the document.
pub(super) fn read(
    location: &Location,
    reading: Reading,
) -> Result<Result<Catalogue, DocumentError>, Failure> {
    let capabilities = Capabilities { fips: CAPABILITIES.fips || reading.as_fips, ..CAPABILITIES };
    let path = match location {
        Location::File(path) => path,
        Location::Stdio => {
            let text = input::text(location)?;
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

/// Returns a profile by its name.
///
/// # Errors
/// Fails with the broker's refusal of an unknown profile.
pub(in crate::command) fn profile<'a>(
    catalogue: &'a Catalogue,
    name: &str,
) -> Result<&'a Arc<Profile>, Failure> {
    catalogue.profile(name).map_err(|denial| denial_failure(&denial))
}

/// Returns the failure of a document that cannot be read; in a folder it names `Profiles.yaml`.
pub(super) fn unreadable(location: &Location, source: std::io::Error) -> Failure {
    match location.path() {
        Some(path) if path.is_dir() => Failure::read(&path.join("Profiles.yaml"), source),
        _ => input::unreadable(location, source),
    }
}

/// Returns the digest of the running broker's document, where it differs from this one, and prints a note about it.
///
/// Where no broker can be reached, a note is printed only if `--socket` names one.
pub(super) fn other_digest(
    catalogue: &Catalogue,
    endpoint: &Endpoint,
    output: &mut Output,
) -> Option<String> {
    let timeout = endpoint.timeout.unwrap_or(DIGEST_TIMEOUT).min(DIGEST_TIMEOUT);
    let endpoint = Endpoint { timeout: Some(timeout), ..endpoint.clone() };
    let answer = block_on(async {
        // One attempt: the client would try for a while.
        endpoint.find().await?;
        Ok(endpoint.client()?.info().await?)
    });
    match answer {
        Ok(info) if info.catalogue_digest != catalogue.digest() => {
            output.note(format!(
                "the running broker has another document, with digest {}; this one has {}",
                info.catalogue_digest,
                catalogue.digest()
            ));
            Some(info.catalogue_digest)
        }
        Ok(_) => None,
        Err(failure) => {
            if endpoint.socket.is_some() {
                output.note(format!("cannot compare this document with the broker's: {failure}"));
            }
            None
        }
    }
}

/// Returns the failure of a document that cannot be used. The message has one mistake on each line.
fn document_failure(location: &Location, error: DocumentError) -> Failure {
    match error {
        DocumentError::Io { source, .. } => unreadable(location, source),
        mistakes => Failure::Refused(Box::new(Refusal {
            code: "INVALID_DOCUMENT".to_owned(),
            message: format!("{location} is refused:\n{mistakes}"),
            ..Refusal::default()
        })),
    }
}

/// Returns a denial as the refusal that a broker would send.
pub(in crate::command) fn denial_failure(denial: &Denial) -> Failure {
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
