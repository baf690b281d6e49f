//! Explains which rules would refuse a request, without a key and without a broker.

use super::{
    Denial, Facts, check,
    decide::{self, Decide},
    document::suggest::nearest,
    facts::Fact,
    findings::Findings,
    permit,
    profile::Profile,
};

/// The sections that no operation stands behind yet.
const PENDING: [&str; 1] = ["Groth16"];

/// What the rules of a profile say to a request of which some facts are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Every denial in the order of the checks; the first is the one that a broker answers. Empty where no rule is
    /// against what is known.
    pub denials: Vec<Denial>,
    /// What a check would have looked at and nobody has said.
    pub not_judged: Vec<Fact>,
}

/// An operation as a value, for callers that learn at run time which one it is.
#[derive(Clone, Copy, Debug)]
pub struct AnyOperation {
    /// A name that no other operation has. It is the operation's own, but for the two that are called `GenerateKeyPair`.
    pub name: &'static str,
    /// The section of the profile, by its name in the document.
    pub section: &'static str,
    explain: fn(&Profile, &Facts<'_>) -> Explanation,
}

impl AnyOperation {
    pub(super) const fn of<O: Decide>(name: &'static str) -> Self {
        Self { name, section: O::SECTION, explain: explain_one::<O> }
    }

    /// Returns every operation.
    pub fn all() -> &'static [Self] {
        permit::OPERATIONS
    }

    /// Finds an operation by its [`name`](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        Self::all().iter().copied().find(|operation| operation.name == name)
    }
}

/// Explains what `profile` says to a request for the operation of that name. Of a section that no operation stands behind
/// it says whether the profile has it.
pub fn explain(profile: &Profile, operation: &str, facts: &Facts<'_>) -> Explanation {
    if let Some(known) = AnyOperation::named(operation) {
        return (known.explain)(profile, facts);
    }
    let mut denials: Vec<Denial> = check::sunset(profile, facts.now).err().into_iter().collect();
    if !profile.operations().contains(&operation) {
        let mut denial = check::no_section(profile, operation);
        let names = AnyOperation::all().iter().map(|known| known.name).chain(PENDING);
        if !PENDING.contains(&operation)
            && let Some(near) = nearest(operation, names)
        {
            denial.message = format!("{}; did you mean {near}?", denial.message);
        }
        denials.push(denial);
    }
    Explanation { denials, not_judged: Vec::new() }
}

fn explain_one<O: Decide>(profile: &Profile, facts: &Facts<'_>) -> Explanation {
    let mut findings = Findings::for_explanation();
    let last = decide::evaluate::<O>(profile, facts, &mut findings).err();
    let (mut denials, not_judged) = findings.into_parts();
    denials.extend(last);
    Explanation { denials, not_judged }
}

#[cfg(test)]
mod tests;
