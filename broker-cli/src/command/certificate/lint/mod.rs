//! `certificate lint`.

mod alternative_names;
mod encoding;
mod extensions;
mod finding;
mod key;
mod names;
mod structure;
mod validity;

use clap::{Args, ValueHint};
use serde_json::{Value, json};

use self::finding::{Finding, Findings, Severity};
use super::super::run::{Context, Run};
use crate::{
    error::{Exit, Failure},
    location::Location,
    output::{BAD, DIM, GOOD, HEAD, NOTE, Output, count, wrapped},
    x509::{certificate::Certificate, distinguished_name, file},
};

/// Check certificates against RFC 5280; 1 when one of them has an error
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Checked are the rules that the broker itself keeps when it issues: the structure, the validity, the alphabets and lengths of
names, the syntax of alternative names and URLs, the extensions and their criticality, and what key and usage permit. Each
finding is an error (a MUST is broken), a warning (a SHOULD, or what common programs refuse) or a notice, with its clause.

Examples:
  cryptobroker certificate lint app.pem
  cryptobroker certificate lint chain.pem --json")]
pub(crate) struct Lint {
    /// Certificates, PEM or DER; `-` is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Location,
}

impl Run for Lint {
    fn run(self, _: Context, output: &mut Output) -> Result<(), Failure> {
        let certificates = file::certificates(&self.file)?;
        let mut has_errors = false;
        for (index, certificate) in certificates.iter().enumerate() {
            if certificate.has_trust_settings {
                output.note(format!("{}: OpenSSL's trust settings are not checked", certificate.place));
            }
            let (subject, findings) = match &certificate.der {
                Ok(der) => lint(der),
                Err(error) => {
                    let mut findings = Findings::default();
                    findings.error(
                        "malformed",
                        "RFC 7468 2",
                        format!("{}: the certificate {error}", certificate.place),
                    );
                    (String::new(), findings.sorted())
                }
            };
            has_errors |= findings.iter().any(|finding| finding.severity == Severity::Error);
            if output.is_json() {
                output.json(&to_json(&subject, &findings))?;
            } else {
                if index > 0 {
                    output.line("")?;
                }
                print(&subject, &findings, output)?;
            }
        }
        if has_errors { Err(Failure::Reported(Exit::Failed)) } else { Ok(()) }
    }
}

/// Returns the subject of a certificate and what is wrong with it, the gravest first.
fn lint(der: &[u8]) -> (String, Vec<Finding>) {
    let mut findings = Findings::default();
    let subject = match Certificate::read(der) {
        Ok(certificate) => {
            structure::check(&certificate, &mut findings);
            encoding::check(&certificate, &mut findings);
            validity::check(&certificate, &mut findings);
            names::check(&certificate, &mut findings);
            extensions::check(&certificate, &mut findings);
            key::check(&certificate, &mut findings);
            alternative_names::check(&certificate, &mut findings);
            distinguished_name::text(certificate.subject)
        }
        Err(error) => {
            findings.error("malformed", "RFC 5280 4.1", format!("the certificate {error}"));
            String::new()
        }
    };
    (subject, findings.sorted())
}

fn to_json(subject: &str, findings: &[Finding]) -> Value {
    let list: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "severity": finding.severity.name(),
                "code": finding.code,
                "clause": finding.clause,
                "message": finding.message,
            })
        })
        .collect();
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    json!({
        "subject": subject,
        "findings": list,
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "notices": count(Severity::Notice),
    })
}

fn print(subject: &str, findings: &[Finding], output: &mut Output) -> Result<(), Failure> {
    output.line(format!("{HEAD}{}{HEAD:#}", if subject.is_empty() { "(no subject)" } else { subject }))?;
    if findings.is_empty() {
        return output.line(format!("  {GOOD}nothing found{GOOD:#}"));
    }
    for finding in findings {
        let style = match finding.severity {
            Severity::Error => BAD,
            Severity::Warning => NOTE,
            Severity::Notice => DIM,
        };
        let name = finding.severity.name();
        output.line(format!("  {style}{name:8}{style:#} {} {DIM}{}{DIM:#}", finding.code, finding.clause))?;
        for line in wrapped(&finding.message, 11) {
            output.line(format!("           {line}"))?;
        }
    }
    output.line(format!("  {}", count(findings.len() as u64, "finding")))
}
