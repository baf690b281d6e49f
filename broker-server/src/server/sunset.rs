//! Warnings about profiles whose sunset (`RemoveAfter`) has passed or is near.

use std::fmt;

use jiff::Timestamp;

use crate::policy::{Catalogue, profile::Profile};

/// How long before its sunset a profile is warned about, in seconds.
const NOTICE_PERIOD: i64 = 30 * 24 * 3600;
/// The number of profiles that have a warning of their own.
const MAX_WARNINGS: usize = 20;

/// A profile whose sunset has passed or is near.
struct Sunset<'a> {
    profile: &'a str,
    remove_after: &'a str,
    replaced_by: Option<&'a str>,
    has_passed: bool,
    /// Requests are refused after the sunset (`EnforceSunset`).
    is_enforced: bool,
}

/// Logs a warning for each of the first profiles whose sunset has passed or is less than 30 days away, and one with the
/// number of the others.
pub(super) fn log_warnings(catalogue: &Catalogue, now: Timestamp) {
    let sunsets = sunsets(catalogue, now);
    for sunset in sunsets.iter().take(MAX_WARNINGS) {
        let Sunset { profile, remove_after, replaced_by, .. } = *sunset;
        tracing::warn!(profile, remove_after, replaced_by, "{}", sunset.consequence());
    }
    if let Some(further) = further(&sunsets) {
        tracing::warn!(
            profiles = further,
            "further profiles have passed their RemoveAfter or will within 30 days"
        );
    }
}

/// Returns the same warnings as texts.
pub(super) fn warnings(catalogue: &Catalogue, now: Timestamp) -> Vec<String> {
    let sunsets = sunsets(catalogue, now);
    let mut warnings: Vec<String> = sunsets.iter().take(MAX_WARNINGS).map(ToString::to_string).collect();
    warnings.extend(further(&sunsets).map(|further| {
        format!("{further} further profiles have passed their RemoveAfter or will within 30 days")
    }));
    warnings
}

fn sunsets(catalogue: &Catalogue, now: Timestamp) -> Vec<Sunset<'_>> {
    catalogue.profiles().iter().filter_map(|profile| Sunset::of(profile, now.as_second())).collect()
}

/// Returns the number of profiles beyond [`MAX_WARNINGS`], if there are any.
fn further(sunsets: &[Sunset<'_>]) -> Option<usize> {
    sunsets.len().checked_sub(MAX_WARNINGS).filter(|further| *further > 0)
}

impl<'a> Sunset<'a> {
    /// Returns the profile's sunset if it has passed or is near.
    fn of(profile: &'a Profile, now: i64) -> Option<Self> {
        let deprecation = profile.deprecation.as_ref()?;
        let sunset = deprecation.sunset?;
        (sunset.saturating_sub(now) <= NOTICE_PERIOD).then(|| Self {
            profile: &profile.name,
            remove_after: deprecation.remove_after.as_deref().unwrap_or_default(),
            replaced_by: deprecation.replaced_by.as_deref(),
            has_passed: sunset <= now,
            is_enforced: deprecation.enforce_sunset,
        })
    }

    const fn consequence(&self) -> &'static str {
        match (self.has_passed, self.is_enforced) {
            (true, true) => "the profile has passed its RemoveAfter: its requests are refused",
            (true, false) => "the profile has passed its RemoveAfter: it is served until it is removed",
            (false, true) => {
                "the profile passes its RemoveAfter within 30 days: its requests are refused then"
            }
            (false, false) => "the profile passes its RemoveAfter within 30 days",
        }
    }
}

impl fmt::Display for Sunset<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "profile {}, RemoveAfter {}: {}", self.profile, self.remove_after, self.consequence())?;
        match self.replaced_by {
            Some(name) => write!(f, "; it is replaced by {name}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;
    use crate::operation::CAPABILITIES;

    fn catalogue(enforce: bool, dates: &[&str]) -> Catalogue {
        use std::fmt::Write as _;
        let mut text = format!("Settings: {{ EnforceSunset: {enforce} }}\nProfiles:\n");
        for (number, date) in dates.iter().enumerate() {
            let api = "API: { HashData: { HashAlg: sha-256 } }";
            let deprecation = format!("Deprecation: {{ RemoveAfter: \"{date}\", ReplacedBy: P0 }}");
            writeln!(text, "  - Name: P{number}\n    {deprecation}\n    {api}").unwrap();
        }
        Catalogue::parse("test", &text, CAPABILITIES).unwrap()
    }

    fn warned(enforce: bool, dates: &[&str]) -> Vec<String> {
        warnings(&catalogue(enforce, dates), "2026-06-15T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn warns_of_a_sunset_that_has_passed_or_is_within_30_days() {
        let dates = ["2026-06-14", "2026-06-15", "2026-07-14", "2026-07-16", "2026-06-15T11:59:58Z"];
        let warnings = warned(false, &dates);
        let start = |index: usize| warnings[index].split(" RemoveAfter").next().unwrap().to_owned();
        assert_eq!(
            (0..warnings.len()).map(start).collect::<Vec<_>>(),
            ["profile P0,", "profile P1,", "profile P2,", "profile P4,"]
        );
        assert!(warnings[0].contains("2026-06-14: the profile has passed"), "{warnings:?}");
        assert!(warnings[0].ends_with("; it is replaced by P0"), "{warnings:?}");
        // A day ends at midnight.
        assert!(warnings[1].contains("within 30 days"), "{warnings:?}");
        assert!(warnings[3].contains("has passed"), "{warnings:?}");
    }

    #[test]
    fn says_whether_requests_are_refused() {
        assert!(warned(true, &["2026-06-14"])[0].contains("are refused"));
        assert!(warned(true, &["2026-06-20"])[0].contains("are refused then"));
        assert!(!warned(false, &["2026-06-14"])[0].contains("refused"));
    }

    #[test]
    fn counts_the_profiles_beyond_twenty() {
        assert_eq!(warned(false, &["2026-01-01"; 20]).len(), 20);
        let warnings = warned(false, &["2026-01-01"; 23]);
        assert_eq!(warnings.len(), 21);
        assert!(warnings[20].starts_with("3 further profiles"), "{warnings:?}");
    }
}
