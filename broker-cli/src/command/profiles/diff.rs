//! `profiles diff A B`.

use std::collections::{BTreeMap, BTreeSet};

use broker_server::policy::Catalogue;
use clap::{Args, ValueHint};
use serde_json::{Value, json};

use super::{
    super::run::{Context, Run},
    document::{Reading, load_location},
};
use crate::{
    error::{Exit, Failure},
    input,
    location::Location,
    output::{BAD, DIM, GOOD, HEAD, Output, count},
};

/// The differences between two documents, defaults included; 0 when there are none, 1 when there are some
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Documents are compared by their rules: the order of keys, comments, and defaults that are written out make no difference.

Example:
  cryptobroker profiles diff /etc/cryptobroker/Profiles.yaml Profiles.yaml")]
pub(crate) struct Diff {
    /// The older document, or its folder; `-` is standard input
    #[arg(value_name = "A", value_hint = ValueHint::AnyPath)]
    old: Location,
    /// The newer document, or its folder; `-` is standard input
    #[arg(value_name = "B", value_hint = ValueHint::AnyPath)]
    new: Location,
    #[command(flatten)]
    reading: Reading,
}

impl Run for Diff {
    /// Prints each rule that differs by its name in the canonical form.
    fn run(self, _: Context, output: &mut Output) -> Result<(), Failure> {
        input::check_single_stdin(&[("A", Some(&self.old)), ("B", Some(&self.new))])?;
        let old = load_location(&self.old, self.reading)?;
        let new = load_location(&self.new, self.reading)?;
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
        if changes.is_empty() { Ok(()) } else { Err(Failure::Reported(Exit::Failed)) }
    }
}

/// Prints the changes, grouped by profile.
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
            let presence = match profile {
                Some(name) if old.profile(name).is_err() => "  only in B",
                Some(name) if new.profile(name).is_err() => "  only in A",
                _ => "",
            };
            output.line(format!(
                "{HEAD}{}{HEAD:#}{DIM}{presence}{DIM:#}",
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

/// A rule with its value in both documents; `None` where a document does not have it.
struct Change<'a> {
    /// The profile; `None` for a rule of the document as a whole.
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

/// Returns the values of each rule of each profile from the canonical form, in which a line with a profile's name comes before
/// its rules, and a list has a line for each value.
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
