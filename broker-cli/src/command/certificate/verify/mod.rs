//! `certificate verify`.

mod algorithms;
mod empty;
mod name_constraints;
mod path;
mod policies;
mod presented;
mod purpose;
mod rejection;

use std::{net::IpAddr, time::Duration};

use clap::{Args, ValueHint};
use rustls_pki_types::{DnsName, ServerName, UnixTime};
use serde_json::{Value, json};

use self::{
    path::{Certificates, Verdict, check_anchor, verify},
    presented::{Presented, remove_ambiguous},
    purpose::Purpose,
};
use super::super::run::{Context, Run};
use crate::{
    args::instant,
    error::{Exit, Failure},
    input,
    location::Location,
    output::{BAD, DIM, GOOD, HEAD, Output, wrapped},
    x509::{
        certificate::Certificate,
        distinguished_name,
        file::{self, Object},
        time::now,
    },
};

/// Verify a certificate's path to a CA (RFC 5280 6.1); 0 when it is valid, 4 when it is not
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Verified for each certificate of the path: signature, validity, names of issuer and subject, basicConstraints and path length,
keyCertSign, name constraints, unknown critical extensions, the purpose; and an RSA key has at least 2048 bits. A name that is
given must be in subjectAltName (RFC 9525); the subject's CN is not looked at.
Every certificate in the files of --ca is trusted, also one that another CA has issued; give those of which you only know that
they belong to the path with --untrusted. A certificate that cannot be read is noted and not used.
Not verified: revocation (CRL, OCSP), which policies are valid for the path, signed certificate timestamps.
The exit code is 0 for a valid certificate and 4 for one that is not.

Examples:
  cryptobroker certificate verify --ca ca.pem app.pem
  cryptobroker certificate verify --ca root.pem --untrusted chain.pem --hostname app.example --purpose server app.pem")]
pub(crate) struct Verify {
    /// Trusted CA certificates, PEM or DER: every certificate in the file is a trust anchor; may be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, required = true)]
    ca: Vec<Location>,
    /// Certificates that may be part of the path, PEM or DER; may be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    untrusted: Vec<Location>,
    /// A DNS name that the certificate must be for
    #[arg(long, value_name = "NAME", value_parser = host_name, conflicts_with = "ip")]
    hostname: Option<DnsName<'static>>,
    /// An IP address that the certificate must be for
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<IpAddr>,
    /// The time at which the certificate must be valid: Unix seconds, RFC 3339, or from now on such as -1h [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
    at: Option<u64>,
    /// The purpose that extKeyUsage must allow where a certificate of the path has one
    #[arg(long, value_name = "PURPOSE", default_value = "any")]
    purpose: Purpose,
    /// The certificate, PEM or DER; others that follow it are treated as --untrusted; `-` is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Location,
}

fn host_name(text: &str) -> Result<DnsName<'static>, String> {
    DnsName::try_from(text.to_owned()).map_err(|_| "is not a DNS name".to_owned())
}

impl Run for Verify {
    fn run(self, _: Context, output: &mut Output) -> Result<(), Failure> {
        let mut inputs = vec![("FILE", Some(&self.file))];
        inputs.extend(self.ca.iter().map(|location| ("--ca", Some(location))));
        inputs.extend(self.untrusted.iter().map(|location| ("--untrusted", Some(location))));
        input::check_single_stdin(&inputs)?;
        let mut notes = Notes::default();
        let mut chain = file::certificates(&self.file)?.into_iter();
        let target =
            chain.next().ok_or_else(|| Failure::invalid(format!("{}: holds no certificate", self.file)))?;
        let target = read(&target).map_err(|reason| Failure::invalid(reason.0))?;
        let mut untrusted = notes.usable(chain.collect(), |_, _| Ok(()));
        for location in &self.untrusted {
            untrusted.extend(notes.usable(file::certificates(location)?, |_, _| Ok(())));
        }
        remove_ambiguous(&target, &mut untrusted);
        let mut anchors = Vec::new();
        for location in &self.ca {
            anchors.extend(notes.usable(file::certificates(location)?, usable_anchor));
        }
        if anchors.is_empty() {
            output.notes(&notes.0);
            let first = notes.0.first().map_or("", String::as_str);
            return Err(Failure::invalid(format!("no certificate of --ca can be used: {first}")));
        }
        output.notes(&notes.0);
        let at = self.at.unwrap_or_else(|| u64::try_from(now()).unwrap_or_default());
        let name = match (self.hostname, self.ip) {
            (Some(name), _) => Some(ServerName::DnsName(name)),
            (None, ip) => ip.map(ServerName::from),
        };
        let certificates = Certificates { target: &target, untrusted: &untrusted, anchors: &anchors };
        let time = UnixTime::since_unix_epoch(Duration::from_secs(at));
        print(&verify(&certificates, time, self.purpose, name.as_ref()), &notes, output)
    }
}

/// Why a certificate of a file is not used.
struct Unusable(String);

fn read(object: &Object) -> Result<Presented, Unusable> {
    let der = object.der.clone();
    let presented = der.and_then(Presented::new);
    presented.map_err(|reason| Unusable(format!("{}: the certificate {reason}", object.place)))
}

/// Checks that a certificate can be a trust anchor.
fn usable_anchor(object: &Object, certificate: &Presented) -> Result<(), Unusable> {
    if object.has_trust_settings {
        return Err(Unusable(format!(
            "{}: the certificate has OpenSSL's trust settings, which say what it is trusted for and are not supported; \
             `openssl x509 -in IN -out OUT` removes them",
            object.place
        )));
    }
    check_anchor(certificate).map_err(|reason| Unusable(format!("{}: {reason}", object.place)))
}

/// The certificates that are not used, for the reader.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    /// Returns the certificates that can be read and that `check` accepts, and notes the others.
    fn usable(
        &mut self,
        objects: Vec<Object>,
        check: fn(&Object, &Presented) -> Result<(), Unusable>,
    ) -> Vec<Presented> {
        let mut usable = Vec::new();
        for object in &objects {
            match read(object).and_then(|found| check(object, &found).map(|()| found)) {
                Ok(found) => usable.push(found),
                Err(Unusable(reason)) => self.0.push(format!("{reason}; it is not used")),
            }
        }
        usable
    }
}

/// Prints the verdict; the exit code repeats it.
fn print(verdict: &Verdict, notes: &Notes, output: &mut Output) -> Result<(), Failure> {
    let subject = |der: &Vec<u8>| match Certificate::read(der) {
        Ok(certificate) => distinguished_name::text(certificate.subject),
        Err(_) => String::new(),
    };
    match verdict {
        Verdict::Valid(path) => {
            let subjects: Vec<String> = path.iter().map(subject).collect();
            if output.is_json() {
                return output.json(&with_notes(json!({ "valid": true, "path": subjects }), notes));
            }
            output.line(format!("{GOOD}valid{GOOD:#}"))?;
            for (number, subject) in
                subjects.iter().enumerate().filter(|_| !output.is_quiet()).collect::<Vec<_>>()
            {
                output.line(format!("  {HEAD}{number}{HEAD:#} {subject}"))?;
            }
            if !output.is_quiet() {
                output.line(format!("{DIM}not verified: revocation, certificate policies{DIM:#}"))?;
            }
            Ok(())
        }
        Verdict::Invalid { code, reason } => {
            if output.is_json() {
                output
                    .json(&with_notes(json!({ "valid": false, "reason": code, "message": reason }), notes))?;
            } else {
                output.line(format!("{BAD}invalid{BAD:#}"))?;
                for line in wrapped(reason, 2) {
                    output.line(format!("  {line}"))?;
                }
            }
            Err(Failure::Reported(Exit::NotValid))
        }
    }
}

fn with_notes(mut value: Value, notes: &Notes) -> Value {
    if let Some(map) = value.as_object_mut().filter(|_| !notes.0.is_empty()) {
        map.insert("notes".into(), json!(notes.0));
    }
    value
}
