//! `certificate inspect`.

use aws_lc_rs::digest::{SHA256, digest};
use clap::{Args, ValueHint};
use serde_json::{Value, json};

use super::super::run::{Context, Run};
use crate::{
    error::{Exit, Failure},
    escape::{printable, printable_bytes},
    location::Location,
    output::{BAD, DIM, GOOD, HEAD, NOTE, Output, count, wrapped},
    x509::{
        certificate::{Certificate, Extension, Request, algorithm_name},
        der::{NotDer, Tlv},
        distinguished_name, extension_value,
        file::{self, Kind, Object},
        names,
        public_key::PublicKey,
        time::{Time, now},
    },
};

/// Show what certificates and certification requests say
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Every extension is shown by its name in the standards; one that is not known with its object identifier and its bytes.
Nothing is verified. With --output json each object of the file is one line.

Examples:
  cryptobroker certificate inspect app.pem
  openssl s_client -connect host:443 -showcerts | cryptobroker certificate inspect -
  cryptobroker certificate inspect app.csr --json")]
pub(crate) struct Inspect {
    /// Certificates or certification requests, PEM or DER; `-` is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Location,
}

impl Run for Inspect {
    fn run(self, _: Context, output: &mut Output) -> Result<(), Failure> {
        let objects = file::objects(&self.file)?;
        let shown = |object: &&Object| !matches!(object.kind, Kind::Other(_));
        let total = objects.iter().filter(shown).count();
        let mut failed = false;
        let mut number = 0;
        let mut notes = Vec::new();
        for object in &objects {
            if let Kind::Other(label) = &object.kind {
                notes.push(format!("a block {} is not shown", printable(label)));
                continue;
            }
            number += 1;
            if object.has_trust_settings {
                notes.push(format!(
                    "{}: OpenSSL's trust settings behind the certificate are not shown",
                    object.place
                ));
            }
            let described = describe(object);
            failed |= described.is_err();
            let value =
                described.unwrap_or_else(|error| json!({ "type": type_name(object), "error": error }));
            if output.is_json() {
                output.json(&value)?;
            } else {
                if number > 1 {
                    output.line("")?;
                }
                print(&value, (total > 1).then_some((number, total)), output)?;
            }
        }
        output.notes(&notes);
        if total == 0 {
            return Err(Failure::invalid(format!(
                "{}: holds no certificate and no certification request",
                self.file
            )));
        }
        if failed { Err(Failure::Reported(Exit::Failed)) } else { Ok(()) }
    }
}

fn type_name(object: &Object) -> &'static str {
    match object.kind {
        Kind::Request => "certificationRequest",
        _ => "certificate",
    }
}

fn describe(object: &Object) -> Result<Value, String> {
    let der = object.der.as_ref().map_err(|error| format!("the block {error}"))?;
    let described = match object.kind {
        Kind::Request => Request::read(der).and_then(|request| describe_request(&request)),
        _ => Certificate::read(der).and_then(|certificate| describe_certificate(&certificate)),
    };
    described.map_err(|error| error.to_string())
}

fn describe_certificate(certificate: &Certificate<'_>) -> Result<Value, NotDer> {
    let now = now();
    let (from, to) = (Time::read(certificate.not_before), Time::read(certificate.not_after));
    let status = match (from, to) {
        (_, Some(to)) if to.unix < now => "expired",
        (Some(from), _) if from.unix > now => "notYetValid",
        (Some(_), Some(_)) => "valid",
        _ => "unknown",
    };
    let time = |time: Tlv<'_>, read: Option<Time>| match read {
        Some(read) => read.text(),
        None => printable_bytes(time.value),
    };
    Ok(json!({
        "type": "certificate",
        "version": certificate.version.unwrap_or(0).saturating_add(1),
        "serialNumber": hex::encode(certificate.serial),
        "subject": distinguished_name::text(certificate.subject),
        "issuer": distinguished_name::text(certificate.issuer),
        "notBefore": time(certificate.not_before, from),
        "notAfter": time(certificate.not_after, to),
        "status": status,
        "daysLeft": to.map(|to| (to.unix - now).div_euclid(24 * 60 * 60)),
        "publicKey": public_key(certificate.public_key)?,
        "signatureAlgorithm": algorithm_name(certificate.algorithm),
        "extensions": extensions(certificate.extensions()),
        "fingerprints": fingerprints(certificate.raw, certificate.public_key),
    }))
}

fn describe_request(request: &Request<'_>) -> Result<Value, NotDer> {
    let attributes: Vec<Value> = request
        .attributes
        .iter()
        .map(|(oid, values)| {
            // A challenge password is a secret.
            let is_secret = oid == "1.2.840.113549.1.9.7";
            let text = |value: &Tlv<'_>| match distinguished_name::string(*value) {
                _ if is_secret => "(not shown)".to_owned(),
                Some(text) => printable(&text).into_owned(),
                None => hex::encode(value.raw),
            };
            let values: Vec<String> = values.iter().map(text).collect();
            json!({ "name": names::request_attribute(oid), "oid": oid, "values": values })
        })
        .collect();
    Ok(json!({
        "type": "certificationRequest",
        "subject": distinguished_name::text(request.subject),
        "publicKey": public_key(request.public_key)?,
        "signatureAlgorithm": algorithm_name(request.algorithm),
        "extensions": extensions(&request.extensions),
        "attributes": attributes,
        "fingerprints": fingerprints(request.raw, request.public_key),
    }))
}

fn public_key(spki: Tlv<'_>) -> Result<Value, NotDer> {
    let key = PublicKey::read(spki)?;
    Ok(json!({
        "kind": key.kind,
        "curve": key.curve,
        "bits": key.bits,
        "exponent": key.exponent,
        "text": key.text(),
    }))
}

fn extensions(list: &[Extension<'_>]) -> Vec<Value> {
    list.iter().map(extension_value::to_json).collect()
}

fn fingerprints(raw: &[u8], public_key: Tlv<'_>) -> Value {
    let sha256 = |bytes| hex::encode(digest(&SHA256, bytes));
    json!({ "sha256": sha256(raw), "publicKeySha256": sha256(public_key.raw) })
}

/// Prints what [`describe`] returns. `position` is that in a file with several objects.
fn print(value: &Value, position: Option<(usize, usize)>, output: &mut Output) -> Result<(), Failure> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let heading = match text("type").as_str() {
        "certificate" => "certificate",
        _ => "certification request",
    };
    let position = position.map_or_else(String::new, |(number, total)| format!(" {number} of {total}"));
    output.line(format!("{HEAD}{heading}{position}{HEAD:#}"))?;
    let error = text("error");
    if !error.is_empty() {
        return output.line(format!("  {BAD}error{BAD:#} {error}"));
    }
    field("subject", &text("subject"), output)?;
    if value.get("issuer").is_some() {
        field("issuer", &text("issuer"), output)?;
        field("serial number", &text("serialNumber"), output)?;
        field("not before", &text("notBefore"), output)?;
        field("not after", &format!("{}{}", text("notAfter"), remaining(value)), output)?;
    }
    let key = value.pointer("/publicKey/text").and_then(Value::as_str).unwrap_or_default();
    field("public key", key, output)?;
    field("signature", &text("signatureAlgorithm"), output)?;
    let fingerprint = |name| value.pointer(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    field("SHA-256", &fingerprint("/fingerprints/sha256"), output)?;
    field("key SHA-256", &fingerprint("/fingerprints/publicKeySha256"), output)?;
    for attribute in list(value, "attributes") {
        let name = name_of(attribute);
        let values: Vec<&str> = list(attribute, "values").iter().filter_map(Value::as_str).collect();
        field(&name, &values.join(", "), output)?;
    }
    let extensions = list(value, "extensions");
    if !extensions.is_empty() {
        output.line(format!("  {HEAD}{}{HEAD:#}", count(extensions.len() as u64, "extension")))?;
    }
    for extension in extensions {
        let is_critical = extension.get("critical") == Some(&Value::Bool(true));
        let critical = if is_critical { format!(" {NOTE}critical{NOTE:#}") } else { String::new() };
        output.line(format!("    {}{critical}", name_of(extension)))?;
        for line in extension_value::lines(extension.get("value").unwrap_or(&Value::Null)) {
            for part in wrapped(&line, 6) {
                output.line(format!("      {part}"))?;
            }
        }
    }
    Ok(())
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Returns the name, with the object identifier where there is no name.
fn name_of(value: &Value) -> String {
    let text = |key| value.get(key).and_then(Value::as_str);
    text("name").or(text("oid")).unwrap_or_default().to_owned()
}

fn field(name: &str, text: &str, output: &mut Output) -> Result<(), Failure> {
    let mut lines = wrapped(text, 17).into_iter();
    output.line(format!("  {HEAD}{name:14}{HEAD:#} {}", lines.next().unwrap_or_default()))?;
    lines.try_for_each(|line| output.line(format!("  {:14} {line}", "")))
}

/// Returns how long a certificate is valid, in colour.
fn remaining(value: &Value) -> String {
    let days = value.get("daysLeft").and_then(Value::as_i64).unwrap_or_default();
    match value.get("status").and_then(Value::as_str) {
        Some("expired") => format!(" {BAD}expired {} ago{BAD:#}", days_text(-days - 1)),
        Some("notYetValid") => format!(" {BAD}not valid yet{BAD:#}"),
        Some("valid") if days < 30 => format!(" {NOTE}{} left{NOTE:#}", days_text(days)),
        Some("valid") => format!(" {GOOD}{} left{GOOD:#}", days_text(days)),
        _ => format!(" {DIM}not a time of RFC 5280 4.1.2.5{DIM:#}"),
    }
}

fn days_text(days: i64) -> String {
    count(u64::try_from(days).unwrap_or(0), "day")
}
