//! `profiles show NAME`.

mod certificate;
mod groth16;

use broker_server::policy::profile::{
    EncryptDataRule, KemRule, KeyConstraints, Profile, SignCertificateRule, SignDataRule, SizeRange,
};
use clap::Args;
use serde_json::{Map, Value, json};

use super::{
    super::run::{Context, Run},
    document::{self, DocumentSource, is_served},
};
use crate::{
    args::profile_names,
    error::Failure,
    output::{DIM, HEAD, Output},
};

/// What a profile of a document allows; warns where the running broker has another document
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example:\n  cryptobroker profiles show Default")]
pub(crate) struct Show {
    /// The profile
    #[arg(value_name = "NAME", add = profile_names())]
    name: String,
    #[command(flatten)]
    source: DocumentSource,
}

impl Run for Show {
    /// Prints what the profile allows, each part with its line in the document.
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let catalogue = document::load(&self.source)?;
        let profile = document::profile(&catalogue, &self.name)?;
        let broker_digest = document::other_digest(&catalogue, &context.endpoint, output);
        let mut value = describe(profile);
        if output.is_json() {
            if let (Some(digest), Some(value)) = (broker_digest, value.as_object_mut()) {
                value.insert("brokerDigest".into(), json!(digest));
            }
            return output.json(&value);
        }
        output.line(format!("{HEAD}{}{HEAD:#}", profile.name))?;
        print_members(&value, 1, output)
    }
}

/// Prints the JSON description as text.
fn print_members(value: &Value, depth: usize, output: &mut Output) -> Result<(), Failure> {
    let Value::Object(entries) = value else { return Ok(()) };
    for (name, value) in entries {
        if name == "name" || name == "line" || value.is_null() {
            continue;
        }
        let indent = "  ".repeat(depth);
        match value {
            Value::Object(inner) => {
                let line =
                    inner.get("line").map(|line| format!("  {DIM}line {line}{DIM:#}")).unwrap_or_default();
                output.line(format!("{indent}{HEAD}{name}{HEAD:#}{line}"))?;
                print_members(value, depth + 1, output)?;
            }
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(plain).collect();
                output.line(format!("{indent}{name}: {}", items.join(", ")))?;
            }
            other => output.line(format!("{indent}{name}: {}", plain(other)))?,
        }
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn describe(profile: &Profile) -> Value {
    let mut value = Map::new();
    value.insert("name".into(), json!(&*profile.name));
    value.insert("line".into(), json!(profile.line));
    value.insert("cryptoLibrary".into(), json!(profile.library.name()));
    value.insert("operations".into(), json!(profile.section_names()));
    let pending: Vec<_> = profile.section_names().into_iter().filter(|name| !is_served(name)).collect();
    if !pending.is_empty() {
        value.insert("notServedYet".into(), json!(pending));
    }
    if let Some(deprecation) = &profile.deprecation {
        value.insert(
            "deprecation".into(),
            json!({ "line": deprecation.line, "replacedBy": deprecation.replaced_by, "deprecatedSince": deprecation.deprecated_since,
                "removeAfter": deprecation.remove_after, "reason": deprecation.reason, "enforced": deprecation.enforce_sunset }),
        );
    }
    if let Some(rule) = &profile.hash_data {
        value.insert(
            "hashData".into(),
            json!({ "line": rule.line, "hashAlg": rule.algorithm.name(), "outputLength": rule.output_length }),
        );
    }
    if let Some(rule) = &profile.sign_certificate {
        value.insert("signCertificate".into(), sign_certificate(rule));
    }
    if let Some(rule) = &profile.sign_data {
        value.insert("signData".into(), signature(rule));
    }
    if let Some(rule) = &profile.encrypt_data {
        value.insert("encryptData".into(), encryption(rule));
    }
    if let Some(rule) = &profile.kem {
        value.insert("kem".into(), kem(rule));
    }
    if let Some(rule) = &profile.groth16 {
        value.insert("groth16".into(), groth16::groth16(rule));
    }
    Value::Object(value)
}

fn sign_certificate(rule: &SignCertificateRule) -> Value {
    let purposes: Vec<&str> = rule.extended_key_usage.iter().map(|usage| usage.name()).collect();
    let mut value = json!({
        "line": rule.line,
        "algorithm": rule.scheme.certificate_algorithm_name(),
        "skiHashAlg": rule.ski_hash.name(),
        "validity": {
            "line": rule.validity_line,
            "validNotBeforeOffset": offset(rule.not_before_offset),
            "validNotAfterOffset": offset(rule.not_after_offset),
        },
        "keyConstraints": { "subject": keys(&rule.subject_keys), "issuer": keys(&rule.issuer_keys) },
        "keyUsage": rule.key_usage.names(),
        "extendedKeyUsage": purposes,
        "extendedKeyUsageCritical": rule.extended_key_usage_critical,
        "basicConstraints": {
            "ca": rule.basic_constraints.ca,
            "pathLenConstraint": rule.basic_constraints.path_len,
            "critical": rule.basic_constraints.ca || rule.basic_constraints.critical,
            "omit": rule.basic_constraints.omit,
        },
        "unknownExtensions": rule.unknown_extensions.name(),
        "issuerChecks": {
            "allowExpired": !rule.issuer_checks.refuse_expired,
            "requireCA": rule.issuer_checks.require_ca,
            "nestValidity": rule.issuer_checks.nest_validity,
        },
    });
    let Some(members) = value.as_object_mut() else { return value };
    if let Some(names) = &rule.subject_alternative_names {
        let kinds = [("dns", names.dns), ("ip", names.ip), ("uri", names.uri), ("email", names.email)];
        let allow: Vec<&str> = kinds.iter().filter(|(_, allowed)| *allowed).map(|(name, _)| *name).collect();
        let names = json!({
            "line": names.line,
            "allow": allow,
            "allowUnderscore": names.allow_underscore,
            "suffixes": names.suffixes,
            "fromCommonName": names.from_common_name,
        });
        members.insert("subjectAlternativeNames".into(), names);
    }
    certificate::insert(rule, members);
    value
}

fn signature(rule: &SignDataRule) -> Value {
    json!({
        "line": rule.line,
        "signingMode": rule.mode.name(),
        "algorithm": rule.scheme.data_algorithm_name(),
        "signatureFormat": rule.format.name(),
        "keyConstraints": keys(&rule.keys),
        "allowSeed": rule.allow_seed,
        "allowContext": rule.allow_context,
    })
}

fn encryption(rule: &EncryptDataRule) -> Value {
    json!({
        "line": rule.line,
        "encryptAlg": rule.algorithm.name(),
        "keySize": rule.key_size,
        "tagLength": rule.tag_length,
        "nonceStrategy": rule.nonce.name(),
    })
}

fn kem(rule: &KemRule) -> Value {
    json!({ "line": rule.line, "kemAlg": rule.algorithm.name(), "allowSeed": rule.allow_seed })
}

fn keys(keys: &KeyConstraints) -> Value {
    let range =
        |range: SizeRange| json!({ "line": range.line, "minKeySize": range.min, "maxKeySize": range.max });
    let mut value = Map::new();
    value.insert("line".into(), json!(keys.line));
    if let Some(rsa) = keys.rsa {
        value.insert("rsa".into(), range(rsa));
    }
    if let Some(ecdsa) = keys.ecdsa {
        value.insert("ecdsa".into(), range(ecdsa));
    }
    if let Some(line) = keys.ed25519 {
        value.insert("ed25519".into(), json!({ "line": line }));
    }
    for (set, line) in &keys.ml_dsa {
        value.insert(set.name().to_owned(), json!({ "line": line }));
    }
    Value::Object(value)
}

/// Returns a Go duration in the largest unit that fits.
fn offset(seconds: i64) -> String {
    match seconds {
        0 => "0s".to_owned(),
        hours if hours % 3600 == 0 => format!("{}h", hours / 3600),
        minutes if minutes % 60 == 0 => format!("{}m", minutes / 60),
        seconds => format!("{seconds}s"),
    }
}
