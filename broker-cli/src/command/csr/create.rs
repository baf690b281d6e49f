//! `csr create`.

use std::net::IpAddr;

use broker_server::request::{AlternativeName, Csr, FieldErrorKind, Limits, Name};
use clap::{Args, ValueHint};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::super::{
    certificate_format::CertificateFormat,
    new_key::new_key_type,
    run::{Context, Run},
    subject,
};
use crate::{
    args::{Force, key_type_name},
    error::Failure,
    json,
    location::Location,
    output::{GOOD, Output, count},
    output_files::OutputFiles,
    pem_block,
    private_key::KeyPassword,
    x509::{
        build::{self, AlternativeNames},
        local_key::LocalKey,
    },
};

/// Make a certification request (PKCS#10, RFC 2986) for a private key; no broker is called
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The names are checked as the broker checks them when it issues a certificate for the request.

Examples:
  cryptobroker csr create --key app.key --subject \"O=Example, CN=app.example\" --dns app.example --out app.csr
  cryptobroker csr create --new-key p-256 --key-out app.key --subject CN=app.example --dns app.example --out app.csr")]
pub(crate) struct Create {
    /// The private key, PEM or DER: PKCS#8 (encrypted too), SEC1 or PKCS#1; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present = "new_key")]
    key: Option<Location>,
    /// Make a new key of this type: p-256, p-384, p-521, rsa-3072, ed25519, ml-dsa-44, ml-dsa-65, ml-dsa-87
    #[arg(long, value_name = "TYPE", conflicts_with = "key", requires = "key_out")]
    new_key: Option<String>,
    /// Write the new key to this file, PKCS#8 in PEM, mode 0600; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "new_key")]
    key_out: Option<Location>,
    #[command(flatten)]
    key_password: KeyPassword,
    /// The subject: `CN=…, O=…` with C, ST, O, OU, L and CN, in this order. May be absent where a name of another option is
    /// given
    #[arg(long, value_name = "SUBJECT", required_unless_present_any = ["dns", "ip", "uri", "email"])]
    subject: Option<String>,
    /// A DNS name in subjectAltName; may be repeated
    #[arg(long, value_name = "NAME")]
    dns: Vec<String>,
    /// An IP address in subjectAltName; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    ip: Vec<IpAddr>,
    /// A URI in subjectAltName; may be repeated
    #[arg(long, value_name = "URI")]
    uri: Vec<String>,
    /// A mailbox in subjectAltName; may be repeated
    #[arg(long, value_name = "MAILBOX")]
    email: Vec<String>,
    /// PEM text or DER bytes (base64 in JSON)
    #[arg(long, value_name = "FORMAT", default_value = "pem")]
    format: CertificateFormat,
    /// Write the request to this file, replacing it [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<Location>,
    #[command(flatten)]
    force: Force,
}

impl Run for Create {
    fn run(self, _: Context, output: &mut Output) -> Result<(), Failure> {
        let out = self.out.clone().filter(|location| *location != Location::Stdio);
        let mut files = OutputFiles::new(self.force.force);
        if let Some(location) = self.key_out.clone() {
            files = files.secret("--key-out", "private key", location);
        }
        if let Some(location) = out.clone() {
            files = files.public("--out", "request", location);
        }
        files.check(&[self.key.as_ref(), self.key_password.location()], output)?;
        if out.is_none() && files.use_stdout() {
            return Err(Failure::usage(
                "the key and the request cannot both be written to standard output".to_owned(),
            ));
        }
        if out.is_none() && self.format == CertificateFormat::Der {
            output.check_binary("request")?;
        }
        let names = AlternativeNames { dns: self.dns, ip: self.ip, uri: self.uri, email: self.email };
        let subject = subject::from_option(self.subject.as_deref())?;
        let (key, new_key) = match (&self.key, &self.new_key) {
            (Some(location), _) => (LocalKey::read(location, &self.key_password)?, None),
            (None, name) => {
                let key = LocalKey::generate(new_key_type(name.as_deref().unwrap_or_default())?)?;
                let text = key.to_pem()?;
                (key, Some(text))
            }
        };
        let der = build::request(&key, &subject, &names)?;
        let pem = pem_block::encode("CERTIFICATE REQUEST", &der);
        check(&pem, &names)?;
        note_underscores(&names, output);
        let made = Made { subject, key, new_key, der, pem, format: self.format };
        made.print(&files, out.as_ref(), output)
    }
}

/// Reads the request as the broker does, so that nobody sends one that it refuses. All of it but the key comes from the command
/// line, so what is wrong with it is wrong there.
fn check(pem: &str, names: &AlternativeNames) -> Result<(), Failure> {
    let limit = Limits::default().csr;
    let refused =
        |error: FieldErrorKind| Failure::usage(format!("the broker would refuse this request: it {error}"));
    if pem.len() > limit {
        return Err(refused(FieldErrorKind::TooLong { length: pem.len(), limit }));
    }
    let csr = Csr::from_pem(pem).map_err(refused)?;
    csr.check_subject().map_err(refused)?;
    csr.subject_alternative_names().iter().zip(names.options()).try_for_each(|(name, option)| match name {
        AlternativeName::Invalid(fault) => Err(Failure::usage(format!(
            "{option}: the broker would refuse this request: its subjectAltName {fault}"
        ))),
        _ => Ok(()),
    })
}

/// Notes the names that only a profile with `AllowUnderscore: true` takes.
fn note_underscores(names: &AlternativeNames, output: &mut Output) {
    for name in names.dns.iter().filter(|name| name.contains('_')) {
        output.note(format!(
            "--dns {name} has an underscore, which a host name does not have (RFC 1034 3.5): profiles refuse it unless they have \
             `SubjectAlternativeNames: {{ AllowUnderscore: true }}`"
        ));
    }
}

/// A request and its key.
struct Made {
    subject: Name,
    key: LocalKey,
    new_key: Option<Zeroizing<String>>,
    der: Vec<u8>,
    pem: Zeroizing<String>,
    format: CertificateFormat,
}

impl Made {
    fn request(&self) -> &[u8] {
        match self.format {
            CertificateFormat::Pem => self.pem.as_bytes(),
            CertificateFormat::Der => &self.der,
        }
    }

    fn print(&self, files: &OutputFiles, out: Option<&Location>, output: &mut Output) -> Result<(), Failure> {
        let request = self.request();
        let mut contents: Vec<&[u8]> = self.new_key.iter().map(|key| key.as_bytes()).collect();
        contents.extend(out.map(|_| request));
        files.write(&contents, output, |output| self.report(files, &contents, out, output))
    }

    /// Prints the request where it is in no file, and what was written.
    fn report(
        &self,
        files: &OutputFiles,
        contents: &[&[u8]],
        out: Option<&Location>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let key_type = key_type_name(self.key.key_type());
        if output.is_json() {
            let mut value = Map::new();
            match self.format {
                CertificateFormat::Pem => value.insert("pem".into(), json!(*self.pem)),
                CertificateFormat::Der => value.insert("der".into(), json::base64(&self.der)),
            };
            value.insert("subject".into(), json!(self.subject.text()));
            value.insert("keyType".into(), json!(key_type));
            for (file, bytes) in files.iter().zip(contents) {
                match file.name {
                    "request" => value.insert("out".into(), json!(file.location.to_string())),
                    _ => value.insert(
                        "privateKey".into(),
                        json!({ "file": file.location.to_string(), "bytes": bytes.len() }),
                    ),
                };
            }
            return output.json(&Value::Object(value));
        }
        if out.is_none() {
            output.bytes(self.request())?;
        }
        if output.is_quiet() {
            return Ok(());
        }
        for (file, bytes) in files.iter().zip(contents) {
            let size = count(bytes.len(), "byte");
            let line = format!("{GOOD}written{GOOD:#} {} ({}, {key_type}, {size})", file.location, file.name);
            match out.is_none() || files.use_stdout() {
                true => output.line_on_stderr(line),
                false => output.line(line)?,
            }
        }
        Ok(())
    }
}
