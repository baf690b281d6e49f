//! `profiles validate FILE`.

use broker_server::policy::{Catalogue, Diagnostic, DocumentError};
use clap::{Args, ValueHint};
use serde_json::{Value, json};

use super::{
    super::run::{Context, Run},
    deprecation,
    document::{Reading, read, unreadable},
};
use crate::{
    error::{Exit, Failure},
    location::Location,
    output::{BAD, GOOD, NOTE, Output, count},
};

/// Print every mistake in a document; 0 when there is none
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker profiles validate Profiles.yaml
  cryptobroker profiles validate --as-fips profiles/FIPS-140-3-required.yaml")]
pub(crate) struct Validate {
    /// The document, or the folder of Profiles.yaml; `-` is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    file: Location,
    #[command(flatten)]
    reading: Reading,
}

impl Run for Validate {
    /// The mistakes are the result, so they go to standard output. The warnings of a lenient reading and deprecated profiles are
    /// no mistakes.
    fn run(self, _: Context, output: &mut Output) -> Result<(), Failure> {
        let name = self.file.to_string();
        match read(&self.file, self.reading)? {
            Ok(catalogue) => print_valid(&name, &catalogue, output),
            Err(DocumentError::Io { source, .. }) => Err(unreadable(&self.file, source)),
            Err(error) => {
                print_mistakes(&name, error.diagnostics(), output)?;
                Err(Failure::Reported(Exit::Failed))
            }
        }
    }
}

fn print_valid(name: &str, catalogue: &Catalogue, output: &mut Output) -> Result<(), Failure> {
    let profiles = catalogue.profiles().len();
    let digest = catalogue.digest();
    if output.is_json() {
        let warnings: Vec<Value> = catalogue.warnings().iter().map(to_json).collect();
        return output.json(&json!({
            "file": name,
            "valid": true,
            "profiles": profiles,
            "catalogueDigest": digest,
            "mistakes": [],
            "warnings": warnings,
            "deprecations": deprecation::json(catalogue),
        }));
    }
    for warning in catalogue.warnings() {
        output.line(format!("{NOTE}warning:{NOTE:#} {warning}"))?;
    }
    for (profile, details) in deprecation::all(catalogue) {
        output.line(format!("{NOTE}note:{NOTE:#} {profile} is {}", deprecation::text(details)))?;
    }
    let profiles = count(profiles, "profile");
    output.line(format!("{GOOD}valid{GOOD:#} {name}: {profiles}, digest {digest}"))
}

fn print_mistakes(name: &str, mistakes: &[Diagnostic], output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        let list: Vec<Value> = mistakes.iter().map(to_json).collect();
        return output.json(&json!({ "file": name, "valid": false, "mistakes": list }));
    }
    for mistake in mistakes {
        output.line(format!("{BAD}error:{BAD:#} {mistake}"))?;
    }
    let mistakes = count(mistakes.len(), "mistake");
    output.line(format!("{NOTE}{mistakes}{NOTE:#}; a broker refuses the whole document"))
}

fn to_json(mistake: &Diagnostic) -> Value {
    json!({
        "file": mistake.file,
        "line": mistake.line,
        "column": mistake.column,
        "rule": mistake.path,
        "message": mistake.message,
        "suggestion": mistake.suggestion,
    })
}
