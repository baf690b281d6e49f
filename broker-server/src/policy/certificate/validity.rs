//! The check of the requested validity, and the validity of the certificate.

use jiff::{SignedDuration, civil::DateTime};

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
    // Unlike `jiff::Timestamp`, the calendar reaches the last second of the year 9999 (RFC 5280 4.1.2.5).
    EPOCH
        .checked_add(SignedDuration::from_secs(seconds))
        .map_or_else(|_| seconds.to_string(), |time| format!("{time}Z"))
}

/// 1970-01-01T00:00:00.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Formats a duration with its sign, such as `-1h` or `+24h`.
fn signed_duration(seconds: i64) -> String {
    let sign = if seconds < 0 { "" } else { "+" };
    format!("{sign}{}", duration::print(seconds))
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn times_of_every_year_are_printed() {
        for (seconds, text) in [
            (-62_135_596_800, "0001-01-01T00:00:00Z"),
            (-315_521_755, "1960-01-02T03:04:05Z"),
            (0, "1970-01-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "253402300800"),
            (i64::MAX, "9223372036854775807"),
            (i64::MIN, "-9223372036854775808"),
        ] {
            assert_eq!(timestamp(seconds), text);
        }
    }
}
