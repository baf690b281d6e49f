//! `profiles explain`: the broker's own rules, asked without a broker.

use broker_server::{
    algorithm::KeyType,
    policy::{self, CaFacts, Denial, Facts},
    request::AlternativeName,
};
use serde_json::{Value, json};

use super::facts;
use crate::{
    args::Explain,
    error::{Exit, Failure},
    output::{BAD, DIM, GOOD, NOTE, Output},
};

/// Prints each rule that would refuse; exits with 0 when none does and with 1 otherwise.
pub(super) fn run(args: Explain, output: &mut Output) -> Result<(), Failure> {
    let question = Question::read(&args)?;
    let catalogue = super::load(&args.source)?;
    let profile = super::profile(&catalogue, &args.profile)?;
    let operation = question.operation.as_str();
    let denials = policy::explain(profile, &question.facts());
    let source = args.source.file.as_ref().map_or("bundled".to_owned(), |path| path.display().to_string());
    if output.is_json() {
        let list: Vec<Value> = denials.iter().map(|denial| json(denial, &source)).collect();
        output.json(&json!({
            "profile": &*profile.name,
            "operation": operation,
            "allowed": denials.is_empty(),
            "refusals": list,
        }))?;
    } else if denials.is_empty() {
        let name = &profile.name;
        output.line(format!("{GOOD}allowed{GOOD:#}  no rule of {name} is against this {operation}"))?;
        for missing in question.unknown() {
            output.line(format!("{DIM}not judged: {missing}{DIM:#}"))?;
        }
    } else {
        for denial in &denials {
            let line = denial.line.map(|line| format!("{source}:{line}: ")).unwrap_or_default();
            output.line(format!("{BAD}refused{BAD:#}  {line}{NOTE}{}{NOTE:#}", denial.rule))?;
            output.line(format!("         {}", denial.message))?;
        }
    }
    if denials.is_empty() { Ok(()) } else { Err(Failure::Said(Exit::Failed)) }
}

/// What is known about the request.
struct Question {
    operation: String,
    subject: Option<KeyType>,
    names: Vec<AlternativeName>,
    issuer: Option<KeyType>,
    ca: Option<CaFacts>,
    not_before: Option<i64>,
    not_after: Option<i64>,
}

impl Question {
    fn read(args: &Explain) -> Result<Self, Failure> {
        let (subject, names) = match (&args.csr, &args.subject_key_type) {
            (Some(path), _) => facts::request(path).map(|(key, names)| (Some(key), names))?,
            (None, Some(name)) => (Some(facts::named(name)?), Vec::new()),
            (None, None) => (None, Vec::new()),
        };
        let (issuer, ca) = match (&args.ca_cert, &args.ca_key, &args.issuer_key_type) {
            (Some(path), _, _) => facts::certificate(path).map(|(key, facts)| (Some(key), Some(facts)))?,
            (None, Some(path), _) => (Some(facts::private_key(path)?), None),
            (None, None, Some(name)) => (Some(facts::named(name)?), None),
            (None, None, None) => (None, None),
        };
        let seconds = |time: Option<u64>| time.map(|time| i64::try_from(time).unwrap_or(i64::MAX));
        Ok(Self {
            operation: args.operation.clone().unwrap_or_else(|| "SignCertificate".to_owned()),
            subject,
            names,
            issuer,
            ca,
            not_before: seconds(args.not_before),
            not_after: seconds(args.not_after),
        })
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            subject_key: self.subject,
            issuer_key: self.issuer,
            ca: self.ca,
            names: &self.names,
            not_before: self.not_before,
            not_after: self.not_after,
            ..Facts::new(&self.operation, jiff::Timestamp::now().as_second())
        }
    }

    fn unknown(&self) -> Vec<&'static str> {
        if self.operation != "SignCertificate" {
            return Vec::new();
        }
        let mut missing = Vec::new();
        if self.subject.is_none() {
            missing.push("the subject's key (--csr FILE or --subject-key-type TYPE)");
        }
        if self.issuer.is_none() {
            missing.push("the issuer's key (--ca-cert FILE or --issuer-key-type TYPE)");
        }
        missing
    }
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
