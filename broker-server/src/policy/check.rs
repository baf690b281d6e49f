//! The checks that more than one operation has.

use super::{Denial, DenialKind, Facts, denial::denial, profile::Profile};

/// Fails where the profile is past its sunset.
pub(super) fn sunset(profile: &Profile, now: i64) -> Result<(), Denial> {
    let Some(deprecation) = &profile.deprecation else { return Ok(()) };
    match deprecation.refused_from {
        Some(from) if now >= from => {
            let after = deprecation.remove_after.as_deref().unwrap_or_default();
            let next = deprecation
                .replaced_by
                .as_ref()
                .map_or_else(String::new, |name| format!("; use profile {name} instead"));
            let message = format!("profile {} is not served after {after}{next}", profile.name);
            Err(denial(
                profile,
                DenialKind::ProfileRetired,
                "Deprecation.RemoveAfter",
                deprecation.line,
                message,
            ))
        }
        _ => Ok(()),
    }
}

/// Makes the denial of an operation that the profile has no section for.
pub(super) fn no_section(profile: &Profile, operation: &str) -> Denial {
    let allowed = profile.operations().join(", ");
    let message = format!("profile {} has no section API.{operation}; it allows {allowed}", profile.name);
    denial(profile, DenialKind::OperationNotAllowed, &format!("API.{operation}"), profile.line, message)
}

/// Fails where the request brings a seed and `AllowSeed` of the section in `line` does not allow one.
pub(super) fn seed(
    profile: &Profile,
    section: &str,
    allowed: bool,
    line: u32,
    facts: &Facts<'_>,
) -> Result<(), Denial> {
    if allowed || !facts.seed {
        return Ok(());
    }
    let rule = format!("API.{section}.AllowSeed");
    let message = format!(
        "profile {} makes keys from the system's randomness only: {rule} is not true; send no seed",
        profile.name
    );
    Err(denial(profile, DenialKind::SeedNotAllowed, &rule, line, message))
}
