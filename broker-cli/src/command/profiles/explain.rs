//! `profiles explain`: the broker's own rules, asked without a broker.

use broker_server::policy::{self, Denial, OperationInfo};
use serde_json::{Value, json};

use super::question::Question;
use crate::{
    args::Explain,
    broker::Endpoint,
    error::{Exit, Failure, Refusal},
    output::{BAD, DIM, GOOD, NOTE, Output, wrapped},
    place::Place,
};

/// Prints each rule that would refuse; exits with 0 when none does and with 1 otherwise.
pub(super) fn run(args: Explain, endpoint: &Endpoint, output: &mut Output) -> Result<(), Failure> {
    let question = Question::read(&args)?;
    let catalogue = super::load(&args.source)?;
    let profile = super::profile(&catalogue, &args.profile)?;
    let operation = question.operation();
    let explanation = policy::explain(profile, operation, &question.facts());
    let (denials, open) = (&explanation.denials, question.open(profile, &explanation));
    if denials.is_empty() && !question.is_served() {
        return Err(not_served(&profile.name, operation));
    }
    let source = args.source.file.as_ref().map_or("bundled".to_owned(), Place::to_string);
    let other = super::other_digest(&catalogue, endpoint, output);
    if output.is_json() {
        let list: Vec<Value> = denials.iter().map(|denial| json(denial, &source)).collect();
        output.json(&json!({
            "profile": &*profile.name,
            "operation": operation,
            "allowed": denials.is_empty(),
            "refusals": list,
            "notJudged": open,
            "brokerDigest": other,
        }))?;
    } else if denials.is_empty() {
        let name = &profile.name;
        output.line(format!("{GOOD}allowed{GOOD:#}  no rule of {name} is against this {operation}"))?;
        for missing in open {
            output.line(format!("{DIM}not judged: {missing}{DIM:#}"))?;
        }
    } else {
        for denial in denials {
            let line = denial.line.map(|line| format!("{source}:{line}: ")).unwrap_or_default();
            output.line(format!("{BAD}refused{BAD:#}  {line}{NOTE}{}{NOTE:#}", denial.rule))?;
            for line in wrapped(&denial.message, 9) {
                output.line(format!("         {line}"))?;
            }
        }
    }
    if denials.is_empty() { Ok(()) } else { Err(Failure::Said(Exit::Failed)) }
}

/// Says that a profile has a section which no operation stands behind: no rule is against it, and no broker serves it.
fn not_served(profile: &str, operation: &str) -> Failure {
    let names: Vec<&str> = OperationInfo::all().iter().map(|operation| operation.name).collect();
    Failure::Refused(Box::new(Refusal {
        code: "UNIMPLEMENTED".to_owned(),
        message: format!(
            "no rule of {profile} is against {operation}, but a broker of this version does not serve {operation}; it serves {}",
            names.join(", ")
        ),
        ..Refusal::default()
    }))
}

fn json(denial: &Denial, file: &str) -> Value {
    json!({
        "reason": denial.kind.reason(),
        "rule": denial.rule,
        "file": file,
        "line": denial.line,
        "message": denial.message,
    })
}
