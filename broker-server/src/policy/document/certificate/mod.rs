//! `API.SignCertificate`.

use super::{
    read::Field,
    report::Report,
    scheme::{self, SignAlg},
};
use crate::{
    algorithm::SkiHash,
    policy::profile::{ExtendedKeyUsage, IssuerChecks, SignCertificateRule},
};

mod issuer;
mod keys;
mod names;
mod usage;
mod validity;

const KEYS: [&str; 11] = [
    "SignAlg",
    "HashAlg",
    "SKIHashAlg",
    "Validity",
    "KeyConstraints",
    "KeyUsage",
    "ExtendedKeyUsage",
    "BasicConstraints",
    "SubjectAlternativeNames",
    "UnknownExtensions",
    "IssuerChecks",
];

/// Reads `SignCertificate`.
pub(super) fn sign_certificate(field: &Field<'_>, report: &mut Report) -> Option<SignCertificateRule> {
    let section = field.field_map(&KEYS, report)?;
    let scheme = scheme::scheme(&section, &SignAlg::CERTIFICATES, report);
    let ski_hash = match section.non_empty("SKIHashAlg", report) {
        Some(field) => field.choice_ignoring_case(&SkiHash::ALL.map(|hash| (hash.name(), hash)), report),
        None => Some(SkiHash::Sha1),
    };
    let validity = section.require("Validity", report).and_then(|field| validity::validity(field, report));
    let keys = match section.require_if_strict("KeyConstraints", report) {
        Some(field) => keys::subject_and_issuer_keys(field, scheme, report),
        None => Some((keys::deny_all_keys(section.at.line), keys::deny_all_keys(section.at.line))),
    };
    let key_usage = usage::key_usage(&section, report);
    let extended_key_usage = match section.non_empty("ExtendedKeyUsage", report) {
        Some(field) => field.choices(&ExtendedKeyUsage::ALL.map(|usage| (usage.name(), usage)), report),
        None => Some(Vec::new()),
    };
    let basic_constraints = usage::basic_constraints(&section, key_usage, report);
    let subject_alternative_names = match section.field("SubjectAlternativeNames") {
        Some(field) => names::alternative_names(field, report).map(Some),
        None => Some(None),
    };
    let unknown_extensions = names::unknown_extensions(&section, report);
    let issuer_checks = match section.field("IssuerChecks") {
        Some(field) => issuer::issuer_checks(field, report),
        None => Some(IssuerChecks::default()),
    };
    let (not_before_offset, not_after_offset, validity_line) = validity?;
    let (subject_keys, issuer_keys) = keys?;
    Some(SignCertificateRule {
        scheme: scheme?,
        ski_hash: ski_hash?,
        not_before_offset,
        not_after_offset,
        subject_keys,
        issuer_keys,
        key_usage: key_usage?,
        extended_key_usage: extended_key_usage?,
        basic_constraints: basic_constraints?,
        subject_alternative_names: subject_alternative_names?,
        unknown_extensions: unknown_extensions?,
        issuer_checks: issuer_checks?,
        line: section.at.line,
        validity_line,
    })
}
