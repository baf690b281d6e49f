//! `profiles diff A B`.

use std::collections::{BTreeMap, BTreeSet};

use broker_server::policy::Catalogue;
use serde_json::{Value, json};

use crate::{
    args::Diff,
    error::{Exit, Failure},
    input,
    output::{BAD, DIM, GOOD, HEAD, Output, count},
};

/// Prints each rule that differs, as the canonical form names it; exits with 0 where none does and with 1 otherwise.
pub(super) fn run(args: &Diff, output: &mut Output) -> Result<(), Failure> {
    input::at_most_one_standard(&[("A", Some(&args.old)), ("B", Some(&args.new))])?;
    let old = super::load_place(&args.old, args.reading)?;
    let new = super::load_place(&args.new, args.reading)?;
    let changes = changes(&old, &new);
    if output.is_json() {
        output.json(&json!({
            "same": changes.is_empty(),
            "changes": changes.iter().map(Change::to_json).collect::<Vec<_>>(),
            "oldDigest": old.digest(),
            "newDigest": new.digest(),
        }))?;
    } else {
        print(&changes, &old, &new, output)?;
    }
    if changes.is_empty() { Ok(()) } else { Err(Failure::Said(Exit::Failed)) }
}

/// Prints the changes of each profile below its name.
fn print(
    changes: &[Change<'_>],
    old: &Catalogue,
    new: &Catalogue,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut heading = None;
    for Change { profile, rule, old: before, new: after } in changes {
        if heading != Some(profile) {
            heading = Some(profile);
            let whole = match profile {
                Some(name) if old.profile(name).is_err() => "  only in B",
                Some(name) if new.profile(name).is_err() => "  only in A",
                _ => "",
            };
            output.line(format!(
                "{HEAD}{}{HEAD:#}{DIM}{whole}{DIM:#}",
                profile.as_deref().unwrap_or("document")
            ))?;
        }
        if let Some(before) = before {
            output.line(format!("  {BAD}-{BAD:#} {rule}={before}"))?;
        }
        if let Some(after) = after {
            output.line(format!("  {GOOD}+{GOOD:#} {rule}={after}"))?;
        }
    }
    match changes.len() {
        0 => output.line(format!("{GOOD}the same{GOOD:#}, digest {}", new.digest())),
        number => output.line(count(number, "difference")),
    }
}

/// A rule with its two values; `None` where the document does not have it.
struct Change<'a> {
    /// `None` for what is said of the whole document.
    profile: Option<String>,
    rule: &'a str,
    old: Option<String>,
    new: Option<String>,
}

impl Change<'_> {
    fn to_json(&self) -> Value {
        json!({ "profile": self.profile, "rule": self.rule, "old": self.old, "new": self.new })
    }
}

fn changes<'a>(old: &'a Catalogue, new: &'a Catalogue) -> Vec<Change<'a>> {
    let (old, new) = (rules(old), rules(new));
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter(|name| old.get(name) != new.get(name))
        .map(|name| Change {
            profile: name.0.clone(),
            rule: name.1,
            old: old.get(name).map(|values| values.join(", ")),
            new: new.get(name).map(|values| values.join(", ")),
        })
        .collect()
}

/// The values of each rule of each profile, from the canonical form: there a line with a profile's name begins its rules,
/// and a list has a line for each of its values.
fn rules(catalogue: &Catalogue) -> BTreeMap<(Option<String>, &str), Vec<&str>> {
    let mut rules = BTreeMap::<_, Vec<&str>>::new();
    let mut profile = None;
    for (rule, value) in catalogue.canonical().lines().filter_map(|line| line.split_once('=')) {
        if rule == "Profile" {
            profile = Some(serde_json::from_str(value).unwrap_or_else(|_| value.to_owned()));
        }
        rules.entry((profile.clone(), rule)).or_default().push(value);
    }
    rules
}
