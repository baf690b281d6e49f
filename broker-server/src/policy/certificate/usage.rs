//! The check of keyUsage.

use crate::policy::{
    Denial, DenialKind, check::CheckInput, collector::DenialCollector, facts::FactName,
    profile::SignCertificateRule,
};

/// Checks that the subject's key can have at least one of the profile's usages. A certificate without keyUsage could be used
/// for everything (RFC 5280 4.2.1.3).
pub(super) fn key_usage(
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let usage = input.rule.key_usage;
    if usage.is_empty() {
        return Ok(());
    }
    let Some(key) = collector.require(FactName::SubjectKey, input.facts.subject_key)? else { return Ok(()) };
    if !usage.of_key(key.kind()).is_empty() {
        return Ok(());
    }
    let message = format!(
        "the subject key is {key}, which can have none of the usages of profile {}: {}",
        input.profile.name,
        usage.names().join(", ")
    );
    let path = "API.SignCertificate.KeyUsage";
    collector.add(input.denial(DenialKind::SubjectKeyNotAllowed, path, input.rule.key_usage_line, message))
}
