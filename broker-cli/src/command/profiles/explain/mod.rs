//! `profiles explain`: the broker's own rules, evaluated without a broker.

mod inputs;
mod request;

use broker_server::policy::{self, Denial, OperationInfo};
use clap::Args;
use serde_json::{Value, json};

use self::request::{ExplainedRequest, RequestArgs};
use super::{
    super::run::{Context, Run},
    document::{self, DocumentSource},
};
use crate::{
    args::{DEFAULT_PROFILE, profile_names},
    error::{Exit, Failure, Refusal},
    location::Location,
    output::{BAD, DIM, GOOD, NOTE, Output, wrapped},
};

/// Which rule, on which line of a document, would refuse a request; warns where the running broker has another document
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
What a request must have (keys, certificates) is not judged where it is not given, and the answer names it. What a request
may leave out (format, context, nonce, seed, validity) is judged as left out.

Examples:
  cryptobroker profiles explain --csr app.csr --ca-cert ca.pem
  cryptobroker profiles explain --key-type rsa-3072 --format cms
  cryptobroker profiles explain --operation EncryptData --key-type aes-256 --nonce
  cryptobroker profiles explain --profile PQC-ML-DSA-65 --operation GenerateKemKeyPair --seed
  cryptobroker profiles explain --profile PQC-ML-DSA-65 --operation Encapsulate --key kem.pub")]
pub(crate) struct Explain {
    /// The profile
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    profile: String,
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    source: DocumentSource,
}

impl Run for Explain {
    /// Prints each rule that would refuse the request; the exit code is 0 where none does.
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let request = ExplainedRequest::read(&self.request, self.source.file.as_ref())?;
        let catalogue = document::load(&self.source)?;
        let profile = document::profile(&catalogue, &self.profile)?;
        let operation = request.operation();
        let explanation = policy::explain(profile, operation, &request.facts());
        let denials = &explanation.denials;
        if denials.is_empty() && !request.is_served() {
            return Err(not_served(&profile.name, operation));
        }
        let not_judged = request.not_judged(profile, &explanation);
        let source = self.source.file.as_ref().map_or("bundled".to_owned(), Location::to_string);
        let broker_digest = document::other_digest(&catalogue, &context.endpoint, output);
        if output.is_json() {
            let list: Vec<Value> = denials.iter().map(|denial| to_json(denial, &source)).collect();
            output.json(&json!({
                "profile": &*profile.name,
                "operation": operation,
                "allowed": denials.is_empty(),
                "refusals": list,
                "notJudged": not_judged,
                "brokerDigest": broker_digest,
            }))?;
        } else if denials.is_empty() {
            let name = &profile.name;
            output.line(format!("{GOOD}allowed{GOOD:#}  no rule of {name} is against this {operation}"))?;
            for fact in not_judged {
                output.line(format!("{DIM}not judged: {fact}{DIM:#}"))?;
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
        if denials.is_empty() { Ok(()) } else { Err(Failure::Reported(Exit::Failed)) }
    }
}

/// Returns the failure of a section without an operation: no rule refuses it, but no broker serves it.
fn not_served(profile: &str, operation: &str) -> Failure {
    Failure::Refused(Box::new(Refusal {
        code: "UNIMPLEMENTED".to_owned(),
        message: format!(
            "no rule of {profile} is against {operation}, but a broker of this version does not serve {operation}; it serves {}",
            OperationInfo::all().iter().map(|operation| operation.name).collect::<Vec<_>>().join(", ")
        ),
        ..Refusal::default()
    }))
}

fn to_json(denial: &Denial, file: &str) -> Value {
    json!({
        "reason": denial.kind.reason(),
        "rule": denial.rule,
        "file": file,
        "line": denial.line,
        "message": denial.message,
    })
}
