//! `certificate verify`.

mod algorithms;
mod path;
mod purpose;

use std::{net::IpAddr, time::Duration};

use clap::{Args, ValueHint};
use rustls_pki_types::{DnsName, ServerName, UnixTime};
use serde_json::json;

use self::{
    path::{Certificates, Verdict, verify},
    purpose::Purpose,
};
use super::super::run::{Context, Run};
use crate::{
    args::instant,
    error::{Exit, Failure},
    input,
    location::Location,
    output::{BAD, DIM, GOOD, HEAD, Output, wrapped},
    x509::{certificate::Certificate, distinguished_name, file, time::now},
};

/// Verify a certificate's path to a CA (RFC 5280 6.1); 0 when it is valid, 4 when it is not
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Verified for each certificate of the path: signature, validity, names of issuer and subject, basicConstraints and path length,
keyCertSign, name constraints, unknown critical extensions, the purpose; and an RSA key has at least 2048 bits. A name that is
given must be in subjectAltName (RFC 9525); the subject's CN is not looked at.
Not verified: revocation (CRL, OCSP), certificate policies, signed certificate timestamps.
The exit code is 0 for a valid certificate and 4 for one that is not.

Examples:
  cryptobroker certificate verify --ca ca.pem app.pem
  cryptobroker certificate verify --ca root.pem --untrusted chain.pem --hostname app.example --purpose server app.pem")]
pub(crate) struct Verify {
    /// Trusted CA certificates, PEM or DER; may be repeated
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
        let mut chain = file::certificates(&self.file)?;
        let target = chain.remove(0);
        Certificate::read(&target)
            .map_err(|error| Failure::invalid(format!("{}: the certificate {error}", self.file)))?;
        let all = |locations: &[Location]| -> Result<Vec<Vec<u8>>, Failure> {
            let lists: Result<Vec<_>, _> = locations.iter().map(file::certificates).collect();
            Ok(lists?.into_iter().flatten().collect())
        };
        let anchors = all(&self.ca)?;
        chain.extend(all(&self.untrusted)?);
        let at = self.at.unwrap_or_else(|| u64::try_from(now()).unwrap_or_default());
        let name = match (self.hostname, self.ip) {
            (Some(name), _) => Some(ServerName::DnsName(name)),
            (None, ip) => ip.map(ServerName::from),
        };
        let certificates = Certificates { target: &target, untrusted: &chain, anchors: &anchors };
        let time = UnixTime::since_unix_epoch(Duration::from_secs(at));
        print(&verify(&certificates, time, self.purpose, name.as_ref()), output)
    }
}

/// Prints the verdict; the exit code repeats it.
fn print(verdict: &Verdict, output: &mut Output) -> Result<(), Failure> {
    let subject = |der: &Vec<u8>| match Certificate::read(der) {
        Ok(certificate) => distinguished_name::text(certificate.subject),
        Err(_) => String::new(),
    };
    match verdict {
        Verdict::Valid(path) => {
            let subjects: Vec<String> = path.iter().map(subject).collect();
            if output.is_json() {
                return output.json(&json!({ "valid": true, "path": subjects }));
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
                output.json(&json!({ "valid": false, "reason": code, "message": reason }))?;
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
