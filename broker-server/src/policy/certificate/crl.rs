//! The check of the CRL distribution points.

use super::names;
use crate::policy::{
    Denial, DenialKind, check::CheckInput, collector::DenialCollector, profile::SignCertificateRule,
};

/// Checks that the request has the CRL distribution points that the profile states, or none.
pub(super) fn distribution_points(
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let Some(rule) = &input.rule.crl_distribution_points else { return Ok(()) };
    let requested = input.facts.crl_distribution_points.unwrap_or_default();
    let are_equal = || {
        requested.iter().all(|url| rule.urls.contains(url))
            && rule.urls.iter().all(|url| requested.contains(url))
    };
    if requested.is_empty() || are_equal() {
        return Ok(());
    }
    let message = format!(
        "the request has CRL distribution points of its own; profile {} states them: send none, or exactly {}",
        input.profile.name,
        names::escape_truncated(&rule.urls.join(", "))
    );
    let path = "API.SignCertificate.CRLDistributionPoints";
    collector.add(input.denial(DenialKind::CrlDistributionPointNotAllowed, path, rule.line, message))
}
