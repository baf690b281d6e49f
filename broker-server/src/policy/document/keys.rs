//! `KeyConstraints`: which keys may be brought.

use super::read::{Field, Report, quote};
use super::suggest::nearest;
use super::tree::Value;
use crate::{
    algorithm::{Curve, MlDsa},
    policy::profile::{KeyConstraints, SizeRange},
};

/// Largest size that a constraint may name, in bits. It bounds typing errors, not cryptography.
const MAX_BITS: u32 = 65_536;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    Ecdsa,
    Ed25519,
    MlDsa(MlDsa),
}

const KINDS: [(&str, Kind); 6] = [
    ("RSA", Kind::Rsa),
    ("ECDSA", Kind::Ecdsa),
    ("Ed25519", Kind::Ed25519),
    ("ML-DSA-44", Kind::MlDsa(MlDsa::MlDsa44)),
    ("ML-DSA-65", Kind::MlDsa(MlDsa::MlDsa65)),
    ("ML-DSA-87", Kind::MlDsa(MlDsa::MlDsa87)),
];

/// Reads one side's constraints. The kinds are names of algorithms, so their case does not matter here, unlike that of
/// every other key.
pub(super) fn key_constraints(field: &Field<'_>, report: &mut Report) -> Option<KeyConstraints> {
    let Value::Map(entries) = &field.node.value else {
        // For its message about what it is instead.
        field.section(&[], report)?;
        return None;
    };
    let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
    let mut constraints = KeyConstraints { line: field.at.line, ..KeyConstraints::default() };
    let mut seen: Vec<(Kind, u32)> = Vec::new();
    let mut sound = true;
    for (key, value) in entries {
        let Value::Text(word) = &key.value else {
            report.add(
                key.at,
                &field.path,
                "a kind of key must be text; aliases and merge keys are not taken",
            );
            sound = false;
            continue;
        };
        let Some((name, kind)) = KINDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) else {
            let message = if word == "<<" {
                "merge keys are not taken; write the keys out".to_owned()
            } else {
                format!("{} is no kind of key; the kinds are {}", quote(word), names.join(", "))
            };
            report.add_with(key.at, &field.path, message, nearest(word, names.iter().copied()));
            sound = false;
            continue;
        };
        let entry = Field { path: format!("{}.{name}", field.path), at: key.at, node: value };
        if let Some((_, line)) = seen.iter().find(|(other, _)| other == kind) {
            entry.misplaced(format!("the kind stands here a second time; first in line {line}"), report);
            sound = false;
            continue;
        }
        seen.push((*kind, key.at.line));
        match kind {
            Kind::Rsa => constraints.rsa = sizes(&entry, report),
            Kind::Ecdsa => {
                constraints.ecdsa = sizes(&entry, report).filter(|range| curve(&entry, *range, report))
            }
            Kind::Ed25519 => constraints.ed25519 = without_sizes(&entry, report),
            Kind::MlDsa(set) => {
                constraints.ml_dsa.extend(without_sizes(&entry, report).map(|line| (*set, line)));
            }
        }
    }
    if entries.is_empty() {
        field.wrong(
            format!(
                "needs at least one kind of key, or every key is refused; the kinds are {}",
                names.join(", ")
            ),
            report,
        );
        sound = false;
    }
    // A list has an order and a map has not: the canonical form must not see one.
    constraints.ml_dsa.sort_by_key(|(set, _)| set.name());
    sound.then_some(constraints)
}

/// Whether a range of sizes holds a curve that there is; otherwise it could never be met.
fn curve(entry: &Field<'_>, range: SizeRange, report: &mut Report) -> bool {
    let holds = Curve::ALL.iter().any(|curve| range.contains(curve.bits()));
    if !holds {
        entry.misplaced(
            format!(
                "no curve has {} to {} bits; the curves have 224, 256, 384 and 521",
                range.min, range.max
            ),
            report,
        );
    }
    holds
}

fn sizes(entry: &Field<'_>, report: &mut Report) -> Option<SizeRange> {
    let section = entry.section(&["MinKeySize", "MaxKeySize"], report)?;
    let mut size = |key| {
        let field = section.require(key, report).cloned();
        field.and_then(|field| field.integer(1..=MAX_BITS, report))
    };
    let (min, max) = (size("MinKeySize"), size("MaxKeySize"));
    let (min, max) = (min?, max?);
    if min > max {
        let message = format!("MinKeySize {min} is larger than MaxKeySize {max}");
        match section.get("MinKeySize") {
            Some(field) => field.wrong(message, report),
            None => entry.wrong(message, report),
        }
        return None;
    }
    Some(SizeRange { min, max, line: entry.at.line })
}

/// `Ed25519: {}`: the kind has one size only.
fn without_sizes(entry: &Field<'_>, report: &mut Report) -> Option<u32> {
    match &entry.node.value {
        Value::Map(entries) if entries.is_empty() => Some(entry.at.line),
        Value::Map(_) => {
            entry.wrong("has no sizes to choose from; write `{}`", report);
            None
        }
        _ => {
            entry.wrong("must be `{}`: the kind has no sizes to choose from", report);
            None
        }
    }
}
