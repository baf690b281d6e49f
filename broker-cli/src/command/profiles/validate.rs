//! `profiles validate FILE`.

use broker_server::policy::{Diagnostic, DocumentError};
use serde_json::{Value, json};

use super::deprecation;
use crate::{
    args::Validate,
    error::{Exit, Failure},
    output::{BAD, GOOD, NOTE, Output, count},
};

/// Lists all mistakes at once. They are the result, so they go to standard output; the exit code says whether there are any.
/// What a lenient reading passes over is listed too, and is no mistake; so are profiles that are on their way out.
pub(super) fn run(args: &Validate, output: &mut Output) -> Result<(), Failure> {
    let name = args.file.to_string();
    let mistakes = match super::read(&args.file, args.reading)? {
        Ok(catalogue) => {
            let number = catalogue.profiles().len();
            let digest = catalogue.digest();
            return if output.is_json() {
                let warnings: Vec<Value> = catalogue.warnings().iter().map(mistake).collect();
                output.json(&json!({
                    "file": name,
                    "valid": true,
                    "profiles": number,
                    "catalogueDigest": digest,
                    "mistakes": [],
                    "warnings": warnings,
                    "deprecations": deprecation::json(&catalogue),
                }))
            } else {
                for warning in catalogue.warnings() {
                    output.line(format!("{NOTE}warning:{NOTE:#} {warning}"))?;
                }
                for (profile, fate) in deprecation::all(&catalogue) {
                    output.line(format!("{NOTE}note:{NOTE:#} {profile} is {}", deprecation::text(fate)))?;
                }
                let profiles = count(number, "profile");
                output.line(format!("{GOOD}valid{GOOD:#} {name}: {profiles}, digest {digest}"))
            };
        }
        Err(DocumentError::Io { source, .. }) => return Err(super::unreadable(&args.file, source)),
        Err(error) => error.diagnostics().to_vec(),
    };
    if output.is_json() {
        let list: Vec<Value> = mistakes.iter().map(mistake).collect();
        output.json(&json!({ "file": name, "valid": false, "mistakes": list }))?;
    } else {
        for mistake in &mistakes {
            output.line(format!("{BAD}error:{BAD:#} {mistake}"))?;
        }
        let mistakes = count(mistakes.len(), "mistake");
        output.line(format!("{NOTE}{mistakes}{NOTE:#}; a broker refuses the whole document"))?;
    }
    Err(Failure::Said(Exit::Failed))
}

fn mistake(mistake: &Diagnostic) -> Value {
    json!({
        "file": mistake.file,
        "line": mistake.line,
        "column": mistake.column,
        "rule": mistake.path,
        "message": mistake.message,
        "suggestion": mistake.suggestion,
    })
}
