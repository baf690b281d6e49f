//! The check of the requested validity, and the validity of the certificate.

use crate::{
    duration,
    policy::{
        Denial, DenialKind, Facts, check::CheckInput, collector::DenialCollector,
        profile::SignCertificateRule,
    },
};

/// Returns notBefore and notAfter in Unix seconds. A time that the request leaves out is the edge of the window.
pub(super) fn effective_validity(rule: &SignCertificateRule, facts: &Facts<'_>) -> (i64, i64) {
    let (first, last) = window(rule, facts.now);
    (facts.not_before.unwrap_or(first), facts.not_after.unwrap_or(last))
}

/// Returns the first and the last second that the profile allows, in Unix seconds.
fn window(rule: &SignCertificateRule, now: i64) -> (i64, i64) {
    (now.saturating_add(rule.not_before_offset), now.saturating_add(rule.not_after_offset))
}

/// Checks that the requested times are inside the window.
pub(super) fn validity(
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let CheckInput { profile, rule, facts } = input;
    let (first, last) = window(rule, facts.now);
    for (name, requested) in [("notBefore", facts.not_before), ("notAfter", facts.not_after)] {
        let Some(requested) = requested else { continue };
        // The denial names the edge that the request crosses.
        let key = match (requested < first, requested > last) {
            (true, _) => "ValidNotBeforeOffset",
            (_, true) => "ValidNotAfterOffset",
            _ => continue,
        };
        let message = format!(
            "the requested {name} is {}; profile {} allows {} to {} (now {} to {})",
            timestamp(requested),
            profile.name,
            timestamp(first),
            timestamp(last),
            signed_duration(rule.not_before_offset),
            signed_duration(rule.not_after_offset),
        );
        let path = format!("API.SignCertificate.Validity.{key}");
        collector.add(input.denial(DenialKind::ValidityNotAllowed, &path, rule.validity_line, message))?;
    }
    Ok(())
}

/// Formats a time as in RFC 3339 in UTC, or as a number where it is outside the calendar.
pub(super) fn timestamp(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |timestamp| timestamp.to_string())
}

/// Formats a duration with its sign, such as `-1h` or `+24h`.
fn signed_duration(seconds: i64) -> String {
    let sign = if seconds < 0 { "" } else { "+" };
    format!("{sign}{}", duration::print(seconds))
}
