//! Explains which rules would deny a request, without a key and without a broker.

use super::{
    Denial, Facts, check,
    collector::DenialCollector,
    decide::{self, Decide},
    document::suggest::most_similar,
    facts::FactName,
    permit,
    profile::Profile,
};

/// The result of evaluating the rules of a profile for a request of which some facts are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// All denials in the order of the checks. A broker responds with the first. The list is empty where no
    /// rule denies what is known.
    pub denials: Vec<Denial>,
    /// The facts that a check needs and that are unknown.
    pub missing_facts: Vec<FactName>,
}

macro_rules! list {
    ($($kind:ident { $($(#[$doc:meta])* $name:ident { $($rest:tt)* })+ })+) => {
        const OPERATIONS: &[OperationInfo] = &[$($(OperationInfo::of::<permit::$name>(stringify!($name))),+),+];
    };
}

with_operations!(list);

/// The description of an operation, for callers that select one at run time.
#[derive(Clone, Copy, Debug)]
pub struct OperationInfo {
    /// The unique name. It is the name of the method, except for the two methods called `GenerateKeyPair`.
    pub name: &'static str,
    /// The name of the section in profiles.
    pub section: &'static str,
    explain: fn(&Profile, &Facts<'_>) -> Explanation,
}

impl OperationInfo {
    const fn of<O: Decide>(name: &'static str) -> Self {
        Self { name, section: O::SECTION, explain: explain_one::<O> }
    }

    /// Returns the description of every operation.
    pub fn all() -> &'static [Self] {
        OPERATIONS
    }

    /// Returns the description of an operation by its [`name`](Self::name).
    pub fn by_name(name: &str) -> Option<Self> {
        Self::all().iter().copied().find(|operation| operation.name == name)
    }
}

/// Explains how `profile` decides on a request for the operation called `operation`.
pub fn explain(profile: &Profile, operation: &str, facts: &Facts<'_>) -> Explanation {
    if let Some(info) = OperationInfo::by_name(operation) {
        return (info.explain)(profile, facts);
    }
    let mut denials: Vec<Denial> = check::sunset(profile, facts.now).err().into_iter().collect();
    if !profile.section_names().contains(&operation) {
        let mut denial = check::no_section(profile, operation);
        let names = OperationInfo::all().iter().map(|info| info.name);
        if let Some(near) = most_similar(operation, names) {
            denial.message = format!("{}; did you mean {near}?", denial.message);
        }
        denials.push(denial);
    }
    Explanation { denials, missing_facts: Vec::new() }
}

fn explain_one<O: Decide>(profile: &Profile, facts: &Facts<'_>) -> Explanation {
    let mut collector = DenialCollector::for_explanation();
    let last = decide::evaluate::<O>(profile, facts, &mut collector).err();
    let (mut denials, missing_facts) = collector.into_parts();
    // Where a check has denied what the parameters need, they deny it again.
    denials.extend(last.filter(|denial| !denials.contains(denial)));
    Explanation { denials, missing_facts }
}

#[cfg(test)]
mod tests;
