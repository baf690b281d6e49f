//! The canonical form of a catalogue: the text whose SHA-256 is the digest of the catalogue.
//!
//! It has one line `path=value` for each rule, in the order of this file, with the profiles sorted by name and
//! strings as JSON. It is made from the typed rules with their defaults, so that comments, layout, the order of
//! keys, the case of algorithms and a default that is written out do not change it, and every change of what is
//! allowed does.

mod groth16;

use std::fmt::{Display, Write as _};

use super::{
    document::Document,
    profile::{
        Deprecation, KeyConstraints, KmsRule, Profile, SignCertificateRule, SignDataRule,
        SubjectAlternativeNames, SubjectRule,
    },
};
use crate::{
    algorithm::{DataScheme, KeyKind, SignatureScheme},
    request::AttributeId,
};

/// The first line, which has the version of the form. The version is incremented when the form changes.
const VERSION_LINE: &str = "crypto-broker-catalogue=1\n";

/// Returns the canonical form of a document.
pub(super) fn text(document: &Document) -> String {
    let mut lines = Lines { text: VERSION_LINE.to_owned(), prefix: String::new() };
    lines.put("Settings.EnforceSunset", document.enforce_sunset);
    lines.put("Settings.Fips", if document.fips { "required" } else { "off" });
    if let Some(kms) = &document.kms {
        lines.put("KMS.Client", KmsRule::CLIENT);
        lines.put_quoted("KMS.Config", &kms.config);
        lines.put("KMS.Cache", kms.cache);
    }
    let mut profiles: Vec<&Profile> = document.profiles.iter().map(AsRef::as_ref).collect();
    profiles.sort_by(|a, b| a.name.cmp(&b.name));
    for profile in profiles {
        lines.prefix = String::new();
        lines.put_quoted("Profile", &profile.name);
        write_profile(profile, &mut lines);
    }
    lines.text
}

struct Lines {
    text: String,
    prefix: String,
}

impl Lines {
    /// Writes a value whose text is fixed by this module.
    fn put(&mut self, path: &str, value: impl Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{}{path}={value}", self.prefix);
    }

    /// Writes a value from the document, as a JSON string.
    fn put_quoted(&mut self, path: &str, value: &str) {
        self.put(path, serde_json::Value::from(value));
    }
}

fn write_profile(profile: &Profile, lines: &mut Lines) {
    lines.put("CryptoLibrary", profile.library.name());
    if let Some(deprecation) = &profile.deprecation {
        lines.prefix = "Deprecation.".to_owned();
        write_deprecation(deprecation, lines);
    }
    if let Some(rule) = &profile.hash_data {
        lines.prefix = "HashData.".to_owned();
        lines.put("HashAlg", rule.algorithm.name());
        lines.put("OutputLength", rule.output_length);
    }
    if let Some(rule) = &profile.sign_certificate {
        lines.prefix = "SignCertificate.".to_owned();
        write_sign_certificate(rule, lines);
    }
    if let Some(rule) = &profile.sign_data {
        lines.prefix = "SignData.".to_owned();
        write_sign_data(rule, lines);
    }
    if let Some(rule) = &profile.encrypt_data {
        lines.prefix = "EncryptData.".to_owned();
        lines.put("EncryptAlg", rule.algorithm.name());
        lines.put("KeySize", rule.key_size);
        lines.put("NonceStrategy", rule.nonce.name());
        lines.put("TagLength", rule.tag_length);
    }
    if let Some(rule) = &profile.kem {
        lines.prefix = "KEM.".to_owned();
        lines.put("KemAlg", rule.algorithm.name());
        lines.put("AllowSeed", rule.allow_seed);
    }
    if let Some(rule) = &profile.groth16 {
        lines.prefix = "Groth16.".to_owned();
        groth16::write_groth16(rule, lines);
    }
}

fn write_deprecation(deprecation: &Deprecation, lines: &mut Lines) {
    lines.put("Present", true);
    for (path, value) in [
        ("ReplacedBy", &deprecation.replaced_by),
        ("DeprecatedSince", &deprecation.deprecated_since),
        ("RemoveAfter", &deprecation.remove_after),
        ("Reason", &deprecation.reason),
    ] {
        if let Some(value) = value {
            lines.put_quoted(path, value);
        }
    }
}

fn write_sign_certificate(rule: &SignCertificateRule, lines: &mut Lines) {
    write_scheme(rule.scheme, lines);
    lines.put("SKIHashAlg", rule.ski_hash.name());
    lines.put("ValidNotBeforeOffset", rule.not_before_offset);
    lines.put("ValidNotAfterOffset", rule.not_after_offset);
    write_keys("Subject", &rule.subject_keys, lines);
    write_keys("Issuer", &rule.issuer_keys, lines);
    lines.put("KeyUsage", rule.key_usage.names().join(","));
    let purposes: Vec<&str> = rule.extended_key_usage.iter().map(|usage| usage.name()).collect();
    lines.put("ExtendedKeyUsage", purposes.join(","));
    lines.put("ExtendedKeyUsageCritical", rule.extended_key_usage_critical);
    lines.put("CA", rule.basic_constraints.ca);
    lines.put("BasicConstraints.Critical", rule.basic_constraints.critical);
    lines.put("BasicConstraints.Omit", rule.basic_constraints.omit);
    if let Some(path_len) = rule.basic_constraints.path_len {
        lines.put("PathLenConstraint", path_len);
    }
    if let Some(names) = &rule.subject_alternative_names {
        write_alternative_names(names, lines);
    }
    if let Some(subject) = &rule.subject {
        write_subject(subject, lines);
    }
    if let Some(limit) = rule.max_subject_length {
        lines.put("MaxSubjectLength", limit.characters);
    }
    write_extensions(rule, lines);
    lines.put("UnknownExtensions", rule.unknown_extensions.name());
    lines.put("AllowExpired", !rule.issuer_checks.refuse_expired);
    lines.put("RequireCA", rule.issuer_checks.require_ca);
    lines.put("NestValidity", rule.issuer_checks.nest_validity);
}

fn write_alternative_names(names: &SubjectAlternativeNames, lines: &mut Lines) {
    for (kind, allowed) in names.kinds() {
        lines.put(&format!("Allow.{kind}"), allowed);
    }
    lines.put("AllowUnderscore", names.allow_underscore);
    for suffix in &names.suffixes {
        lines.put_quoted("Suffix", suffix);
    }
    lines.put("FromCommonName", names.from_common_name);
}

fn write_subject(subject: &SubjectRule, lines: &mut Lines) {
    lines.put("Subject.Present", true);
    let sorted = |types: &[AttributeId]| {
        let mut names: Vec<String> = types.iter().map(ToString::to_string).collect();
        names.sort();
        names.join(",")
    };
    if let Some(allow) = &subject.allow {
        lines.put("Subject.Allow", sorted(allow));
    }
    lines.put("Subject.Require", sorted(&subject.require));
    let mut values: Vec<(String, &String)> = subject
        .values
        .iter()
        .flat_map(|(kind, values)| values.iter().map(move |value| (format!("Subject.Values.{kind}"), value)))
        .collect();
    values.sort();
    for (path, value) in values {
        lines.put_quoted(&path, value);
    }
    if let Some(rule) = &subject.common_name {
        for suffix in &rule.suffixes {
            lines.put_quoted("Subject.CommonName.Suffix", suffix);
        }
        lines.put("Subject.CommonName.MatchSubjectAlternativeName", rule.match_alternative_name);
    }
}

/// Writes the extensions in the order of the document, which certificates keep.
fn write_extensions(rule: &SignCertificateRule, lines: &mut Lines) {
    for url in rule.crl_distribution_points.iter().flat_map(|points| &points.urls) {
        lines.put_quoted("CRLDistributionPoint", url);
    }
    for url in &rule.authority_information_access.ocsp {
        lines.put_quoted("AuthorityInformationAccess.OCSP", url);
    }
    for url in &rule.authority_information_access.ca_issuers {
        lines.put_quoted("AuthorityInformationAccess.CAIssuers", url);
    }
    for policy in &rule.certificate_policies {
        lines.put("CertificatePolicy", &policy.oid);
        if let Some(cps) = &policy.cps {
            lines.put_quoted("CertificatePolicy.CPS", cps);
        }
    }
}

fn write_sign_data(rule: &SignDataRule, lines: &mut Lines) {
    lines.put("SigningMode", rule.mode.name());
    match rule.scheme {
        DataScheme::Single(single) => write_scheme(single, lines),
        DataScheme::HashMlDsa(algorithm) => {
            lines.put("SignAlg", algorithm.set().name());
            lines.put("PreHash", algorithm.pre_hash().name());
        }
        DataScheme::Composite(composite) => lines.put("SignAlg", composite.name()),
    }
    lines.put("SignatureFormat", rule.format.name());
    lines.put("AllowSeed", rule.allow_seed);
    lines.put("AllowContext", rule.allow_context);
    write_keys("Keys", &rule.keys, lines);
}

fn write_scheme(scheme: SignatureScheme, lines: &mut Lines) {
    lines.put("SignAlg", scheme.name());
    if let Some(hash) = scheme.hash() {
        lines.put("HashAlg", hash.name());
    }
}

fn write_keys(section: &str, keys: &KeyConstraints, lines: &mut Lines) {
    for kind in [KeyKind::Rsa, KeyKind::Ecdsa] {
        if let Some(range) = keys.sizes(kind) {
            let path = format!("{section}.{}", kind.name());
            lines.put(&path, format_args!("{}-{}", range.min, range.max));
        }
    }
    let without_sizes = keys.ed25519.map(|_| KeyKind::Ed25519).into_iter();
    for kind in without_sizes.chain(keys.ml_dsa.iter().map(|(set, _)| KeyKind::MlDsa(*set))) {
        lines.put(&format!("{section}.{}", kind.name()), true);
    }
}
