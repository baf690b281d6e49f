//! The checks of `SignCertificate`, in the order in which they decide.

use super::{
    CaFacts, Denial, Facts,
    decide::{Check, Decide},
    permit::{CertificateParameters, SignCertificate},
    profile::{Profile, SignCertificateRule},
};
use crate::request;

mod certified;
mod common_name;
mod crl;
mod extensions;
mod issuer;
mod keys;
mod names;
mod subject;
#[cfg(test)]
mod tests;
mod usage;
mod validity;

pub use issuer::CertificateNames;

impl Decide for SignCertificate {
    const CHECKS: &'static [Check<Self>] = &[
        keys::subject_key,
        keys::issuer_key,
        keys::issuer_algorithm,
        usage::key_usage,
        validity::validity,
        names::names,
        subject::subject_names,
        subject::subject,
        subject::length,
        crl::distribution_points,
        extensions::unknown_extensions,
        issuer::issuer_checks,
    ];

    fn facts(request: &request::SignCertificate, now: i64) -> Facts<'_> {
        Facts {
            subject_key: Some(request.csr.key_type()),
            issuer_key: Some(request.issuer_key.key_type()),
            ca: Some(CaFacts::from(&request.ca_certificate)),
            subject: Some(request.subject()),
            names: Some(request.csr.subject_alternative_names()),
            crl_distribution_points: Some(&request.crl_distribution_points),
            requested_extensions: Some(request.csr.requested_extensions()),
            not_before: request.not_before,
            not_after: request.not_after,
            ..Facts::new(now)
        }
    }

    fn parameters(
        _: &Profile,
        rule: &SignCertificateRule,
        facts: &Facts<'_>,
    ) -> Result<CertificateParameters, Denial> {
        let (not_before, not_after) = validity::effective_validity(rule, facts);
        // Without a key, which only an explanation lacks, there is no usage.
        let key_usage = facts.subject_key.map(|key| rule.key_usage.of_key(key.kind())).unwrap_or_default();
        Ok(CertificateParameters {
            not_before,
            not_after,
            scheme: rule.scheme,
            key_usage,
            names_from_common_names: certified::names_from_common_names(rule, facts),
        })
    }
}
