//! The checks of `SignCertificate`, in the order in which they decide.

use super::{
    CaFacts, Denial, Facts,
    decide::{Check, Decide},
    permit::{CertificateParameters, SignCertificate},
    profile::{Profile, SignCertificateRule},
};
use crate::request;

mod extensions;
mod issuer;
mod keys;
mod names;
mod validity;

impl Decide for SignCertificate {
    const CHECKS: &'static [Check<Self>] = &[
        keys::subject_key,
        keys::issuer_key,
        keys::issuer_algorithm,
        validity::validity,
        names::names,
        extensions::unknown_extensions,
        issuer::issuer_checks,
    ];

    fn facts(request: &request::SignCertificate, now: i64) -> Facts<'_> {
        Facts {
            subject_key: Some(request.csr.key_type()),
            issuer_key: Some(request.issuer_key.key_type()),
            ca: Some(CaFacts::from(&request.ca_certificate)),
            names: Some(request.csr.subject_alternative_names()),
            unknown_extensions: Some(request.csr.ignored_extensions()),
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
        Ok(CertificateParameters { not_before, not_after, scheme: rule.scheme })
    }
}
