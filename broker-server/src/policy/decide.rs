//! The decision: a pure function of the caller, the profile, the request and the time.

use std::sync::Arc;

use super::{
    Denial, Facts,
    check::{self, CheckInput},
    collector::DenialCollector,
    permit::{self, Operation, Permit},
    profile::Profile,
};
use crate::caller::Caller;

/// An operation that policy decides on.
pub trait Decide: Operation + Sized {
    /// The checks, in the order in which they are made.
    const CHECKS: &'static [Check<Self>];

    /// Returns everything in `request` that policy depends on. `now` is in Unix seconds.
    fn facts(request: &Self::Request, now: i64) -> Facts<'_>;

    /// Returns the parameters of the operation, after the checks.
    ///
    /// # Errors
    /// Fails where the broker supports none of the values that the profile allows.
    fn parameters(
        profile: &Profile,
        rule: &Self::Rule,
        facts: &Facts<'_>,
    ) -> Result<Self::Parameters, Denial>;
}

/// A check of an operation. It adds its denials to the [`DenialCollector`], which in a decision makes it fail with the
/// first one.
pub(super) type Check<O> =
    fn(&CheckInput<'_, <O as Operation>::Rule>, &mut DenialCollector) -> Result<(), Denial>;

/// Implements [`Decide`] for the operations of the table that have no checks.
macro_rules! implement {
    ($($kind:ident { $(
        $(#[$doc:meta])*
        $name:ident {
            paths: $paths:tt,
            messages: $message:ident => $response:ident,
            key: $key:ident,
            section: $section:literal in $field:ident: $rule:ty,
            request: $request:ty => $parameters:ty,
            checks: $checks:ident,
        }
    )+ })+) => {
        $($(implement!($checks $name);)+)+
    };
    (custom $name:ident) => {};
    (none $name:ident) => {
        impl Decide for permit::$name {
            const CHECKS: &'static [Check<Self>] = &[];

            fn facts(_: &Self::Request, now: i64) -> Facts<'_> {
                Facts::new(now)
            }

            fn parameters(_: &Profile, _: &Self::Rule, _: &Facts<'_>) -> Result<(), Denial> {
                Ok(())
            }
        }
    };
}

with_operations!(implement);

/// Decides whether `profile` allows `request`. No rule looks at the caller yet. `now` is in Unix seconds and is
/// read once per call, so that all checks see the same time.
///
/// # Errors
/// Fails with the first denial.
pub fn decide<O: Decide>(
    _caller: &Caller,
    profile: &Arc<Profile>,
    request: O::Request,
    now: i64,
) -> Result<Permit<O>, Denial> {
    let (rule, parameters) =
        evaluate::<O>(profile, &O::facts(&request, now), &mut DenialCollector::for_decision())?;
    Ok(Permit::new(request, parameters, rule, Arc::clone(profile)))
}

/// Evaluates every rule for the facts, in this order: the sunset, the section of the operation, its checks, its
/// parameters. Decisions and explanations both use this function, so that a new check takes part in both.
///
/// # Errors
/// Fails with the denial after which the evaluation cannot continue. In a decision that is the first denial.
pub(super) fn evaluate<O: Decide>(
    profile: &Profile,
    facts: &Facts<'_>,
    collector: &mut DenialCollector,
) -> Result<(Arc<O::Rule>, O::Parameters), Denial> {
    collector.record(check::sunset(profile, facts.now))?;
    let rule = O::rule(profile).ok_or_else(|| check::no_section(profile, O::SECTION))?;
    let input = CheckInput { profile, rule: rule.as_ref(), facts };
    for check in O::CHECKS {
        check(&input, collector)?;
    }
    let parameters = O::parameters(profile, rule, facts)?;
    Ok((Arc::clone(rule), parameters))
}

#[cfg(test)]
mod tests;
