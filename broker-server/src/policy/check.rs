//! The input of a check, and the checks that several operations share.

use super::{
    Denial, DenialKind, Facts,
    profile::{KeyConstraints, Profile},
};
use crate::algorithm::KeyKind;

/// The input of a check: the facts of a request, and the profile and the rule that decide on it.
#[derive(Debug)]
pub struct CheckInput<'a, R> {
    pub(super) profile: &'a Profile,
    pub(super) rule: &'a R,
    pub(super) facts: &'a Facts<'a>,
}

impl<R> CheckInput<'_, R> {
    /// Returns a denial by the rule at `path`, which starts in `line` of the document.
    pub(super) fn denial(&self, kind: DenialKind, path: &str, line: u32, message: String) -> Denial {
        Denial::new(self.profile, kind, path, line, message)
    }

    /// Returns the denial of a key outside `constraints`, which are at `path`. The denial names the entry for `key`
    /// where the entry has sizes, and else all constraints.
    pub(super) fn key_denial(
        &self,
        kind: DenialKind,
        path: &str,
        constraints: &KeyConstraints,
        key: KeyKind,
        message: String,
    ) -> Denial {
        match constraints.sizes(key) {
            Some(range) => self.denial(kind, &format!("{path}.{}", key.name()), range.line, message),
            None => self.denial(kind, path, constraints.line, message),
        }
    }
}

/// Checks that the sunset of the profile is not past.
///
/// # Errors
/// Fails from the first second after `RemoveAfter`, where the document enforces it.
pub(super) fn sunset(profile: &Profile, now: i64) -> Result<(), Denial> {
    let Some(deprecation) = &profile.deprecation else { return Ok(()) };
    match deprecation.sunset {
        Some(sunset) if deprecation.enforce_sunset && now >= sunset => {
            let after = deprecation.remove_after.as_deref().unwrap_or_default();
            let next = deprecation
                .replaced_by
                .as_ref()
                .map_or_else(String::new, |name| format!("; use profile {name} instead"));
            let message = format!("profile {} is not served after {after}{next}", profile.name);
            Err(Denial::new(
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

/// Returns the denial of an operation for which the profile has no section.
pub(super) fn no_section(profile: &Profile, operation: &str) -> Denial {
    let allowed = profile.section_names().join(", ");
    let message = format!("profile {} has no section API.{operation}; it allows {allowed}", profile.name);
    let path = format!("API.{operation}");
    Denial::new(profile, DenialKind::OperationNotAllowed, &path, profile.line, message)
}

/// Checks that the request has no seed, unless `AllowSeed` of the section allows one. The section starts in `line`.
///
/// # Errors
/// Fails where the request has a seed that is not allowed.
pub(super) fn seed<R>(
    input: &CheckInput<'_, R>,
    section: &str,
    allowed: bool,
    line: u32,
) -> Result<(), Denial> {
    if allowed || !input.facts.has_seed {
        return Ok(());
    }
    let path = format!("API.{section}.AllowSeed");
    let message = format!(
        "profile {} generates keys only from the system's randomness because {path} is not true; omit the seed",
        input.profile.name
    );
    Err(input.denial(DenialKind::SeedNotAllowed, &path, line, message))
}
