//! `profiles validate FILE`.

use std::path::Path;

use broker_server::policy::{DocumentError, Mistake};
use serde_json::{Value, json};

use crate::{
    error::{Exit, Failure},
    output::{BAD, GOOD, NOTE, Output},
};

/// Lists all mistakes at once. They are the result, so they go to standard output; the exit code says whether there are any.
/// What a lenient reading passes over is listed too, and is no mistake.
pub(super) fn run(file: &Path, lenient: bool, output: &mut Output) -> Result<(), Failure> {
    let name = file.display().to_string();
    let mistakes = match super::load_file(file, lenient) {
        Ok(catalogue) => {
            let count = catalogue.profiles().len();
            return if output.is_json() {
                let digest = catalogue.digest();
                let warnings: Vec<Value> = catalogue.warnings().iter().map(mistake).collect();
                output.json(&json!({
                    "file": name,
                    "valid": true,
                    "profiles": count,
                    "catalogueDigest": digest,
                    "mistakes": [],
                    "warnings": warnings,
                }))
            } else {
                for warning in catalogue.warnings() {
                    output.line(format!("{NOTE}warning:{NOTE:#} {warning}"))?;
                }
                output.line(format!(
                    "{GOOD}valid{GOOD:#} {name}: {count} profiles, digest {}",
                    catalogue.digest()
                ))
            };
        }
        Err(DocumentError::Io { source, .. }) => return Err(super::unreadable(file, source)),
        Err(error) => error.mistakes().to_vec(),
    };
    if output.is_json() {
        let list: Vec<Value> = mistakes.iter().map(mistake).collect();
        output.json(&json!({ "file": name, "valid": false, "mistakes": list }))?;
    } else {
        for mistake in &mistakes {
            output.line(format!("{BAD}error:{BAD:#} {mistake}"))?;
        }
        let plural = if mistakes.len() == 1 { "mistake" } else { "mistakes" };
        output.line(format!(
            "{NOTE}{} {plural}{NOTE:#}; a broker refuses the whole document",
            mistakes.len()
        ))?;
    }
    Err(Failure::Said(Exit::Failed))
}

fn mistake(mistake: &Mistake) -> Value {
    json!({
        "file": mistake.file,
        "line": mistake.line,
        "column": mistake.column,
        "rule": mistake.path,
        "message": mistake.message,
        "suggestion": mistake.suggestion,
    })
}
