//! `profiles explain`: the broker's own rules, asked without a broker.

use std::path::PathBuf;

use broker_server::{
    algorithm::KeyType,
    policy::{
        self, CaFacts, Denial, Facts,
        permit::{GenerateKemKeyPair, Operation as _, SignCertificate, SignData},
    },
    request::{AlternativeName, CaCertificate, Csr, Keys},
    rpc::OPERATIONS,
};
use serde_json::{Value, json};

use super::facts;
use crate::{
    args::Explain,
    error::{Exit, Failure, Refusal},
    output::{BAD, DIM, GOOD, NOTE, Output},
};

/// Prints each rule that would refuse; exits with 0 when none does and with 1 otherwise.
pub(super) fn run(args: Explain, output: &mut Output) -> Result<(), Failure> {
    let question = Question::read(&args)?;
    let catalogue = super::load(&args.source)?;
    let profile = super::profile(&catalogue, &args.profile)?;
    let operation = question.operation.as_str();
    if operation == GenerateKemKeyPair::NAME {
        return Err(Failure::usage(format!(
            "{operation} is there for signatures and for key encapsulation: name the section, {} or {}",
            SignData::SECTION,
            GenerateKemKeyPair::SECTION
        )));
    }
    let section = super::section(operation);
    let denials = policy::explain(profile, &question.facts(section));
    if denials.is_empty() && !super::is_served(section) {
        return Err(not_served(&profile.name, operation));
    }
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
        for missing in question.unknown(section) {
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

/// A profile may have a section for an operation that is not built yet: no rule is against it, and still nobody does it.
fn not_served(profile: &str, operation: &str) -> Failure {
    Failure::Refused(Box::new(Refusal {
        code: "UNIMPLEMENTED".to_owned(),
        message: format!(
            "no rule of {profile} is against {operation}, but a broker of this version does not serve {operation}; it serves {}",
            OPERATIONS.join(", ")
        ),
        ..Refusal::default()
    }))
}

/// What is known about the request.
struct Question {
    operation: String,
    subject: Option<KeyType>,
    names: Vec<AlternativeName>,
    issuer: Option<KeyType>,
    signature: Option<Keys<KeyType>>,
    ca: Option<CaFacts>,
    not_before: Option<i64>,
    not_after: Option<i64>,
    /// Files were read, which have signatures that only a broker verifies.
    from_files: bool,
}

impl Question {
    fn read(args: &Explain) -> Result<Self, Failure> {
        let csr = args.csr.as_deref().map(facts::request).transpose()?;
        let certificate = args.ca_cert.as_deref().map(facts::certificate).transpose()?;
        let private = args.ca_key.as_deref().map(facts::private_key).transpose()?;
        let typed = |name: &Option<String>| name.as_deref().map(facts::named).transpose();
        // Where both are given, a broker judges the key; a certificate for another kind of key is refused later.
        let certified = certificate.as_ref().map(CaCertificate::key_type);
        if let (Some(private), Some(certified)) = (private, certified)
            && private != certified
        {
            return Err(Failure::Refused(Box::new(Refusal {
                code: "INVALID_ARGUMENT".to_owned(),
                message: format!(
                    "the private key is {private} and the CA certificate is for {certified}: they do not belong together"
                ),
                ..Refusal::default()
            })));
        }
        let seconds = |time: Option<u64>| time.map(|time| i64::try_from(time).unwrap_or(i64::MAX));
        let file = |path: &Option<PathBuf>| path.as_deref().map(facts::private_key).transpose();
        let key = file(&args.key)?.or(typed(&args.key_type)?);
        let signature = match (key, file(&args.second_key)?.or(typed(&args.second_key_type)?)) {
            (Some(key), Some(second)) => Some(Keys::Components([key, second])),
            (Some(key), None) => Some(Keys::One(key)),
            (None, Some(_)) => {
                return Err(Failure::usage(
                    "a second key is given without a first, --key or --key-type".to_owned(),
                ));
            }
            (None, None) => None,
        };
        let usual = if signature.is_some() { SignData::NAME } else { SignCertificate::NAME };
        Ok(Self {
            operation: args.operation.clone().unwrap_or_else(|| usual.to_owned()),
            signature,
            subject: csr.as_ref().map(Csr::key_type).or(typed(&args.subject_key_type)?),
            names: csr.map(|csr| csr.subject_alternative_names().to_vec()).unwrap_or_default(),
            issuer: private.or(certified).or(typed(&args.issuer_key_type)?),
            ca: certificate.as_ref().map(CaFacts::from),
            not_before: seconds(args.not_before),
            not_after: seconds(args.not_after),
            from_files: args.csr.is_some() || args.ca_cert.is_some(),
        })
    }

    fn facts<'a>(&'a self, section: &'a str) -> Facts<'a> {
        Facts {
            subject_key: self.subject,
            issuer_key: self.issuer,
            signature_keys: self.signature,
            ca: self.ca,
            names: &self.names,
            not_before: self.not_before,
            not_after: self.not_after,
            ..Facts::new(section, jiff::Timestamp::now().as_second())
        }
    }

    fn unknown(&self, section: &str) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if section == SignData::NAME && self.signature.is_none() {
            missing.push("the key (--key FILE or --key-type TYPE)");
        }
        if section != SignCertificate::NAME {
            return missing;
        }
        if self.subject.is_none() {
            missing.push("the subject's key (--csr FILE or --subject-key-type TYPE)");
        }
        if self.issuer.is_none() {
            missing.push("the issuer's key (--ca-cert FILE or --issuer-key-type TYPE)");
        }
        if self.from_files {
            missing
                .push("the request's own signature, and whether the issuer's key and certificate are a pair");
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
