//! The decision: a pure function of the caller, the profile, the request and the time.

use std::sync::Arc;

use super::{
    Denial, Facts, check,
    findings::Findings,
    permit::{Operation, Permit},
    profile::Profile,
};
use crate::caller::Caller;

/// An operation that policy decides on.
pub trait Decide: Operation + Sized {
    /// The checks in the order in which they refuse.
    const CHECKS: &'static [Check<Self>];

    /// Returns everything that policy looks at in `request`. `now` is in Unix seconds.
    fn facts(request: &Self::Request, now: i64) -> Facts<'_>;

    /// Settles what the request has left open, after the checks.
    ///
    /// # Errors
    /// Fails where the profile leaves nothing that could be granted.
    fn grant(profile: &Profile, rule: &Self::Rule, facts: &Facts<'_>) -> Result<Self::Grant, Denial>;
}

/// A check of an operation. It gives what it has against the request to the [`Findings`] and fails where they say so.
pub(super) type Check<O> =
    fn(&Profile, &<O as Operation>::Rule, &Facts<'_>, &mut Findings) -> Result<(), Denial>;

/// Decides whether `caller` may have what `request` asks for under `profile`. `now` is in Unix seconds, taken once for
/// all checks of a call.
///
/// # Errors
/// Fails with the first denial.
pub fn decide<O: Decide>(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: O::Request,
    now: i64,
) -> Result<Permit<O>, Denial> {
    let (rule, grant) = judge::<O>(profile, &O::facts(&request, now), &mut Findings::of_a_decision())?;
    Ok(Permit::new(request, grant, rule, Arc::clone(profile)))
}

/// Puts the facts to every rule, in this order: the sunset, the section of the operation, its checks, what is to be
/// granted. Decisions and explanations both come from here, so a check that an operation gets is in both.
///
/// # Errors
/// Fails with the denial after which nothing more can be said: in a decision the first one.
pub(super) fn judge<O: Decide>(
    profile: &Profile,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Result<(Arc<O::Rule>, O::Grant), Denial> {
    findings.add(check::sunset(profile, facts.now))?;
    let rule = O::rule(profile).ok_or_else(|| check::no_section(profile, O::SECTION))?;
    for check in O::CHECKS {
        check(profile, rule, facts, findings)?;
    }
    let grant = O::grant(profile, rule, facts)?;
    Ok((Arc::clone(rule), grant))
}

#[cfg(test)]
mod tests;
