//! `API.SignCertificate`.

use super::{
    read::Field,
    report::Report,
    scheme::{self, SignAlg},
};
use crate::{
    algorithm::SkiHash,
    policy::profile::{AuthorityInformationAccess, IssuerChecks, SignCertificateRule},
};

mod extensions;
mod issuer;
mod keys;
mod names;
mod subject;
mod usage;
mod validity;

const KEYS: [&str; 17] = [
    "SignAlg",
    "HashAlg",
    "SKIHashAlg",
    "Validity",
    "KeyConstraints",
    "KeyUsage",
    "ExtendedKeyUsage",
    "ExtendedKeyUsageCritical",
    "BasicConstraints",
    "SubjectAlternativeNames",
    "Subject",
    "MaxSubjectLength",
    "CRLDistributionPoints",
    "AuthorityInformationAccess",
    "CertificatePolicies",
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
    let usage = usage::usage(&section, report);
    if let (Some(usage), Some((subjects, _))) = (&usage, &keys) {
        usage::check_usable_keys(&section, usage.key_usage, subjects, report);
    }
    let extended_key_usage = usage::extended_key_usage(&section, usage.map(|usage| usage.key_usage), report);
    let names_field = section.field("SubjectAlternativeNames");
    let subject_alternative_names = optional(names_field, report, names::alternative_names);
    let subject = optional(section.field("Subject"), report, |field, report| {
        subject::subject(field, names_field.is_some(), report)
    });
    let max_subject_length = optional(section.field("MaxSubjectLength"), report, subject::max_length);
    let crl_distribution_points =
        optional(section.field("CRLDistributionPoints"), report, extensions::crl_distribution_points);
    let authority_information_access = match section.field("AuthorityInformationAccess") {
        Some(field) => extensions::authority_information_access(field, report),
        None => Some(AuthorityInformationAccess::default()),
    };
    let certificate_policies = match section.field("CertificatePolicies") {
        Some(field) => extensions::certificate_policies(field, report),
        None => Some(Vec::new()),
    };
    let unknown_extensions = names::unknown_extensions(&section, report);
    let issuer_checks = match section.field("IssuerChecks") {
        Some(field) => issuer::issuer_checks(field, report),
        None => Some(IssuerChecks::default()),
    };
    let (not_before_offset, not_after_offset, validity_line) = validity?;
    let (subject_keys, issuer_keys) = keys?;
    let usage = usage?;
    let (extended_key_usage, extended_key_usage_critical) = extended_key_usage?;
    Some(SignCertificateRule {
        scheme: scheme?,
        ski_hash: ski_hash?,
        not_before_offset,
        not_after_offset,
        subject_keys,
        issuer_keys,
        key_usage: usage.key_usage,
        extended_key_usage,
        extended_key_usage_critical,
        basic_constraints: usage.basic_constraints,
        subject_alternative_names: subject_alternative_names?,
        subject: subject?,
        max_subject_length: max_subject_length?,
        crl_distribution_points: crl_distribution_points?,
        authority_information_access: authority_information_access?,
        certificate_policies: certificate_policies?,
        unknown_extensions: unknown_extensions?,
        issuer_checks: issuer_checks?,
        line: section.at.line,
        validity_line,
        key_usage_line: usage.key_usage_line,
    })
}

/// Reads a section that a profile can leave out. Returns `None` where it is present and invalid.
fn optional<T>(
    field: Option<&Field<'_>>,
    report: &mut Report,
    read: impl FnOnce(&Field<'_>, &mut Report) -> Option<T>,
) -> Option<Option<T>> {
    match field {
        Some(field) => read(field, report).map(Some),
        None => Some(None),
    }
}
