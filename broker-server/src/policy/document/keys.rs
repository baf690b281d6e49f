//! `KeyConstraints`: which keys may be brought.

use super::{
    read::{Field, Section, quote},
    report::Report,
    suggest::nearest,
    tree::Value,
};
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
    let mut constraints = KeyConstraints { line: field.at.line, ..KeyConstraints::default() };
    if matches!(field.node.value, Value::Null) {
        field.forbidden_key("must have at least one kind of key, and is empty", report);
        return Some(constraints);
    }
    let entries = field.entries(report)?;
    let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
    let mut seen: Vec<(Kind, u32)> = Vec::new();
    let mut sound = true;
    for (key, value) in &entries {
        let Value::Text(word) = &key.value else {
            report.ignorable(key.at, &field.path, "a kind of key must be text", None);
            continue;
        };
        let Some((name, kind)) = KINDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) else {
            let message = format!("{} is no kind of key; the kinds are {}", quote(word), names.join(", "));
            report.ignorable(key.at, &field.path, message, nearest(word, names.iter().copied()));
            continue;
        };
        let entry = Field { path: format!("{}.{name}", field.path), at: key.at, node: value };
        entry.no_alias(report);
        if let Some((_, line)) = seen.iter().find(|(other, _)| other == kind) {
            entry.misplaced(format!("the kind stands here a second time; first in line {line}"), report);
            sound = false;
            continue;
        }
        seen.push((*kind, key.at.line));
        match kind {
            Kind::Rsa => constraints.rsa = sizes(&entry, report),
            Kind::Ecdsa => {
                constraints.ecdsa = sizes(&entry, report);
                if let Some(range) = constraints.ecdsa {
                    curve(&entry, range, report);
                }
            }
            Kind::Ed25519 => constraints.ed25519 = without_sizes(&entry, report),
            Kind::MlDsa(set) => {
                constraints.ml_dsa.extend(without_sizes(&entry, report).map(|line| (*set, line)));
            }
        }
    }
    if entries.is_empty() {
        field.forbidden(
            format!(
                "needs at least one kind of key, or every key is refused; the kinds are {}",
                names.join(", ")
            ),
            report,
        );
    }
    // A list has an order and a map has not: the canonical form must not see one.
    constraints.ml_dsa.sort_by_key(|(set, _)| set.name());
    sound.then_some(constraints)
}

/// Takes note of a range of sizes that holds no curve, so that no key could meet it.
fn curve(entry: &Field<'_>, range: SizeRange, report: &mut Report) {
    // A range that holds no number at all has its own mistake already.
    let sound = 1 <= range.min && range.min <= range.max;
    if sound && !Curve::ALL.iter().any(|curve| range.contains(curve.bits())) {
        entry.forbidden_key(
            format!(
                "no curve has {} to {} bits; the curves have 224, 256, 384 and 521",
                range.min, range.max
            ),
            report,
        );
    }
}

fn sizes(entry: &Field<'_>, report: &mut Report) -> Option<SizeRange> {
    if matches!(entry.node.value, Value::Null) {
        entry.forbidden_key("must be a section with MinKeySize and MaxKeySize, and is empty", report);
        return Some(SizeRange { min: 0, max: 0, line: entry.at.line });
    }
    let section = entry.section(&["MinKeySize", "MaxKeySize"], report)?;
    let (min, max) = (size(&section, "MinKeySize", report), size(&section, "MaxKeySize", report));
    let (min, max) = (min?, max?);
    if min > max && max > 0 {
        let message = format!("MinKeySize {min} is larger than MaxKeySize {max}");
        section.get("MinKeySize").unwrap_or(entry).forbidden(message, report);
    }
    Some(SizeRange { min, max, line: entry.at.line })
}

/// A size in bits. To the Go broker one that is missing or empty is 0: no least size, or no key at all.
fn size(section: &Section<'_>, key: &str, report: &mut Report) -> Option<u32> {
    let Some(field) = section.expect(key, report) else { return Some(0) };
    let value = field.whole(report)?;
    let message = format!("{value} is not allowed; the range is 1 to {MAX_BITS}");
    match u32::try_from(value) {
        Ok(bits @ 1..=MAX_BITS) => Some(bits),
        // No key is as large as the limit, so that a larger one means the same.
        Ok(_) | Err(_) if value >= 0 => {
            field.forbidden(message, report);
            Some(if value == 0 { 0 } else { MAX_BITS })
        }
        _ => {
            field.wrong(message, report);
            None
        }
    }
}

/// `Ed25519: {}`: the kind has one size only.
fn without_sizes(entry: &Field<'_>, report: &mut Report) -> Option<u32> {
    match &entry.node.value {
        Value::Map(entries) if entries.is_empty() => {}
        Value::Map(_) => entry.forbidden("has no sizes to choose from; write `{}`", report),
        Value::Null => entry.forbidden_key("must be `{}`, and is empty", report),
        _ => {
            entry.wrong("must be `{}`: the kind has no sizes to choose from", report);
            return None;
        }
    }
    Some(entry.at.line)
}
